// Private: what drop_unusable() leaves out of a table, left out of blocks of it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "affekt/music/track_reader.h"
#include "affekt/music/track_table.h"

namespace affekt {

/// A set of 64-bit fingerprints in bounded memory.
class FingerprintSet {
 public:
  /// @param max_bytes  the set grows no further.
  explicit FingerprintSet(std::size_t max_bytes) : most_slots_(max_bytes / sizeof(std::uint64_t) / kShards) {}

  /// True if it was there. A new one is added as long as there is room.
  bool test_and_add(std::uint64_t fingerprint);
  bool full() const { return full_; }  ///< Something could not be added.

 private:
  // Sixty-four tables that grow one after another: what is held twice meanwhile is little.
  static constexpr std::size_t kShards = 64;
  struct Shard {
    std::vector<std::uint64_t> slots;  // 0: free
    std::size_t used = 0;
  };
  bool grow(Shard& shard) const;

  std::size_t most_slots_;
  std::array<Shard, kShards> shards_;
  bool full_ = false;
};

/// Leaves out rows that lack a wanted feature and those whose id, or title and artist, an earlier row has. Keys are
/// compared by 64-bit fingerprints: two different ones among ten million are taken for equal with a chance of 1 in
/// 100,000.
class TrackSieve {
 public:
  TrackSieve(std::vector<TrackFeature> wanted, std::size_t fingerprint_bytes)
      : wanted_(std::move(wanted)), seen_(fingerprint_bytes) {}

  void sift(TrackTable& block);

  const DroppedTracks& dropped() const { return dropped_; }
  /// Row, from 1, from which on duplicates of later rows are not found: the fingerprints fill their memory.
  std::optional<std::size_t> full_at() const { return full_at_; }

 private:
  bool lacks_a_feature(const TrackTable& block, std::size_t row);

  std::vector<TrackFeature> wanted_;
  FingerprintSet seen_;
  DroppedTracks dropped_;
  std::size_t rows_ = 0;
  std::optional<std::size_t> full_at_;
};

}  // namespace affekt
