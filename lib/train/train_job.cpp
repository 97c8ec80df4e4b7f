#include "affekt/train/train_job.h"

#include <algorithm>
#include <filesystem>
#include <optional>
#include <utility>

#include "affekt/core/error.h"
#include "affekt/core/text.h"
#include "affekt/model/architectures.h"
#include "affekt/nn/compute.h"
#include "affekt/nn/pretrained.h"
#include "nn/forward.h"
#include "nn/images.h"
#include "train/rank_job.h"
#include "train/result_model.h"
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
TrainSummary summarise(const TrainSetup& setup, const TrainState& state) {
  const Network& table = state.network.table();
  const RunState& run = state.run;
  TrainSummary summary;
  summary.model = setup.options.model;
  summary.history = run.history;
  summary.epochs_run = run.epoch;
  summary.best_epoch = run.best_epoch;
  if (summary.best_epoch > 0) {
    summary.validation_accuracy = run.best.accuracy;
    summary.validation_loss = run.best.loss;
  }
  summary.parameters = count_parameters(table);
  summary.groups = parameter_groups(table, setup.options, Phase::thawed);
  for (const ParameterGroup& group : summary.groups) summary.trainable_parameters += group.trainable;
  summary.multiply_adds = count_multiply_adds(table);
  summary.pretrained = run.start.source;
  summary.teachers = setup.teachers.sources();
  summary.preprocessing = run.start.preprocessing.name;
  summary.sources = count_sources(setup.data, setup.rows.training);
  summary.training_rows = setup.training_rows();
  summary.validation_rows = static_cast<std::int64_t>(setup.rows.validation.size());
  summary.images_per_second = mean_images_per_second(summary.history, setup.options.frozen_epochs());
  summary.lr_factor = run.rate_factor();
  summary.precision = run.bf16 ? "bf16" : "fp32";
  summary.layout = state.network.layout() == Layout::blocked ? "blocked" : "channels-last";
  summary.device = setup.device_text;
  summary.threads = at::get_num_threads();
  summary.ranks = setup.ranks.size();
  return summary;
}

/// Figures of the saved weights, in fp32 and without augmentation; they replace the card's.
void judge_saved(const TrainSetup& setup, const TrainState& state, RunRecord& record, TrainSummary& summary) {
  const std::filesystem::path best = record.folder()->best();
  const ModelFile file = ModelFile::open(best);
  TorchNetwork network(file.network(), setup.device);
  network.load(file);
  replay_self_tests(network, file);
  const std::vector<std::size_t> held_out = setup.data.rows_of(Split::private_test);
  record.log("judging the saved weights on " + std::to_string(setup.rows.training.size()) + " training, " +
             std::to_string(setup.rows.validation.size()) + " validation and " + std::to_string(held_out.size()) +
             " PrivateTest rows");
  const auto score = [&](const std::vector<std::size_t>& rows) {
    return judge(network, file.card().preprocessing, setup.data, rows, setup.observer);
  };
  const Score training = score(setup.rows.training);
  const Score validation = score(setup.rows.validation);
  summary.train_accuracy = training.accuracy;
  summary.validation_accuracy = validation.accuracy;
  summary.validation_loss = validation.loss;
  ResultModel model;
  model.card = result_card(setup, state);
  model.card.metrics["train_accuracy"] = training.accuracy;
  model.card.metrics["validation_accuracy"] = validation.accuracy;
  model.card.metrics["validation_loss"] = validation.loss;
  if (!held_out.empty()) {
    summary.private_accuracy = score(held_out).accuracy;
    model.card.metrics["private_accuracy"] = summary.private_accuracy;
    model.card.selection +=
        "; PrivateTest (" + std::to_string(held_out.size()) + " rows) looked at once, after the end";
  }
  model.parameters = network.export_parameters();
  model.self_tests = file.self_tests();
  model.dtype = file.parameter(network.entries().front().spec.name).dtype;
  model.write(best);
}

