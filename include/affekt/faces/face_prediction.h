// What is read from one face of a picture, and the door through which core-only tools reach libaffekt_faces.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "affekt/core/export.h"
#include "affekt/data/emotion.h"
#include "affekt/faces/detector.h"

namespace affekt {

enum class FaceStatus : std::uint8_t { ok, no_face, uncertain, unreadable };
AFFEKT_API const char* face_status_name(FaceStatus status);

/// One face, or one picture without any (no_face, unreadable).
struct AFFEKT_API FacePrediction {
  std::string file;  ///< As given by the user.
  FaceStatus status = FaceStatus::no_face;
  std::array<int, 4> box{0, 0, 0, 0};    ///< x, y, width, height: pixels of the upright picture.
  Emotion emotion = Emotion::neutral;    ///< The most probable; meaningful for ok and uncertain.
  double confidence = 0;                 ///< Its probability.
  EmotionProbabilities probabilities{};  ///< Meaningful for ok and uncertain.
  std::string message;                   ///< Why it is unreadable; one line.
  bool missing = false;                  ///< unreadable because the file is missing or cannot be opened.

  /// Sets probabilities and what follows from them: emotion, confidence, and the status, ok or uncertain.
  void judge(const EmotionProbabilities& values, double min_confidence);
};

enum class FaceSelection : std::uint8_t { all, largest, none };  ///< none: the whole picture is one cropped face.

struct FaceReaderOptions {
  std::string model = "default";  ///< Model file, run folder or "default".
  FaceSelection faces = FaceSelection::all;
  DetectorOptions detector;
  double min_confidence = 0;  ///< Below this the status is uncertain; fraction 0..1.
  int threads = 0;            ///< 0 = all cores.
};

/// Pictures in, faces out. Made by libaffekt_faces.
class AFFEKT_API FaceReader {
 public:
  virtual ~FaceReader();
  /// Every selected face of one picture, or one entry with status no_face or unreadable. Never throws for a bad
  /// picture.
  virtual std::vector<FacePrediction> read(const std::string& file) = 0;
};

/// Loads libaffekt_faces at run time (dlopen) and makes its reader: for tools that must start without OpenCV and
/// oneDNN.
/// @throws UsageError if this build has no libaffekt_faces; IoError/DataError for the model or the cascade file.
AFFEKT_API std::unique_ptr<FaceReader> load_face_reader(const FaceReaderOptions& options);

}  // namespace affekt
