#include "recommend/picker.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "affekt/recommend/track_names.h"

namespace affekt {
namespace {

// Diversity chooses among this many of the best candidates, so that variety never costs the mood.
constexpr std::size_t kHead = 40;
// A listener compares a track with those just heard.
constexpr std::size_t kRecent = 20;
// Two tracks of one artist sound alike, whatever their features say.
constexpr double kSameArtistSimilarity = 0.8;

bool better(const Candidate& a, const Candidate& b) { return a.key != b.key ? a.key > b.key : a.row < b.row; }

float scaled_value(const Catalog& catalog, std::size_t row, std::size_t column) {
  const auto& model = catalog.clusters;
  const double value = double{catalog.tracks.value(model.features[column], row)};
  if (std::isnan(value) || !(model.scaler.scale[column] > 0)) return 0;
  return static_cast<float>(model.scaled(value, column));
}

// Sum of the columns' variances over a sample of rows: half the mean squared distance of two tracks.
double total_variance(const Catalog& catalog) {
  constexpr std::size_t kSample = 4096;
  const std::size_t n = catalog.tracks.size();
  const std::size_t stride = std::max<std::size_t>(1, n / kSample);
  double total = 0;
  for (std::size_t column = 0; column < catalog.clusters.features.size(); ++column) {
    double sum = 0;
    double squares = 0;
    double count = 0;
    for (std::size_t row = 0; row < n; row += stride, ++count) {
      const double x = double{scaled_value(catalog, row, column)};
      sum += x;
      squares += x * x;
    }
    if (count > 0) total += std::max(0.0, squares / count - (sum / count) * (sum / count));
  }
  return total;
}

}  // namespace

CandidatePool::CandidatePool(std::vector<Candidate> candidates) : candidates_(std::move(candidates)) {}

bool CandidatePool::sort_more() {
  if (sorted_ == candidates_.size()) return false;
  const std::size_t end = std::min(candidates_.size(), std::max(2 * sorted_, 4 * kHead));
  const auto at = [this](std::size_t i) { return candidates_.begin() + static_cast<std::ptrdiff_t>(i); };
  std::partial_sort(at(sorted_), at(end), candidates_.end(), better);
  sorted_ = end;
  return true;
}

Picker::Picker(const Catalog& catalog, double diversity, int max_per_artist)
    : catalog_(catalog),
      diversity_(diversity),
      max_per_artist_(static_cast<std::size_t>(max_per_artist)),
      typical_squared_distance_(diversity > 0 ? std::max(2 * total_variance(catalog), 1e-12) : 1) {}

CandidatePool::Entry Picker::describe(const Candidate& candidate) const {
  const TrackTable& tracks = catalog_.tracks;
  const std::size_t row = candidate.row;
  const std::string_view artist = tracks.primary_artist(row);
  CandidatePool::Entry entry{candidate, artist.empty() ? "" : artist_key(std::string(artist), Artists::first), {}, {}};
  entry.name = song_name(artist, tracks.text(tracks.title, row));
  if (diversity_ > 0) {
    for (std::size_t j = 0; j < catalog_.clusters.features.size(); ++j) {
      entry.features.push_back(scaled_value(catalog_, row, j));
    }
  }
  return entry;
}

// Once a candidate is not allowed it never is again, so pools may forget it.
bool Picker::allowed(const CandidatePool::Entry& entry) const {
  if (rows_.count(entry.candidate.row) != 0) return false;
  if (!entry.name.empty() && names_.count(entry.name) != 0) return false;
  const std::string_view id = catalog_.tracks.text(catalog_.tracks.id, entry.candidate.row);
  if (!id.empty() && ids_.count(std::string(id)) != 0) return false;
  if (max_per_artist_ == 0 || entry.artist.empty()) return true;
  const auto artist = artists_.find(entry.artist);
  return artist == artists_.end() || artist->second < max_per_artist_;
}

double Picker::similarity(const CandidatePool::Entry& a, const CandidatePool::Entry& b) const {
  double squared = 0;
  for (std::size_t j = 0; j < a.features.size(); ++j) {
    const double difference = double{a.features[j]} - double{b.features[j]};
    squared += difference * difference;
  }
  const double alike = std::exp(-squared / typical_squared_distance_);
  return !a.artist.empty() && a.artist == b.artist ? std::max(alike, kSameArtistSimilarity) : alike;
}

void Picker::fill_head(CandidatePool& pool) const {
  auto& head = pool.head_;
  head.erase(std::remove_if(head.begin(), head.end(), [&](const auto& entry) { return !allowed(entry); }), head.end());
  while (head.size() < kHead) {
    if (pool.next_ == pool.sorted_ && !pool.sort_more()) return;
    auto entry = describe(pool.candidates_[pool.next_++]);
    if (allowed(entry)) head.push_back(std::move(entry));
  }
}

std::optional<Candidate> Picker::take(CandidatePool& pool) {
  fill_head(pool);
  if (pool.head_.empty()) return std::nullopt;
  std::size_t best = 0;
  double best_value = 0;
  for (std::size_t i = 0; i < pool.head_.size(); ++i) {
    double alike = 0;
    if (diversity_ > 0) {
      for (const auto& taken : recent_) alike = std::max(alike, similarity(pool.head_[i], taken));
    }
    const double value = (1 - diversity_) * pool.head_[i].candidate.key - diversity_ * alike;
    if (i == 0 || value > best_value) {
      best = i;
      best_value = value;
    }
  }
  const CandidatePool::Entry entry = pool.head_[best];
  rows_.insert(entry.candidate.row);
  const std::string_view id = catalog_.tracks.text(catalog_.tracks.id, entry.candidate.row);
  if (!id.empty()) ids_.emplace(id);
  if (!entry.name.empty()) names_.insert(entry.name);
  if (!entry.artist.empty()) ++artists_[entry.artist];
  recent_.push_back(entry);
  if (recent_.size() > kRecent) recent_.pop_front();
  return entry.candidate;
}

}  // namespace affekt
