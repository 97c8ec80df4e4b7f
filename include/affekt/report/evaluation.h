// A classification report for people: as text for the terminal, as tables and pictures for a page.
#pragma once

#include <string>

#include "affekt/core/export.h"
#include "affekt/core/table.h"
#include "affekt/metrics/classification.h"
#include "affekt/report/chart.h"

namespace affekt {

/// Precision, recall, F1 and support of each class, then accuracy, macro and weighted averages, as scikit-learn's
/// classification_report lays them out. Undefined scores are "n/a" and left out of averages.
AFFEKT_API Table class_score_table(const ClassificationReport& report);

/// Rows = truth, columns = prediction.
AFFEKT_API Table confusion_table(const ClassificationReport& report);
/// The same with each row divided by its sum, in percent.
AFFEKT_API Table normalised_confusion_table(const ClassificationReport& report);
AFFEKT_API HeatMap confusion_heat_map(const ClassificationReport& report);

}  // namespace affekt
