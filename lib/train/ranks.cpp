#include "affekt/train/ranks.h"

#include <algorithm>
#include <utility>

#include "affekt/core/parallel.h"
#include "train/collective.h"

namespace affekt {
namespace {

class SoloSum final : public BackgroundSum {
 public:
  explicit SoloSum(std::vector<double> values) : values_(std::move(values)) {}
  std::vector<double> wait() override { return values_; }

 private:
  std::vector<double> values_;
};

class SoloSync final : public GradientSync {
 public:
  void backward(const at::Tensor& loss, bool /*share*/) override { loss.backward(); }
};

class SoloCollective final : public Collective {
 public:
  int rank() const override { return 0; }
  int size() const override { return 1; }
  int local_rank() const override { return 0; }
  int threads() const override { return thread_count(); }
  std::string text_of_first(const std::string& text) override { return text; }
  void check_equal(const std::vector<std::string>& /*what*/, const std::vector<std::string>& /*texts*/) override {}
  void finish() override {}
  void leave(const std::string& /*why*/) noexcept override {}
  void broadcast_from_first(const std::vector<at::Tensor>& /*tensors*/) override {}
  at::Tensor gather_rows(const at::Tensor& mine, const std::vector<std::int64_t>& /*counts*/) override { return mine; }
  std::unique_ptr<BackgroundSum> begin_sum(const std::vector<double>& values) override {
    return std::make_unique<SoloSum>(values);
  }
  std::unique_ptr<GradientSync> sync_gradients(const std::vector<at::Tensor>& /*parameters*/) override {
    return std::make_unique<SoloSync>();
  }
};

}  // namespace

RowShare share_of_rows(std::int64_t total, int rank, int size, std::int64_t least) {
  const std::int64_t sharing =
      std::max<std::int64_t>(1, std::min<std::int64_t>(size, total / std::max<std::int64_t>(1, least)));
  if (rank >= sharing) return {total, 0};
  const std::int64_t begin = total * rank / sharing;
  return {begin, total * (rank + 1) / sharing - begin};
}

std::unique_ptr<Collective> make_solo_collective() { return std::make_unique<SoloCollective>(); }

Ranks Ranks::alone() { return Ranks(make_solo_collective()); }

Ranks Ranks::meet(const RankPlace& place, double timeout) {
  return place.alone() ? alone() : Ranks(make_c10d_collective(place, timeout));
}

Ranks::Ranks(std::unique_ptr<Collective> collective) : collective_(std::move(collective)) {}
Ranks::Ranks(Ranks&&) noexcept = default;
Ranks::~Ranks() = default;

int Ranks::rank() const { return collective_->rank(); }
int Ranks::size() const { return collective_->size(); }
void Ranks::finish() { collective_->finish(); }
void Ranks::leave(const std::string& why) noexcept { collective_->leave(why); }

}  // namespace affekt
