// Pictures and pages of a run.
#pragma once

#include <string>
#include <vector>

#include "affekt/core/export.h"
#include "affekt/train/train_job.h"

namespace affekt {

/// Accuracy of training and validation over the epochs.
AFFEKT_API std::string accuracy_curves_svg(const std::vector<EpochStats>& history);
AFFEKT_API std::string loss_curves_svg(const std::vector<EpochStats>& history);

/// The page of a finished or interrupted run: result, curves, epochs, options. Empty before the first epoch.
AFFEKT_API std::string run_report_html(const TrainSummary& summary, const TrainOptions& options);

}  // namespace affekt
