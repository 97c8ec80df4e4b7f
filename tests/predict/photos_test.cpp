// Detection on real photographs: exactly the faces a person sees from the front.
#include <cstdlib>
#include <filesystem>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "affekt/core/error.h"
#include "affekt/image/face_crops.h"
#include "image/opencv_version.h"
#include "support/catch.h"

using namespace affekt;

TEST_CASE("photos: the right number of faces, where they are") {
  const std::filesystem::path photos = std::filesystem::path(std::getenv("AFFEKT_TEST_DATA")) / "photos";
  const std::map<std::string, std::size_t> expected{{"astronaut.png", 1},     {"fr_biden.jpg", 1},
                                                    {"fr_two_people.jpg", 2}, {"chelsea_cat.png", 0},
                                                    {"coffee.png", 0},        {"rocket.jpg", 0}};
  FaceCropper cropper;
  for (const auto& [name, faces] : expected) {
    INFO(name);
    CHECK(cropper.crop_file(photos / name, FaceSelection::all).size() == faces);
  }
  const auto two = cropper.crop_file(photos / "fr_two_people.jpg", FaceSelection::all);
  REQUIRE(two.size() == 2);
  const auto inside = [](const std::array<int, 4>& box, int x, int y) {
    return x > box[0] && x < box[0] + box[2] && y > box[1] && y < box[1] + box[3];
  };
  CHECK(inside(two[0].box, 322, 120));  // the noses
  CHECK(inside(two[1].box, 872, 155));
}

TEST_CASE("photos: YuNet of the edition that this OpenCV reads; the other one is refused by name, or read as well") {
  const std::filesystem::path data = std::getenv("AFFEKT_TEST_DATA");
  const std::string other = std::string(kYunetEdition) == "2022mar" ? "2023mar" : "2022mar";
  const auto file = [&](const std::string& edition) {
    return (data / "detector" / ("face_detection_yunet_" + edition + ".onnx")).string();
  };
  FaceCropper fitting({DetectorKind::yunet, file(kYunetEdition)});
  CHECK(fitting.crop_file(data / "photos" / "fr_two_people.jpg", FaceSelection::all).size() == 2);
  CHECK(fitting.crop_file(data / "photos" / "coffee.png", FaceSelection::all).empty());

  for (const auto& [width, height] : {std::pair{48, 48}, {96, 33}, {64, 48}, {1, 300}}) {
    const Picture small{width, height, 1, std::vector<std::uint8_t>(static_cast<std::size_t>(width * height), 90)};
    CHECK(fitting.crop(small, FaceSelection::all).empty());
  }

  FaceCropper foreign({DetectorKind::yunet, file(other)});
  try {
    const auto faces = foreign.crop_file(data / "photos" / "fr_two_people.jpg", FaceSelection::all);
    CHECK(faces.size() == 2);
  } catch (const DataError& error) {
    CHECK_THAT(error.what(),
               Catch::Matchers::ContainsSubstring(other) && Catch::Matchers::ContainsSubstring(kYunetEdition));
  }
}
