#include "affekt/model/preprocessing.h"

#include "affekt/core/error.h"
#include "affekt/core/text.h"

namespace affekt {

const std::vector<std::string>& preprocessing_names() {
  static const std::vector<std::string> names = {"unit", "fer2013", "imagenet", "keras-tf", "keras-caffe"};
  return names;
}

Preprocessing make_preprocessing(const std::string& name) {
  Preprocessing out;
  out.name = name;
  if (name == "unit") return out;
  if (name == "fer2013") {
    out.mean = {0.5077, 0.5077, 0.5077};  // of the 28,709 training faces
    out.std = {0.2550, 0.2550, 0.2550};
  } else if (name == "imagenet") {
    out.mean = {0.485, 0.456, 0.406};
    out.std = {0.229, 0.224, 0.225};
  } else if (name == "keras-tf") {
    out.scale = 1.0 / 127.5;
    out.mean = {1, 1, 1};
  } else if (name == "keras-caffe") {
    out.scale = 1.0;
    out.mean = {103.939, 116.779, 123.68};
  } else {
    throw UsageError(unknown_name_message("preprocessing", name, preprocessing_names()));
  }
  return out;
}

}  // namespace affekt
