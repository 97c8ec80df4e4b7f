#include <algorithm>

#include "affekt/music/track_table.h"
#include "music/text_slice.h"

namespace affekt {
namespace {

constexpr unsigned kLengthBits = 20;
constexpr std::uint64_t kLengthMask = (std::uint64_t{1} << kLengthBits) - 1;
constexpr std::uint64_t kPoolBit = std::uint64_t{1} << 63;

std::uint64_t make_ref(std::uint64_t start, std::size_t length) { return start << kLengthBits | length; }

}  // namespace

std::string_view TextColumn::operator[](std::size_t row) const {
  const std::uint64_t ref = refs_[row];
  const std::size_t length = ref & kLengthMask;
  const std::uint64_t start = (ref & ~kPoolBit) >> kLengthBits;
  if ((ref & kPoolBit) != 0) return std::string_view(pool_).substr(start, length);
  if (length == 0) return {};
  auto region = std::upper_bound(regions_.begin(), regions_.end(), start,
                                 [](std::uint64_t value, const Region& r) { return value < r.start; });
  --region;
  return region->bytes.substr(start - region->start, length);
}

void TextColumn::push_back(std::string_view text) {
  text = text.substr(0, kLengthMask);
  refs_.push_back(make_ref(pool_.size(), text.size()) | kPoolBit);
  pool_.append(text);
}

void TextColumn::add_region(std::string_view bytes, std::shared_ptr<const void> owner) {
  const std::uint64_t start = regions_.empty() ? 0 : regions_.back().start + regions_.back().bytes.size();
  regions_.push_back({start, bytes, std::move(owner)});
}

void TextColumn::push_back_reference(std::string_view text) {
  if (regions_.empty() || text.empty()) return push_back(text);
  const Region& region = regions_.back();
  const char* first = region.bytes.data();
  if (text.data() < first || text.data() + text.size() > first + region.bytes.size()) return push_back(text);
  text = text.substr(0, kLengthMask);
  refs_.push_back(make_ref(region.start + static_cast<std::uint64_t>(text.data() - first), text.size()));
}

void TextColumn::keep(const std::vector<std::size_t>& rows) {
  if (refs_.empty()) return;
  std::size_t kept = 0;
  for (const std::size_t row : rows) refs_[kept++] = refs_[row];
  refs_.resize(kept);
}

void TextColumn::append(const TextColumn& other) {
  const std::uint64_t pool_shift = pool_.size();
  const std::uint64_t shift = regions_.empty() ? 0 : regions_.back().start + regions_.back().bytes.size();
  for (const Region& region : other.regions_) regions_.push_back({region.start + shift, region.bytes, region.owner});
  pool_ += other.pool_;
  refs_.reserve(refs_.size() + other.refs_.size());
  for (const std::uint64_t ref : other.refs_) {
    refs_.push_back(ref + ((ref & kPoolBit) != 0 ? pool_shift : shift) * (kLengthMask + 1));
  }
}

void TextSlice::push_reference(std::string_view text) {
  const auto& region = column_->regions_.back();
  const auto offset = text.empty() ? 0 : static_cast<std::uint64_t>(text.data() - region.bytes.data());
  text = text.substr(0, kLengthMask);
  column_->refs_[first_ + size_++] = make_ref(region.start + offset, text.size());
}

void TextSlice::push_copy(std::string_view text) {
  text = text.substr(0, kLengthMask);
  column_->refs_[first_ + size_++] = make_ref(pool_.size(), text.size()) | kPoolBit;
  pool_.append(text);
}

void TextSlice::settle(std::size_t row) {
  auto& refs = column_->refs_;
  if (row != first_)
    std::copy_n(refs.begin() + static_cast<std::ptrdiff_t>(first_), size_,
                refs.begin() + static_cast<std::ptrdiff_t>(row));
  first_ = row;
  const std::uint64_t shift = std::uint64_t{column_->pool_.size()} << kLengthBits;
  for (std::size_t i = 0; i < size_ && !pool_.empty() && shift > 0; ++i) {
    if ((refs[row + i] & kPoolBit) != 0) refs[row + i] += shift;
  }
  column_->pool_ += pool_;
  pool_ = {};
}

}  // namespace affekt
