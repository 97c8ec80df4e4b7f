// Leaving out rows: those without a wanted feature, then those that are there already.
#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "affekt/core/error.h"
#include "affekt/core/parallel.h"
#include "affekt/core/text.h"
#include "affekt/music/track_reader.h"
#include "music/song_key.h"

namespace affekt {
namespace {

/// Writes the key of a row; empty = the row has none and is never a duplicate.
using KeyOf = std::function<void(std::size_t row, std::string& key)>;

/// Marks in `state` the later of two kept rows with equal keys. Keys are hashed on all threads and written anew when
/// two have to be compared: some 24 bytes a row while it runs, whatever the keys' length.
template <typename State>
std::size_t drop_equal(std::vector<State>& state, State kept, State dropped, const KeyOf& key_of) {
  constexpr std::size_t kChunk = 16384, kAhead = 16;
  constexpr std::uint32_t kFree = std::numeric_limits<std::uint32_t>::max();
  const std::size_t rows = state.size();
  std::vector<std::uint64_t> hashes(rows);  // 0: no key
  parallel_for(rows, kChunk, [&](std::size_t begin, std::size_t end) {
    std::string key;
    for (std::size_t row = begin; row < end; ++row) {
      if (state[row] != kept) continue;
      key_of(row, key);
      if (!key.empty()) hashes[row] = std::hash<std::string>{}(key) | 1;
    }
  });
  std::size_t size = 16, found = 0;
  while (size < rows + rows / 2) size *= 2;
  std::vector<std::uint32_t> slots(size, kFree);
  const auto slot_of = [&](std::size_t row) { return (hashes[row] >> 20) & (size - 1); };
  std::string key, other;
  for (std::size_t row = 0; row < rows; ++row) {
    if (row + kAhead < rows) __builtin_prefetch(&slots[slot_of(row + kAhead)]);
    if (hashes[row] == 0) continue;
    std::size_t slot = slot_of(row);
    for (; slots[slot] != kFree; slot = (slot + 1) & (size - 1)) {
      if (hashes[slots[slot]] != hashes[row]) continue;
      key_of(row, key);
      key_of(slots[slot], other);
      if (key == other) break;
    }
    if (slots[slot] == kFree) {
      slots[slot] = static_cast<std::uint32_t>(row);
    } else {
      state[row] = dropped;
      ++found;
    }
  }
  return found;
}

}  // namespace

void song_key(const TrackTable& table, std::size_t row, std::string& key) {
  key.clear();
  const std::string_view title = trim(table.text(table.title, row)), artist = trim(table.text(table.artist, row));
  if (title.empty() || artist.empty()) return;
  key = fold_case(title);
  key += '\n';
  key += fold_case(artist);
}

std::string lacking_in_words(const DroppedTracks& dropped) {
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < kTrackFeatureCount; ++i) {
    if (dropped.lacking[i] > 0) order.push_back(i);
  }
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return dropped.lacking[a] > dropped.lacking[b]; });
  std::vector<std::string> words;
  words.reserve(order.size());
  for (const std::size_t i : order) {
    words.push_back(feature_name(static_cast<TrackFeature>(i)) + (" " + std::to_string(dropped.lacking[i])));
  }
  return join(words, ", ");
}

std::string no_tracks_message(const DroppedTracks& dropped) {
  if (dropped.missing + dropped.malformed + dropped.duplicate == 0) return "no tracks after the header line";
  std::string message = "no usable track: " + std::to_string(dropped.missing) + " rows lack a feature";
  if (dropped.missing > 0) message += " (" + lacking_in_words(dropped) + ")";
  if (dropped.malformed > 0) {
    message += ", " + std::to_string(dropped.malformed) + " are malformed (" + dropped.first_malformed + ")";
  }
  return message + ". Feature columns may be there and empty: export again with audio features";
}

void drop_unusable(TrackTable& table, const std::vector<TrackFeature>& wanted, DroppedTracks& dropped) {
  if (table.size() >= std::numeric_limits<std::uint32_t>::max()) {
    throw DataError("more than 4 billion rows in one table");
  }
  enum class State : std::uint8_t { kept, missing, duplicate };
  std::vector<State> state(table.size(), State::kept);
  for (const TrackFeature feature : wanted) {
    for (std::size_t row = 0; row < table.size(); ++row) {
      if (!std::isnan(table.value(feature, row))) continue;
      state[row] = State::missing;
      ++dropped.lacking[static_cast<std::size_t>(feature)];
    }
  }
  dropped.missing += static_cast<std::size_t>(std::count(state.begin(), state.end(), State::missing));
  if (!table.id.empty()) {
    dropped.duplicate += drop_equal(state, State::kept, State::duplicate,
                                    [&table](std::size_t row, std::string& key) { key = table.id[row]; });
  }
  if (!table.title.empty() && !table.artist.empty()) {
    dropped.duplicate += drop_equal(state, State::kept, State::duplicate,
                                    [&table](std::size_t row, std::string& key) { song_key(table, row, key); });
  }
  std::vector<std::size_t> kept;
  const auto count = static_cast<std::size_t>(std::count(state.begin(), state.end(), State::kept));
  if (count == table.size()) return;
  kept.reserve(count);
  for (std::size_t row = 0; row < table.size(); ++row) {
    if (state[row] == State::kept) kept.push_back(row);
  }
  table.keep(kept);
}

}  // namespace affekt
