// Private: summaries as JSON, for what is put into a larger one.
#pragma once

#include "affekt/core/export.h"
#include "affekt/run/train_summary.h"
#include "core/json.h"

namespace affekt {

AFFEKT_API Json to_json(const TrainSummary& summary);
AFFEKT_API Json to_json(const SeedSummary& summary);

}  // namespace affekt
