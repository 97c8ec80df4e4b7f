#include "affekt/music/track_table.h"

#include <algorithm>

#include "affekt/core/parallel.h"
#include "music/column_names.h"

namespace affekt {
namespace {

constexpr float kMissing = std::numeric_limits<float>::quiet_NaN();

void append_texts(TextColumn& into, std::size_t rows, const TextColumn& from, std::size_t added) {
  if (into.empty() && from.empty()) return;
  while (into.size() < rows) into.push_back("");
  if (!from.empty()) return into.append(from);
  for (std::size_t i = 0; i < added; ++i) into.push_back("");
}

template <typename T>
void append_numbers(std::vector<T>& into, std::size_t rows, const std::vector<T>& from, std::size_t added, T missing) {
  if (into.empty() && from.empty()) return;
  into.resize(rows, missing);
  if (from.empty()) return into.resize(rows + added, missing);
  into.insert(into.end(), from.begin(), from.end());
}

template <typename T>
void keep_rows(std::vector<T>& values, const std::vector<std::size_t>& rows) {
  if (values.empty()) return;
  std::size_t kept = 0;
  for (const std::size_t row : rows) values[kept++] = values[row];
  values.resize(kept);
}

// Lower case of the letters below U+0530, the reach of two-byte UTF-8 that titles use.
unsigned lower_code_point(unsigned c) {
  if ((c >= 0xC0 && c <= 0xDE && c != 0xD7) || (c >= 0x391 && c <= 0x3A9) || (c >= 0x410 && c <= 0x42F))
    return c + 0x20;
  if (c >= 0x400 && c <= 0x40F) return c + 0x50;
  const bool odd_is_upper = (c >= 0x139 && c <= 0x148) || (c >= 0x179 && c <= 0x17E);
  if (odd_is_upper) return (c & 1U) != 0 ? c + 1 : c;
  if (c >= 0x100 && c <= 0x177 && c != 0x130 && c != 0x131 && c != 0x138) return c | 1U;
  if (c >= 0x460 && c <= 0x481) return c | 1U;
  return c;
}

}  // namespace

const std::vector<std::string>& feature_names() {
  static const std::vector<std::string> names = {
      "danceability", "energy",     "loudness", "speechiness", "acousticness", "instrumentalness",
      "liveness",     "valence",    "tempo",    "key",         "mode",         "time_signature",
      "duration_ms",  "popularity", "year",     "explicit"};
  return names;
}

const char* feature_name(TrackFeature feature) { return feature_names()[static_cast<std::size_t>(feature)].c_str(); }

std::optional<TrackFeature> parse_feature(std::string_view name) {
  const auto role = role_of_column(name);
  if (!role || !role->feature) return std::nullopt;
  return *role->feature;
}

std::string_view TrackTable::primary_artist(std::size_t row) const {
  const std::string_view all = text(artist, row);
  const std::size_t length = primary_artist_bytes.empty() ? 0 : primary_artist_bytes[row];
  return length == 0 ? all : all.substr(0, length);
}

void TrackTable::keep(const std::vector<std::size_t>& kept) {
  std::vector<TextColumn*> texts = {&title, &artist, &album, &id, &genre, &label, &raw};
  for (TextColumn& column : cells) texts.push_back(&column);
  parallel_for(texts.size() + features.size(), 1, [&](std::size_t i, std::size_t) {
    i < texts.size() ? texts[i]->keep(kept) : keep_rows(features[i - texts.size()], kept);
  });
  keep_rows(primary_artist_bytes, kept);
  keep_rows(source, kept);
  rows = kept.size();
}

void TrackTable::append(const TrackTable& other) {
  const auto texts = {&TrackTable::title, &TrackTable::artist, &TrackTable::album, &TrackTable::id,
                      &TrackTable::genre, &TrackTable::label,  &TrackTable::raw};
  for (const auto column : texts) append_texts(this->*column, rows, other.*column, other.rows);
  cells.resize(std::max(cells.size(), other.cells.size()));
  for (std::size_t i = 0; i < cells.size(); ++i) {
    append_texts(cells[i], rows, i < other.cells.size() ? other.cells[i] : TextColumn{}, other.rows);
  }
  for (std::size_t i = 0; i < kTrackFeatureCount; ++i) {
    append_numbers(features[i], rows, other.features[i], other.rows, kMissing);
  }
  append_numbers<std::uint16_t>(primary_artist_bytes, rows, other.primary_artist_bytes, other.rows, 0);
  const auto first_source = static_cast<std::uint8_t>(sources.size());
  append_numbers<std::uint8_t>(source, rows, other.source, other.rows, 0);
  if (!other.source.empty()) {
    std::for_each(source.begin() + static_cast<std::ptrdiff_t>(rows), source.end(),
                  [first_source](std::uint8_t& s) { s = static_cast<std::uint8_t>(s + first_source); });
  }
  sources.insert(sources.end(), other.sources.begin(), other.sources.end());
  rows += other.rows;
}

std::string fold_case(std::string_view utf8) {
  std::string folded(utf8.size(), '\0');  // never longer than the text
  std::size_t end = 0;
  for (std::size_t i = 0; i < utf8.size(); ++i) {
    const auto c = static_cast<unsigned char>(utf8[i]);
    if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
      if (end > 0 && folded[end - 1] != ' ') folded[end++] = ' ';
      continue;
    }
    const auto next = i + 1 < utf8.size() ? static_cast<unsigned char>(utf8[i + 1]) : 0U;
    if (c >= 0xC3 && c <= 0xD4 && (next & 0xC0U) == 0x80) {
      const unsigned lower = lower_code_point((c & 0x1FU) << 6 | (next & 0x3FU));
      folded[end++] = static_cast<char>(0xC0U | lower >> 6);
      folded[end++] = static_cast<char>(0x80U | (lower & 0x3FU));
      ++i;
    } else {
      folded[end++] = static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
    }
  }
  while (end > 0 && folded[end - 1] == ' ') --end;
  folded.resize(end);
  return folded;
}

}  // namespace affekt
