// What affekt-import does, one function a mode. Each returns the exit code.
#pragma once

#include <string>
#include <vector>

#include "affekt/faces/face_prediction.h"
#include "common/cli.h"
#include "common/dataset.h"

namespace affekt::cli {

struct ImportFlags {
  std::vector<std::string> inputs, data;
  std::string label, into, pack;
  DetectorOptions detector;
  FaceSelection faces = FaceSelection::largest;
  bool check = false;
  DatasetOptions dataset;
};

int add_pictures(const Tool& tool, const ImportFlags& flags, Io& io);
int check_data(const Tool& tool, const ImportFlags& flags, Io& io);
int pack_data(const Tool& tool, const ImportFlags& flags, Io& io);

}  // namespace affekt::cli
