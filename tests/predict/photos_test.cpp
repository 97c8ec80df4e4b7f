// Detection on real photographs: exactly the faces a person sees from the front.
#include <cstdlib>
#include <filesystem>
#include <map>

#include "affekt/image/face_crops.h"
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
