#include "music/column_choice.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "affekt/core/error.h"
#include "affekt/core/text.h"

namespace affekt {
namespace {

constexpr std::array<std::pair<const char*, TextRole>, 6> kTextRoles = {{{"title", TextRole::title},
                                                                         {"artist", TextRole::artist},
                                                                         {"album", TextRole::album},
                                                                         {"id", TextRole::id},
                                                                         {"genre", TextRole::genre},
                                                                         {"label", TextRole::label}}};

const char* role_name(TextRole role) {
  for (const auto& [name, known] : kTextRoles) {
    if (known == role) return name;
  }
  return "";
}

/// What a role's name stands for; the column of an override keeps the ways its own name would give it.
std::optional<ColumnRole> role_of_name(const std::string& name) {
  ColumnRole role;
  for (const auto& [text, known] : kTextRoles) {
    if (name == text) role.text = known;
  }
  const auto& features = feature_names();
  const auto feature = std::find(features.begin(), features.end(), name);
  if (feature != features.end()) role.feature = static_cast<TrackFeature>(feature - features.begin());
  if (role.text == TextRole::none && !role.feature) return std::nullopt;
  return role;
}

std::string quoted_list(const std::vector<std::string>& names) {
  constexpr std::size_t kMost = 30;
  std::vector<std::string> shown;
  for (std::size_t i = 0; i < std::min(names.size(), kMost); ++i) {
    shown.push_back(trim(names[i]).empty() ? "(no name)" : printable(names[i], 40));
  }
  return join(shown, ", ") + (names.size() > kMost ? ", ..." : "");
}

std::optional<std::size_t> find_column(const std::vector<std::string>& columns, const std::string& name) {
  auto found = std::find(columns.begin(), columns.end(), name);
  if (found == columns.end()) {
    found = std::find_if(columns.begin(), columns.end(), [&name](const std::string& column) {
      return normal_column_name(column) == normal_column_name(name);
    });
  }
  if (found == columns.end()) return std::nullopt;
  return static_cast<std::size_t>(found - columns.begin());
}

/// The best column so far of every role.
class Chooser {
 public:
  explicit Chooser(const TrackSource& source) : source_(source) {}

  void override_with(const ColumnOverride& wanted) {
    const auto column = find_column(source_.columns, wanted.column);
    auto role = role_of_name(wanted.role);
    if (!column || !role) return;
    if (role->feature == TrackFeature::year) role->is_date = true;
    role->preference = -1;
    taken_.insert(*column);
    offer(*column, *role);
  }

  void take_by_name() {
    for (std::size_t i = 0; i < source_.columns.size(); ++i) {
      const auto role = role_of_column(source_.columns[i]);
      if (role && taken_.count(i) == 0) offer(i, *role);
    }
  }

  ColumnChoice finish(TrackReadNotes& notes) const {
    ColumnChoice choice;
    std::set<std::size_t> used;
    for (const auto& [role, place] : texts_) {
      choice.texts.push_back({role, place.first});
      used.insert(place.first);
      note(notes, role_name(role), place.first);
    }
    for (const auto& [feature, place] : features_) {
      choice.numbers.emplace_back(place.first, source_.columns[place.first], place.second, source_.delimiter != ',');
      used.insert(place.first);
      note(notes, feature_name(feature), place.first);
    }
    std::vector<std::string> rest;
    for (std::size_t i = 0; i < source_.columns.size(); ++i) {
      if (used.count(i) == 0) rest.push_back(source_.columns[i]);
    }
    if (!rest.empty()) notes.lines.push_back("not used: " + quoted_list(rest));
    return choice;
  }

 private:
  void offer(std::size_t column, const ColumnRole& role) {
    const std::pair<std::size_t, ColumnRole> place(column, role);
    auto& best = role.feature ? features_.emplace(*role.feature, place).first->second
                              : texts_.emplace(role.text, place).first->second;
    if (role.preference < best.second.preference) best = place;
  }

