#include "affekt/recommend/track_filter.h"

#include <algorithm>

#include "affekt/core/error.h"
#include "affekt/core/text.h"

namespace affekt {
namespace {

// " rock " of "Rock": with a space on either side, so that words are found whole. Lists of genres become words too.
std::string as_words(std::string_view genre) {
  std::string words = " ";
  for (const char c : fold_case(genre)) {
    const bool separates =
        c == ' ' || c == ',' || c == ';' || c == '/' || c == '|' || c == '[' || c == ']' || c == '\'' || c == '"';
    if (!separates) {
      words += c;
    } else if (words.back() != ' ') {
      words += ' ';
    }
  }
  if (words.back() != ' ') words += ' ';
  return words;
}

bool has_genre(std::string_view genre, const std::vector<std::string>& wanted) {
  const std::string words = as_words(genre);
  return std::any_of(wanted.begin(), wanted.end(),
                     [&](const std::string& name) { return words.find(name) != std::string::npos; });
}

void need(bool there, const char* flag, const char* column) {
  if (there) return;
  throw DataError("the catalogue has no column of " + std::string(column) + ", which --" + flag + " needs");
}

}  // namespace

std::optional<YearRange> parse_years(const std::string& text) {
  const auto bad = [&text] {
    return UsageError("year: expected A:B, A:, :B or A, as in 1990:1999, found '" + printable(text, 40) + "'");
  };
  if (text.empty()) return std::nullopt;
  const auto bound = [&bad](const std::string& part, int open) {
    if (part.empty()) return open;
    const auto year = parse_integer(part);
    if (!year || *year < 0 || *year > 9999) throw bad();
    return static_cast<int>(*year);
  };
  YearRange years;
  const auto colon = text.find(':');
  years.first = bound(text.substr(0, colon), years.first);
  years.last = colon == std::string::npos ? years.first : bound(text.substr(colon + 1), years.last);
  if (text == ":" || years.first > years.last) throw bad();
  return years;
}

void TrackFilter::validate() const {
  for (const std::string& genre : genres) {
    if (as_words(genre) == " ") throw UsageError("genre: expected a name, found '" + printable(genre, 40) + "'");
  }
}

FilteredRows filter_rows(const TrackTable& tracks, const std::vector<std::size_t>& rows, const TrackFilter& filter) {
  filter.validate();
  // A track of an unknown year is in no range.
  const auto in_range = [&filter](float year) {
    return double{year} >= filter.years->first && double{year} <= filter.years->last;
  };
  std::vector<std::string> genres;
  for (const std::string& genre : filter.genres) genres.push_back(as_words(genre));
  if (filter.years) need(tracks.has(TrackFeature::year), "year", "years");
  if (!genres.empty()) need(!tracks.genre.empty(), "genre", "genres");
  const bool ask_explicit = filter.explicit_tracks != ExplicitTracks::allow;
  if (ask_explicit) need(tracks.has(TrackFeature::explicit_lyrics), "explicit", "explicit lyrics");
  const float wanted = filter.explicit_tracks == ExplicitTracks::only ? 1.0F : 0.0F;
  FilteredRows out;
  for (const std::size_t row : rows) {
    if (filter.years && !in_range(tracks.value(TrackFeature::year, row))) {
      ++out.by_years;
    } else if (!genres.empty() && !has_genre(tracks.genre[row], genres)) {
      ++out.by_genres;
    } else if (ask_explicit && tracks.value(TrackFeature::explicit_lyrics, row) != wanted) {
      ++out.by_explicit;
    } else {
      out.rows.push_back(row);
    }
  }
  return out;
}

}  // namespace affekt
