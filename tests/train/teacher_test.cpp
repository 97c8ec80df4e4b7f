// Distillation: its loss, and runs that learn from a model.
#include "train/teacher.h"

#include <functional>

#include "affekt/core/error.h"
#include "affekt/model/model_file.h"
#include "support/catch.h"
#include "support/error_message.h"
#include "train/loss.h"
#include "train/run_folder.h"
#include "train/small_run.h"

using namespace affekt;
using namespace affekt::test;
namespace fs = std::filesystem;

namespace {

/// A run of one epoch whose model teaches.
std::string teacher_in(const TempFolder& folder, const Dataset& data) {
  TrainOptions options = quick(folder, "teacher");
  options.epochs = 1;
  run_training(data, options);
  return options.out;
}

double largest(const at::Tensor& x) { return x.abs().max().item<double>(); }

}  // namespace

TEST_CASE("the distillation loss and its gradient vanish where the answers are the teachers'") {
  at::manual_seed(1);
  const at::Tensor weights = at::rand({5}) + 0.5;
  for (const double temperature : {0.5, 1.0, 4.0, 20.0}) {
    CAPTURE(temperature);
    at::Tensor logits = at::randn({5, 7}).mul(3).requires_grad_(true);
    const at::Tensor taught = at::softmax(logits.detach().div(temperature), 1);
    const at::Tensor loss = distillation_loss(logits, taught, weights, temperature);
    CHECK(std::abs(loss.item<double>()) < 1e-4);
    loss.backward();
    CHECK(largest(logits.grad()) < 1e-5);
    CHECK(distillation_loss(logits.detach() + at::randn({5, 7}), taught, weights, temperature).item<double>() > 1e-4);
  }
}

TEST_CASE("at a high temperature the gradient is that of matching logits, whatever the temperature") {
  at::manual_seed(2);
  const at::Tensor taught = at::randn({4, 7});
  const at::Tensor weights = at::ones({4});
  const auto gradient = [&](double temperature) {
    at::Tensor logits = at::zeros({4, 7}).requires_grad_(true);
    distillation_loss(logits, at::softmax(taught.div(temperature), 1), weights, temperature).backward();
    return logits.grad();
  };
  // Hinton et al., section 2.1: 1 / (N T^2) (z - v) for zero-mean logits, times T^2, here over a batch of 4.
  const at::Tensor matching = (taught.mean(1, true) - taught) / 7 / 4;
  CHECK(largest(gradient(50) - matching) < 0.02 * largest(matching));
  CHECK(largest(gradient(100) - matching) < 0.01 * largest(matching));
}

TEST_CASE("certain answers of a teacher make no infinite loss") {
  at::Tensor taught = at::zeros({1, 7});
  taught[0][3] = 1.0F;
  const at::Tensor logits = at::zeros({1, 7});
  CHECK(distillation_loss(logits, taught, at::ones({1}), 1).item<double>() == Approx(std::log(7.0)));
}

TEST_CASE("a teacher with the student's weights and all the say leaves nothing to learn") {
  const TempFolder folder;
  const Dataset data = squares();
  TrainOptions options = quick(folder);
  options.teachers = {teacher_in(folder, data)};
  options.teacher_weight = 1;
  const Teachers teachers(options, at::kCPU);
  const ModelFile file = ModelFile::open(fs::path(options.teachers[0]) / "best.safetensors");
  TorchNetwork student(file.network(), at::kCPU);
  student.load(file);
  student.set_requires_grad(true);
  const at::Tensor pixels = at::rand({8, 1, 48, 48}).mul(255);
  const at::Tensor input = pixels.mul(file.card().preprocessing.scale)
                               .sub(file.card().preprocessing.mean[0])
                               .div(file.card().preprocessing.std[0]);
  const auto gradient = [&](const at::Tensor& faces) {
    for (const auto& entry : student.entries()) entry.tensor.mutable_grad() = at::Tensor();
    const at::Tensor logits = student.forward(input, {});
    const at::Tensor labels = at::softmax(at::randn({8, 7}), 1);
    teachers.blend(weighted_cross_entropy(logits, labels, at::ones({8})), logits, faces, at::ones({8}), false)
        .backward();
    double most = 0;
    for (const auto& entry : student.entries()) {
      if (entry.tensor.grad().defined()) most = std::max(most, largest(entry.tensor.grad()));
    }
    return most;
  };
  const double same = gradient(pixels);
  CHECK(same < 1e-5);
  CHECK(gradient(255 - pixels) > 1000 * same);  // the teacher sees something else
}

