#include "train/rank_guard_c10d.h"

#include <cstdint>
#include <exception>
#include <string>
#include <utility>
#include <vector>

#include "affekt/core/error.h"

namespace affekt {
namespace {

std::vector<std::uint8_t> bytes(const std::string& text) { return {text.begin(), text.end()}; }

class C10dStore final : public RankStore {
 public:
  explicit C10dStore(c10::intrusive_ptr<c10d::Store> store) : store_(std::move(store)) {}

  std::int64_t add(const std::string& key, std::int64_t n) override { return store_->add(key, n); }
  bool has(const std::string& key) override { return store_->check({key}); }
  std::string get(const std::string& key) override {
    const std::vector<std::uint8_t> text = store_->get(key);
    return {text.begin(), text.end()};
  }
  void set(const std::string& key, const std::string& text) override { store_->set(key, bytes(text)); }
  void set_first(const std::string& key, const std::string& text) override { store_->compareSet(key, {}, bytes(text)); }

 private:
  c10::intrusive_ptr<c10d::Store> store_;
};

}  // namespace

std::shared_ptr<RankStore> make_rank_store(c10::intrusive_ptr<c10d::Store> store) {
  return std::make_shared<C10dStore>(std::move(store));
}

FuturePtr guarded(const std::shared_ptr<RankWatch>& watch, const c10::intrusive_ptr<c10d::Work>& work,
                  const at::Tensor& result) {
  auto outer = c10::make_intrusive<c10::ivalue::Future>(c10::TensorType::get());
  const std::uint64_t ticket =
      watch->hold([outer](const std::string& reason) { outer->setError(std::make_exception_ptr(LostRank(reason))); });
  if (ticket == 0) return outer;
  work->getFuture()->addCallback([watch, ticket, outer, result](c10::ivalue::Future& inner) {
    if (!watch->release(ticket)) return;  // ended by the loss of a rank
    if (inner.hasError()) {
      watch->set_broken();
      outer->setError(inner.exception_ptr());
    } else {
      outer->markCompleted(result);
    }
  });
  return outer;
}

}  // namespace affekt
