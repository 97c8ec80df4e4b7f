// Ranks in a build without c10d: nobody can join.
#include "train/rank_group.h"

namespace affekt {
namespace {

[[noreturn]] void refuse() {
  throw UsageError(
      "WORLD_SIZE: this build has no data parallel training (it takes LibTorch with c10d, and Gloo's headers: "
      "libgloo-dev)");
}

}  // namespace

struct Ranks::Impl {};

std::string rank_backends() { return ""; }

std::shared_ptr<Ranks> Ranks::meet(const RankPlace& /*place*/, double /*timeout*/) { refuse(); }
Ranks::Ranks(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Ranks::~Ranks() = default;
int Ranks::rank() const { return 0; }
int Ranks::size() const { return 1; }
int Ranks::local_rank() const { return 0; }
int Ranks::threads() const { return 1; }
std::string Ranks::text_of_first(const std::string& /*text*/) { refuse(); }
void Ranks::check_equal(const std::vector<std::string>& /*what*/, const std::vector<std::string>& /*texts*/) {
  refuse();
}
void Ranks::finish() {}
void Ranks::leave(const std::string& /*why*/) noexcept {}

void broadcast_from_first(Ranks& /*ranks*/, const std::vector<at::Tensor>& /*tensors*/) { refuse(); }
at::Tensor gather_rows(Ranks& /*ranks*/, const at::Tensor& /*mine*/, const std::vector<std::int64_t>& /*counts*/) {
  refuse();
}

struct BackgroundSum::Pending {};
BackgroundSum::BackgroundSum(Ranks& /*ranks*/) { refuse(); }
BackgroundSum::~BackgroundSum() = default;
void BackgroundSum::begin(const std::vector<double>& /*values*/) { refuse(); }
std::vector<double> BackgroundSum::end() { refuse(); }

struct GradientSync::Impl {};
GradientSync::GradientSync(Ranks& /*ranks*/, const std::vector<at::Tensor>& /*parameters*/) { refuse(); }
GradientSync::~GradientSync() = default;
void GradientSync::backward(const at::Tensor& /*loss*/, bool /*share*/) { refuse(); }

}  // namespace affekt
