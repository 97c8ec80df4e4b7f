// Videos: frames in time, faces followed and smoothed, affekt-predict --video as a user runs it.
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>
#include <opencv2/core.hpp>
#include <opencv2/videoio.hpp>
#include <sstream>

#include "affekt/core/error.h"
#include "affekt/image/picture.h"
#include "affekt/video/face_smoother.h"
#include "affekt/video/frames.h"
#include "support/catch.h"
#include "support/error_message.h"
#include "support/run_tool.h"
#include "support/temp_folder.h"

using namespace affekt;
using namespace affekt::test;
using Catch::Matchers::ContainsSubstring;
using Json = nlohmann::json;
namespace fs = std::filesystem;

namespace {

constexpr double kRate = 10;
constexpr int kFrames = 20;

std::string astronaut() { return std::string(std::getenv("AFFEKT_SOURCE")) + "/share/photos/astronaut.png"; }

/// Two seconds: the astronaut drifting to the right, and nothing but grey in the last half second.
void write_video(const fs::path& path) {
  const Picture photo = load_picture(astronaut());
  const cv::Size size(photo.width, photo.height);
  cv::VideoWriter writer(path.string(), cv::CAP_FFMPEG, cv::VideoWriter::fourcc('M', 'J', 'P', 'G'), kRate, size);
  REQUIRE(writer.isOpened());
  for (int i = 0; i < kFrames; ++i) {
    cv::Mat frame(size, CV_8UC3, cv::Scalar::all(128));
    for (int y = 0; i < 15 && y < photo.height; ++y) {
      for (int x = 2 * i; x < photo.width; ++x) {
        const auto* rgb = &photo.pixels[3 * (static_cast<std::size_t>(y) * static_cast<std::size_t>(photo.width) +
                                             static_cast<std::size_t>(x - 2 * i))];
        frame.at<cv::Vec3b>(y, x) = {rgb[2], rgb[1], rgb[0]};
      }
    }
    writer.write(frame);
  }
}

const std::string& video() {
  static const TempFolder folder;
  static const std::string path = [] {
    write_video(folder / "drift: one.avi");  // a colon and a space, which FFmpeg takes for an address if it may
    return (folder / "drift: one.avi").string();
  }();
  return path;
}

FacePrediction face_at(int x, double happy) {
  FacePrediction face;
  face.box = {x, 10, 100, 100};
  EmotionProbabilities probabilities{};
  probabilities[static_cast<std::size_t>(Emotion::happy)] = happy;
  probabilities[static_cast<std::size_t>(Emotion::sad)] = 1 - happy;
  face.judge(probabilities, 0);
  return face;
}

/// Corner of the frame that is white, clockwise from the top left: 0 to 3; 4 if that is not exactly one.
int white_corner(const Picture& picture) {
  const int right = picture.width - 3, bottom = picture.height - 3;
  const int corners[4][2] = {{2, 2}, {right, 2}, {right, bottom}, {2, bottom}};
  int found = 4, count = 0;
  for (int i = 0; i < 4; ++i) {
    const auto at = static_cast<std::size_t>(corners[i][1] * picture.width + corners[i][0]) * 3;
    if (picture.pixels[at] < 200 || picture.pixels[at + 1] < 200 || picture.pixels[at + 2] < 200) continue;
    found = i;
    ++count;
  }
  return count == 1 ? found : 4;
}

/// The first frame of a phone's video whose display matrix asks for that many clockwise quarter turns.
Picture turned_frame(int quarters) {
  std::ifstream file(fs::path(std::getenv("AFFEKT_SOURCE")) / "tests/video/data/turned.mp4", std::ios::binary);
  std::string bytes((std::istreambuf_iterator<char>(file)), {});
  const std::size_t header = bytes.find("tkhd");
  REQUIRE(header != std::string::npos);
  // ISO/IEC 14496-12, 8.3.2: the matrix {a, b, u, c, d, v, x, y, w} of big-endian 16.16 numbers, 40 bytes behind the
  // flags of version 0.
  const int cosine[] = {1, 0, -1, 0}, sine[] = {0, 1, 0, -1};
  const int matrix[] = {cosine[quarters], sine[quarters], 0, -sine[quarters], cosine[quarters]};
  for (int i = 0; i < 5; ++i) {
    if (i == 2) continue;
    const auto value = static_cast<std::uint32_t>(matrix[i]) << 16U;
    for (unsigned b = 0; b < 4; ++b) {
      bytes[header + 44 + static_cast<std::size_t>(i) * 4 + b] = static_cast<char>(value >> (24U - 8U * b) & 0xffU);
    }
  }
  const TempFolder folder;
  std::ofstream(folder / "turned.mp4", std::ios::binary) << bytes;
  Frame frame;
  REQUIRE(open_frames({(folder / "turned.mp4").string(), -1, 0})->next(frame));
  return frame.picture;
}

std::vector<Json> lines_of(const std::string& out) {
  std::vector<Json> lines;
  std::istringstream text(out);
  for (std::string line; std::getline(text, line);) lines.push_back(Json::parse(line));
  return lines;
}

}  // namespace