/// Judges the saved weights, if the run has ended, and writes what belongs to the end.
/// @param given  The options as they were given to all ranks.
TrainSummary finish(const TrainSetup& setup, const TrainState& state, RunRecord& record, const TrainOptions& given,
                    const std::string& stopped) {
  TrainSummary summary = summarise(setup, state);
  summary.stopped = stopped;
  const RunFolder* const folder = record.folder();
  if (folder == nullptr) return summary;
  summary.run = folder->path().string();
  try {
    record.finish_files(state.run.history);
    // Whoever sets a time limit does not wait for this; the resumed run does it when it has ended.
    if (summary.best_epoch > 0 && stopped != "max-time") judge_saved(setup, state, record, summary);
    summary.seconds = state.seconds();
    folder->write_summary(summary, given);
  } catch (const Interrupted&) {
    throw Interrupted("stopped while the saved weights were judged; saved (--resume " + record.place() + " goes on)");
  } catch (const IoError& error) {
    throw IoError(std::string(error.what()) + " (trained to the end; make room and --resume " + record.place() + ")");
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
/// @param folder  Of rank 0; null on the others.
TrainSummary earlier_summary(const RunFolder* folder, const TrainOptions& options, Collective& ranks) {
  TrainSummary summary;
  if (folder != nullptr && std::filesystem::exists(folder->files().summary())) {
    summary = read_train_summary(folder->files().summary());
    summary.already_finished = is_finished(summary, options);
  }
  summary.already_finished = ranks.text_of_first(summary.already_finished ? "ended" : "") == "ended";
  return summary;
}

std::string first_line(const TrainSetup& setup, const TorchNetwork& network, bool bf16) {
  const int ranks = setup.ranks.size();
  const Network& table = network.table();
  return setup.options.model + " (" + std::to_string(count_parameters(table)) + " parameters), " +
         std::to_string(setup.rows.training.size()) + " training rows, validation on " + setup.rows.selection + ", " +
         setup.device_text + ", " + std::to_string(at::get_num_threads()) +
         (at::get_num_threads() == 1 ? " thread" : " threads") +
         (ranks > 1 ? " on each of " + std::to_string(ranks) + " ranks, " : ", ") +
         arithmetic_text(bf16, network.layout());
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
TrainRows rows_of_resumed(const Dataset& data, const TrainOptions& options) {
  try {
    return choose_rows(data, options);
  } catch (const UsageError&) {
    throw UsageError("data: not the data this run was started with (they lack rows that it needs)");
  }
}

/// A run that has ended needs its checkpoints no more; without them there is nothing to compare with.
void check_data_of_finished(const RunFolder& run, const Dataset& data, const TrainRows& rows,
                            const TrainOptions& options) {
  std::optional<FoundState> saved;
  try {
    saved = find_state(run, Wanted::newest);
  } catch (const DataError&) {
    return;
  }
  check_same_data(saved->state, data.digest(), weights_digest(data, rows, options));
}

Teachers teachers_of_resumed(const TrainOptions& options) {
  try {
    return {options, at::Device(resolve_device(options.compute.device))};
  } catch (const IoError& error) {
    throw IoError(std::string(error.what()) + "; this run learns from it (--teacher says where it is now)");
  }
}

/// "after epoch 2", and where in the next one the run was stopped.
std::string position_text(const RunState& state) {
  return "after epoch " + std::to_string(state.epoch) +
         (state.step > 0 ? " and step " + std::to_string(state.step) + " of the next" : "");
}

/// What run_training() was given.
struct Job {
  const Dataset& data;
  const TrainOptions& given;
  TrainOptions options;  ///< Of this rank.
  const TrainObserver& observer;
  Collective& ranks;
};

/// From the state that the run has to its end.
TrainSummary train_to_end(const TrainSetup& setup, TrainState& state, RunRecord& record, Agreement& agreement,
                          const TrainOptions& given) {
  const std::vector<TeacherSource>& learnt_from = setup.teachers.sources();
  if (!learnt_from.empty()) record.log("learning from " + teachers_text(learnt_from));
  std::string stopped;
  try {
    stopped = Trainer(setup, state, record, agreement).run();
  } catch (const LostRank& error) {
    throw with_remedy(error, record.folder());
  }
  TrainSummary summary = finish(setup, state, record, given, stopped);
  record.log(ended_text(summary));
  return summary;
}

TrainSummary train_anew(const Job& job) {
  const TrainOptions& options = job.options;
  TrainRows rows = choose_rows(job.data, options);
  StartWeights start = read_start_weights(options);
  Teachers teachers(options, at::Device(resolve_device(options.compute.device)));
  if (job.ranks.size() > 1) check_same_work(job.ranks, job.data, rows, options, start.info, teachers, false);
  RunRecord record(folder_of_rank(options, job.ranks), job.observer);
  prepare_compute(options.compute.threads);
  const TrainSetup setup(job.data, std::move(rows), options, std::move(teachers), job.observer, job.ranks);
  Agreement agreement(setup);
  const Network table = make_network(options.model, network_options(options, start.info.variant));
  TorchNetwork network(table, setup.device, training_layout(setup, table));
  record.log(first_line(setup, network, computes_in_bf16(setup, table)));
  for (const std::string& note : idle_source_notes(job.data, setup.rows.training)) record.log(note);
  record.write_config(job.given);  // before the first checkpoint: from then on the run can be resumed
  set_first_weights(network, start, setup, record, agreement);
  TrainState state(setup, std::move(network), start.info);
  start = {};
  record.write_checkpoint(state);  // something to go back to from the first step on
  return train_to_end(setup, state, record, agreement, job.given);
}

TrainSummary go_on(const Job& job) {
  const TrainOptions& options = job.options;
  TrainRows rows = rows_of_resumed(job.data, options);
  if (job.ranks.size() > 1) check_same_work(job.ranks, job.data, rows, options, {}, {}, true);
  RunRecord record(folder_of_rank(options, job.ranks), job.observer);
  TrainSummary earlier = earlier_summary(record.folder(), options, job.ranks);
  if (earlier.already_finished) {
    if (record.folder() != nullptr) check_data_of_finished(*record.folder(), job.data, rows, options);
    return earlier;
  }
  prepare_compute(options.compute.threads);
  Teachers teachers = teachers_of_resumed(options);  // now: a run that has ended needs none
  const FoundState found = state_of_run(record.folder(), job.ranks, Wanted::newest);
  const TrainSetup setup(job.data, std::move(rows), options, std::move(teachers), job.observer, job.ranks);
  Agreement agreement(setup);
  TrainState state(setup, found.state, record.checkpoint_of(found.state));
  record.go_on_from(state.run);
  if (!found.damage.empty()) record.log("using the older checkpoint: " + found.damage);
  record.log("resumed " + position_text(state.run) + ": " + first_line(setup, state.network, state.run.bf16));
  record.write_config(job.given);
  return train_to_end(setup, state, record, agreement, job.given);
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

TrainSummary run_training(const Dataset& data, const TrainOptions& options, const TrainObserver& observer) {
  Ranks alone = Ranks::alone();
  return run_training(data, options, observer, alone);
}

TrainSummary run_training(const Dataset& data, const TrainOptions& given, const TrainObserver& observer, Ranks& ranks) {
  check_training(given);
  const Job job{data, given, options_of_rank(given, ranks.collective()), observer, ranks.collective()};
  check_soft_labels(data, job.options);
  return given.resume.empty() ? train_anew(job) : go_on(job);
}

}  // namespace affekt
