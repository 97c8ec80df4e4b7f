#include "affekt/eval/evaluate.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>

#include "affekt/core/error.h"
#include "affekt/nn/classifier.h"
#include "eval/views.h"

namespace affekt {
namespace {

constexpr int kMostBatch = 65536;

bool in_split(EvalSplit wanted, Split split) {
  switch (wanted) {
    case EvalSplit::train:
      return split == Split::train;
    case EvalSplit::public_test:
      return split == Split::public_test;
    case EvalSplit::private_test:
      return split == Split::private_test;
    case EvalSplit::test:
      return split != Split::train;
    case EvalSplit::all:
      return true;
  }
  return false;
}

std::vector<std::size_t> rows_to_judge(const Dataset& data, EvalSplit wanted) {
  std::vector<std::size_t> rows;
  for (std::size_t i = 0; i < data.size(); ++i) {
    if (in_split(wanted, data.splits[i])) rows.push_back(i);
  }
  if (!rows.empty()) return rows;
  std::string found;
  for (const Split split : {Split::train, Split::public_test, Split::private_test}) {
    found +=
        (found.empty() ? "" : ", ") + std::string(split_name(split)) + " " + std::to_string(data.rows_of(split).size());
  }
  throw UsageError("split: the data has no rows in '" + eval_split_name(wanted) + "' (rows found: " + found +
                   "; choose another split)");
}

/// Adds softmax of the logits of each row, times `weight`.
void add_softmax(const std::vector<float>& logits, double weight, std::vector<double>& sum) {
  for (std::size_t row = 0; row < logits.size(); row += kEmotionCount) {
    const float* z = logits.data() + row;
    const double most = static_cast<double>(*std::max_element(z, z + kEmotionCount));
    std::array<double, kEmotionCount> shares{};
    double total = 0;
    for (std::size_t c = 0; c < kEmotionCount; ++c) {
      shares[c] = std::exp(static_cast<double>(z[c]) - most);
      total += shares[c];
    }
    for (std::size_t c = 0; c < kEmotionCount; ++c) sum[row + c] += weight * shares[c] / total;
  }
}

/// Runs every model over every view of the rows and averages.
class Judge {
 public:
  Judge(const std::vector<ModelFile>& models, const EvalOptions& options) : options_(options) {
    for (const ModelFile& model : models) classifiers_.push_back(Classifier::load(model, options.compute));
  }

  void run(const Dataset& data, EvalResult& result) {
    const std::size_t views = view_count(options_.tta);
    const std::size_t n = result.rows.size();
    result.probabilities.assign(n * kEmotionCount, 0.0);
    const double weight = 1.0 / static_cast<double>(views * classifiers_.size());
    std::size_t passes_done = 0;
    Dataset view_data;  // logits() needs nothing but pixels and the number of rows
    std::vector<std::size_t> all(n);
    for (std::size_t i = 0; i < n; ++i) all[i] = i;
    for (std::size_t view = 0; view < views; ++view) {
      view_data.pixels.resize(n * kFacePixels);
      view_data.labels.assign(n, 0);
      for (std::size_t i = 0; i < n; ++i) {
        make_view(options_.tta, view, data.face(result.rows[i]), view_data.pixels.data() + i * kFacePixels);
      }
      for (const Classifier& classifier : classifiers_) {
        ForwardOptions forward;
        forward.batch_size = options_.batch_size;
        forward.stop_requested = options_.stop_requested;
        if (options_.progress) {
          forward.progress = [&](std::size_t done) {
            options_.progress(passes_done + done, n * views * classifiers_.size());
          };
        }
        const auto start = std::chrono::steady_clock::now();
        const std::vector<float> logits = classifier.logits(view_data, all, forward);
        result.seconds += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
        add_softmax(logits, weight, result.probabilities);
        passes_done += n;
      }
    }
  }

 private:
  const EvalOptions& options_;
  std::vector<Classifier> classifiers_;
};

void judge_without_leaked(const Dataset& data, const std::vector<std::uint8_t>& labels, EvalResult& result) {
  result.accuracy_without_leaked = std::numeric_limits<double>::quiet_NaN();
  const bool training_there = std::find(data.splits.begin(), data.splits.end(), Split::train) != data.splits.end();
  const bool training_judged = std::any_of(result.rows.begin(), result.rows.end(),
                                           [&](std::size_t row) { return data.splits[row] == Split::train; });
  result.leaks_known = training_there && !training_judged;
  if (!result.leaks_known) return;
  const std::vector<bool> leaked = leaked_rows(data, result.rows);
  std::size_t kept = 0;
  std::size_t hits = 0;
  for (std::size_t i = 0; i < leaked.size(); ++i) {
    if (leaked[i]) continue;
    ++kept;
    if (likeliest_class(result.probabilities.data() + i * kEmotionCount) == labels[i]) ++hits;
  }
  result.leaked = leaked.size() - kept;
  if (kept > 0) result.accuracy_without_leaked = static_cast<double>(hits) / static_cast<double>(kept);
}

}  // namespace

const std::vector<std::pair<std::string, TestTimeAugmentation>>& tta_names() {
  static const std::vector<std::pair<std::string, TestTimeAugmentation>> names = {
      {"none", TestTimeAugmentation::none},
      {"flip", TestTimeAugmentation::flip},
      {"tencrop", TestTimeAugmentation::tencrop}};
  return names;
}

void EvalOptions::validate() const {
  if (batch_size < 1 || batch_size > kMostBatch) {
    throw UsageError("batch-size: expected 1 to " + std::to_string(kMostBatch) + ", found " +
                     std::to_string(batch_size));
  }
  compute.validate();
}

EvalResult evaluate(const std::vector<ModelFile>& models, const Dataset& data, const EvalOptions& options) {
  options.validate();
  if (models.empty()) throw UsageError("model: at least one is needed");
  EvalResult result;
  result.rows = rows_to_judge(data, options.split);
  Judge(models, options).run(data, result);
  std::vector<std::uint8_t> labels;
  for (const std::size_t row : result.rows) labels.push_back(data.labels[row]);
  result.report = classification_report(labels, result.probabilities);
  result.images_per_second = static_cast<double>(result.rows.size()) / std::max(result.seconds, 1e-9);
  judge_without_leaked(data, labels, result);
  return result;
}

}  // namespace affekt
