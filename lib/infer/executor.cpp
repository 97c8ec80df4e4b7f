#include "affekt/infer/executor.h"

#include <omp.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <map>
#include <oneapi/dnnl/dnnl.hpp>
#include <string>
#include <utility>

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

/// A batch with fewer multiply-adds than this is done within a few milliseconds: it takes idle cores only.
constexpr std::int64_t kWorkForAnyCores = 400'000'000;
/// Fewer multiply-adds than this do not pay for one more thread.
constexpr std::int64_t kWorkOfThread = 8'000'000;
/// OpenMP's threads spin for that long after their work before they sleep.
constexpr std::chrono::milliseconds kWaitOfThreads{10};

/// The calling thread's last batch that ran on more than one.
struct Team {
  int threads = 1;
  std::chrono::steady_clock::time_point last;
};
thread_local Team team;

/// So that there are few plans to keep.
int power_of_two_within(int n) {
  int power = 1;
  while (power <= n / 2) power *= 2;
  return power;
}

/// OpenMP's number of threads belongs to the calling thread, which is the caller's: it is given back at the end.
class OmpThreads {
 public:
  OmpThreads() : before_(omp_get_max_threads()) {}
  ~OmpThreads() { omp_set_num_threads(before_); }
  OmpThreads(const OmpThreads&) = delete;
  OmpThreads& operator=(const OmpThreads&) = delete;
  void set(int threads) { omp_set_num_threads(threads); }

 private:
  int before_;
};

/// Plans exist for these batch sizes only; smaller remainders are padded, so that there are few plans to keep.
std::size_t plan_size(std::size_t n) {
  std::size_t size = 1;
  while (size < n) size *= 2;
  return std::min(size, kLargestBatch);
}

}  // namespace

struct Executor::Impl {
  std::string name;  ///< For messages.
  ModelCard card;
  FusedNetwork network;
  std::size_t outputs;
  std::int64_t multiply_adds;
  int threads;
  dnnl::engine engine{dnnl::engine::kind::cpu, 0};
  dnnl::stream stream{engine};
  PackedWeights weights{engine};
  std::map<std::pair<std::size_t, int>, Plan> plans;  ///< By batch size and threads.

  Impl(std::string named, ModelCard said, const Network& table, const ParameterSource& parameters,
       const ExecutorOptions& options)
      : name(std::move(named)),
        card(std::move(said)),
        network(fuse(table, parameters)),
        outputs(static_cast<std::size_t>(infer_shapes(table).back().count())),
        multiply_adds(count_multiply_adds(table)),
        threads(options.threads > 0 ? options.threads : thread_count()) {}

  std::size_t input_count() const { return static_cast<std::size_t>(network.input.count()); }

  int threads_for(std::int64_t work) const {
    const int wanted = static_cast<int>(std::clamp<std::int64_t>(work / kWorkOfThread, 1, threads));
    if (work >= kWorkForAnyCores || wanted == 1) return wanted;
    const bool waiting = std::chrono::steady_clock::now() - team.last < kWaitOfThreads;
    return power_of_two_within(std::min(wanted, idle_cores(waiting ? team.threads : 1)));
  }

  /// The library's primitives keep the number of threads they were made with.
  Plan& plan_for(std::size_t size, int run_by) {
    const auto found = plans.find({size, run_by});
    if (found != plans.end()) return found->second;
    return plans.try_emplace({size, run_by}, network, weights, engine, static_cast<std::int64_t>(size), run_by)
        .first->second;
  }

  std::vector<float> logits(const float* input, std::size_t n) {
    std::vector<float> result(n * outputs);
    std::vector<float> padded_input, padded_result;
    OmpThreads omp_threads;
    try {
      for (std::size_t done = 0; done < n;) {
        const std::size_t count = std::min(n - done, kLargestBatch), size = plan_size(count);
        const float* source = input + done * input_count();
        float* target = result.data() + done * outputs;
        const int run_by = threads_for(static_cast<std::int64_t>(size) * multiply_adds);
        omp_threads.set(run_by);
        Plan& plan = plan_for(size, run_by);
        if (size == count) {
          plan.run(stream, source, target);
        } else {
          padded_input.assign(size * input_count(), 0.0F);
          padded_result.resize(size * outputs);
          std::copy_n(source, count * input_count(), padded_input.data());
          plan.run(stream, padded_input.data(), padded_result.data());
          std::copy_n(padded_result.data(), count * outputs, target);
        }
        if (run_by > 1) team = {run_by, std::chrono::steady_clock::now()};
        done += count;
      }
    } catch (const dnnl::error& error) {
      throw DataError(name + ": oneDNN cannot run this network: " + error.what());
    }
    return result;
  }

