// Small data sets and runs that the tests of training share.
#pragma once

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "affekt/core/random.h"
#include "affekt/core/text.h"
#include "affekt/train/train_job.h"
#include "support/temp_folder.h"

namespace affekt::test {

/// Faces that can be told apart: each class has its own bright square, over noise.
inline void add_faces(Dataset& data, Split split, std::size_t count, std::uint64_t seed) {
  RandomStream random(seed);
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t label = i % kEmotionCount;
    std::vector<std::uint8_t> face(kFacePixels);
    for (auto& pixel : face) pixel = static_cast<std::uint8_t>(random.below(120));
    for (std::size_t y = 0; y < 12; ++y) {
      for (std::size_t x = 0; x < 12; ++x) face[(8 + y + 12 * (label / 3)) * 48 + 6 + x + 13 * (label % 3)] = 230;
    }
    data.add(face.data(), static_cast<Emotion>(label), split, 0, "row " + std::to_string(i));
  }
}

/// Steps of squares() with the batches of quick(), the last of them smaller. What holds step by step is proved by few
/// rows as by many, and every row costs time on a processor of some years ago.
constexpr int kStepsAnEpoch = 5;

inline Dataset squares(std::size_t training = 18, std::size_t validation = 7, std::size_t held_out = 0) {
  Dataset data;
  data.sources.push_back({"squares", 1.0, training + validation + held_out, 0});
  add_faces(data, Split::train, training, 1);
  add_faces(data, Split::public_test, validation, 2);
  add_faces(data, Split::private_test, held_out, 3);
  return data;
}

inline TrainOptions quick(const TempFolder& folder, const std::string& name = "run") {
  TrainOptions options;
  options.out = (folder / name).string();
  options.epochs = 2;
  options.batch_size = 4;
  options.compute.device = "cpu";
  options.compute.threads = 1;
  options.compute.precision = Precision::fp32;
  return options;
}

inline std::string read_text(const std::filesystem::path& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

/// metrics.csv without its two time columns.
inline std::string metrics(const TrainOptions& options) {
  std::istringstream in(read_text(std::filesystem::path(options.out) / "metrics.csv"));
  std::string out;
  for (std::string line; std::getline(in, line);) {
    std::vector<std::string> fields = split(line, ',');
    fields.resize(6);
    out += join(fields, ",") + "\n";
  }
  return out;
}

}  // namespace affekt::test
