// The symbols of libaffekt_faces that core looks up at run time; lib/predict/factory.cpp defines them.
#pragma once

#include "affekt/faces/face_prediction.h"
#include "affekt/faces/picture_access.h"

namespace affekt {

/// Each returns a new object, which the caller owns. They throw what the constructors throw.
inline constexpr char kMakeFaceReader[] = "affekt_make_face_reader";
using MakeFaceReader = FaceReader* (*)(const FaceReaderOptions&);

inline constexpr char kMakePictureAccess[] = "affekt_make_picture_access";
using MakePictureAccess = PictureAccess* (*)(const FaceReaderOptions&);

}  // namespace affekt
