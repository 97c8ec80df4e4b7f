// The door through which core-only programs come in by dlopen.
#include <memory>

#include "affekt/core/export.h"
#include "affekt/image/face_crops.h"
#include "affekt/image/image_folder.h"
#include "affekt/image/picture.h"
#include "affekt/predict/face_predictor.h"
#include "faces/faces_factory.h"

namespace affekt {
namespace {

class Pictures final : public PictureAccess {
 public:
  explicit Pictures(const FaceReaderOptions& options) : cropper_(options.detector) {}

  Dataset read_image_folder(const std::filesystem::path& folder, const ImageFolderOptions& options) override {
    return affekt::read_image_folder(folder, options);
  }

  std::vector<FaceChip> face_chips(const std::filesystem::path& file, FaceSelection faces) override {
    return cropper_.crop_file(file, faces);
  }

 private:
  FaceCropper cropper_;
};

}  // namespace
}  // namespace affekt

extern "C" AFFEKT_API affekt::FaceReader* affekt_make_face_reader(const affekt::FaceReaderOptions& options) {
  return std::make_unique<affekt::FacePredictor>(options).release();
}

extern "C" AFFEKT_API affekt::PictureAccess* affekt_make_picture_access(const affekt::FaceReaderOptions& options) {
  return std::make_unique<affekt::Pictures>(options).release();
}
