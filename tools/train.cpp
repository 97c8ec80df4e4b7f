// affekt-train: fits one emotion classifier. This file parses, calls the library and reports; it decides nothing.
#include <cmath>
#include <type_traits>

#include "affekt/core/error.h"
#include "affekt/core/text.h"
#include "affekt/train/augment_sheet.h"
#include "affekt/train/train_job.h"
#include "affekt/train/train_option_table.h"
#include "common/cli.h"
#include "common/dataset.h"
#include "common/result_folder.h"
#include "train_estimate.h"
#include "train_ranks.h"
#include "train_seeds.h"

namespace affekt::cli {
namespace {

/// Binds a row of the table of options by the type of its field.
struct Bind {
  Tool& tool;

  void operator()(const TrainOptionRow& row, bool& field) const { tool.flag(row.name, field, row.help); }
  template <typename T>
  void operator()(const TrainOptionRow& row, T& field) const {
    if (row.help.empty()) return;  // every tool has it
    if constexpr (std::is_enum_v<T>) {
      tool.choice(row.name, field, names_of(field), row.help);
    } else if constexpr (!std::is_unsigned_v<T>) {
      tool.option(row.name, field, row.help);
    }
  }
};

/// The options of the run to resume, with what may be changed.
TrainOptions options_to_resume(const Tool& tool, const TrainOptions& now, Ranks& ranks) {
  const auto given = [&tool](const std::string& name) { return tool.given(name); };
  check_resumable(given);
  return resumed_options(run_options_of_first(now.resume, ranks), now, given);
}

Dataset open_training_data(const Tool& tool, const TrainOptions& options, Io& io) {
  try {
    return open_datasets(options.data, {options.skip_bad_rows, options.ferplus}, io);
  } catch (const IoError& error) {
    if (options.resume.empty() || tool.given("data")) throw;
    throw IoError(std::string(error.what()) +
                  " (the path is that of the run's start: resume in the folder it was started in, or say with --data "
                  "where its data are)");
  }
}

std::string clock_text(double seconds) {
  const long long s = std::llround(seconds);
  const auto two = [](long long n) { return (n < 10 ? "0" : "") + std::to_string(n); };
  return std::to_string(s / 3600) + ":" + two(s / 60 % 60) + ":" + two(s % 60);
}

TrainObserver observe(Io& io, const std::atomic<int>& signal) {
  TrainObserver observer;
  observer.progress = [&io](const TrainProgress& p) {
    const double done = (p.epoch - 1 + static_cast<double>(p.step) / static_cast<double>(p.steps)) / p.epochs;
    io.progress(done, "epoch " + std::to_string(p.epoch) + "/" + std::to_string(p.epochs) + " loss " +
                          format_fixed(p.loss, 3) + " accuracy " + format_fixed(p.accuracy, 3) + ", " +
                          format_fixed(p.images_per_second, 0) + " images/s, " + clock_text(p.seconds_left) + " left");
  };
  observer.log = [&io](const std::string& line) { io.note(line); };
  observer.warning = [&io](const std::string& line) { io.warn(line); };
  observer.stop_requested = [&signal] { return signal != 0; };
  observer.stop_signal = [&signal] { return signal.load(); };
  return observer;
}

/// "source               my-faces, weight 2: 120 rows (angry 20, disgust 3, ...)".
std::string source_line(const SourceCount& source) {
  std::vector<std::string> classes;
  for (std::size_t c = 0; c < kEmotionCount; ++c) {
    classes.push_back(emotion_names()[c] + " " + std::to_string(source.classes[c]));
  }
  return "source               " + printable(source.path) + ", weight " + format_shortest(source.weight) + ": " +
         std::to_string(source.rows) + (source.rows == 1 ? " row (" : " rows (") + join(classes, ", ") + ")\n";
}

/// Nothing is known of a run that was stopped in its first epoch, and not all of one that has not ended.
std::string figure(const TrainSummary& summary, double value, int digits) {
  return summary.best_epoch > 0 && value >= 0 ? format_fixed(value, digits) : "n/a";
}

void report(Io& io, const Tool& tool, const TrainOptions& options, const TrainSummary& summary) {
  if (tool.common.json) {
    Json result = tool.result();
    result["seed"] = options.seed;
    result["options"].update(Json::parse(train_options_json(options)));  // a resumed run has its own
    result.update(Json::parse(train_summary_json(summary)));
    io.out() << json_text(result) << '\n';
    return;
  }
  if (summary.already_finished) {
    io.note(std::string("this run has ended already") + (summary.stopped == "epochs" ? " (more --epochs go on)" : ""));
  }
  io.out() << "run                  " << printable(summary.run) << "\nbest epoch           " << summary.best_epoch
           << " of " << summary.epochs_run << " (" << summary.stopped << ")\ntrain accuracy       "
           << figure(summary, summary.train_accuracy, 4) << "\nvalidation accuracy  "
           << figure(summary, summary.validation_accuracy, 4) << '\n';
  if (summary.private_accuracy >= 0) {
    io.out() << "private accuracy     " << format_fixed(summary.private_accuracy, 4) << '\n';
  }
  if (summary.sources.size() > 1) {
    for (const SourceCount& source : summary.sources) io.out() << source_line(source);
  }
  io.out() << "images per second    " << figure(summary, summary.images_per_second, 1) << "\ntime                 "
           << clock_text(summary.seconds) << '\n';
}

/// No training: a picture of what training would see.
int show_augment(Io& io, const Tool& tool, const TrainOptions& options, const std::string& folder) {
  if (!options.resume.empty()) throw UsageError("--show-augment: not with --resume (name --data and the options)");
  options.validate();
  prepare_result_folder(folder, options.force, "--show-augment");
  const Dataset data = open_datasets(options.data, {options.skip_bad_rows, options.ferplus}, io);
  const AugmentSheet sheet = augment_sheet(data, options);
  const char* const name = "augment.png";
  write_result_files(folder, {{name, grey_png(sheet.picture)}}, io);
  const std::string file = folder + (folder.back() == '/' ? "" : "/") + name;
  if (tool.common.json) {
    Json result = tool.result();
    result["sheet"] = file;
    result["faces"] = sheet.faces;
    result["draws"] = sheet.draws;
    io.out() << json_text(result) << '\n';
    return 0;
  }
  io.out() << "sheet                " << printable(file) << "\nfaces                " << sheet.faces
           << ", each as it is and as the first " << sheet.draws << " epochs would see it\n";
  return 0;
}

int train(Io& io, const Tool& tool, TrainOptions options, const std::string& show_augment_in) {
  options.seed = tool.common.seed;
  options.compute.threads = tool.common.threads;
  if (!show_augment_in.empty()) return show_augment(io, tool, options, show_augment_in);
  const RankPlace place = place_of_process();
  if (options.resume.empty()) {
    check_training(options);
  } else {
    options.validate();
  }
  const std::atomic<int>& signal = catch_interrupts(/*in_company=*/!place.alone());
  return with_ranks(io, place, options.rank_timeout, signal, [&](Ranks& ranks) {
    if (!options.resume.empty()) options = options_to_resume(tool, options, ranks);
    check_training(options);
    if ((options.seeds > 1 || options.dry_run) && !place.alone()) {
      throw UsageError(std::string(options.dry_run ? "dry-run" : "seeds") +
                       ": this is work for one process (leave out the other ranks)");
    }
    const Dataset data = open_training_data(tool, options, io);
    TrainObserver observer = observe(io, signal);
    if (place.rank > 0) observer.warning = nullptr;  // rank 0 says the same
    if (options.dry_run) return estimate(io, tool, data, options, observer);
    if (options.seeds > 1) return train_seeds(io, tool, data, options, observer);
    const TrainSummary summary = run_training(data, options, observer, ranks);
    if (place.rank == 0) report(io, tool, options, summary);
  });
}

}  // namespace
}  // namespace affekt::cli

int main(int argc, char** argv) {
  using namespace affekt;
  cli::Tool tool("train", "Train an emotion classifier on FER2013-style faces.");
  TrainOptions options;
  std::string show_augment_in;
  tool.enable_presets();
  visit_train_options(options, cli::Bind{tool});
  tool.option("show-augment", show_augment_in, "Write a picture of augmented faces into this folder; no training");
  tool.footer(
      "Examples:\n  affekt-train --data fer2013.csv --model compact\n"
      "  affekt-train --data fer2013.csv --preset paper-basic-cnn --out runs/paper\n"
      "  affekt-train --data fer2013.csv --model efficientnet-b0 --pretrained imagenet --freeze-epochs 2\n"
      "  affekt-train --data fer2013.csv --data my-faces:weight=2\n"
      "  affekt-train --resume runs/paper");
  return tool.run(argc, argv, [&](cli::Io& io) { return cli::train(io, tool, options, show_augment_in); });
}
