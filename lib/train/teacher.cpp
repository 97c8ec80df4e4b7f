#include "train/teacher.h"

#include <filesystem>
#include <limits>

#include "affekt/core/file.h"
#include "affekt/core/text.h"
#include "affekt/model/model_file.h"
#include "nn/images.h"

namespace affekt {

at::Tensor distillation_loss(const at::Tensor& logits, const at::Tensor& taught, const at::Tensor& weights,
                             double temperature) {
  const at::Tensor log_student = at::log_softmax(logits.div(temperature), 1);
  // p log p is 0 for p = 0.
  const at::Tensor log_taught = taught.clamp_min(std::numeric_limits<float>::min()).log();
  const at::Tensor divergence = taught.mul(log_taught.sub(log_student)).sum(1);
  return divergence.mul(weights).mean().mul(temperature * temperature);
}

Teachers::Teachers(const TrainOptions& options, at::Device device)
    : temperature_(options.temperature), weight_(options.teacher_weight) {
  for (const std::string& text : options.teachers) {
    const std::filesystem::path path = resolve_model_path(text);
    const ModelFile file = ModelFile::open(path);
    networks_.emplace_back(file.network(), device);
    networks_.back().load(file);
    replay_self_tests(networks_.back(), file);
    preprocessing_.push_back(file.card().preprocessing);
    sources_.push_back({path.filename().string(), file.card().architecture, digest_hex(InputFile::open(path).bytes())});
  }
}

at::Tensor Teachers::answers(const at::Tensor& pixels, bool bf16) const {
  const at::NoGradGuard no_grad;
  Pass pass;
  pass.bf16 = bf16;
  at::Tensor sum;
  for (std::size_t i = 0; i < networks_.size(); ++i) {
    const at::Tensor input = network_input(pixels, preprocessing_[i], networks_[i].table().input);
    const at::Tensor answer = at::softmax(networks_[i].forward(input, pass).div(temperature_), 1);
    sum = sum.defined() ? sum.add(answer) : answer;
  }
  return sum.div(static_cast<double>(networks_.size()));
}

at::Tensor Teachers::blend(const at::Tensor& loss, const at::Tensor& logits, const at::Tensor& pixels,
                           const at::Tensor& weights, bool bf16) const {
  if (empty()) return loss;
  const at::Tensor taught = distillation_loss(logits, answers(pixels, bf16), weights, temperature_);
  return loss.mul(1 - weight_).add(taught.mul(weight_));
}

std::string teachers_text(const std::vector<TeacherSource>& sources) {
  std::vector<std::string> texts;
  texts.reserve(sources.size());
  for (const TeacherSource& source : sources) {
    texts.push_back(printable(source.file, 80) + " (" + source.model + ", CRC-64 " + source.digest + ")");
  }
  return join(texts, ", ");
}

}  // namespace affekt