TEST_CASE("what OpenCV is told by the environment is taken back") {
  constexpr const char* kOptions = "OPENCV_FFMPEG_CAPTURE_OPTIONS";
  constexpr const char* kLevel = "OPENCV_FFMPEG_LOGLEVEL";
  ::unsetenv(kOptions);
  ::setenv(kLevel, "-8", 1);
  const auto frames = open_frames({video(), -1, 0});
  CHECK(std::getenv(kOptions) == nullptr);
  REQUIRE(std::getenv(kLevel) != nullptr);
  CHECK(std::string(std::getenv(kLevel)) == "-8");
  ::setenv(kOptions, "rtsp_transport;udp", 1);
  CHECK_NOTHROW(open_frames({video(), -1, 0}));
  CHECK(std::string(std::getenv(kOptions)) == "rtsp_transport;udp");
  ::unsetenv(kOptions);
  ::unsetenv(kLevel);
  CHECK_NOTHROW(open_frames({video(), -1, 0}));
  CHECK(std::getenv(kLevel) == nullptr);
}

TEST_CASE("frames come in order, as many as asked for") {
  Frame frame;
  const auto every = open_frames({video(), -1, 0});
  for (int i = 0; i < kFrames; ++i) {
    REQUIRE(every->next(frame));
    CHECK(frame.number == i);
    CHECK(frame.seconds == Approx(i / kRate).margin(1e-6));
  }
  CHECK_FALSE(every->next(frame));
  CHECK(frame.picture.width == 512);
  CHECK(frame.picture.channels == 3);

  const auto some = open_frames({video(), -1, 0.5});
  std::vector<std::int64_t> numbers;
  while (some->next(frame)) numbers.push_back(frame.number);
  CHECK(numbers == std::vector<std::int64_t>{0, 5, 10, 15});
}

TEST_CASE("colours are R, G, B") {
  Frame frame;
  REQUIRE(open_frames({video(), -1, 0})->next(frame));
  const Picture photo = load_picture(astronaut());
  double difference = 0, swapped = 0;
  for (std::size_t i = 0; i + 2 < photo.pixels.size(); i += 3) {
    difference += std::abs(photo.pixels[i] - frame.picture.pixels[i]);
    swapped += std::abs(photo.pixels[i] - frame.picture.pixels[i + 2]);
  }
  CHECK(difference / (512 * 512) < 8);  // what MJPEG loses
  CHECK(swapped > 2 * difference);
}

TEST_CASE("a phone's video is turned as its display matrix says") {
  Frame frame;
  const fs::path file = fs::path(std::getenv("AFFEKT_SOURCE")) / "tests/video/data/turned.mp4";
  REQUIRE(open_frames({file.string(), -1, 0})->next(frame));
  CHECK(white_corner(frame.picture) == 1);  // top right, as players show it
  CHECK(frame.picture.height > frame.picture.width);

  const Picture stored = turned_frame(0);
  const int corner = white_corner(stored);
  REQUIRE(corner < 4);
  for (int quarters = 1; quarters < 4; ++quarters) {
    const Picture turned = turned_frame(quarters);
    INFO(quarters << " quarter turns");
    CHECK(white_corner(turned) == (corner + quarters) % 4);
    CHECK((turned.width == stored.width) == (quarters == 2));
  }
}

TEST_CASE("what is not a video is refused") {
  const TempFolder folder;
  std::ofstream(folder / "text.mp4") << "not a video";
  CHECK_THAT(message_of<DataError>([&] {
               open_frames({(folder / "text.mp4").string(), -1, 0.2});
             }),
             ContainsSubstring("text.mp4: not a video"));
  std::ofstream(folder / "names.txt") << std::string(5000, 'a') << "\n";  // which FFmpeg would draw
  CHECK_THAT(message_of<DataError>([&] {
               open_frames({(folder / "names.txt").string(), -1, 0.2});
             }),
             ContainsSubstring("names.txt: not a video"));
  CHECK_THAT(message_of<IoError>([&] {
               open_frames({(folder / "none.mp4").string(), -1, 0.2});
             }),
             ContainsSubstring("no such video"));
  CHECK_THROWS_AS(open_frames({folder.path().string(), -1, 0.2}), IoError);
  CHECK_THROWS_AS(open_frames({"http://127.0.0.1:9/video.mp4", -1, 0.2}), IoError);
  CHECK_THROWS_AS(open_frames({"", 99, 0.2}), IoError);
  CHECK_THROWS_AS(open_frames({"", -1, 0.2}), UsageError);
  for (const double every : {-0.1, 1e9, std::numeric_limits<double>::quiet_NaN()}) {
    CHECK_THROWS_AS(open_frames({video(), -1, every}), UsageError);
  }
  // A playlist that names a place in the network, or another protocol, is not followed.
  std::ofstream(folder / "list.m3u8") << "#EXTM3U\n#EXTINF:1,\nhttp://127.0.0.1:9/a.ts\n";
  CHECK_THROWS_AS(open_frames({(folder / "list.m3u8").string(), -1, 0.2}), DataError);
}