  void note(TrackReadNotes& notes, const std::string& what, std::size_t column) const {
    notes.lines.push_back(what + ": column '" + printable(source_.columns[column], 60) + "'");
  }

  const TrackSource& source_;
  std::set<std::size_t> taken_;
  std::map<TextRole, std::pair<std::size_t, ColumnRole>> texts_;
  std::map<TrackFeature, std::pair<std::size_t, ColumnRole>> features_;
};

[[noreturn]] void fail_without_features(const TrackSource& source) {
  const std::vector<std::string> wanted(feature_names().begin(),
                                        feature_names().begin() + static_cast<std::ptrdiff_t>(kAudioFeatureCount));
  throw DataError(
      printable(source.path) + ":1: no audio feature columns; looked for " + join(wanted, ", ") +
      " (and their aliases), found: " + quoted_list(source.columns) +
      ". Export the table with its audio features and English column names, or say which column is which: " +
      "--columns energy=NAME,valence=NAME");
}

}  // namespace

ColumnChoice choose_columns(const TrackSource& source, const TrackReadOptions& options, TrackReadNotes& notes) {
  Chooser chooser(source);
  for (const ColumnOverride& wanted : options.columns) chooser.override_with(wanted);
  chooser.take_by_name();
  ColumnChoice choice = chooser.finish(notes);
  for (const std::string& name : options.cells) choice.cells.push_back(find_column(source.columns, name));
  const bool audio = std::any_of(choice.numbers.begin(), choice.numbers.end(), [](const NumberLoader& number) {
    return static_cast<std::size_t>(number.feature()) < kAudioFeatureCount;
  });
  if (!audio) fail_without_features(source);
  return choice;
}

TextColumn& text_column(TrackTable& table, TextRole role) {
  switch (role) {
    case TextRole::title:
      return table.title;
    case TextRole::artist:
      return table.artist;
    case TextRole::album:
      return table.album;
    case TextRole::id:
      return table.id;
    case TextRole::genre:
      return table.genre;
    default:
      return table.label;
  }
}

std::vector<ColumnOverride> parse_column_overrides(std::string_view text) {
  std::vector<std::string> known;
  known.reserve(std::size(kTextRoles) + feature_names().size());
  for (const auto& entry : kTextRoles) known.emplace_back(entry.first);
  known.insert(known.end(), feature_names().begin(), feature_names().end());
  std::vector<ColumnOverride> overrides;
  for (const std::string& part : split(text, ',')) {
    if (trim(part).empty()) continue;
    const std::size_t equals = part.find('=');
    if (equals == std::string::npos || trim(std::string_view(part).substr(equals + 1)).empty()) {
      throw UsageError("columns: expected ROLE=COLUMN, found '" + printable(part, 60) + "'");
    }
    ColumnOverride parsed{lower_ascii(trim(std::string_view(part).substr(0, equals))),
                          std::string(trim(std::string_view(part).substr(equals + 1)))};
    if (!role_of_name(parsed.role)) {
      throw UsageError("columns: " + unknown_name_message("role", parsed.role, known));
    }
    if (std::any_of(overrides.begin(), overrides.end(), [&](const auto& other) { return other.role == parsed.role; })) {
      throw UsageError("columns: '" + parsed.role + "' is given twice");
    }
    overrides.push_back(std::move(parsed));
  }
  return overrides;
}

void require_column(const std::vector<TrackSource>& files, const std::string& name) {
  std::vector<std::string> known;
  for (const TrackSource& file : files) {
    if (find_column(file.columns, name)) return;
    known.insert(known.end(), file.columns.begin(), file.columns.end());
  }
  throw UsageError(unknown_name_message("column", name, known));
}

void require_columns(const std::vector<TrackSource>& files, const std::vector<ColumnOverride>& columns) {
  for (const ColumnOverride& wanted : columns) {
    try {
      require_column(files, wanted.column);
    } catch (const UsageError& error) {
      throw UsageError(std::string("columns: ") + error.what());
    }
  }
}

}  // namespace affekt