  void replay(const SelfTest& test) {
    constexpr double kTolerance = 1e-3;
    const std::vector<float> ours = logits(test.input.data(), 1);
    for (std::size_t i = 0; i < ours.size(); ++i) {
      const double expected = test.logits.at(i), found = ours[i];
      if (std::abs(found - expected) <= kTolerance * std::max(1.0, std::abs(expected))) continue;
      throw DataError(name + ": self-test: logit " + std::to_string(i) + " is " + format_shortest(found) +
                      " here, the file says " + format_shortest(expected) +
                      ": the file is damaged, or was written by a version that computes differently");
    }
  }
};

Executor::Executor(const ModelFile& model, const ExecutorOptions& options)
    : impl_(std::make_unique<Impl>(
          printable(model.path().string()), model.card(), model.network(),
          [&](const std::string& parameter) { return to_float(model.parameter(parameter)); }, options)) {
  if (!options.replay_self_tests) return;
  for (const SelfTest& test : model.self_tests()) impl_->replay(test);
}

Executor::Executor(const Network& network, const ParameterMap& parameters, const ExecutorOptions& options) {
  const std::string name = "network '" + printable(network.name) + "'";
  for (const ParameterSpec& spec : parameter_specs(network)) {
    std::int64_t count = 1;
    for (const std::int64_t extent : spec.shape) count *= extent;
    const auto found = parameters.find(spec.name);
    if (found == parameters.end() || found->second.size() != static_cast<std::size_t>(count)) {
      throw DataError(name + ": parameter '" + printable(spec.name) + "': expected " + std::to_string(count) +
                      " values, found " + std::to_string(found == parameters.end() ? 0 : found->second.size()));
    }
  }
  ModelCard card;
  card.architecture = network.name;
  card.image_size = network.input.height;
  card.channels = network.input.channels;
  impl_ = std::make_unique<Impl>(
      name, std::move(card), network, [&](const std::string& parameter) { return parameters.at(parameter); }, options);
}

Executor::~Executor() = default;
Executor::Executor(Executor&&) noexcept = default;
Executor& Executor::operator=(Executor&&) noexcept = default;

const ModelCard& Executor::card() const { return impl_->card; }

std::vector<float> Executor::logits(const float* input, std::size_t n) { return impl_->logits(input, n); }

std::vector<std::string> Executor::implementations(std::size_t n) {
  OmpThreads omp_threads;
  omp_threads.set(impl_->threads);
  return impl_->plan_for(plan_size(n), impl_->threads).implementations();
}

std::vector<float> Executor::logits(const std::uint8_t* faces, std::size_t n) {
  if (impl_->outputs != kEmotionCount) {
    throw DataError(impl_->name + ": " + std::to_string(impl_->outputs) + " outputs, expected seven emotions");
  }
  std::vector<float> result;
  result.reserve(n * kEmotionCount);
  std::vector<float> input;
  for (std::size_t done = 0; done < n; done += kLargestBatch) {
    const std::size_t count = std::min(n - done, kLargestBatch);
    input.resize(count * impl_->input_count());
    fill_input(impl_->card, faces + done * kFacePixels, count, input.data());
    const std::vector<float> part = impl_->logits(input.data(), count);
    result.insert(result.end(), part.begin(), part.end());
  }
  return result;
}

std::vector<EmotionProbabilities> Executor::probabilities(const std::uint8_t* faces, std::size_t n) {
  const std::vector<float> values = logits(faces, n);
  std::vector<EmotionProbabilities> result(n);
  for (std::size_t i = 0; i < n; ++i) result[i] = softmax(values.data() + i * kEmotionCount);
  return result;
}

}  // namespace affekt
