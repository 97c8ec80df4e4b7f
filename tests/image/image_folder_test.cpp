#include "affekt/image/image_folder.h"

#include <sys/stat.h>

#include <fstream>

#include "affekt/core/error.h"
#include "affekt/faces/picture_access.h"
#include "affekt/faces/picture_list.h"
#include "affekt/image/picture.h"
#include "support/catch.h"
#include "support/encoded_pictures.h"
#include "support/error_message.h"
#include "support/temp_folder.h"

using namespace affekt;
using namespace affekt::test;
namespace fs = std::filesystem;

namespace {

/// A 48 x 48 grey face of one value as PNG.
void add_face(const fs::path& path, std::uint8_t value) {
  fs::create_directories(path.parent_path());
  Picture face{48, 48, 1, std::vector<std::uint8_t>(kFacePixels, value)};
  const std::string file = encode_png(face);
  std::ofstream(path, std::ios::binary) << file;
}

struct Notes {
  std::vector<std::string> lines;
  ImageFolderOptions options(bool skip = false) {
    return {skip, [this](const std::string& line) { lines.push_back(line); }};
  }
};

}  // namespace

TEST_CASE("image folder: Kaggle's form, with the official splits out of the file names") {
  const TempFolder folder;
  add_face(folder / "train/happy/Training_2.png", 2);
  add_face(folder / "train/happy/Training_1.png", 1);
  add_face(folder / "train/Angry/Training_3.png", 3);
  add_face(folder / "test/sad/PublicTest_4.png", 4);
  add_face(folder / "test/sad/PrivateTest_5.png", 5);
  add_face(folder / "test/surprise/other.png", 6);
  add_face(folder / "validation/neutral/7.png", 7);
  std::ofstream(folder / "README.txt") << "about";
  std::ofstream(folder / "train/happy/.DS_Store") << "x";
  std::ofstream(folder / "train/happy/Thumbs.db") << "x";

  const Dataset data = read_image_folder(folder.path());
  REQUIRE(data.size() == 7);
  const std::vector<std::string> names{"train/Angry/Training_3.png", "train/happy/Training_1.png",
                                       "train/happy/Training_2.png", "validation/neutral/7.png",
                                       "test/sad/PrivateTest_5.png", "test/sad/PublicTest_4.png",
                                       "test/surprise/other.png"};
  CHECK(data.names == names);
  const std::vector<Split> splits{Split::train,        Split::train,       Split::train,       Split::public_test,
                                  Split::private_test, Split::public_test, Split::private_test};
  CHECK(data.splits == splits);
  const std::vector<int> labels{0, 3, 3, 6, 4, 4, 5}, values{3, 1, 2, 7, 5, 4, 6};
  for (std::size_t i = 0; i < data.size(); ++i) {
    CHECK(data.labels[i] == labels[i]);
    CHECK(data.face(i)[0] == values[i]);
  }
  REQUIRE(data.sources.size() == 1);
  CHECK(data.sources[0].rows == 7);
}

TEST_CASE("image folder: class folders alone are training data, of any picture size and colour") {
  const TempFolder folder;
  add_face(folder / "Fearful/a.png", 9);
  const Picture colourful = sample_picture(150, 100);
  std::ofstream(folder / "Fearful/b.png", std::ios::binary) << encode_png(colourful);
  const Dataset data = read_image_folder(folder.path());
  REQUIRE(data.size() == 2);
  CHECK(data.labels == std::vector<std::uint8_t>{2, 2});
  CHECK(data.splits[1] == Split::train);
  const Picture grey = to_grey(colourful);
  CHECK(std::abs(int{data.face(1)[0]} - int{grey.pixels[0]}) < 10);
  CHECK(std::abs(int{data.face(1)[kFacePixels - 1]} - int{grey.pixels.back()}) < 10);
}

TEST_CASE("image folder: unknown classes, nothing at all, and broken checkouts are refused") {
  const TempFolder folder;
  CHECK_THROWS_AS(read_image_folder(folder / "none"), IoError);
  CHECK(contains(message_of<DataError>([&] { read_image_folder(folder.path()); }), "no pictures found"));
  add_face(folder / "happy/a.png", 1);
  fs::create_directories(folder / "hapy");
  const std::string unknown = message_of<DataError>([&] { read_image_folder(folder.path()); });
  CHECK(contains(unknown, "hapy: unknown class folder 'hapy'; did you mean 'happy'"));
  fs::remove(folder / "hapy");

  Notes notes;
  fs::create_directories(folder / "sad");
  CHECK(read_image_folder(folder.path(), notes.options()).size() == 1);
  REQUIRE(notes.lines.size() == 1);
  CHECK(contains(notes.lines[0], "sad: empty class folder"));
  fs::create_directories(folder / "fear");
  CHECK(contains(message_of<DataError>([&] { read_image_folder(folder.path()); }), "2 of 3 class folders are empty"));
}

