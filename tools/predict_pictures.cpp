#include "predict_pictures.h"

#include <algorithm>
#include <filesystem>
#include <set>

#include "affekt/core/error.h"
#include "affekt/core/file.h"
#include "affekt/core/table.h"
#include "affekt/core/text.h"
#include "affekt/faces/picture_list.h"
#include "affekt/image/annotate.h"
#include "affekt/predict/face_predictor.h"
#include "common/face_json.h"
#include "common/name_list.h"

namespace affekt::cli {
namespace {

namespace fs = std::filesystem;

FacePrediction failure(const std::string& file, const std::string& message, bool missing) {
  FacePrediction face;
  face.file = file;
  face.status = FaceStatus::unreadable;
  face.message = message;
  face.missing = missing;
  return face;
}

/// Copies of pictures with their faces marked, each under a name of its own.
class Annotator {
 public:
  explicit Annotator(const std::string& folder) : folder_(folder) {
    if (!folder.empty()) ensure_writable_folder(folder);
  }

  void write(const std::vector<FacePrediction>& faces) {
    if (folder_.empty() || faces.front().status == FaceStatus::unreadable) return;
    Picture picture = load_picture(faces.front().file);
    mark_faces(picture, faces);
    write_file(free_place(fs::path(faces.front().file).stem().string()), encode_png(picture));
  }

 private:
  /// The pictures of one run must not overwrite each other; those of an earlier run may be replaced.
  fs::path free_place(const std::string& stem) {
    std::string name = stem + ".png";
    for (int i = 2; !taken_.insert(name).second; ++i) name = stem + "-" + std::to_string(i) + ".png";
    return folder_ / name;
  }

  fs::path folder_;
  std::set<std::string> taken_;
};

/// One run over all pictures: what is printed, counted and complained about.
class Prediction {
 public:
  Prediction(const Tool& tool, const PredictFlags& flags, Io& io)
      : tool_(tool), io_(io), annotator_(flags.annotate), predictor_(flags.reader) {
    table_.columns = {{"file"}, {"status"}, {"emotion"}, {"confidence", true}, {"next", false}, {"box"}};
  }

  int run(const std::vector<std::string>& inputs) {
    const std::atomic<int>& signal = catch_interrupts();
    const std::vector<std::string> files = expand(inputs);
    std::size_t end = 0;
    for (std::size_t done = 0; done < files.size() && signal == 0; done = end) {
      const auto begin = std::chrono::steady_clock::now();
      end = std::min(done + together_, files.size());
      const auto first = files.begin();
      for (const auto& faces :
           predictor_.read_all({first + static_cast<std::ptrdiff_t>(done), first + static_cast<std::ptrdiff_t>(end)})) {
        annotator_.write(faces);
        show(faces);
      }
      io_.progress(static_cast<double>(end) / static_cast<double>(files.size()),
                   std::to_string(end) + (end == 1 ? " picture" : " pictures"));
      choose_how_many(std::chrono::steady_clock::now() - begin);
    }
    io_.end_progress();
    if (!tool_.common.json && !table_.rows.empty()) io_.out() << table_text(table_);
    if (signal != 0) throw Interrupted("interrupted: the pictures so far are printed");
    return exit_code();
  }

 private:
  /// Pictures between one output (and look for an interrupt) and the next: as many as take less than about a second.
  /// The network's threads spin for a while after their work, beside the decoders, so the fewer turns the better.
  void choose_how_many(std::chrono::duration<double> last) {
    constexpr std::size_t kFewest = 16, kMost = 512;
    if (last.count() < 0.3) together_ = std::min(kMost, together_ * 2);
    if (last.count() > 1.0) together_ = std::max(kFewest, together_ / 2);
  }

  /// Files as they are, folders as all pictures below, "-" as the names on standard input.
  std::vector<std::string> expand(const std::vector<std::string>& inputs) {
    std::vector<std::string> files;
    for (const std::string& input : inputs) {
      std::error_code ignored;
      if (input == "-") {
        const auto names = names_in_list(InputFile::open(input).bytes());
        files.insert(files.end(), names.begin(), names.end());
      } else if (fs::is_directory(input, ignored)) {
        add_folder(input, files);
      } else {
        files.push_back(input);
      }
    }
    if (files.empty() && failures_ == 0) throw DataError("-: no picture is named, expected one name a line");
    return files;
  }

  void add_folder(const std::string& folder, std::vector<std::string>& files) {
    try {
      const PictureList below = pictures_below(folder);
      for (const UnreadableEntry& entry : below.unreadable) show({failure(entry.path.string(), entry.message, true)});
      if (below.pictures.empty() && below.unreadable.empty()) {
        show({failure(folder, printable(folder) + ": no pictures in this folder", false)});
      }
      files.insert(files.end(), below.pictures.begin(), below.pictures.end());
    } catch (const IoError& error) {
      show({failure(folder, error.what(), true)});
    }
  }

  void show(const std::vector<FacePrediction>& faces) {
    for (const FacePrediction& face : faces) {
      const bool failed = face.status == FaceStatus::unreadable;
      if (failed) io_.error(face.message);
      if (failed && failures_++ == 0) first_failure_missing_ = face.missing;
      if (!failed) ++successes_;
      if (tool_.common.json) {
        Json line = tool_.result();
        line.update(face_json(face));
        io_.out() << json_text(line) << '\n';
      } else {
        std::vector<std::string> row = face_cells(face);
        row.insert(row.begin(), face.file);
        table_.rows.push_back(std::move(row));
      }
    }
    if (tool_.common.json) io_.out().flush();
  }

  int exit_code() const {
    if (failures_ == 0) return 0;
    if (successes_ > 0) return kPartialFailure;
    return first_failure_missing_ ? kNoFile : kBadContent;
  }

  const Tool& tool_;
  Io& io_;
  Annotator annotator_;
  FacePredictor predictor_;
  std::size_t together_ = 64;
  Table table_;
  std::size_t failures_ = 0, successes_ = 0;
  bool first_failure_missing_ = false;
};

}  // namespace

void mark_faces(Picture& picture, const std::vector<FacePrediction>& faces) {
  for (const FacePrediction& face : faces) {
    if (face.status == FaceStatus::no_face) continue;
    const std::string doubt = face.status == FaceStatus::uncertain ? "?" : "";
    draw_face(picture, face.box, emotion_name(face.emotion) + doubt + " " + format_fixed(face.confidence, 2));
  }
}

int predict_pictures(const Tool& tool, const PredictFlags& flags, Io& io) {
  if (flags.inputs.empty()) throw UsageError("no picture given; expected INPUT..., see --help");
  return Prediction(tool, flags, io).run(flags.inputs);
}

}  // namespace affekt::cli
