// Damaged tables: whatever is done to a file, the tool ends with a table or with one line that says what is wrong.
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "affekt/core/file.h"
#include "affekt/core/random.h"
#include "support/catch.h"
#include "support/run_tool.h"
#include "support/temp_folder.h"
#include "support/tool_test.h"

using affekt::RandomStream;
using affekt::test::count_lines;

namespace {

using Damage = std::function<void(std::string& text, RandomStream& random)>;

std::size_t place_in(const std::string& text, RandomStream& random) { return random.below(text.size() + 1); }

/// Cells of a plain line, cut at every comma: quoted ones fall apart, which is damage, too.
std::vector<std::string> cells_of(const std::string& line) {
  std::vector<std::string> cells(1);
  for (const char c : line) {
    if (c == ',') {
      cells.emplace_back();
    } else {
      cells.back() += c;
    }
  }
  return cells;
}

void swap_columns(std::string& text, RandomStream& random) {
  std::string swapped;
  std::size_t a = 0, b = 0;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    auto cells = cells_of(text.substr(at, end - at));
    if (at == 0) {
      a = random.below(cells.size());
      b = random.below(cells.size());
    } else if (a < cells.size() && b < cells.size()) {  // the header stays: names that lie
      std::swap(cells[a], cells[b]);
    }
    for (std::size_t i = 0; i < cells.size(); ++i) swapped += (i > 0 ? "," : "") + cells[i];
    swapped += '\n';
    at = end + 1;
  }
  text = swapped;
}

void flip_quotes(std::string& text, RandomStream& random) {
  for (int i = 0; i < 20; ++i) {
    const std::size_t at = place_in(text, random);
    if (at < text.size() && text[at] == '"') {
      text[at] = ' ';
    } else {
      text.insert(at, "\"");
    }
  }
}

void mix_line_ends(std::string& text, RandomStream& random) {
  static const char* const kEnds[] = {"\n", "\r\n", "\r", "\n\n"};
  std::string mixed;
  for (const char c : text) {
    if (c == '\n') {
      mixed += kEnds[random.below(4)];
    } else {
      mixed += c;
    }
  }
  text = mixed;
}

const std::vector<std::pair<const char*, Damage>>& damages() {
  static const std::vector<std::pair<const char*, Damage>> list = {
      {"truncated", [](std::string& text, RandomStream& random) { text.resize(place_in(text, random)); }},
      {"truncated in the header", [](std::string& text, RandomStream& random) { text.resize(random.below(200)); }},
      {"quotes flipped", flip_quotes},
      {"columns swapped", swap_columns},
      {"zero bytes",
       [](std::string& text, RandomStream& random) {
         for (int i = 0; i < 20; ++i) text.insert(place_in(text, random), 1, '\0');
       }},
      {"latin-1 bytes",
       [](std::string& text, RandomStream& random) {
         for (int i = 0; i < 20; ++i) text.insert(place_in(text, random), "\xE9\xFF");
       }},
      {"a huge cell",
       [](std::string& text, RandomStream& random) {
         text.insert(place_in(text, random), std::string(std::size_t{3} << 20, 'x'));
       }},
      {"a huge number",
       [](std::string& text, RandomStream& random) {
         text.insert(place_in(text, random), "1" + std::string(400, '0') + "e999,-1e-999,nan,inf");
       }},
      {"mixed line ends", mix_line_ends},
      {"random bytes",
       [](std::string& text, RandomStream& random) {
         for (std::size_t i = 0; i < text.size() / 50; ++i) {
           text[random.below(text.size())] = static_cast<char>(random.below(256));
         }
       }},
      {"a stretch twice", [](std::string& text, RandomStream& random) {
         const std::size_t at = place_in(text, random);
         text.insert(place_in(text, random), text.substr(at, 5000));
       }}};
  return list;
}

void check_damaged(const std::string& name, const std::string& whole) {
  const TempFolder folder;
  std::uint64_t stream = 0;
  for (const auto& [what, damage] : damages()) {
    for (int round = 0; round < 2; ++round) {
      RandomStream random(7, stream++);
      std::string text = whole;
      damage(text, random);
      affekt::write_file(folder / "damaged.csv", text);
      affekt::test::ToolSetting setting;
      setting.folder = folder.path().string();
      // A fixed k and one start: reading is what is tested.
      const auto result =
          affekt::test::run_tool("affekt-cluster", {"damaged.csv", "-k", "3", "--restarts", "1"}, setting);
      INFO(name << ": " << what << ", round " << round << ": exit code " << result.exit_code << ": " << result.err);
      CHECK((result.exit_code == 0 || result.exit_code == 2 || result.exit_code == 3));
      if (result.exit_code == 0) {
        CHECK(result.out.find("left out: ") != std::string::npos);
      } else {
        CHECK(result.out.empty());
        CHECK(count_lines(result.err) == 1);
        CHECK(result.err.rfind("affekt-cluster: ", 0) == 0);
        CHECK(result.err.size() < 3000);
      }
      // Whatever a cell holds, it reaches no terminal as it is.
      CHECK(std::all_of(result.err.begin(), result.err.end(), [](char c) { return c == '\n' || c < 0 || c >= ' '; }));
    }
  }
}

}  // namespace

#ifdef AFFEKT_DATA_TEST

namespace {

/// The first lines of a table: damage shows there as well, and the test takes seconds.
std::string head_of(const std::filesystem::path& path) {
  constexpr std::size_t kMost = 60000;
  const auto file = affekt::InputFile::open(path);
  const std::string_view bytes = file.bytes();
  if (bytes.size() <= kMost) return std::string(bytes);
  return std::string(bytes.substr(0, bytes.find('\n', kMost) + 1));
}

}  // namespace

TEST_CASE("damaged versions of the real tables are read or refused in one line") {
  const std::filesystem::path folder = std::filesystem::path(std::getenv("AFFEKT_TEST_DATA")) / "music";
  for (const char* name : {"data_moods.csv", "songs_normalize.csv", "spotify-2023.csv", "spotify_dataset_viral200.csv",
                           "spotify_songs.csv", "top10s.csv"}) {
    check_damaged(name, head_of(folder / name));
  }
}

#else

TEST_CASE("a damaged table of a few songs is read or refused in one line") {
  std::string text = "id,name,artists,energy,valence,tempo\n";
  for (int i = 0; i < 60; ++i) {
    const std::string n = std::to_string(i);
    text += "id" + n + ",\"Song, \"\"" + n + "\"\"\",\"['A', 'B" + n + "']\",0.1" + n + ",0.9" + n + ",1" + n + ".5\n";
  }
  check_damaged("songs", text);
}

#endif
