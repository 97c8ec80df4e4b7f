// The collective over c10d, for the files that know it.
#pragma once

#include <torch/csrc/distributed/c10d/ProcessGroup.hpp>
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#include <torch/csrc/distributed/c10d/Store.hpp>
#include <torch/csrc/distributed/c10d/Work.hpp>

#include "affekt/train/ranks.h"
#include "nn/torch.h"
#include "train/collective.h"
#include "train/rank_guard_c10d.h"
#include "train/rank_watch.h"

namespace affekt {

class C10dCollective final : public Collective {
 public:
  RankPlace place;
  double timeout = 0;
  int exchanges = 0;  ///< Texts exchanged so far: the same on all ranks.
  c10::intrusive_ptr<c10d::Store> store;
  c10::intrusive_ptr<c10d::ProcessGroupGloo> group;
  std::shared_ptr<RankWatch> watch;

  /// @throws UsageError  as Ranks::meet().
  C10dCollective(RankPlace place, double timeout);
  ~C10dCollective() override;
  C10dCollective(const C10dCollective&) = delete;
  C10dCollective& operator=(const C10dCollective&) = delete;

  int rank() const override { return place.rank; }
  int size() const override { return place.size; }
  int local_rank() const override { return local_rank_; }
  int threads() const override { return threads_; }
  std::string text_of_first(const std::string& text) override;
  void check_equal(const std::vector<std::string>& what, const std::vector<std::string>& texts) override;
  void finish() override;
  void leave(const std::string& why) noexcept override;
  void broadcast_from_first(const std::vector<at::Tensor>& tensors) override;
  at::Tensor gather_rows(const at::Tensor& mine, const std::vector<std::int64_t>& counts) override;
  std::unique_ptr<BackgroundSum> begin_sum(const std::vector<double>& values) override;
  std::unique_ptr<GradientSync> sync_gradients(const std::vector<at::Tensor>& parameters) override;

  /// Waits for `work`. @throws LostRank.
  void wait(const c10::intrusive_ptr<c10d::Work>& work, const at::Tensor& result);
  /// Runs `exchange` and turns its failures into LostRank with the one to blame.
  template <typename Exchange>
  auto blaming(Exchange&& exchange) -> decltype(exchange()) {
    try {
      return exchange();
    } catch (const LostRank&) {
      throw;
    } catch (const std::exception& error) {
      throw LostRank(watch->blame(error.what()));
    }
  }

 private:
  std::vector<std::string> exchange_first_words(const std::string& text);
  void find_neighbours(const std::vector<std::string>& words);
  /// Leaves without a word, if finish() was not called.
  void part() noexcept;

  int local_rank_ = 0, threads_ = 1;
  bool parted_ = false;
};

}  // namespace affekt
