// Leaving out rows: those without a wanted feature, then those that are there already.
#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>

#include "affekt/core/error.h"
#include "affekt/music/track_reader.h"

namespace affekt {
namespace {

/// Set of rows by a text key that is recomputed when needed: four bytes a slot whatever the keys' length.
class RowSet {
 public:
  RowSet(std::size_t rows, std::function<std::string(std::size_t)> key) : key_(std::move(key)) {
    std::size_t size = 16;
    while (size < rows * 2) size *= 2;
    slots_.assign(size, kFree);
  }

  /// False if a row with the same key is there already. Rows without a key are never duplicates.
  bool add(std::size_t row) {
    const std::string key = key_(row);
    if (key.empty()) return true;
    std::size_t slot = std::hash<std::string>{}(key) & (slots_.size() - 1);
    while (slots_[slot] != kFree) {
      if (key_(slots_[slot]) == key) return false;
      slot = (slot + 1) & (slots_.size() - 1);
    }
    slots_[slot] = static_cast<std::uint32_t>(row);
    return true;
  }

 private:
  static constexpr std::uint32_t kFree = std::numeric_limits<std::uint32_t>::max();
  std::function<std::string(std::size_t)> key_;
  std::vector<std::uint32_t> slots_;
};

std::string song_key(const TrackTable& table, std::size_t row) {
  const std::string title = fold_case(table.text(table.title, row));
  const std::string artist = fold_case(table.text(table.artist, row));
  if (title.empty() || artist.empty()) return {};
  return title + '\n' + artist;
}

}  // namespace

std::string no_tracks_message(const DroppedTracks& dropped) {
  if (dropped.missing + dropped.malformed + dropped.duplicate == 0) return "no tracks after the header line";
  std::string message = "no usable track: " + std::to_string(dropped.missing) + " rows lack a feature";
  if (dropped.malformed > 0) {
    message += ", " + std::to_string(dropped.malformed) + " are malformed (" + dropped.first_malformed + ")";
  }
  return message + ". Feature columns may be there and empty: export again with audio features, or choose --features";
}

void drop_unusable(TrackTable& table, const std::vector<TrackFeature>& wanted, DroppedTracks& dropped) {
  if (table.size() >= std::numeric_limits<std::uint32_t>::max()) {
    throw DataError("more than 4 billion rows in one table");
  }
  RowSet ids(table.id.empty() ? 0 : table.size(),
             [&table](std::size_t row) { return std::string(table.text(table.id, row)); });
  RowSet songs(table.size(), [&table](std::size_t row) { return song_key(table, row); });
  std::vector<std::size_t> kept;
  kept.reserve(table.size());
  for (std::size_t row = 0; row < table.size(); ++row) {
    const bool missing = std::any_of(wanted.begin(), wanted.end(), [&table, row](TrackFeature feature) {
      return std::isnan(table.value(feature, row));
    });
    if (missing) {
      ++dropped.missing;
    } else if (!ids.add(row) || !songs.add(row)) {
      ++dropped.duplicate;
    } else {
      kept.push_back(row);
    }
  }
  if (kept.size() < table.size()) table.keep(kept);
}

}  // namespace affekt
