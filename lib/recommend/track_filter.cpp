#include "affekt/recommend/track_filter.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <utility>

#include "affekt/core/error.h"
#include "affekt/core/text.h"

namespace affekt {
namespace {

struct Years {
  double first = -std::numeric_limits<double>::infinity();
  double last = std::numeric_limits<double>::infinity();
  bool holds(double year) const { return year >= first && year <= last; }  // not for NaN
};

Years parse_years(const std::string& text) {
  const auto bad = [&text] {
    return UsageError("year: expected A:B, A:, :B or A, as in 1990:1999, found '" + printable(text, 40) + "'");
  };
  Years years;
  if (text.empty()) return years;
  const auto colon = text.find(':');
  const auto bound = [&](const std::string& part, double& field) {
    if (part.empty()) return;
    const auto year = parse_integer(part);
    if (!year || *year < 0 || *year > 9999) throw bad();
    field = static_cast<double>(*year);
  };
  if (colon == std::string::npos) {
    bound(text, years.first);
    years.last = years.first;
  } else {
    bound(text.substr(0, colon), years.first);
    bound(text.substr(colon + 1), years.last);
  }
  if (text == ":" || years.first > years.last) throw bad();
  return years;
}

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

void TrackFilter::validate() const {
  parse_years(years);
  for (const std::string& genre : genres) {
    if (as_words(genre) == " ") throw UsageError("genre: expected a name, found '" + printable(genre, 40) + "'");
  }
}

FilteredRows filter_rows(const TrackTable& tracks, const std::vector<std::size_t>& rows, const TrackFilter& filter) {
  filter.validate();
  const Years years = parse_years(filter.years);
  std::vector<std::string> genres;
  for (const std::string& genre : filter.genres) genres.push_back(as_words(genre));
  if (!filter.years.empty()) need(tracks.has(TrackFeature::year), "year", "years");
  if (!genres.empty()) need(!tracks.genre.empty(), "genre", "genres");
  const bool ask_explicit = filter.explicit_tracks != ExplicitTracks::allow;
  if (ask_explicit) need(tracks.has(TrackFeature::explicit_lyrics), "explicit", "explicit lyrics");
  const float wanted = filter.explicit_tracks == ExplicitTracks::only ? 1.0F : 0.0F;
  FilteredRows out;
  for (const std::size_t row : rows) {
    if (!filter.years.empty() && !years.holds(double{tracks.value(TrackFeature::year, row)})) {
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
