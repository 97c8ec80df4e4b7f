#include "affekt/train/train_job.h"

#include <algorithm>
#include <filesystem>
#include <optional>
#include <utility>

#include "affekt/core/error.h"
#include "affekt/core/text.h"
#include "affekt/model/architectures.h"
#include "affekt/nn/pretrained.h"
#include "nn/forward.h"
#include "nn/images.h"
#include "train/rank_job.h"
#include "train/trainer.h"

namespace affekt {
namespace {

Score judge(const TorchNetwork& network, const Preprocessing& preprocessing, const Dataset& data,
            const std::vector<std::size_t>& rows, const TrainObserver& observer) {
  const at::Tensor images = image_tensor(data, rows, at::kCPU);
  ForwardOptions options;
  options.progress = [&](std::size_t done) {
    const bool more = done < rows.size();
    if (more && observer.stop_requested && observer.stop_requested()) throw Interrupted("stopped before the end");
  };
  return score_logits(forward_images(network, preprocessing, images, /*bf16=*/false, options), data, rows);
}

/// Harmonic mean over the epochs after `frozen`, or over all if there are none.
double mean_images_per_second(const std::vector<EpochStats>& history, int frozen) {
  double seconds_an_image = 0;
  int counted = 0;
  for (const EpochStats& epoch : history) {
    if (epoch.epoch <= frozen && static_cast<int>(history.size()) > frozen) continue;
    seconds_an_image += 1 / epoch.images_per_second;
    ++counted;
  }
  return counted > 0 ? counted / seconds_an_image : 0;
}

std::vector<SourceCount> count_sources(const Dataset& data, const std::vector<std::size_t>& rows) {
  std::vector<SourceCount> counts;
  for (const DataSource& source : data.sources) counts.push_back({source.path, source.weight, 0, {}});
  for (const std::size_t row : rows) {
    if (data.source[row] >= counts.size()) continue;
    SourceCount& count = counts[data.source[row]];
    ++count.rows;
    ++count.classes[data.labels[row]];
  }
  return counts;
}

/// All that is known without judging the saved weights.
TrainSummary summarise(const Dataset& data, const Trainer& trainer, const TrainOptions& options, const Ranks* ranks) {
  const Network& table = trainer.network().table();
  TrainSummary summary;
  summary.model = options.model;
  summary.history = trainer.state().history;
  summary.epochs_run = trainer.state().epoch;
  summary.best_epoch = trainer.state().best_epoch;
  if (summary.best_epoch > 0) {
    summary.validation_accuracy = trainer.state().best.accuracy;
    summary.validation_loss = trainer.state().best.loss;
  }
  summary.parameters = count_parameters(table);
  summary.groups = parameter_groups(table, options, Phase::thawed);
  for (const ParameterGroup& group : summary.groups) summary.trainable_parameters += group.trainable;
  summary.multiply_adds = count_multiply_adds(table);
  summary.pretrained = trainer.state().start.source;
  summary.teachers = trainer.teachers().sources();
  summary.preprocessing = trainer.preprocessing().name;
  summary.sources = count_sources(data, trainer.rows().training);
  summary.training_rows = static_cast<std::int64_t>(trainer.rows().training.size());
  summary.validation_rows = static_cast<std::int64_t>(trainer.rows().validation.size());
  summary.images_per_second = mean_images_per_second(summary.history, options.frozen_epochs());
  summary.lr_factor = trainer.state().rate_factor();
  summary.precision = trainer.bf16() ? "bf16" : "fp32";
  summary.device = trainer.device_text();
  summary.threads = at::get_num_threads();
  summary.ranks = ranks != nullptr ? ranks->size() : 1;
  return summary;
}

/// Figures of the saved weights, in fp32 and without augmentation; they replace the card's.
void judge_saved(const Dataset& data, Trainer& trainer, const RunFolder& run, const TrainObserver& observer,
                 TrainSummary& summary) {
  const ModelFile file = ModelFile::open(run.best());
  TorchNetwork network(file.network(), trainer.network().device());
  network.load(file);
  replay_self_tests(network, file);
  const Preprocessing preprocessing = file.card().preprocessing;
  const std::vector<std::size_t> held_out = data.rows_of(Split::private_test);
  trainer.log("judging the saved weights on " + std::to_string(trainer.rows().training.size()) + " training, " +
              std::to_string(trainer.rows().validation.size()) + " validation and " + std::to_string(held_out.size()) +
              " PrivateTest rows");
  const Score training = judge(network, preprocessing, data, trainer.rows().training, observer);
  const Score validation = judge(network, preprocessing, data, trainer.rows().validation, observer);
  summary.train_accuracy = training.accuracy;
  summary.validation_accuracy = validation.accuracy;
  summary.validation_loss = validation.loss;
  ModelCard card = trainer.card();
  card.metrics["train_accuracy"] = training.accuracy;
  card.metrics["validation_accuracy"] = validation.accuracy;
  card.metrics["validation_loss"] = validation.loss;
  if (!held_out.empty()) {
    summary.private_accuracy = judge(network, preprocessing, data, held_out, observer).accuracy;
    card.metrics["private_accuracy"] = summary.private_accuracy;
    card.selection += "; PrivateTest (" + std::to_string(held_out.size()) + " rows) looked at once, after the end";
  }
  const DType dtype = file.parameter(network.entries().front().spec.name).dtype;
  write_model(run.best(), card, network.export_parameters(), file.self_tests(), dtype);
}

/// Judges the saved weights, if the run has ended, and writes what belongs to the end.
TrainSummary finish(const Dataset& data, Trainer& trainer, RunFolder& run, const TrainOptions& options,
                    const Ranks* ranks, const TrainObserver& observer, const std::string& stopped) {
  TrainSummary summary = summarise(data, trainer, options, ranks);
  summary.stopped = stopped;
  if (run.is_silent()) return summary;
  summary.run = run.path().string();
  try {
    trainer.finish_files();
    // Whoever sets a time limit does not wait for this; the resumed run does it when it has ended.
    if (summary.best_epoch > 0 && stopped != "max-time") judge_saved(data, trainer, run, observer, summary);
    summary.seconds = trainer.seconds();
    run.write_summary(summary, options);
  } catch (const Interrupted&) {
    throw Interrupted("stopped while the saved weights were judged; saved (--resume " + printable(run.path().string()) +
                      " goes on)");
  } catch (const IoError& error) {
    throw IoError(std::string(error.what()) + " (trained to the end; make room and --resume " +
                  printable(run.path().string()) + ")");
  }
  return summary;
}

std::string ended_text(const TrainSummary& summary) {
  return "ended (" + summary.stopped + ") after epoch " + std::to_string(summary.epochs_run) + ": best epoch " +
         std::to_string(summary.best_epoch) +
         (summary.best_epoch > 0 ? ", validation accuracy " + format_fixed(summary.validation_accuracy, 4) : "") +
         (summary.private_accuracy >= 0 ? ", private accuracy " + format_fixed(summary.private_accuracy, 4) : "") +
         (summary.stopped == "max-time" ? " (--resume " + printable(summary.run) + " goes on)" : "");
}

bool is_finished(const TrainSummary& summary, const TrainOptions& options) {
  return summary.stopped == "early-stop" || (summary.stopped == "epochs" && summary.epochs_run >= options.epochs);
}

/// The summary of a run to resume, if it has one. That it had ended is known to all ranks.
TrainSummary earlier_summary(const RunFolder& run, const TrainOptions& options, Ranks* ranks) {
  TrainSummary summary;
  if (!run.is_silent() && std::filesystem::exists(run.files().summary())) {
    summary = read_train_summary(run.files().summary());
    summary.already_finished = is_finished(summary, options);
  }
  if (ranks != nullptr) {
    summary.already_finished = ranks->text_of_first(summary.already_finished ? "ended" : "") == "ended";
  }
  return summary;
}

std::string first_line(const Trainer& trainer, const TrainOptions& options, const Ranks* ranks) {
  return options.model + " (" + std::to_string(count_parameters(trainer.network().table())) + " parameters), " +
         std::to_string(trainer.rows().training.size()) + " training rows, validation on " + trainer.rows().selection +
         ", " + trainer.device_text() + ", " + std::to_string(at::get_num_threads()) +
         (at::get_num_threads() == 1 ? " thread" : " threads") +
         (ranks != nullptr ? " on each of " + std::to_string(ranks->size()) + " ranks, " : ", ") +
         (trainer.bf16() ? "bf16" : "fp32");
}

/// The networks' own messages do not say which option is wrong.
void check_names(const TrainOptions& options) {
  const auto check = [](const char* option, const char* what, const std::string& name,
                        const std::vector<std::string>& known) {
    if (std::find(known.begin(), known.end(), name) != known.end()) return;
    throw UsageError(std::string(option) + ": " + unknown_name_message(what, name, known));
  };
  check("model", "network", options.model, network_names());
  if (options.head != "default") check("head", "head", options.head, network_info(options.model).heads);
  try {
    if (!options.preprocess.empty()) make_preprocessing(options.preprocess);
  } catch (const UsageError& error) {
    throw UsageError(std::string("preprocess: ") + error.what());
  }
}

/// Whoever names several sources expects each to be trained on.
std::vector<std::string> idle_source_notes(const Dataset& data, const std::vector<std::size_t>& rows) {
  std::vector<std::string> notes;
  const std::vector<SourceCount> there = count_sources(data, data.rows_of(Split::train));
  const std::vector<SourceCount> taken = count_sources(data, rows);
  for (std::size_t i = 0; taken.size() > 1 && i < taken.size(); ++i) {
    if (taken[i].rows > 0) continue;
    notes.push_back(printable(taken[i].path) + ": " +
                    (there[i].rows == 0 ? "it has no training rows"
                                        : "none of its " + std::to_string(there[i].rows) +
                                              " training rows is trained on (too few for a place in the sample)"));
  }
  return notes;
}

void check_soft_labels(const Dataset& data, const TrainOptions& options) {
  if (options.ferplus_weight < 1 && data.soft_labels.empty()) {
    throw UsageError("ferplus-weight: the data have no soft labels to be weighed (--ferplus FILE gives them)");
  }
}

/// The options of a resumed run fitted its data, so rows that do not fit them are those of other data.
TrainRows rows_of_run(const Dataset& data, const TrainOptions& options) {
  try {
    return choose_rows(data, options);
  } catch (const UsageError&) {
    if (options.resume.empty()) throw;
    throw UsageError("data: not the data this run was started with (they lack rows that it needs)");
  }
}

/// A run that has ended needs its checkpoints no more; without them there is nothing to compare with.
void check_data_of_finished(const RunFolder& run, const Dataset& data, const TrainRows& rows,
                            const TrainOptions& options) {
  std::optional<RunState> saved;
  try {
    std::string damage;
    saved = newest_state(run, damage);
  } catch (const DataError&) {
    return;
  }
  check_same_data(*saved, data.digest(), weights_digest(data, rows, options));
}

Teachers teachers_of_resumed(const TrainOptions& options, at::Device device) {
  try {
    return {options, device};
  } catch (const IoError& error) {
    throw IoError(std::string(error.what()) + "; this run learns from it (--teacher says where it is now)");
  }
}

/// "after epoch 2", and where in the next one the run was stopped.
std::string position_text(const RunState& state) {
  return "after epoch " + std::to_string(state.epoch) +
         (state.step > 0 ? " and step " + std::to_string(state.step) + " of the next" : "");
}

}  // namespace

void check_training(const TrainOptions& options) {
  options.validate();
  check_names(options);
  const Network network = make_network(options.model, network_options(options, ""));
  const bool transfers = options.freeze_epochs > 0 || options.unfreeze.layers.has_value() || options.backbone_lr > 0 ||
                         options.layer_decay < 1;
  if (transfers && network.features == 0) {
    throw UsageError("model: " + options.model +
                     " has no backbone apart from its head (leave out --freeze-epochs, --unfreeze, --backbone-lr "
                     "and --layer-decay)");
  }
  if (options.unfreeze.layers.value_or(0) > network.layers) {
    throw UsageError("unfreeze: " + options.unfreeze.text() + " of the " + std::to_string(network.layers) +
                     " layers that the backbone of " + options.model + " has");
  }
  if (!options.resume.empty()) return;
  if (options.pretrained != "none") resolve_pretrained(options.pretrained, options.model);
  for (const std::string& teacher : options.teachers) resolve_model_path(teacher);
}

TrainSummary run_training(const Dataset& data, const TrainOptions& given, const TrainObserver& observer, Ranks* ranks) {
  check_training(given);
  const TrainOptions options = options_of_rank(given, ranks);
  const at::Device device(resolve_device(options.compute.device));
  check_soft_labels(data, options);
  TrainRows rows = rows_of_run(data, options);
  const bool resumed = !options.resume.empty();
  Teachers teachers;
  StartWeights start;
  if (!resumed) {
    start = read_start_weights(options);
    teachers = Teachers(options, device);
  }
  if (ranks != nullptr) check_same_work(*ranks, data, rows, options, start.info, teachers);
  RunFolder run = folder_of_rank(options, ranks);
  if (resumed) {
    TrainSummary summary = earlier_summary(run, options, ranks);
    if (summary.already_finished) {
      if (!run.is_silent()) check_data_of_finished(run, data, rows, options);
      return summary;
    }
  }
  prepare_compute(options.compute.threads);
  std::string damage;
  std::optional<RunState> saved;
  if (resumed) {
    teachers = teachers_of_resumed(options, device);  // now: a run that has ended needs none
    saved = state_of_run(run, ranks, damage);
  }
  Trainer trainer(data, std::move(rows), options, saved ? saved->start : start.info, observer, run, ranks);
  trainer.learn_from(std::move(teachers));
  if (saved) {
    trainer.restore(std::move(*saved));
    if (!damage.empty()) trainer.log("using the older checkpoint: " + damage);
    trainer.log("resumed " + position_text(trainer.state()) + ": " + first_line(trainer, options, ranks));
    run.write_config(given);
  } else {
    trainer.log(first_line(trainer, options, ranks));
    for (const std::string& note : idle_source_notes(data, trainer.rows().training)) trainer.log(note);
    run.write_config(given);  // before the first checkpoint: from then on the run can be resumed
    trainer.begin(start);
    start = {};
  }
  const std::vector<TeacherSource>& learnt_from = trainer.teachers().sources();
  if (!learnt_from.empty()) trainer.log("learning from " + teachers_text(learnt_from));
  std::string stopped;
  try {
    stopped = trainer.run();
  } catch (const LostRank& error) {
    throw with_remedy(error, run);
  }
  TrainSummary summary = finish(data, trainer, run, given, ranks, observer, stopped);
  trainer.log(ended_text(summary));
  return summary;
}

}  // namespace affekt
