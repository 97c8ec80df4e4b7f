// Which titles and artists count as the same.
#include "affekt/recommend/track_names.h"

#include "support/catch.h"

using affekt::artist_key;
using affekt::Artists;
using affekt::title_key;

TEST_CASE("case, accents, punctuation, guests and editions do not tell titles apart") {
  const auto same = [](const char* a, const char* b) {
    INFO(a << " | " << b << " | " << title_key(a) << " | " << title_key(b));
    CHECK(title_key(a) == title_key(b));
  };
  same("Rebel Rebel - 2016 Remaster", "rebel rebel");
  same("Rebel Rebel - Remastered 2009", "Rebel Rebel (Remastered)");
  same("Don't Worry (feat. Aloe Blacc)", "Don\xE2\x80\x99t Worry ft. Aloe Blacc");
  same("Senorita", "Se\xC3\xB1orita");
  same("Se\xC3\xB1orita", "Sen\xCC\x83orita");
  same("\xC3\x86on", "AEON");
  same(
      "Stra\xC3\x9F"
      "e",
      "STRASSE");
  same(
      "\xC5\x81\xC3\xB3"
      "d\xC5\xBA",
      "Lodz");
  same("\xD0\x81\xD0\xB9", "\xD0\xB5\xCC\x88\xD0\xB8\xCC\x86");
  same("Heroes - Single Version", "\"Heroes\"");
  same("Strobe [Original Mix]", "Strobe");
  same("Rock & Roll", "Rock And Roll");
  same("Say So (with Nicki Minaj) - Album Version", "Say So");
  same("  Two\xC2\xA0Words ", "two words");
}

TEST_CASE("other takes, other words and other scripts stay apart; nothing is emptied") {
  const auto differ = [](const char* a, const char* b) {
    INFO(a << " | " << b << " | " << title_key(a) << " | " << title_key(b));
    CHECK(title_key(a) != title_key(b));
  };
  differ("Blame", "Blame (R3HAB Club Remix)");
  differ("Hurt", "Hurt - Live");
  differ("Hurt", "Hurt - Live / Remastered");
  differ("Layla", "Layla (Acoustic)");
  differ("Mix", "Mix (Club Mix)");
  differ("\xE5\xA4\x9C", "\xE6\x98\xBC");
  differ("\xD0\xBD\xD0\xBE\xD1\x87\xD1\x8C", "\xD0\xB4\xD0\xB5\xD0\xBD\xD1\x8C");
  differ("1999", "2000");
  for (const char* title : {"!!!", "(feat. Nobody)", "(Remastered)", "???", "\xFF\xFE", "-", " - ", "((", "(", "[x"}) {
    INFO(title);
    CHECK_FALSE(title_key(title).empty());
  }
  CHECK(title_key("(What's the Story) Morning Glory?") == "whats the story morning glory");
  CHECK(title_key("Feat of Strength") == "feat of strength");
}

TEST_CASE("artists: joints and a leading 'the' do not count; the first can be asked for") {
  CHECK(artist_key("Simon & Garfunkel", Artists::all) == artist_key("Simon and Garfunkel", Artists::all));
  CHECK(artist_key("Jay-Z, Kanye West", Artists::all) == artist_key("JAY Z & Kanye West", Artists::all));
  CHECK(artist_key("The Beatles", Artists::all) == artist_key("Beatles", Artists::all));
  CHECK(artist_key("The The", Artists::all) == "the");
  CHECK(artist_key("AC/DC", Artists::first) == "ac dc");
  CHECK(artist_key("Mesto, Aloe Blacc", Artists::first) == "mesto");
  CHECK(artist_key("Mesto feat. Aloe Blacc", Artists::first) == "mesto");
  CHECK(artist_key("Mesto; Aloe Blacc", Artists::first) == "mesto");
  CHECK(artist_key("Bj\xC3\xB6rk", Artists::all) == "bjork");
  CHECK_FALSE(artist_key("!!!", Artists::all).empty());
  CHECK(artist_key("&", Artists::first) == "&");
}