TEST_CASE("a face is followed and its emotions averaged") {
  FaceSmoother smoother(1.0, 0);
  std::vector<FacePrediction> faces = {face_at(10, 1), face_at(400, 0)};
  CHECK(smoother.update(0, faces) == std::vector<int>{1, 2});
  CHECK(faces[0].confidence == 1);
  // In another order and moved: the numbers stay with the faces.
  faces = {face_at(390, 0), face_at(20, 0)};
  CHECK(smoother.update(0.5, faces) == std::vector<int>{2, 1});
  const double remembered = std::exp(-0.5);
  CHECK(faces[1].probabilities[static_cast<std::size_t>(Emotion::happy)] == Approx(remembered));
  CHECK(faces[1].emotion == Emotion::happy);
  CHECK(faces[0].emotion == Emotion::sad);
  // Longer away than a second: somebody new.
  faces = {face_at(20, 0.5)};
  CHECK(smoother.update(2, faces) == std::vector<int>{3});
  CHECK(faces[0].confidence == Approx(0.5));
  FacePrediction none;
  faces = {none};
  CHECK(smoother.update(2.1, faces) == std::vector<int>{0});
  CHECK(faces[0].status == FaceStatus::no_face);
}

TEST_CASE("without smoothing the newest frame counts, and doubt follows the average") {
  FaceSmoother now(0, 0);
  std::vector<FacePrediction> faces = {face_at(10, 1)};
  now.update(0, faces);
  faces = {face_at(10, 0)};
  now.update(0.1, faces);
  CHECK(faces[0].emotion == Emotion::sad);
  CHECK(faces[0].confidence == 1);

  FaceSmoother strict(0.1, 0.9);
  faces = {face_at(10, 1)};
  strict.update(0, faces);
  CHECK(faces[0].status == FaceStatus::ok);
  faces = {face_at(10, 0)};
  strict.update(0.1, faces);
  CHECK(faces[0].status == FaceStatus::uncertain);
  CHECK_THROWS_AS(FaceSmoother(-1, 0), UsageError);
}

TEST_CASE("predict --video: a line a face, as JSON and as text") {
  const ToolResult json = run_tool("affekt-predict", {"--video", video(), "--every", "0.5", "--json", "--smooth", "1"});
  REQUIRE(json.exit_code == 0);
  CHECK(json.err.empty());
  const std::vector<Json> lines = lines_of(json.out);
  REQUIRE(lines.size() == 4);
  for (std::size_t i = 0; i < 3; ++i) {
    CHECK(lines[i].at("schema") == "affekt.predict/1");
    CHECK(lines[i].at("file") == video());
    CHECK(lines[i].at("status") == "ok");
    CHECK(lines[i].at("emotion") == "happy");
    CHECK(lines[i].at("frame") == 5 * i);
    CHECK(lines[i].at("seconds").get<double>() == Approx(0.5 * static_cast<double>(i)));
    CHECK(lines[i].at("face") == 1);
  }
  CHECK(lines[2].at("box")[0].get<int>() > lines[0].at("box")[0].get<int>());
  CHECK(lines[3].at("status") == "no_face");
  CHECK(lines[3].at("face").is_null());

  const TempFolder folder;
  const ToolResult text =
      run_tool("affekt-predict", {"--video", video(), "--every", "1", "--annotate", (folder / "marked").string()});
  CHECK(text.exit_code == 0);
  CHECK(count_lines(text.out) == 3);
  CHECK_THAT(text.out, ContainsSubstring("seconds") && ContainsSubstring("0.00") && ContainsSubstring("happy"));
  CHECK(fs::exists(folder / "marked" / "frame-000010.png"));
}

TEST_CASE("predict --video: wrong uses") {
  const auto says = [](const std::vector<std::string>& arguments, int code, const std::string& words) {
    const ToolResult result = run_tool("affekt-predict", arguments);
    CHECK(result.exit_code == code);
    CHECK(count_lines(result.err) == 1);
    CHECK_THAT(result.err, ContainsSubstring(words));
    CHECK(result.out.empty());
  };
  says({"--video", video(), astronaut()}, 2, "one of them at a time");
  says({"--video", video(), "--camera", "0"}, 2, "one of them at a time");
  says({"--camera", "-2"}, 2, "--camera: expected 0 or more");
  says({"--camera", "99"}, 4, "camera 99: cannot be opened");
  says({"--video", "missing.mp4"}, 4, "no such video");
  says({"--video", astronaut() + "/x.mp4"}, 4, "no such video");
  says({"--video", video(), "--smooth", "-1"}, 2, "--smooth");
  says({"--video", video(), "--every", "nan"}, 2, "--every");
  says({"--smooth", "1", astronaut()}, 2, "are for --video and --camera");
}
