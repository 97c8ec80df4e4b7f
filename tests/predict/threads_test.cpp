// One thread is one thread: nothing that reads pictures may start others. A program of its own, where none are there
// yet.
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "affekt/core/parallel.h"
#include "affekt/image/picture.h"
#include "affekt/predict/face_predictor.h"
#include "support/catch.h"
#include "support/reference_network.h"
#include "support/temp_folder.h"

using namespace affekt;
namespace fs = std::filesystem;

namespace {

std::ptrdiff_t threads_there_are() {
  return std::distance(fs::directory_iterator("/proc/self/task"), fs::directory_iterator());
}

}  // namespace

TEST_CASE("with one thread, finding and judging faces starts no other, in any format") {
  const TempFolder folder;
  test::write_random_model(folder / "model.safetensors", "compact", 5);
  const std::string photo = std::string(std::getenv("AFFEKT_SOURCE")) + "/share/photos/astronaut.png";
  const Picture picture = load_picture(photo);
  std::ofstream ppm(folder / "photo.ppm", std::ios::binary);
  ppm << "P6 " << picture.width << ' ' << picture.height << " 255\n";
  ppm.write(reinterpret_cast<const char*>(picture.pixels.data()), static_cast<std::streamsize>(picture.pixels.size()));
  ppm.close();

  set_thread_count(1);
  REQUIRE(threads_there_are() == 1);
  FaceReaderOptions options;
  options.model = (folder / "model.safetensors").string();
  FacePredictor predictor(options);
  for (const auto& faces : predictor.read_all({photo, (folder / "photo.ppm").string()})) {
    REQUIRE(faces.size() == 1);
    CHECK(faces[0].status != FaceStatus::unreadable);
  }
  CHECK(threads_there_are() == 1);
}
