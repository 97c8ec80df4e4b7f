#include "train/run_state.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <optional>
#include <utility>

#include "affekt/core/error.h"
#include "affekt/core/text.h"
#include "core/json.h"
#include "run/epoch_columns.h"
#include "train/checkpoint.h"

namespace affekt {
namespace {

template <typename State, typename Visitor>
void visit_fields(State& state, Visitor&& visit) {
  visit("serial", state.serial);
  visit("epoch", state.epoch);
  visit("step", state.step);
  visit("seen", state.seen);
  visit("epoch_seconds", state.epoch_seconds);
  visit("epoch_data_seconds", state.epoch_data_seconds);
  visit("epoch_elapsed", state.epoch_elapsed);
  visit("rate", state.rate);
  visit("seconds", state.seconds);
  visit("best_epoch", state.best_epoch);
  visit("best_accuracy", state.best.accuracy);
  visit("best_loss", state.best.loss);
  visit("plateau_factor", state.plateau.factor);
  visit("plateau_best", state.plateau.best);
  visit("plateau_waited", state.plateau.waited);
  visit("optimizer_steps", state.optimizer_steps);
  visit("bf16", state.bf16);
  visit("setbacks", state.setbacks);
  visit("watch_mean", state.watch.mean);
  visit("watch_lowest", state.watch.lowest);
  visit("watched_sum", state.watched_sum);
  visit("watched_rows", state.watched_rows);
  visit("log_size", state.log_size);
  visit("data_digest", state.data_digest);
  visit("weights_digest", state.weights_digest);
}

/// What the first weights decided, so that resuming needs no other file.
template <typename State, typename Visitor>
void visit_start(State& state, Visitor&& visit) {
  visit("phase", state.phase);
  visit("thaw_steps", state.thaw_steps);
  visit("pretrained_file", state.start.source.file);
  visit("pretrained_format", state.start.source.format);
  visit("pretrained_digest", state.start.source.digest);
  visit("variant", state.start.variant);
  visit("preprocessing", state.start.preprocessing.name);
  visit("preprocessing_scale", state.start.preprocessing.scale);
  visit("preprocessing_mean", state.start.preprocessing.mean);
  visit("preprocessing_std", state.start.preprocessing.std);
}

template <typename Epoch, typename Visitor>
void visit_epoch(Epoch& epoch, Visitor&& visit) {
  visit("epoch", epoch.epoch);
  for (const EpochColumn& column : kEpochColumns) visit(column.name, epoch.*column.field);
}

}  // namespace

double RunState::rate_factor() const { return std::ldexp(1.0, -setbacks); }

void check_same_data(const RunState& state, const std::string& data_digest, const std::string& weights_digest) {
  if (state.data_digest != data_digest) {
    throw UsageError("data: not the data this run was started with (digest " + data_digest + ", the run has " +
                     printable(state.data_digest, 40) + ")");
  }
  if (state.weights_digest != weights_digest) {
    throw UsageError("data: the sources have other weights than the run was started with (PATH:weight=W)");
  }
}

std::string run_state_json(const RunState& state) {
  Json out = Json::object();
  const auto write = [](Json& object) {
    return [&object](const char* key, const auto& field) { object[key] = field; };
  };
  visit_fields(state, write(out));
  visit_start(state, write(out));
  out["blocked"] = state.blocked;
  out["teacher_digests"] = state.teacher_digests;
  out["history"] = Json::array();
  for (const EpochStats& epoch : state.history) {
    Json row = Json::object();
    visit_epoch(epoch, write(row));
    out["history"].push_back(std::move(row));
  }
  return out.dump();
}

RunState parse_run_state(const std::string& text, const std::string& place) {
  const Json in = parse_json_strict(text, place);
  const auto read = [](const Json& object) {
    return [&object](const char* key, auto& field) { field = object.at(key).get<std::decay_t<decltype(field)>>(); };
  };
  RunState state;
  try {
    visit_fields(state, read(in));
    visit_start(state, read(in));
    state.blocked = in.value("blocked", false);  // older runs knew one layout
    state.teacher_digests = in.value("teacher_digests", std::vector<std::string>());
    for (const Json& row : in.at("history")) {
      EpochStats epoch;
      visit_epoch(epoch, read(row));
      state.history.push_back(epoch);
    }
  } catch (const Json::exception&) {
    throw DataError(place + ": the state of the run is damaged");
  }
  if (state.phase > Phase::thawed || state.thaw_steps < 0 || state.thaw_steps > state.optimizer_steps) {
    throw DataError(place + ": the state of the run contradicts itself");
  }
  if (state.epoch < 0 || state.step < 0 || state.seen < 0 || state.setbacks < 0 ||
      state.history.size() != static_cast<std::size_t>(state.epoch)) {
    throw DataError(place + ": the state of the run contradicts itself");
  }
  return state;
}

FoundState find_state(const RunFolder& run, Wanted wanted) {
  const auto order = [wanted](const RunState& state) {
    return std::make_pair(wanted == Wanted::calm && state.watch.calm(), state.serial);
  };
  std::optional<RunState> best;
  std::string damage;
  for (int slot = 0; slot < kCheckpointSlots; ++slot) {
    const std::filesystem::path path = run.checkpoint(slot);
    if (!std::filesystem::exists(path)) continue;
    try {
      RunState state = parse_run_state(read_checkpoint_state(path), printable(path.string()));
      if (!best || order(state) > order(*best)) best = std::move(state);
    } catch (const DataError& error) {
      damage = error.what();
    }
  }
  if (best) return {std::move(*best), damage};
  throw damage.empty()
      ? DataError(printable(run.path().string()) +
                  ": no checkpoint to resume from, none was saved yet (train anew, with --out and --force)")
      : DataError(damage + " (no other checkpoint is left: train anew, with --out and --force)");
}

}  // namespace affekt
