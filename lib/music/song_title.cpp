#include "affekt/music/song_title.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "affekt/core/text.h"
#include "affekt/music/track_table.h"

namespace affekt {
namespace {

bool starts_with_word(std::string_view text, std::string_view word) {
  if (text.substr(0, word.size()) != word) return false;
  return text.size() == word.size() || std::isalpha(static_cast<unsigned char>(text[word.size()])) == 0;
}

/// True of what stands in brackets or after a dash and names an edition of the same recording.
bool names_edition(std::string_view words) {
  constexpr std::array<std::string_view, 3> kGuests{"feat", "ft", "featuring"};
  if (std::any_of(kGuests.begin(), kGuests.end(), [&](auto guest) { return starts_with_word(words, guest); }))
    return true;
  constexpr std::array<std::string_view, 9> kEditions{"remaster",   "radio edit", "single version", "album version",
                                                      "mono",       "stereo",     "single edit",    "original version",
                                                      "bonus track"};
  return std::any_of(kEditions.begin(), kEditions.end(),
                     [&](auto edition) { return words.find(edition) != std::string_view::npos; });
}

void drop_bracketed(std::string& title, char open, char close) {
  for (auto begin = title.find(open); begin != std::string::npos; begin = title.find(open, begin)) {
    const auto end = title.find(close, begin);
    if (end == std::string::npos) return;
    if (names_edition(std::string_view(title).substr(begin + 1, end - begin - 1))) {
      title.erase(begin, end - begin + 1);
    } else {
      ++begin;
    }
  }
}

}  // namespace

std::string song_title_key(std::string_view title) {
  const std::string folded = fold_case(title);
  std::string rest = folded;
  drop_bracketed(rest, '(', ')');
  drop_bracketed(rest, '[', ']');
  constexpr std::string_view kDash = " - ";
  for (auto dash = rest.rfind(kDash); dash != std::string::npos && dash > 0; dash = rest.rfind(kDash, dash - 1)) {
    if (names_edition(std::string_view(rest).substr(dash + kDash.size()))) rest.resize(dash);
  }
  std::string key;
  for (const char c : rest) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::ispunct(byte) != 0) continue;
    if (c == ' ' && (key.empty() || key.back() == ' ')) continue;
    key += c;
  }
  key = trim(key);
  return key.empty() ? folded : key;
}

}  // namespace affekt
