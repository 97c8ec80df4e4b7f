// Knowledge distillation (Hinton, Vinyals & Dean, 2015): trained networks whose answers a student learns from.
#pragma once

#include <string>
#include <vector>

#include "affekt/core/export.h"
#include "affekt/train/train_job.h"
#include "affekt/train/train_options.h"
#include "nn/torch_network.h"

namespace affekt {

/// Mean over the rows of weight * T^2 * KL(taught || softmax(logits / T)): zero where the student gives the teachers'
/// answers. T^2 keeps the size of the gradient the same for every temperature.
/// @param logits  (n, 7) fp32. @param taught  (n, 7), softened at the same temperature. @param weights  (n).
AFFEKT_API at::Tensor distillation_loss(const at::Tensor& logits, const at::Tensor& taught, const at::Tensor& weights,
                                        double temperature);

/// The networks of --teacher, in evaluation mode on one device, each with its own preprocessing and input size.
class AFFEKT_API Teachers {
 public:
  Teachers() = default;  ///< None.
  /// Reads and checks the files of options.teachers. @throws IoError, DataError as ModelFile::open() does.
  Teachers(const TrainOptions& options, at::Device device);

  bool empty() const { return networks_.empty(); }
  const std::vector<TeacherSource>& sources() const { return sources_; }

  /// Mean over the teachers of softmax(logits / T): (n, 7), without gradient.
  /// @param pixels  (n, 1, 48, 48) float, 0..255: the very faces the student sees.
  at::Tensor answers(const at::Tensor& pixels, bool bf16) const;
  /// (1 - W) * `loss` + W * distillation_loss(); `loss` itself if there are no teachers.
  at::Tensor blend(const at::Tensor& loss, const at::Tensor& logits, const at::Tensor& pixels,
                   const at::Tensor& weights, bool bf16) const;

 private:
  double temperature_ = 1, weight_ = 0;
  std::vector<TorchNetwork> networks_;
  std::vector<Preprocessing> preprocessing_;
  std::vector<TeacherSource> sources_;
};

/// "a.safetensors (vgg16, CRC-64 0123456789abcdef), b.safetensors (...)"; "" for none.
AFFEKT_API std::string teachers_text(const std::vector<TeacherSource>& sources);

}  // namespace affekt
