// Labelled pictures in class folders, as Kaggle distributes FER2013.
#pragma once

#include <filesystem>

#include "affekt/core/export.h"
#include "affekt/data/dataset.h"
#include "affekt/faces/picture_access.h"

namespace affekt {

/// Reads `folder/<class>/*` (all rows train) or `folder/{train,validation,test}/<class>/*`: `validation` is the public
/// split; in `test` the file-name prefix decides (PublicTest_ / PrivateTest_), everything else there is private.
/// `val` and `valid` are taken for `validation`. Class names go through parse_emotion(), so their order does not
/// matter.
///
/// Pictures are turned upright, made grey and resized to 48 x 48; one that is 48 x 48 grey already stays as it is, byte
/// for byte. Rows are sorted by split folder, class (emotion order) and file name; `names` are paths relative to
/// `folder`. Files whose name starts with a dot, and Thumbs.db, are passed over; so are folders inside a class folder
/// (noted).
///
/// @throws IoError   `folder` is missing or not a folder.
/// @throws DataError a class folder with an unknown name, no pictures at all, every class folder but one empty, or,
/// unless
///                   options.skip_bad_rows, a picture that cannot be decoded (naming the file).
/// Decodes on all threads. Memory: 2304 bytes a picture.
AFFEKT_API Dataset read_image_folder(const std::filesystem::path& folder, const ImageFolderOptions& options = {});

}  // namespace affekt
