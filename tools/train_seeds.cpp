#include "train_seeds.h"

#include <cmath>

#include "affekt/core/text.h"
#include "run/summary_json.h"

namespace affekt::cli {
namespace {

std::string figure(double value) { return value >= 0 ? format_fixed(value, 4) : "n/a"; }

void spread_line(Io& io, const char* name, const SeedSummary& summary, double TrainSummary::*field) {
  const Spread spread = spread_of(summary, field);
  if (std::isnan(spread.mean)) return;
  io.out() << name << format_fixed(spread.mean, 4)
           << (std::isnan(spread.deviation) ? "" : ", standard deviation " + format_fixed(spread.deviation, 4)) << '\n';
}

}  // namespace

void train_seeds(Io& io, const Tool& tool, const Dataset& data, const TrainOptions& options,
                 const TrainObserver& observer) {
  const SeedSummary summary = run_seeds(data, options, observer);
  if (tool.common.json) {
    Json result = tool.result();
    result["seed"] = options.seed;
    result["options"].update(Json::parse(train_options_json(options)));
    result.update(to_json(summary));
    io.out() << json_text(result) << '\n';
    return;
  }
  if (summary.already_finished) io.note("these runs have ended already");
  io.out() << "runs                 " << printable(summary.run) << ", " << summary.runs.size() << " of "
           << summary.seeds.size()
           << (summary.complete ? "\n" : " (max-time; --resume " + printable(summary.run) + " goes on)\n");
  for (std::size_t i = 0; i < summary.runs.size(); ++i) {
    const TrainSummary& run = summary.runs[i];
    io.out() << "seed " << summary.seeds[i] << ": train " << figure(run.train_accuracy) << ", validation "
             << figure(run.validation_accuracy) << ", private " << figure(run.private_accuracy) << " (best epoch "
             << run.best_epoch << " of " << run.epochs_run << ")\n";
  }
  spread_line(io, "train accuracy       ", summary, &TrainSummary::train_accuracy);
  spread_line(io, "validation accuracy  ", summary, &TrainSummary::validation_accuracy);
  spread_line(io, "private accuracy     ", summary, &TrainSummary::private_accuracy);
}

}  // namespace affekt::cli
