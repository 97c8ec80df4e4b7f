#include "affekt/eval/evaluate.h"

#include <algorithm>
#include <chrono>
#include <limits>
#include <memory>

#include "affekt/core/error.h"
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

/// Runs every model over every view of the rows and averages.
class Judge {
 public:
  Judge(const std::vector<ModelFile>& models, const EvalOptions& options) : options_(options) {
    for (const ModelFile& model : models) engines_.push_back(load_engine(model, options.engine, options.compute));
  }

  void run(const Dataset& data, EvalResult& result) {
    const std::size_t views = view_count(options_.tta);
    passes_ = result.rows.size() * views * engines_.size();
    result.engine = engines_.front()->kind();
    result.probabilities.assign(result.rows.size() * kEmotionCount, 0.0);
    for (const std::unique_ptr<Engine>& engine : engines_) {
      for (std::size_t view = 0; view < views; ++view) judge_view(data, view, *engine, result);
    }
  }

 private:
  void judge_view(const Dataset& data, std::size_t view, Engine& engine, EvalResult& result) {
    const auto most = static_cast<std::size_t>(options_.batch_size);
    for (std::size_t begin = 0; begin < result.rows.size(); begin += most) {
      const std::size_t count = std::min(most, result.rows.size() - begin);
      faces_.resize(count * kFacePixels);
      for (std::size_t i = 0; i < count; ++i) {
        make_view(options_.tta, view, data.face(result.rows[begin + i]), faces_.data() + i * kFacePixels);
      }
      const auto start = std::chrono::steady_clock::now();
      const std::vector<float> logits = engine.logits(faces_.data(), count);
      result.seconds += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
      add(logits, 1.0 / static_cast<double>(view_count(options_.tta) * engines_.size()),
          result.probabilities.data() + begin * kEmotionCount);
      passes_done_ += count;
      if (options_.progress) options_.progress(passes_done_, passes_);
      if (options_.stop_requested && options_.stop_requested()) throw Interrupted("stopped before the end");
    }
  }

  static void add(const std::vector<float>& logits, double weight, double* sums) {
    for (std::size_t row = 0; row < logits.size(); row += kEmotionCount) {
      const EmotionProbabilities shares = softmax(logits.data() + row);
      for (std::size_t c = 0; c < kEmotionCount; ++c) sums[row + c] += weight * shares[c];
    }
  }

  const EvalOptions& options_;
  std::vector<std::unique_ptr<Engine>> engines_;
  std::vector<std::uint8_t> faces_;  ///< Of one pass.
  std::size_t passes_ = 0, passes_done_ = 0;
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
