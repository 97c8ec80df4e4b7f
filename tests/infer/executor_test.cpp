// The executor against a plain double-precision evaluation of the same table.
#include "affekt/infer/executor.h"

#include <omp.h>

#include <algorithm>
#include <cmath>

#include "affekt/core/error.h"
#include "affekt/core/random.h"
#include "affekt/data/dataset.h"
#include "affekt/model/architectures.h"
#include "infer/comparison.h"
#include "infer/random_network.h"
#include "support/catch.h"
#include "support/error_message.h"
#include "support/reference_network.h"
#include "support/temp_folder.h"

using namespace affekt;
using affekt::test::Comparison;
using affekt::test::contains;
using affekt::test::message_of;
using affekt::test::random_parameters;
using affekt::test::random_values;
using affekt::test::RandomNetwork;
using affekt::test::reference_outputs;

namespace {

constexpr double kTolerance = 1e-4;

ModelCard sample_card(const std::string& architecture, int channels) {
  ModelCard card;
  card.architecture = architecture;
  card.channels = channels;
  card.classes = emotion_names();
  card.license = "Apache-2.0";
  return card;
}

}  // namespace

TEST_CASE("executor: the project's networks agree with plain evaluation at batch sizes 1 to 5") {
  for (const std::string& name : {std::string("compact"), std::string("basic-cnn")}) {
    const Network network = make_network(name);
    const ParameterMap parameters = random_parameters(network, 11);
    Executor executor(network, parameters);
    const Comparison comparison(network, parameters, 5, 7);
    for (std::size_t n : {1U, 2U, 3U, 5U}) {
      INFO(name << ", batch " << n);
      CHECK(comparison.relative_error(executor, n) < kTolerance);
    }
  }
}

TEST_CASE("executor: random tables of every op agree with plain evaluation") {
  for (std::uint64_t seed = 0; seed < RandomNetwork::kSeeds; ++seed) {
    const Network network = RandomNetwork(seed).make();
    const ParameterMap parameters = random_parameters(network, seed + 1000);
    Executor executor(network, parameters);
    const Comparison comparison(network, parameters, 3, seed);
    INFO("seed " << seed);
    for (std::size_t n : {1U, 3U, 1U}) {  // 1 again: the buffers of its first run are used a second time
      CHECK(comparison.relative_error(executor, n) < kTolerance);
    }
  }
}

TEST_CASE("executor: a face gets the same answer alone and in any company") {
  const Network network = make_network("compact");
  Executor executor(network, random_parameters(network, 3));
  RandomStream random(5);
  constexpr std::size_t kFaces = 70;  // more than one batch, with a remainder that is padded
  std::vector<std::uint8_t> faces(kFaces * kFacePixels);
  for (std::uint8_t& pixel : faces) pixel = static_cast<std::uint8_t>(random.below(256));
  const auto together = executor.probabilities(faces.data(), kFaces);
  REQUIRE(together.size() == kFaces);
  for (std::size_t i : {std::size_t{0}, std::size_t{63}, std::size_t{64}, kFaces - 1}) {
    const auto alone = executor.probabilities(faces.data() + i * kFacePixels, 1);
    double sum = 0;
    for (std::size_t c = 0; c < kEmotionCount; ++c) {
      CHECK(alone[0][c] == Approx(together[i][c]).margin(1e-5));
      sum += alone[0][c];
    }
    CHECK(sum == Approx(1.0).epsilon(1e-9));
  }
  CHECK(executor.probabilities(faces.data(), 0).empty());
}

TEST_CASE("executor: the host program's number of OpenMP threads is given back") {
  const Network network = make_network("compact");
  ExecutorOptions options;
  options.threads = 1;
  Executor executor(network, random_parameters(network, 3), options);
  const std::vector<float> faces(static_cast<std::size_t>(network.input.count()) * 64);
  const int before = omp_get_max_threads();
  omp_set_num_threads(3);
  executor.logits(faces.data(), 64);
  CHECK(omp_get_max_threads() == 3);
  omp_set_num_threads(before);
}

TEST_CASE("executor: pixels are scaled as the card says and repeated over three channels") {
  const TempFolder folder;
  const Network network = make_network("basic-cnn");
  const ParameterMap parameters = random_parameters(network, 21);
  ModelCard card = sample_card("basic-cnn", 3);
  card.preprocessing = {"custom", 1.0 / 255.0, {0.1, 0.2, 0.3}, {0.5, 0.25, 2.0}};
  std::vector<std::uint8_t> face(kFacePixels);
  for (std::size_t i = 0; i < face.size(); ++i) face[i] = static_cast<std::uint8_t>(i * 31 % 256);
  std::vector<float> input;
  for (std::size_t c = 0; c < 3; ++c) {
    for (std::uint8_t pixel : face) {
      input.push_back(static_cast<float>((pixel / 255.0 - card.preprocessing.mean[c]) / card.preprocessing.std[c]));
    }
  }
  const auto expected = reference_outputs(network, parameters, input);
  const SelfTest self_test{input, {expected.begin(), expected.end()}};
  write_model(folder / "model.safetensors", card, parameters, {self_test}, DType::f32);

  Executor executor(ModelFile::open(folder / "model.safetensors"));
  const auto probabilities = executor.probabilities(face.data(), 1);
  double sum = 0;
  for (double logit : expected) sum += std::exp(logit);
  for (std::size_t c = 0; c < kEmotionCount; ++c) {
    CHECK(probabilities[0][c] == Approx(std::exp(expected[c]) / sum).margin(1e-4));
  }
}

TEST_CASE("executor: a model whose self-test does not come out is refused") {
  const TempFolder folder;
  const Network network = make_network("compact");
  const ParameterMap parameters = random_parameters(network, 4);
  const std::vector<float> input = random_values(static_cast<std::size_t>(network.input.count()), 8);
  const auto expected = reference_outputs(network, parameters, input);
  SelfTest self_test{input, {expected.begin(), expected.end()}};
  write_model(folder / "good.safetensors", sample_card("compact", 1), parameters, {self_test}, DType::f32);
  CHECK_NOTHROW(Executor(ModelFile::open(folder / "good.safetensors")));

  self_test.logits[2] += 0.01F * std::max(1.0F, std::abs(self_test.logits[2]));
  write_model(folder / "bad.safetensors", sample_card("compact", 1), parameters, {self_test}, DType::f32);
  const ModelFile bad = ModelFile::open(folder / "bad.safetensors");
  const std::string complaint = message_of<DataError>([&] { Executor{bad}; });
  CHECK(contains(complaint, "bad.safetensors: self-test: logit 2 is"));
  ExecutorOptions trusting;
  trusting.replay_self_tests = false;
  CHECK_NOTHROW(Executor(bad, trusting));
}

TEST_CASE("executor: a missing or short parameter is named") {
  const Network network = make_network("compact");
  ParameterMap parameters = random_parameters(network, 4);
  parameters["stem.conv.weight"].pop_back();
  const auto complaint = [&] { return message_of<DataError>([&] { Executor(network, parameters); }); };
  CHECK(contains(complaint(), "'stem.conv.weight': expected 288 values, found 287"));
  parameters.erase("stem.conv.weight");
  CHECK(contains(complaint(), "'stem.conv.weight': expected 288 values, found 0"));
}