TEST_CASE("image folder: a picture that cannot be decoded is named, or counted") {
  const TempFolder folder;
  add_face(folder / "happy/a.png", 1);
  std::ofstream(folder / "happy/b.png") << "text";
  add_face(folder / "happy/c.png", 3);
  std::ofstream(folder / "happy/d.jpg") << "";
  fs::create_directories(folder / "happy/more");
  const std::string refused = message_of<DataError>([&] { read_image_folder(folder.path()); });
  CHECK(contains(refused, "happy/b.png: not a picture"));
  CHECK(contains(refused, "--skip-bad-rows"));

  Notes notes;
  const Dataset data = read_image_folder(folder.path(), notes.options(true));
  CHECK(data.size() == 2);
  CHECK(data.sources[0].skipped == 2);
  REQUIRE(notes.lines.size() == 3);
  CHECK(contains(notes.lines[0], "more: a folder inside a class folder"));
  CHECK(contains(notes.lines[1], "b.png: not a picture"));
  CHECK(contains(notes.lines[2], "d.jpg: the file is empty: skipped"));

  fs::remove(folder / "happy/a.png");
  fs::remove(folder / "happy/c.png");
  CHECK(contains(message_of<DataError>([&] { read_image_folder(folder.path(), notes.options(true)); }),
                 "none of its pictures"));
}

TEST_CASE("image folder: reached without linking libaffekt_faces") {
  const TempFolder folder;
  add_face(folder / "happy/a.png", 77);
  REQUIRE(picture_access_available());
  const auto access = load_picture_access();
  const Dataset data = access->read_image_folder(folder.path(), {});
  CHECK(data.digest() == read_image_folder(folder.path()).digest());
  const auto chips = access->face_chips(folder / "happy/a.png", FaceSelection::none);
  REQUIRE(chips.size() == 1);
  CHECK(chips[0].pixels[100] == 77);
  CHECK_THROWS_AS(access->face_chips(folder / "none.png", FaceSelection::none), IoError);
}

TEST_CASE("picture list: links that go in circles, hidden files and other files") {
  const TempFolder folder;
  add_face(folder / "b/x.PNG", 1);
  add_face(folder / "a.jpeg", 1);
  add_face(folder / ".hidden/x.png", 1);
  std::ofstream(folder / "notes.txt") << "x";
  fs::create_directory_symlink(folder.path(), folder / "b/loop");
  fs::create_symlink(folder / "gone.png", folder / "dangling.png");
  const std::vector<std::string> expected{(folder / "a.jpeg").string(), (folder / "b/x.PNG").string(),
                                          (folder / "dangling.png").string()};
  CHECK(pictures_below(folder.path()).pictures == expected);
  CHECK(pictures_below(folder.path()).unreadable.empty());
  CHECK_THROWS_AS(pictures_below(folder / "none"), IoError);
}

TEST_CASE("picture list: pipes and devices are named, and never opened") {
  const TempFolder folder;
  add_face(folder / "a.png", 1);
  REQUIRE(::mkfifo((folder / "b.jpg").c_str(), 0600) == 0);
  REQUIRE(::mkfifo((folder / "notes").c_str(), 0600) == 0);
  fs::create_symlink("/dev/zero", folder / "c.png");
  const PictureList list = pictures_below(folder.path());
  CHECK(list.pictures == std::vector<std::string>{(folder / "a.png").string()});
  REQUIRE(list.unreadable.size() == 2);
  CHECK(list.unreadable[0].path == folder / "b.jpg");
  CHECK(list.unreadable[0].message == (folder / "b.jpg").string() + ": a pipe or a device, not a file");
  CHECK(list.unreadable[1].path == folder / "c.png");
}

TEST_CASE("image folder: pipes are named, or counted, and never opened") {
  const TempFolder folder;
  add_face(folder / "happy/a.png", 1);
  REQUIRE(::mkfifo((folder / "happy/b.png").c_str(), 0600) == 0);
  CHECK(contains(message_of<DataError>([&] { read_image_folder(folder.path()); }),
                 "happy/b.png: a pipe or a device, not a file (--skip-bad-rows"));
  Notes notes;
  CHECK(read_image_folder(folder.path(), notes.options(true)).size() == 1);
  CHECK(notes.lines ==
        std::vector<std::string>{(folder / "happy/b.png").string() + ": a pipe or a device, not a file: skipped"});
}
