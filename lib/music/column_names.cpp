#include "music/column_names.h"

#include <unordered_map>

namespace affekt {
namespace {

using F = TrackFeature;

struct TextAliases {
  TextRole role;
  std::vector<const char*> names;  // best first
};

struct FeatureAliases {
  TrackFeature feature;
  std::vector<const char*> names;
};

const std::vector<TextAliases>& text_aliases() {
  static const std::vector<TextAliases> aliases = {
      {TextRole::title, {"title", "trackname", "songname", "song", "name", "track"}},
      {TextRole::artist, {"artists", "artist", "artistsname", "artistnames", "trackartist", "artistname"}},
      {TextRole::album, {"album", "albumname", "trackalbumname"}},
      {TextRole::id, {"id", "trackid", "spotifyid", "spotifytrackid", "songid", "trackuri", "spotifyuri", "uri"}},
      {TextRole::genre, {"genre", "trackgenre", "playlistgenre", "genres", "artistgenres", "topgenre"}},
      {TextRole::label, {"mood", "labels"}},
  };
  return aliases;
}

const std::vector<FeatureAliases>& feature_aliases() {
  static const std::vector<FeatureAliases> aliases = {
      {F::danceability, {"danceability", "dnce"}},
      {F::energy, {"energy", "nrgy"}},
      {F::loudness, {"loudness", "loudnessdb", "db"}},
      {F::speechiness, {"speechiness", "spch"}},
      {F::acousticness, {"acousticness", "acous"}},
      {F::instrumentalness, {"instrumentalness"}},
      {F::liveness, {"liveness", "live"}},
      {F::valence, {"valence", "val"}},
      {F::tempo, {"tempo", "bpm", "beatsperminute", "beatsperminutebpm", "tempobpm"}},
      {F::key, {"key", "chord"}},
      {F::mode, {"mode"}},
      {F::time_signature, {"timesignature"}},
      {F::duration_ms,
       {"durationms", "trackdurationms", "lengthms", "duration", "length", "trackduration", "lengthduration",
        "durations", "durationsec", "durationseconds", "durationmin", "dur"}},
      {F::popularity, {"popularity", "trackpopularity", "pop"}},
      {F::year, {"year", "releasedyear", "releaseyear"}},
      {F::explicit_lyrics, {"explicit", "explicitlyrics"}},
  };
  return aliases;
}

std::unordered_map<std::string, ColumnRole> make_roles() {
  std::unordered_map<std::string, ColumnRole> roles;
  for (const auto& aliases : text_aliases()) {
    int preference = 0;
    for (const char* name : aliases.names) {
      ColumnRole role;
      role.text = aliases.role;
      role.preference = preference++;
      roles.emplace(name, role);
    }
  }
  for (const auto& aliases : feature_aliases()) {
    int preference = 0;
    for (const char* name : aliases.names) {
      ColumnRole role;
      role.feature = aliases.feature;
      role.preference = preference++;
      roles.emplace(name, role);
    }
  }
  for (const char* name : {"releasedate", "albumreleasedate", "trackalbumreleasedate"}) {
    ColumnRole role;
    role.feature = F::year;
    role.is_date = true;
    role.preference = 100;
    roles.emplace(name, role);
  }
  ColumnRole streams;
  streams.feature = F::popularity;
  streams.is_streams = true;
  streams.preference = 100;
  roles.emplace("streams", streams);
  return roles;
}

}  // namespace

std::string normal_column_name(std::string_view name) {
  std::string normal;
  for (const char c : name) {
    if (c >= 'A' && c <= 'Z') {
      normal += static_cast<char>(c + 32);
    } else if (std::string_view("_-. ()%\t").find(c) == std::string_view::npos) {
      normal += c;
    }
  }
  return normal;
}

std::optional<ColumnRole> role_of_column(std::string_view name) {
  static const auto roles = make_roles();
  const auto found = roles.find(normal_column_name(name));
  if (found == roles.end()) return std::nullopt;
  return found->second;
}

std::optional<std::size_t> text_column_of(const std::vector<std::string_view>& names, TextRole role) {
  std::optional<std::size_t> best;
  int preference = 0;
  for (std::size_t i = 0; i < names.size(); ++i) {
    const auto known = role_of_column(names[i]);
    if (!known || known->text != role || (best && known->preference >= preference)) continue;
    best = i;
    preference = known->preference;
  }
  return best;
}

}  // namespace affekt
