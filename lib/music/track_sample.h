// Private: a uniform sample of the rows of a stream.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "affekt/music/track_stream.h"
#include "affekt/music/track_table.h"

namespace affekt {

/// Every row has a random number by its place and the seed; the rows with the least numbers are the sample. It is in
/// the order of the rows, does not depend on how they come in blocks, and is all of them while there are no more than
/// `capacity`.
class RowDraw {
 public:
  RowDraw(std::size_t capacity, std::uint64_t seed) : capacity_(capacity), seed_(seed) {}

  /// True if the next row is to be taken, for the time being.
  bool offer();
  /// So many are taken that some should go again.
  bool crowded() const { return keys_.size() >= capacity_ + capacity_ / 4 + 1024; }
  /// Which of the rows taken stay, ascending; at most `capacity`.
  std::vector<std::size_t> thin_out();
  std::size_t offered() const { return offered_; }

 private:
  std::size_t capacity_;
  std::uint64_t seed_;
  std::uint64_t limit_ = ~std::uint64_t{0};
  std::vector<std::uint64_t> keys_;  // of the rows taken
  std::size_t offered_ = 0;
};

/// Numbers, titles, artists and ids of a sample; texts refer to the stream's files.
class TrackSample {
 public:
  TrackSample(std::size_t capacity, std::uint64_t seed) : draw_(capacity, seed) {}

  void offer(const TrackTable& block, const TrackStream& stream);
  /// Ends the sample.
  TrackTable take();
  std::size_t offered() const { return draw_.offered(); }

 private:
  RowDraw draw_;
  TrackTable table_;
  std::size_t regions_ = 0;  // files whose texts may be referred to
};

}  // namespace affekt
