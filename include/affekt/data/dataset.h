// Labelled faces in plain memory: what training and evaluation work on, wherever the pictures came from.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "affekt/core/export.h"
#include "affekt/data/emotion.h"

namespace affekt {

inline constexpr int kFaceSide = 48;  ///< FER2013 faces are 48 x 48 grey pixels.
inline constexpr std::size_t kFacePixels = std::size_t{kFaceSide} * kFaceSide;

enum class Split : std::uint8_t { train, public_test, private_test };
AFFEKT_API const char* split_name(Split split);  ///< "train", "public", "private".

/// What a user asks to be judged.
enum class EvalSplit : std::uint8_t { train, public_test, private_test, test, all };  ///< test: public and private.
AFFEKT_API const std::vector<std::pair<std::string, EvalSplit>>& eval_split_names();
AFFEKT_API std::string eval_split_name(EvalSplit split);  ///< "train", "public", "private", "test", "all".

/// Where rows came from, for summaries and messages.
struct DataSource {
  std::string path;
  double weight = 1.0;  ///< Weight of its rows in the training loss.
  std::size_t rows = 0;
  std::size_t skipped = 0;  ///< Bad rows left out under --skip-bad-rows.
};

/// n faces. All vectors have n entries (pixels: n * 2304; soft_labels: 0 or n * 7).
struct AFFEKT_API Dataset {
  std::vector<std::uint8_t> pixels;  ///< (n, 48, 48) grey, row-major, 0..255.
  std::vector<std::uint8_t> labels;  ///< Emotion as number, 0..6.
  std::vector<Split> splits;
  std::vector<std::uint16_t> source;  ///< Index into sources.
  std::vector<std::string> names;     ///< File name or "row N" of the source.
  std::vector<float> soft_labels;     ///< FER+ vote shares (n, 7), or empty.
  std::vector<DataSource> sources;

  std::size_t size() const { return labels.size(); }
  const std::uint8_t* face(std::size_t i) const { return pixels.data() + i * kFacePixels; }
  /// Appends a face. `face` has 2304 bytes.
  void add(const std::uint8_t* face, Emotion label, Split split, std::uint16_t source_index, std::string name);
  /// Appends another data set with its sources (and soft labels, if either has them: hard labels become one-hot).
  void append(Dataset other);
  /// Row numbers of a split, ascending.
  std::vector<std::size_t> rows_of(Split split) const;
  std::array<std::size_t, kEmotionCount> class_counts(const std::vector<std::size_t>& rows) const;
  /// The rows given, in that order, as a data set of their own.
  Dataset subset(const std::vector<std::size_t>& rows) const;
  /// Digest over pixels, labels and splits (and soft labels, if any): the same data give the same text whatever file
  /// form they came in.
  std::string digest() const;
};

/// For each row of `rows`: true if a Training row of `data` has the very same pixels.
AFFEKT_API std::vector<bool> leaked_rows(const Dataset& data, const std::vector<std::size_t>& rows);

/// `limit` rows out of `rows`, stratified by class (largest remainder), drawn with `seed`, ascending.
AFFEKT_API std::vector<std::size_t> stratified_sample(const Dataset& data, const std::vector<std::size_t>& rows,
                                                      std::size_t limit, std::uint64_t seed);

}  // namespace affekt
