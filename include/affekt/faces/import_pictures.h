// One's own pictures as labelled faces: an image-folder dataset made or extended.
#pragma once

#include <array>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "affekt/core/export.h"
#include "affekt/data/emotion.h"
#include "affekt/faces/picture_access.h"

namespace affekt {

struct ImportOptions {
  Emotion label = Emotion::neutral;              ///< Of all faces added.
  std::filesystem::path into;                    ///< Folder of the dataset; made if missing.
  FaceSelection faces = FaceSelection::largest;  ///< none: each picture is one face already cut out.
  /// Called with one line for each picture that gave no new face, and for each file of the dataset that is no picture;
  /// may be empty.
  std::function<void(const std::string&)> on_note;
  /// Called before each picture with the number done and their total; false stops the work; may be empty.
  std::function<bool(std::size_t, std::size_t)> on_step;
};

struct ImportFailure {
  std::string file;
  std::string message;   ///< One line that names the file.
  bool missing = false;  ///< Missing or not to be opened, rather than not a picture.
};

struct ImportReport {
  std::size_t pictures = 0;                          ///< Pictures looked at.
  std::size_t added = 0;                             ///< Faces written.
  std::size_t duplicate = 0;                         ///< Faces the dataset already had, pixel for pixel.
  std::size_t no_face = 0;                           ///< Pictures without a face.
  std::vector<ImportFailure> failures;               ///< Pictures that could not be read.
  std::array<std::size_t, kEmotionCount> classes{};  ///< Faces of the dataset by emotion, afterwards.
  bool stopped = false;                              ///< on_step ended the work; what was written stays.
};

/// Cuts the faces out of `pictures` (files, and folders with all the pictures below) and writes those that the dataset
/// does not have yet as 48 x 48 grey PNG files into `into/<class>`, or `into/train/<class>` where the dataset has a
/// `train` folder. File names are the picture's name and the digest of the pixels; no file is ever overwritten, and
/// each is there whole or not at all. Importing the same pictures again adds nothing.
///
/// @throws IoError     `into` cannot be written. @throws UsageError, DataError  the detector's.
/// Cost: reads all pictures of the dataset once, to compare.
AFFEKT_API ImportReport import_pictures(PictureAccess& access, const std::vector<std::string>& pictures,
                                        const ImportOptions& options);

}  // namespace affekt
