#include "affekt/recommend/track_names.h"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "affekt/core/text.h"
#include "affekt/music/track_table.h"

namespace affekt {
namespace {

// Base letters of U+00C0..U+017F; A, T, S, O and I stand for ae, th, ss, oe and ij.
constexpr std::string_view kBaseLetters =
    "aaaaaaAceeeeiiiidnooooo ouuuuyTSaaaaaaAceeeeiiiidnooooo ouuuuyTy"
    "aaaaaaccccccccddddeeeeeeeeeegggggggghhhhiiiiiiiiiiIIjjkkkllllllllll"
    "nnnnnnnnnooooooOOrrrrrrssssssssttttttuuuuuuuuuuuuwwyyyzzzzzzs";
static_assert(kBaseLetters.size() == 0x180 - 0xC0);

void append_base(std::string& out, char letter) {
  constexpr std::array<std::pair<char, std::string_view>, 5> kPairs{
      {{'A', "ae"}, {'T', "th"}, {'S', "ss"}, {'O', "oe"}, {'I', "ij"}}};
  for (const auto& [mark, text] : kPairs) {
    if (letter == mark) {
      out += text;
      return;
    }
  }
  out += letter;
}

// Lower case, accents of Latin letters off, typographic quotes, dashes and spaces as their ASCII cousins.
std::string plain(std::string_view text) {
  const std::string folded = fold_case(to_utf8(text));
  std::string out;
  for (std::size_t i = 0; i < folded.size(); ++i) {
    const auto byte = [&](std::size_t k) { return static_cast<unsigned char>(folded[i + k]); };
    const bool two = byte(0) >= 0xC2 && byte(0) < 0xE0 && i + 1 < folded.size();
    const unsigned point = two ? (byte(0) & 0x1FU) << 6U | (byte(1) & 0x3FU) : 0U;
    if (two && point >= 0xC0 && point < 0x180) {
      append_base(out, kBaseLetters[point - 0xC0]);
    } else if (two && (point == 0x439 || point == 0x451)) {  // й and ё, whose marks a decomposed text has apart
      out += point == 0x439 ? "\xD0\xB8" : "\xD0\xB5";
    } else if (two && point < 0xC0) {
      out += point == 0xB4 ? '\'' : ' ';  // signs and the hard space
    } else if (two && !(point >= 0x300 && point <= 0x36F)) {
      out.append(folded, i, 2);
    } else if (byte(0) == 0xE2 && i + 2 < folded.size() && (byte(1) == 0x80 || byte(1) == 0x81)) {
      const bool quote = byte(1) == 0x80 && byte(2) >= 0x98 && byte(2) <= 0x9B;
      const bool dash = byte(1) == 0x80 && byte(2) >= 0x90 && byte(2) <= 0x95;
      out += quote ? '\'' : dash ? '-' : ' ';
      ++i;
    } else if (!two) {
      out += folded[i];
      continue;
    }
    ++i;
  }
  return out;
}

bool is_word_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || static_cast<signed char>(c) < 0;
}

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words(1);
  for (const char c : text) {
    if (is_word_char(c)) {
      words.back() += c;
    } else if (c == '&' || c == '+') {
      words.insert(words.end(), {"and", ""});
    } else if (c != '\'' && !words.back().empty()) {
      words.emplace_back();
    }
  }
  words.erase(std::remove(words.begin(), words.end(), ""), words.end());
  return words;
}

template <std::size_t n>
bool is_one_of(const std::string& word, const std::array<std::string_view, n>& list) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

bool is_number(const std::string& word) {
  return std::all_of(word.begin(), word.end(), [](char c) { return c >= '0' && c <= '9'; });
}

constexpr std::array<std::string_view, 3> kGuests{"feat", "ft", "featuring"};

// What stands in brackets or behind a dash and names the same recording: guests, a remaster, an edition.
bool is_edition(std::string_view text) {
  constexpr std::array<std::string_view, 17> kEdition{"radio",   "edit",   "album", "version", "single",  "original",
                                                      "bonus",   "track",  "mix",   "mono",    "stereo",  "explicit",
                                                      "edition", "deluxe", "clean", "digital", "expanded"};
  constexpr std::array<std::string_view, 7> kOtherTake{"live",         "acoustic", "demo",   "remix",
                                                       "instrumental", "karaoke",  "session"};
  const auto words = words_of(text);
  if (words.empty()) return false;
  if (is_one_of(words.front(), kGuests) || words.front() == "with") return true;
  bool named = false;
  bool remaster = false;
  bool only_edition = true;
  for (const auto& word : words) {
    if (is_one_of(word, kOtherTake)) return false;
    const bool edition = is_one_of(word, kEdition);
    remaster = remaster || word.rfind("remaster", 0) == 0;
    named = named || edition;
    only_edition = only_edition && (edition || is_number(word));
  }
  // A mix alone is another recording; "original mix" is not.
  return remaster || (only_edition && named && words.front() != "mix");
}

void drop_bracketed_editions(std::string& text) {
  for (std::size_t open = text.find_first_of("(["); open != std::string::npos;) {
    const std::size_t close = text.find(text[open] == '(' ? ')' : ']', open);
    if (close == std::string::npos) return;
    if (is_edition(std::string_view(text).substr(open + 1, close - open - 1))) {
      text.replace(open, close - open + 1, " ");
    } else {
      open = close;
    }
    open = text.find_first_of("([", open);
  }
}

// Cuts the text where a word of `words` stands between spaces.
void cut_at_guests(std::string& text) {
  for (const auto guest : kGuests) {
    for (const char* end : {" ", ". "}) {
      const std::size_t at = text.find(" " + std::string(guest) + end);
      if (at != std::string::npos && at > 0) text.erase(at);
    }
  }
}

}  // namespace

std::string title_key(const std::string& title) {
  std::string text = plain(title);
  drop_bracketed_editions(text);
  for (std::size_t dash = text.rfind(" - "); dash != std::string::npos && dash > 0; dash = text.rfind(" - ")) {
    if (!is_edition(std::string_view(text).substr(dash + 3))) break;
    text.erase(dash);
  }
  cut_at_guests(text);
  const std::string key = join(words_of(text), " ");
  return key.empty() ? fold_case(to_utf8(title)) : key;
}

std::string artist_key(const std::string& artist, Artists which) {
  std::string text = plain(artist);
  if (which == Artists::first) {
    cut_at_guests(text);
    for (const char* separator : {", ", ";", " / "}) text.erase(std::min(text.find(separator), text.size()));
  }
  auto words = words_of(text);
  if (words.size() > 1 && words.front() == "the") words.erase(words.begin());
  const auto is_joint = [](const std::string& word) { return word == "and" || is_one_of(word, kGuests); };
  words.erase(std::remove_if(words.begin(), words.end(), is_joint), words.end());
  const std::string key = join(words, " ");
  return key.empty() ? fold_case(to_utf8(artist)) : key;
}

std::string song_name(std::string_view artist, std::string_view title) {
  if (trim(title).empty()) return {};
  return (trim(artist).empty() ? "" : artist_key(std::string(artist), Artists::first)) + '\n' +
         title_key(std::string(title));
}

}  // namespace affekt
