// Image folders and face crops for programs that must not link OpenCV: libaffekt_faces is loaded when first asked for.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "affekt/core/export.h"
#include "affekt/data/dataset.h"
#include "affekt/faces/face_prediction.h"

namespace affekt {

struct ImageFolderOptions {
  bool skip_bad_rows = false;  ///< A picture that cannot be decoded is counted, not an error.
  /// Called with one line for a skipped picture or an empty class folder; may be empty. Called on the calling thread.
  std::function<void(const std::string&)> on_note;
};

/// A face cut out of a picture as the networks see it.
struct FaceChip {
  std::array<std::uint8_t, kFacePixels> pixels{};  ///< (48, 48) grey, row-major.
  std::array<int, 4> box{0, 0, 0, 0};              ///< x, y, width, height of the detected face in the upright picture.
};

/// The picture services of libaffekt_faces.
class AFFEKT_API PictureAccess {
 public:
  virtual ~PictureAccess();

  /// As read_image_folder() in image/image_folder.h.
  virtual Dataset read_image_folder(const std::filesystem::path& folder, const ImageFolderOptions& options) = 0;

  /// As FaceCropper::crop_file() in image/face_crops.h: the selected faces, largest first; {} if there are none.
  virtual std::vector<FaceChip> face_chips(const std::filesystem::path& file, FaceSelection faces) = 0;
};

/// Loads libaffekt_faces at run time (dlopen). Of `options` only the detector fields matter here; the cascade file is
/// read at the first face_chips() that needs it.
/// @throws UsageError if this build has no libaffekt_faces.
AFFEKT_API std::unique_ptr<PictureAccess> load_picture_access(const FaceReaderOptions& options = {});

/// True if libaffekt_faces can be loaded, without an error if it cannot.
AFFEKT_API bool picture_access_available();

}  // namespace affekt
