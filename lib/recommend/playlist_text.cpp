#include "recommend/playlist_text.h"

#include <cmath>
#include <cstdint>

#include "affekt/core/text.h"
#include "affekt/music/spotify_id.h"

namespace affekt::playlist {
namespace {

bool is_line_or_control(char32_t c) { return c < 0x20 || (c >= 0x7F && c <= 0x9F) || c == 0x2028 || c == 0x2029; }

// Marks that reorder the text around them: they would turn a player's list, or a terminal's, upside down.
bool is_bidi_control(char32_t c) {
  return c == 0x061C || c == 0x200E || c == 0x200F || (c >= 0x202A && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069);
}

struct CodePoint {
  char32_t value;
  std::size_t bytes;
};

// `text` is valid UTF-8 and `i` the start of a sequence.
CodePoint code_point_at(std::string_view text, std::size_t i) {
  const auto byte = [&](std::size_t k) { return static_cast<unsigned char>(text[i + k]); };
  const unsigned char lead = byte(0);
  if (lead < 0x80) return {lead, 1};
  const std::size_t length = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  char32_t value = lead & (0xFFU >> (length + 1));
  for (std::size_t k = 1; k < length; ++k) value = (value << 6U) | (byte(k) & 0x3FU);
  return {value, length};
}

bool is_unreserved(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
         c == '_' || c == '~';
}

}  // namespace

std::string one_line(std::string_view text) {
  const std::string utf8 = to_utf8(text);
  std::string out;
  out.reserve(utf8.size());
  for (std::size_t i = 0; i < utf8.size();) {
    const CodePoint c = code_point_at(utf8, i);
    if (is_line_or_control(c.value)) {
      if (!out.empty() && out.back() != ' ') out += ' ';
    } else if (!is_bidi_control(c.value)) {
      out.append(utf8, i, c.bytes);
    }
    i += c.bytes;
  }
  return std::string(trim(out));
}

std::string display_name(const RecommendedTrack& track) {
  const std::string artist = one_line(track.artist);
  std::string title = one_line(track.title);
  if (artist.empty() && title.empty()) return track.id.empty() ? "(untitled)" : one_line(track.id);
  if (artist.empty()) return title;
  return artist + " - " + (title.empty() ? "(untitled)" : title);
}

std::string spotify_uri(const RecommendedTrack& track) {
  const auto id = parse_spotify_track(track.id);
  return id ? "spotify:track:" + *id : "";
}

long long whole_milliseconds(const RecommendedTrack& track) {
  constexpr double kLongest = 30.0 * 24 * 3600 * 1000;
  if (!(track.duration_ms >= 0 && track.duration_ms <= kLongest)) return -1;
  return std::llround(track.duration_ms);
}

std::string percent_encode(std::string_view text) {
  constexpr char kDigits[] = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    if (is_unreserved(c)) {
      out += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out += '%';
      out += kDigits[byte >> 4U];
      out += kDigits[byte & 0xFU];
    }
  }
  return out;
}

}  // namespace affekt::playlist
