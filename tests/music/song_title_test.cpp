#include "affekt/music/song_title.h"

#include "support/catch.h"

using namespace affekt;

TEST_CASE("editions of a song have one title, other recordings another") {
  for (const char* title :
       {"Lola", "LOLA!", " lola ", "Lola - Remastered 2014", "Lola (2014 Remaster)", "Lola - Mono", "Lola (feat. Dave)",
        "Lola [Radio Edit]", "Lola (feat. Dave) - Single Version - 2014 Remaster"}) {
    INFO(title);
    CHECK(song_title_key(title) == "lola");
  }
  for (const char* title :
       {"Lola - Live", "Lola (Tiesto Remix)", "Lola II", "Monologue (Lola)", "Lola (Featherweight)"}) {
    INFO(title);
    CHECK(song_title_key(title) != "lola");
  }
  CHECK(song_title_key("???") == "???");
  CHECK(song_title_key("(Remastered)") == "(remastered)");
  CHECK(song_title_key("") == "");
  CHECK(song_title_key("( - (") == song_title_key("( - ("));
  CHECK(song_title_key("\xC3\x89tude") == song_title_key("\xC3\xA9tude"));
}
