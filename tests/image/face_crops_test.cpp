#include "affekt/image/face_crops.h"

#include <cstdlib>
#include <fstream>

#include "affekt/core/error.h"
#include "support/catch.h"
#include "support/encoded_pictures.h"
#include "support/error_message.h"
#include "support/temp_folder.h"

using namespace affekt;
using namespace affekt::test;

namespace {

std::filesystem::path astronaut() {
  return std::filesystem::path(std::getenv("AFFEKT_SOURCE")) / "share/photos/astronaut.png";
}

/// A picture of `width` x `height` with `inner` in it at (x, y).
Picture framed(const Picture& inner, int width, int height, int x, int y) {
  Picture picture{width, height, inner.channels, {}};
  const auto channels = static_cast<std::size_t>(inner.channels);
  picture.pixels.assign(static_cast<std::size_t>(width) * static_cast<std::size_t>(height) * channels, 128);
  const std::size_t row_bytes = static_cast<std::size_t>(inner.width) * channels;
  for (int row = 0; row < inner.height; ++row) {
    const auto from = inner.pixels.begin() + static_cast<std::ptrdiff_t>(static_cast<std::size_t>(row) * row_bytes);
    std::copy(from, from + static_cast<std::ptrdiff_t>(row_bytes),
              picture.pixels.begin() + ((y + row) * width + x) * inner.channels);
  }
  return picture;
}

bool near(const std::array<int, 4>& a, const std::array<int, 4>& b, int tolerance) {
  for (std::size_t i = 0; i < 4; ++i) {
    if (std::abs(a[i] - b[i]) > tolerance) return false;
  }
  return true;
}

constexpr std::array<int, 4> kAstronautFace{177, 66, 97, 97};

}  // namespace

TEST_CASE("face crops: the face of the sample photo, the same every time") {
  FaceCropper cropper;
  const auto faces = cropper.crop_file(astronaut(), FaceSelection::all);
  REQUIRE(faces.size() == 1);
  CHECK(near(faces[0].box, kAstronautFace, 8));
  for (int i = 0; i < 3; ++i) {
    const auto again = FaceCropper().crop_file(astronaut(), FaceSelection::all);
    REQUIRE(again.size() == 1);
    CHECK(again[0].box == faces[0].box);
    CHECK(again[0].pixels == faces[0].pixels);
  }
}

TEST_CASE("face crops: boxes are in pixels of a large picture, and largest picks one face of two") {
  const Picture photo = load_picture(astronaut());
  const Picture alone = framed(photo, 2600, 1400, 1900, 700);  // searched at 1024 / 2600 of its size
  FaceCropper cropper;
  const auto faces = cropper.crop(alone, FaceSelection::all);
  REQUIRE(faces.size() == 1);
  CHECK(near(faces[0].box, {1900 + 177, 700 + 66, 97, 97}, 16));

  Picture half{photo.width / 2, photo.height / 2, 3, {}};
  for (int y = 0; y < half.height; ++y) {
    for (int x = 0; x < half.width; ++x) {
      const auto at = photo.pixels.begin() + (2 * y * photo.width + 2 * x) * 3;
      half.pixels.insert(half.pixels.end(), at, at + 3);
    }
  }
  Picture two = framed(photo, 1024, 600, 512, 0);
  const Picture left = framed(half, 512, 600, 100, 100);
  for (int y = 0; y < 600; ++y) {
    std::copy_n(left.pixels.begin() + y * 512 * 3, 512 * 3, two.pixels.begin() + y * 1024 * 3);
  }
  const auto both = cropper.crop(two, FaceSelection::all);
  REQUIRE(both.size() == 2);
  CHECK(both[0].box[2] > both[1].box[2]);
  CHECK(both[0].box[0] > 512);
  const auto largest = cropper.crop(two, FaceSelection::largest);
  REQUIRE(largest.size() == 1);
  CHECK(largest[0].box == both[0].box);
}

TEST_CASE("face crops: a face at the border is cut out of what is there") {
  const Picture photo = load_picture(astronaut());
  Picture tight{100, 100, 3, {}};
  for (int y = 0; y < 100; ++y) {
    const auto row = photo.pixels.begin() + ((66 + y) * photo.width + 176) * 3;
    tight.pixels.insert(tight.pixels.end(), row, row + 300);
  }
  for (const FaceChip& chip : FaceCropper().crop(tight, FaceSelection::all)) {
    CHECK(chip.box[0] >= 0);
    CHECK(chip.box[1] >= 0);
    CHECK(chip.box[0] + chip.box[2] <= 100);
    CHECK(chip.box[1] + chip.box[3] <= 100);
  }
}

TEST_CASE("face crops: tiny and featureless pictures have no face") {
  FaceCropper cropper;
  CHECK(cropper.crop(sample_picture(1, 1), FaceSelection::all).empty());
  CHECK(cropper.crop(sample_picture(4000, 1), FaceSelection::all).empty());
  CHECK(cropper.crop(sample_picture(300, 200), FaceSelection::largest).empty());
}

TEST_CASE("face crops: without detection the whole picture is the face") {
  FaceCropper cropper;
  Picture face{48, 48, 1, {}};
  for (int i = 0; i < 48 * 48; ++i) face.pixels.push_back(static_cast<std::uint8_t>(i * 7 % 256));
  const auto chips = cropper.crop(face, FaceSelection::none);
  REQUIRE(chips.size() == 1);
  CHECK(std::equal(face.pixels.begin(), face.pixels.end(), chips[0].pixels.begin()));
  CHECK(chips[0].box == std::array<int, 4>{0, 0, 48, 48});

  // Area averaging: 96 x 96 of two alternating values is their mean everywhere.
  Picture checker{96, 96, 1, {}};
  for (int i = 0; i < 96 * 96; ++i) checker.pixels.push_back((i / 96 + i) % 2 == 0 ? 40 : 60);
  for (std::uint8_t value : whole_picture_chip(checker).pixels) REQUIRE(value == 50);
  CHECK(whole_picture_chip(sample_picture(20, 90)).box == std::array<int, 4>{0, 0, 20, 90});
}

TEST_CASE("face crops: wrong detectors") {
  CHECK(contains(message_of<UsageError>([] { FaceCropper({DetectorKind::yunet, ""}); }), "--detector-model"));
  const TempFolder folder;
  std::ofstream(folder / "text.xml") << "<?xml version=\"1.0\"?><opencv_storage><a>1</a></opencv_storage>";
  std::ofstream(folder / "text.onnx") << "no model";
  const Picture picture = sample_picture(100, 100);
  for (const DetectorKind detector : {DetectorKind::haar, DetectorKind::yunet}) {
    FaceCropper missing({detector, (folder / "none").string()});
    CHECK_THROWS_AS(missing.crop(picture, FaceSelection::all), IoError);
    for (const char* file : {"text.xml", "text.onnx"}) {
      FaceCropper bad({detector, (folder / file).string()});
      CHECK(contains(message_of<DataError>([&] { bad.crop(picture, FaceSelection::all); }), file));
    }
  }
}
