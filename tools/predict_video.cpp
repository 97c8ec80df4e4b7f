#include "predict_video.h"

#include <array>
#include <filesystem>

#include "affekt/core/error.h"
#include "affekt/core/file.h"
#include "affekt/core/text.h"
#include "affekt/image/annotate.h"
#include "affekt/predict/face_predictor.h"
#include "affekt/video/face_smoother.h"
#include "affekt/video/frames.h"
#include "common/face_json.h"

namespace affekt::cli {
namespace {

constexpr std::array<std::size_t, 7> kWidths = {9, 5, 9, 8, 10, 13, 0};  // time, face, status, emotion, ...

std::string line_of(const std::vector<std::string>& cells) {
  std::string line;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    line += padded(cells[i], kWidths[i]) + (i + 1 < cells.size() ? "  " : "");
  }
  return line.substr(0, line.find_last_not_of(' ') + 1) + '\n';
}

/// One run over all frames.
class Watch {
 public:
  Watch(const Tool& tool, const PredictFlags& flags, const VideoFlags& video, Io& io)
      : tool_(tool),
        io_(io),
        annotate_(flags.annotate),
        name_(video.file.empty() ? "camera " + std::to_string(video.camera) : video.file),
        smoother_(video.smooth, flags.reader.min_confidence),
        source_(open_frames({video.file, video.camera, video.every})),
        predictor_(flags.reader) {
    if (!annotate_.empty()) ensure_writable_folder(annotate_);
  }

  int run() {
    const std::atomic<int>& signal = catch_interrupts();
    Frame frame;
    std::int64_t frames = 0;
    while (signal == 0 && io_.out_error() == 0 && source_->next(frame)) {
      if (frames++ == 0 && !tool_.common.json) {
        io_.out() << line_of({"seconds", "face", "status", "emotion", "confidence", "next", "box"});
      }
      read(frame);
      io_.out().flush();
    }
    if (signal != 0) throw Interrupted("interrupted: the frames so far are printed");
    if (frames == 0) throw DataError(printable(name_) + ": no frame can be decoded");
    io_.detail(std::to_string(frames) + " frames");
    return 0;
  }

 private:
  void read(const Frame& frame) {
    std::vector<FacePrediction> faces = predictor_.read_picture(frame.picture, name_);
    const std::vector<int> numbers = smoother_.update(frame.seconds, faces);
    for (std::size_t i = 0; i < faces.size(); ++i) show(frame, faces[i], numbers[i]);
    if (!annotate_.empty()) annotate(frame, faces);
  }

  void show(const Frame& frame, const FacePrediction& face, int number) {
    if (tool_.common.json) {
      Json line = tool_.result();
      line.update(face_json(face));
      line["frame"] = frame.number;
      line["seconds"] = frame.seconds;
      line["face"] = number > 0 ? Json(number) : Json(nullptr);
      io_.out() << json_text(line) << '\n';
      return;
    }
    std::vector<std::string> cells = {format_fixed(frame.seconds, 2), number > 0 ? std::to_string(number) : ""};
    for (std::string& cell : face_cells(face)) cells.push_back(std::move(cell));
    io_.out() << line_of(cells);
  }

  void annotate(const Frame& frame, const std::vector<FacePrediction>& faces) const {
    constexpr std::size_t kDigits = 6;  // names sort as the frames do
    Picture picture = frame.picture;
    mark_faces(picture, faces);
    std::string number = std::to_string(frame.number);
    if (number.size() < kDigits) number.insert(0, kDigits - number.size(), '0');
    write_file(std::filesystem::path(annotate_) / ("frame-" + number + ".png"), encode_png(picture));
  }

  const Tool& tool_;
  Io& io_;
  std::string annotate_, name_;
  FaceSmoother smoother_;
  std::unique_ptr<FrameSource> source_;
  FacePredictor predictor_;
};

}  // namespace

int predict_video(const Tool& tool, const PredictFlags& flags, const VideoFlags& video, Io& io) {
  if (!flags.inputs.empty()) throw UsageError("pictures and --video or --camera: one of them at a time");
  if (tool.chosen("video") && tool.chosen("camera")) throw UsageError("--video and --camera: one of them at a time");
  if (tool.chosen("video") && video.file.empty()) throw UsageError("--video: expected a file, found nothing");
  if (tool.chosen("camera") && video.camera < 0) {
    throw UsageError("--camera: expected 0 or more, found " + std::to_string(video.camera));
  }
  return Watch(tool, flags, video, io).run();
}

}  // namespace affekt::cli
