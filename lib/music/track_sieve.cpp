#include "music/track_sieve.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <string>

#include "affekt/core/parallel.h"
#include "music/song_key.h"

namespace affekt {
namespace {

/// 0: no key.
std::uint64_t fingerprint(const std::string& key) {
  return key.empty() ? 0 : std::max<std::uint64_t>(std::hash<std::string>{}(key), 1);
}

/// Of a row's id, and of its title and artist.
struct Keys {
  std::uint64_t id = 0, song = 0;
};

std::vector<Keys> keys_of(const TrackTable& block) {
  constexpr std::size_t kChunk = 4096;
  std::vector<Keys> keys(block.rows);
  parallel_for(block.rows, kChunk, [&](std::size_t begin, std::size_t end) {
    std::string key;
    for (std::size_t row = begin; row < end; ++row) {
      key = block.text(block.id, row);
      if (!key.empty()) key += "\nid";  // no song's key ends so: artists have no line ends
      keys[row].id = fingerprint(key);
      song_key(block, row, key);
      keys[row].song = fingerprint(key);
    }
  });
  return keys;
}

}  // namespace

bool FingerprintSet::grow(Shard& shard) const {
  constexpr std::size_t kFirst = 64;
  const std::size_t size = std::max(kFirst, shard.slots.size() * 2);
  if (size > most_slots_) return false;
  std::vector<std::uint64_t> slots(size);
  for (const std::uint64_t value : shard.slots) {
    if (value == 0) continue;
    std::size_t at = value & (size - 1);
    while (slots[at] != 0) at = (at + 1) & (size - 1);
    slots[at] = value;
  }
  shard.slots = std::move(slots);
  return true;
}

bool FingerprintSet::test_and_add(std::uint64_t fingerprint) {
  Shard& shard = shards_[fingerprint >> 58U];
  // Three quarters full at most, seven eighths where it cannot grow.
  if (shard.used * 4 >= shard.slots.size() * 3 && !grow(shard) && shard.slots.empty()) {
    full_ = true;
    return false;
  }
  const std::size_t mask = shard.slots.size() - 1;
  std::size_t at = fingerprint & mask;
  for (; shard.slots[at] != 0; at = (at + 1) & mask) {
    if (shard.slots[at] == fingerprint) return true;
  }
  if (shard.used * 8 >= shard.slots.size() * 7) {
    full_ = true;
  } else {
    shard.slots[at] = fingerprint;
    ++shard.used;
  }
  return false;
}

bool TrackSieve::lacks_a_feature(const TrackTable& block, std::size_t row) {
  bool lacks = false;
  for (const TrackFeature feature : wanted_) {
    if (!std::isnan(block.value(feature, row))) continue;
    lacks = true;
    ++dropped_.lacking[static_cast<std::size_t>(feature)];
  }
  return lacks;
}

void TrackSieve::sift(TrackTable& block) {
  const auto keys = keys_of(block);
  std::vector<std::size_t> kept;
  kept.reserve(block.rows);
  for (std::size_t row = 0; row < block.rows; ++row) {
    ++rows_;
    if (lacks_a_feature(block, row)) {
      ++dropped_.missing;
      continue;
    }
    const Keys& key = keys[row];
    if ((key.id != 0 && seen_.test_and_add(key.id)) || (key.song != 0 && seen_.test_and_add(key.song))) {
      ++dropped_.duplicate;
      continue;
    }
    if (seen_.full() && !full_at_) full_at_ = rows_;
    kept.push_back(row);
  }
  if (kept.size() < block.rows) block.keep(kept);
}

}  // namespace affekt
