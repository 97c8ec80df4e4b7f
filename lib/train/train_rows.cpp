#include "train/train_rows.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "affekt/core/error.h"
#include "affekt/core/file.h"
#include "affekt/core/random.h"
#include "train/loss.h"

namespace affekt {
namespace {

/// A share of every class, the same rows for the same seed.
void split_off(const Dataset& data, double fraction, std::uint64_t seed, TrainRows& rows) {
  const auto share = static_cast<std::size_t>(std::max(1.0, fraction * static_cast<double>(rows.training.size())));
  rows.validation = stratified_sample(data, rows.training, share, seed);
  std::vector<std::size_t> rest;
  std::set_difference(rows.training.begin(), rows.training.end(), rows.validation.begin(), rows.validation.end(),
                      std::back_inserter(rest));
  rows.training = std::move(rest);
}

}  // namespace

std::string weights_digest(const Dataset& data, const TrainRows& rows, const TrainOptions& options) {
  const std::vector<float> weights = row_weights(data, rows.training, options.class_weights);
  return digest_hex({reinterpret_cast<const char*>(weights.data()), weights.size() * sizeof(float)});
}

TrainRows choose_rows(const Dataset& data, const TrainOptions& options) {
  constexpr std::size_t kFewest = 2;
  TrainRows rows;
  rows.training = data.rows_of(Split::train);
  const double fraction = options.validation.fraction;
  if (fraction > 0) {
    split_off(data, fraction, options.seed, rows);
    rows.selection = std::to_string(rows.validation.size()) + " rows split off the training rows";
  } else {
    rows.validation = data.rows_of(Split::public_test);
    if (rows.validation.empty()) {
      throw UsageError(
          "validation: the data have no PublicTest rows (--validation split:0.1 splits off training rows)");
    }
    rows.selection = "PublicTest (" + std::to_string(rows.validation.size()) + " rows)";
  }
  const auto limit = static_cast<std::size_t>(options.limit);
  if (limit > 0 && limit < rows.training.size()) {
    rows.training = stratified_sample(data, rows.training, limit, options.seed);
  }
  if (rows.training.size() < kFewest) {
    throw UsageError("data: " + std::to_string(rows.training.size()) +
                     (rows.training.size() == 1 ? " training row" : " training rows") + ", at least 2 are needed");
  }
  return rows;
}

}  // namespace affekt
