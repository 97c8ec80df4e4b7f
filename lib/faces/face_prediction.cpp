#include "affekt/faces/face_prediction.h"

#include <algorithm>

#include "affekt/core/error.h"
#include "affekt/core/plugin.h"
#include "affekt/faces/picture_access.h"
#include "faces/faces_factory.h"

namespace affekt {
namespace {

void* faces_symbol(const char* symbol) {
  std::string why;
  void* address = plugin_symbol(kFacesLibrary, symbol, &why);
  if (address == nullptr) {
    throw UsageError("pictures cannot be read: " + no_plugin_text(kFacesLibrary, why, "-DAFFEKT_WITH_FACES=ON"));
  }
  return address;
}

}  // namespace

const char* face_status_name(FaceStatus status) {
  switch (status) {
    case FaceStatus::ok:
      return "ok";
    case FaceStatus::no_face:
      return "no_face";
    case FaceStatus::uncertain:
      return "uncertain";
    case FaceStatus::unreadable:
      return "unreadable";
  }
  return "";
}

void FacePrediction::judge(const EmotionProbabilities& values, double min_confidence) {
  probabilities = values;
  const auto best = std::max_element(values.begin(), values.end());
  emotion = static_cast<Emotion>(best - values.begin());
  confidence = *best;
  status = *best < min_confidence ? FaceStatus::uncertain : FaceStatus::ok;
}

FaceReader::~FaceReader() = default;
PictureAccess::~PictureAccess() = default;

std::unique_ptr<FaceReader> load_face_reader(const FaceReaderOptions& options) {
  const auto make = reinterpret_cast<MakeFaceReader>(faces_symbol(kMakeFaceReader));
  return std::unique_ptr<FaceReader>(make(options));
}

std::unique_ptr<PictureAccess> load_picture_access(const FaceReaderOptions& options) {
  const auto make = reinterpret_cast<MakePictureAccess>(faces_symbol(kMakePictureAccess));
  return std::unique_ptr<PictureAccess>(make(options));
}

bool picture_access_available() { return plugin_symbol(kFacesLibrary, kMakePictureAccess) != nullptr; }

}  // namespace affekt
