#include "affekt/infer/executor.h"

#include <omp.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <oneapi/dnnl/dnnl.hpp>
#include <string>

#include "affekt/core/error.h"
#include "affekt/core/parallel.h"
#include "affekt/core/text.h"
#include "affekt/data/dataset.h"
#include "infer/face_input.h"
#include "infer/fused_network.h"
#include "infer/plan.h"

namespace affekt {
namespace {

constexpr std::size_t kLargestBatch = 64;

/// Plans exist for these batch sizes only; smaller remainders are padded, so that there are few plans to keep.
std::size_t plan_size(std::size_t n) {
  std::size_t size = 1;
  while (size < n) size *= 2;
  return std::min(size, kLargestBatch);
}

}  // namespace

struct Executor::Impl {
  std::string path;
  ModelCard card;
  std::vector<SelfTest> self_tests;
  FusedNetwork network;
  int threads;
  dnnl::engine engine{dnnl::engine::kind::cpu, 0};
  dnnl::stream stream{engine};
  PackedWeights weights{engine};
  std::map<std::size_t, Plan> plans;

  Impl(const ModelFile& model, const ExecutorOptions& options)
      : path(printable(model.path().string())),
        card(model.card()),
        network(fuse(model)),
        threads(options.threads > 0 ? options.threads : thread_count()) {
    if (!options.replay_self_tests) return;
    for (const SelfTest& test : model.self_tests()) replay(test);
  }

  std::size_t input_count() const { return static_cast<std::size_t>(network.input.count()); }

  Plan& plan_for(std::size_t size) {
    const auto found = plans.find(size);
    if (found != plans.end()) return found->second;
    return plans.try_emplace(size, network, weights, engine, static_cast<std::int64_t>(size)).first->second;
  }

  std::vector<float> logits(const float* input, std::size_t n) {
    omp_set_num_threads(threads);  // of the calling thread, which need not be the one that made this object
    std::vector<float> result(n * kEmotionCount);
    std::vector<float> padded_input, padded_result;
    try {
      for (std::size_t done = 0; done < n;) {
        const std::size_t count = std::min(n - done, kLargestBatch), size = plan_size(count);
        const float* source = input + done * input_count();
        float* target = result.data() + done * kEmotionCount;
        if (size == count) {
          plan_for(size).run(stream, source, target);
        } else {
          padded_input.assign(size * input_count(), 0.0F);
          padded_result.resize(size * kEmotionCount);
          std::copy_n(source, count * input_count(), padded_input.data());
          plan_for(size).run(stream, padded_input.data(), padded_result.data());
          std::copy_n(padded_result.data(), count * kEmotionCount, target);
        }
        done += count;
      }
    } catch (const dnnl::error& error) {
      throw DataError(path + ": oneDNN cannot run this network: " + error.what());
    }
    return result;
  }

  void replay(const SelfTest& test) {
    constexpr double kTolerance = 1e-3;
    const std::vector<float> ours = logits(test.input.data(), 1);
    for (std::size_t i = 0; i < ours.size(); ++i) {
      const double expected = test.logits.at(i), found = ours[i];
      if (std::abs(found - expected) <= kTolerance * std::max(1.0, std::abs(expected))) continue;
      throw DataError(path + ": self-test: logit " + std::to_string(i) + " is " + format_shortest(found) +
                      " here, the file says " + format_shortest(expected) +
                      ": the file is damaged, or was written by a version that computes differently");
    }
  }
};

Executor::Executor(const ModelFile& model, const ExecutorOptions& options)
    : impl_(std::make_unique<Impl>(model, options)) {}

Executor::~Executor() = default;
Executor::Executor(Executor&&) noexcept = default;
Executor& Executor::operator=(Executor&&) noexcept = default;

const ModelCard& Executor::card() const { return impl_->card; }

std::vector<float> Executor::logits(const float* input, std::size_t n) { return impl_->logits(input, n); }

std::vector<EmotionProbabilities> Executor::probabilities(const std::uint8_t* faces, std::size_t n) {
  std::vector<EmotionProbabilities> result(n);
  std::vector<float> input;
  for (std::size_t done = 0; done < n; done += kLargestBatch) {
    const std::size_t count = std::min(n - done, kLargestBatch);
    input.resize(count * impl_->input_count());
    fill_input(impl_->card, faces + done * kFacePixels, count, input.data());
    const std::vector<float> logits = impl_->logits(input.data(), count);
    for (std::size_t i = 0; i < count; ++i) result[done + i] = softmax(logits.data() + i * kEmotionCount);
  }
  return result;
}

}  // namespace affekt
