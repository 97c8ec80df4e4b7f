#include "train/head_features.h"

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "affekt/core/text.h"
#include "nn/forward.h"
#include "nn/images.h"
#include "train/phases.h"

namespace affekt {
namespace {

using Compute = std::function<at::Tensor(std::int64_t begin, std::int64_t count)>;

std::string mebibytes(std::int64_t bytes) { return format_fixed(static_cast<double>(bytes) / (1 << 20), 0) + " MiB"; }

/// What `compute` gives for the rows, dealt to the ranks.
at::Tensor compute_together(Collective& ranks, std::int64_t begin, std::int64_t count, const Compute& compute) {
  std::vector<std::int64_t> counts;
  counts.reserve(static_cast<std::size_t>(ranks.size()));
  for (int r = 0; r < ranks.size(); ++r) counts.push_back(share_of_rows(count, r, ranks.size(), 1).count);
  const RowShare mine = share_of_rows(count, ranks.rank(), ranks.size(), 1);
  // Without a row of its own a rank still has to know the shape of one.
  const at::Tensor rows = mine.count > 0 ? compute(begin + mine.begin, mine.count) : compute(begin, 1).narrow(0, 0, 0);
  return ranks.gather_rows(rows, counts);
}

int last_node(const Network& network) { return static_cast<int>(network.nodes.size()) - 1; }

/// From pixels through the whole network.
at::Tensor logits_of_pixels(const TrainSetup& setup, const TrainState& state, RowShare rows,
                            const std::function<void()>& between) {
  ForwardOptions options;
  options.progress = [&](std::size_t done) {
    if (static_cast<std::int64_t>(done) < rows.count) between();
  };
  const at::Tensor images = setup.validation_images.narrow(0, rows.begin, rows.count);
  return forward_images(state.judged(), state.run.start.preprocessing, images, /*bf16=*/false, options);
}

/// From features through the head.
at::Tensor logits_of_features(const TorchNetwork& network, const FeatureCache& cache, RowShare rows) {
  constexpr std::int64_t kBatch = 256;
  const at::NoGradGuard no_grad;
  const int cut = head_input(network.table());
  std::vector<at::Tensor> parts;
  for (std::int64_t begin = rows.begin; begin < rows.begin + rows.count; begin += kBatch) {
    const std::int64_t count = std::min(kBatch, rows.begin + rows.count - begin);
    const at::Tensor features = cache.range(begin, count, network.device());
    parts.push_back(network.forward_between(cut, features, last_node(network.table()), {}).to(at::kCPU));
  }
  return at::cat(parts).contiguous();
}

}  // namespace

bool HeadFeatures::of_use(const TrainSetup& setup, const TrainState& state) {
  return state.network.table().features > 0 && (state.run.phase == Phase::frozen || setup.options.unfreeze.layers == 0);
}

void HeadFeatures::fill(const TrainSetup& setup, const TrainState& state, RunRecord& record, TimeLeft& time,
                        const std::function<void()>& between) {
  const std::optional<std::int64_t> memory = setup.options.feature_cache.bytes();
  if (!memory) return;
  std::int64_t memory_left = *memory;
  const Network& table = state.network.table();
  const auto cache = [&](const at::Tensor& images, bool bf16, const std::string& what) {
    const auto before = std::chrono::steady_clock::now();
    record.log("computing the features of " + std::to_string(images.size(0)) + " " + what + " rows");
    Pass pass;
    pass.bf16 = bf16;
    const Compute compute = [&](std::int64_t first, std::int64_t rows) {
      const at::Tensor pixels = images.narrow(0, first, rows);
      const at::Tensor input = network_input(pixels, state.run.start.preprocessing, table.input);
      return state.network.forward_between(0, input, head_input(table), pass);
    };
    const auto compute_batch = [&](std::int64_t begin, std::int64_t count) {
      between();
      return compute_together(setup.ranks, begin, count, compute);
    };
    FeatureCache filled =
        FeatureCache::fill(images.size(0), setup.round_rows(), memory_left, record.scratch_folder(), compute_batch);
    const double spent = std::chrono::duration<double>(std::chrono::steady_clock::now() - before).count();
    time.add_features(images.size(0), spent);
    record.log("features of the " + what + " rows: " + mebibytes(filled.bytes()) +
               (filled.on_disk() ? " in a file" : " in memory") + ", " + format_fixed(spent, 1) + " s");
    return filled;
  };
  if (!training && !setup.faces.changing()) training = cache(setup.faces.images(), state.run.bf16, "training");
  if (!validation) validation = cache(setup.validation_images, /*bf16=*/false, "validation");
}

at::Tensor validation_logits(const TrainSetup& setup, const TrainState& state, const HeadFeatures& features,
                             const std::function<void()>& between) {
  const Compute compute = [&](std::int64_t begin, std::int64_t count) {
    if (features.validation) return logits_of_features(state.judged(), *features.validation, {begin, count});
    return logits_of_pixels(setup, state, {begin, count}, between);
  };
  return compute_together(setup.ranks, 0, setup.validation_images.size(0), compute);
}

}  // namespace affekt
