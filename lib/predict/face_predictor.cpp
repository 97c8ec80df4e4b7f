#include "affekt/predict/face_predictor.h"

#include <algorithm>
#include <utility>

#include "affekt/core/error.h"
#include "affekt/core/parallel.h"
#include "affekt/core/text.h"
#include "affekt/image/face_crops.h"
#include "affekt/infer/executor.h"

namespace affekt {
namespace {

/// The faces of one file, or why there are none.
struct FileFaces {
  std::vector<FaceChip> chips;
  std::string message;
  bool missing = false;
};

/// Calls crop() and turns errors of the picture into a message.
template <typename Crop>
FileFaces guarded(const Crop& crop) {
  FileFaces result;
  try {
    result.chips = crop();
  } catch (const IoError& error) {
    result.message = error.what();
    result.missing = true;
  } catch (const DataError& error) {
    result.message = error.what();
  }
  return result;
}

}  // namespace

struct FacePredictor::Impl {
  FaceReaderOptions options;
  FaceCropper cropper;
  Executor executor;

  explicit Impl(const FaceReaderOptions& given)
      : options(given),
        cropper(given.detector),
        executor(ModelFile::open(resolve_model_path(given.model)), {given.threads, true}) {}

  std::vector<FileFaces> faces_of(const std::vector<std::string>& files) {
    std::vector<FileFaces> result(files.size());
    PictureOptions decode;
    decode.grey = options.detector.wants_grey() || options.faces == FaceSelection::none;
    if (options.faces == FaceSelection::none) {
      parallel_for(files.size(), 1, [&](std::size_t begin, std::size_t end) {
        for (std::size_t i = begin; i < end; ++i) {
          result[i] =
              guarded([&] { return std::vector<FaceChip>{whole_picture_chip(load_picture(files[i], decode))}; });
        }
      });
      return result;
    }
    for (std::size_t i = 0; i < files.size(); ++i) {
      Picture picture;
      result[i] = guarded([&] {
        picture = load_picture(files[i], decode);
        return std::vector<FaceChip>{};
      });
      // Outside the guard: a bad detector file is not the picture's fault.
      if (result[i].message.empty()) result[i].chips = cropper.crop(picture, options.faces);
    }
    return result;
  }

  FacePrediction judged(const std::string& file, const FaceChip& chip,
                        const EmotionProbabilities& probabilities) const {
    FacePrediction prediction;
    prediction.file = file;
    prediction.box = chip.box;
    prediction.judge(probabilities, options.min_confidence);
    return prediction;
  }

  /// One pass of the network over the faces of all pictures.
  std::vector<std::vector<FacePrediction>> judge_all(const std::vector<std::string>& names,
                                                     const std::vector<FileFaces>& found) {
    std::vector<std::uint8_t> pixels;
    for (const FileFaces& faces : found) {
      for (const FaceChip& chip : faces.chips) pixels.insert(pixels.end(), chip.pixels.begin(), chip.pixels.end());
    }
    const auto probabilities = executor.probabilities(pixels.data(), pixels.size() / kFacePixels);

    std::vector<std::vector<FacePrediction>> result(names.size());
    std::size_t next = 0;
    for (std::size_t i = 0; i < names.size(); ++i) {
      for (const FaceChip& chip : found[i].chips) result[i].push_back(judged(names[i], chip, probabilities[next++]));
      if (!result[i].empty()) continue;
      FacePrediction none;
      none.file = names[i];
      none.status = found[i].message.empty() ? FaceStatus::no_face : FaceStatus::unreadable;
      none.message = found[i].message;
      none.missing = found[i].missing;
      result[i].push_back(std::move(none));
    }
    return result;
  }
};

FacePredictor::FacePredictor(const FaceReaderOptions& options) {
  if (!(options.min_confidence >= 0 && options.min_confidence <= 1)) {
    throw UsageError("min-confidence: expected a fraction from 0 to 1, found " +
                     format_shortest(options.min_confidence));
  }
  impl_ = std::make_unique<Impl>(options);
}

FacePredictor::~FacePredictor() = default;

const ModelCard& FacePredictor::card() const { return impl_->executor.card(); }

std::vector<FacePrediction> FacePredictor::read_picture(const Picture& picture, const std::string& name) {
  FileFaces found;
  if (impl_->options.faces == FaceSelection::none) {
    found.chips.push_back(whole_picture_chip(picture));
  } else {
    const bool grey = impl_->options.detector.wants_grey();
    found.chips = impl_->cropper.crop(grey ? to_grey(picture) : picture, impl_->options.faces);
  }
  return std::move(impl_->judge_all({name}, {std::move(found)}).front());
}

std::vector<FacePrediction> FacePredictor::read(const std::string& file) { return std::move(read_all({file}).front()); }

std::vector<std::vector<FacePrediction>> FacePredictor::read_all(const std::vector<std::string>& files) {
  return impl_->judge_all(files, impl_->faces_of(files));
}

}  // namespace affekt