TEST_CASE("several teachers answer with their mean, each at its own size") {
  const TempFolder folder;
  const Dataset data = squares(10, 7);
  const std::string first = teacher_in(folder, data);
  TrainOptions other = quick(folder, "other");
  other.model = "efficientnet-b0";
  other.image_size = 32;
  other.epochs = 1;
  run_training(data, other);
  const auto answers = [&](const std::vector<std::string>& teachers) {
    TrainOptions options;
    options.teachers = teachers;
    at::manual_seed(5);
    return Teachers(options, at::kCPU).answers(at::rand({3, 1, 48, 48}).mul(255), false);
  };
  const at::Tensor mean = (answers({first}) + answers({other.out})) / 2;
  CHECK(largest(answers({first, other.out}) - mean) < 1e-6);
  CHECK(largest(mean.sum(1) - 1) < 1e-5);
  CHECK_FALSE(mean.requires_grad());
}

TEST_CASE("a run with everything on learns, stops and resumes exactly, and names its teacher") {
  const TempFolder folder;
  const Dataset data = squares();
  const auto options_in = [&](const std::string& name) {
    TrainOptions options = quick(folder, name);
    options.epochs = 2;
    options.augment = AugmentKind::strong;
    options.mixup = 0.4;
    options.cutmix = 1;
    options.ema = 0.9;
    options.teachers = {(folder / "teacher").string()};
    return options;
  };
  teacher_in(folder, data);
  const TrainOptions whole = options_in("whole");
  const TrainSummary summary = run_training(data, whole);
  REQUIRE(summary.teachers.size() == 1);
  CHECK(summary.teachers[0].file == "best.safetensors");
  CHECK(summary.teachers[0].model == "compact");
  CHECK(summary.teachers[0].digest.size() == 16);
  const std::string said = ModelFile::open(fs::path(whole.out) / "best.safetensors").card().teachers;
  CHECK(said == "best.safetensors (compact, CRC-64 " + summary.teachers[0].digest + ")");

  const TrainOptions parts = options_in("parts");
  int asked = 0;
  TrainObserver observer;
  observer.stop_requested = [&asked] { return ++asked == 7; };
  CHECK_THROWS_AS(run_training(data, parts, observer), Interrupted);
  run_training(data, read_run_options(parts.out));
  CHECK(metrics(parts) == metrics(whole));
  CHECK(read_train_summary(RunPaths{parts.out}.summary()).teachers.size() == 1);
}

TEST_CASE("a run goes on with its own teacher only") {
  const TempFolder folder;
  const Dataset data = squares(10, 7);
  TrainOptions options = quick(folder);
  options.teachers = {teacher_in(folder, data)};
  TrainObserver observer;
  observer.stop_requested = [] { return true; };
  CHECK_THROWS_AS(run_training(data, options, observer), Interrupted);
  const fs::path file = fs::path(options.teachers[0]) / "best.safetensors";
  TrainOptions again = read_run_options(options.out);
  again.teachers = {"default"};
  CHECK(contains(message_of<UsageError>([&] { run_training(data, again); }), "teacher: not the teachers this run"));
  again.teachers = {(folder / "gone.safetensors").string()};
  CHECK(contains(message_of<IoError>([&] { run_training(data, again); }), "--teacher says where it is now"));
  fs::copy_file(file, folder / "moved.safetensors");
  again.teachers = {(folder / "moved.safetensors").string()};
  CHECK(run_training(data, again).epochs_run == 2);
}

TEST_CASE("a teacher that is damaged, or has other classes, is refused before the run folder is made") {
  const TempFolder folder;
  const Dataset data = squares(14, 7);
  std::string bytes = read_text(fs::path(teacher_in(folder, data)) / "best.safetensors");
  TrainOptions options = quick(folder);
  const auto refusal = [&](const std::string& content) {
    std::ofstream(folder / "bad.safetensors") << content;
    options.teachers = {(folder / "bad.safetensors").string()};
    return message_of<DataError>([&] { run_training(data, options); });
  };
  CHECK(contains(refusal(bytes.substr(0, bytes.size() / 2)), "bad.safetensors: "));
  CHECK(contains(refusal("pixels"), "bad.safetensors: "));
  const std::size_t angry = bytes.find("angry");
  const std::size_t happy = bytes.find("happy", angry);
  REQUIRE(happy != std::string::npos);
  bytes.replace(angry, 5, "happy").replace(happy, 5, "angry");
  CHECK(contains(refusal(bytes), "classes"));
  CHECK_FALSE(fs::exists(options.out));
}
