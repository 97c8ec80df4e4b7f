#include "affekt/music/track_reader.h"

#include <cmath>
#include <string>
#include <vector>

#include "affekt/core/error.h"
#include "affekt/core/file.h"
#include "affekt/core/text.h"
#include "music/read_text.h"
#include "support/catch.h"

using affekt::DataError;
using affekt::TrackFeature;
using affekt::TrackFile;
using affekt::TrackTable;
using affekt::test::contains;
using affekt::test::message_of;
using affekt::test::read;
using affekt::test::refusal;
using affekt::test::value;

TEST_CASE("headers of the known dialects") {
  struct Dialect {
    const char* header;
    const char* row;
  };
  const Dialect dialects[] = {
      {"id,name,popularity,duration_ms,explicit,artists,id_artists,release_date,danceability,energy,key,loudness,mode,"
       "speechiness,acousticness,instrumentalness,liveness,valence,tempo,time_signature",
       "ID1,Song,55,200000,1,\"['Ann', 'Bob']\",x,1922-06-01,0.5,0.25,3,-7.5,1,0.1,0.2,0.3,0.4,0.75,120,4"},
      {",track_id,artists,album_name,track_name,popularity,duration_ms,explicit,danceability,energy,key,loudness,mode,"
       "speechiness,acousticness,instrumentalness,liveness,valence,tempo,time_signature,track_genre",
       "0,ID1,Ann;Bob,Album,Song,55,200000,True,0.5,0.25,3,-7.5,1,0.1,0.2,0.3,0.4,0.75,120,4,pop"},
      {"Track URI,Track Name,Album Name,Artist Name(s),Release Date,Duration (ms),Popularity,Explicit,Added By,Added "
       "At,"
       "Genres,Record Label,Danceability,Energy,Key,Loudness,Mode,Speechiness,Acousticness,Instrumentalness,Liveness,"
       "Valence,Tempo,Time Signature",
       "spotify:track:ID1,Song,Album,Ann;Bob,1922,200000,55,true,me,now,pop,Label,0.5,0.25,3,-7.5,1,0.1,0.2,0.3,0.4,0."
       "75,"
       "120,4"},
  };
  for (const Dialect& dialect : dialects) {
    const auto result = read(std::string(dialect.header) + "\n" + dialect.row + "\n");
    REQUIRE(result.table.size() == 1);
    CHECK(result.table.title[0] == "Song");
    CHECK(result.table.id[0] == "ID1");
    CHECK(result.table.artist[0] == "Ann, Bob");
    CHECK(result.table.primary_artist(0) == "Ann");
    CHECK(affekt::default_features(result.table).size() == affekt::kAudioFeatureCount);
    CHECK(value(result, TrackFeature::valence) == 0.75F);
    CHECK(value(result, TrackFeature::loudness) == -7.5F);
    CHECK(value(result, TrackFeature::tempo) == 120.0F);
    CHECK(value(result, TrackFeature::duration_ms) == 200000.0F);
    CHECK(value(result, TrackFeature::key) == 3.0F);
    CHECK(value(result, TrackFeature::explicit_lyrics) == 1.0F);
    CHECK(value(result, TrackFeature::popularity) == 55.0F);
  }
}

TEST_CASE("delimiters, decimal commas, byte order mark, quoted newlines") {
  const auto semicolon = read("\xEF\xBB\xBFname;artist;energy;valence;tempo\nA;B;0,5;0,125;120,25\n");
  CHECK(semicolon.table.title[0] == "A");
  CHECK(value(semicolon, TrackFeature::energy) == 0.5F);
  CHECK(value(semicolon, TrackFeature::valence) == 0.125F);
  CHECK(value(semicolon, TrackFeature::tempo) == 120.25F);
  const auto tab = read("name\tenergy\nA\t0.5\n");
  CHECK(value(tab, TrackFeature::energy) == 0.5F);
  const auto quoted = read("name,energy\r\n\"two\r\nlines \"\"quoted\"\"\",0.5\r\n");
  CHECK(quoted.table.title[0] == "two\r\nlines \"quoted\"");
  CHECK(quoted.table.size() == 1);
}

TEST_CASE("artist lists in every spelling") {
  const auto artist = [](const std::string& cell) {
    const auto result = read("artists,energy\n" + cell + ",0.5\n");
    return std::string(result.table.artist[0]) + "|" + std::string(result.table.primary_artist(0));
  };
  CHECK(artist("\"['A', 'B']\"") == "A, B|A");
  CHECK(artist("\"['Guns N\\' Roses', \"\"D'Angelo\"\"]\"") == "Guns N' Roses, D'Angelo|Guns N' Roses");
  CHECK(artist("['Solo']") == "Solo|Solo");
  CHECK(artist("[]") == "|");
  CHECK(artist("A; B ;") == "A, B|A");
  CHECK(artist("\"Tyler, The Creator\"") == "Tyler, The Creator|Tyler, The Creator");
}

TEST_CASE("ids from URIs and links") {
  const auto id = [](const std::string& cell) { return std::string(read("uri,energy\n" + cell + ",1\n").table.id[0]); };
  CHECK(id("spotify:track:4HIwL9ii9CcXpTOTzMq0MP") == "4HIwL9ii9CcXpTOTzMq0MP");
  CHECK(id("https://open.spotify.com/track/4HIwL9ii9CcXpTOTzMq0MP?si=1") == "4HIwL9ii9CcXpTOTzMq0MP");
  CHECK(id(" plain ") == "plain");
}

TEST_CASE("missing, duplicate and malformed rows are counted by reason") {
  auto result = read(
      "id,name,artist,energy,tempo\n"
      "1,A,X,0.5,100\n"
      "1,other,other,0.6,100\n"  // id again
      "2, a ,x,0.7,100\n"        // title and artist again, whatever their case
      "3,C,X,NA,100\n"           // no energy
      "4,D,X,0.5,0\n"            // no tempo
      "5,E,X,abc,100\n"          // not a number
      "6,F,X,0.5\n"              // too short
      ",\xC3\x89t\xC3\xA9,X,0.5,90\n"
      ",\xC3\xA9t\xC3\xA9,X,0.5,90\n"  // the same word in lower case
      ",,X,0.5,90\n,,X,0.5,90\n");     // without a title nothing is known to be the same
  CHECK(result.dropped.malformed == 1);
  affekt::drop_unusable(result.table, {TrackFeature::energy, TrackFeature::tempo}, result.dropped);
  CHECK(result.dropped.missing == 3);
  CHECK(affekt::lacking_in_words(result.dropped) == "energy 2, tempo 1");
  CHECK(result.dropped.duplicate == 3);
  CHECK(result.table.size() == 4);
  CHECK(result.table.title[1] == "\xC3\x89t\xC3\xA9");
  CHECK(result.table.raw[0] == "1,A,X,0.5,100");
}

TEST_CASE("letters that were lost before stay lost, and do not make a text latin-1") {
  const auto result = read("name,artist,energy\nM\xEF\xBF\xBDn,Beyonc\xEF\xBF,0.5\nCaf\xC3\xA9,Be\xEF,0.6\n");
  CHECK(result.table.title[0] == "M\xEF\xBF\xBDn");
  CHECK(result.table.artist[0] == "Beyonc\xEF\xBF\xBD");
  CHECK(result.table.title[1] == "Caf\xC3\xA9");
  CHECK(result.table.artist[1] == "Be\xEF\xBF\xBD");
}

TEST_CASE("one broken quote costs one row, with its place") {
  const auto result = read("name,energy\nA,0.5\n\"B\"x,0.5\nC,0.5\n\"never closed,0.5\nD,0.5\n");
  CHECK(result.table.size() == 3);
  CHECK(result.dropped.malformed == 2);
  CHECK(contains(result.dropped.first_malformed, "tracks.csv:3"));
  CHECK(result.table.raw[1] == "C,0.5");
  CHECK(result.table.raw[2] == "D,0.5");
}

TEST_CASE("medians are of known values, of an even count the lower; rows without any value stay as they are") {
  TrackTable table;
  table.rows = 5;
  table.column(TrackFeature::energy) = {0.9F, 0.1F, NAN, 0.4F, NAN};
  table.column(TrackFeature::valence) = {0.2F, 0.8F, 0.6F, 0.4F, NAN};
  table.column(TrackFeature::tempo) = {NAN, NAN, NAN, NAN, NAN};
  const std::vector<TrackFeature> features = {TrackFeature::energy, TrackFeature::valence, TrackFeature::tempo};
  const std::vector<double> medians = affekt::column_medians(table, features);
  CHECK(medians[0] == Approx(0.4));
  CHECK(medians[1] == Approx(0.4));
  CHECK(std::isnan(medians[2]));
  CHECK(affekt::fill_missing(table, features, medians) == 1);
  CHECK(table.value(TrackFeature::energy, 2) == 0.4F);
  CHECK(std::isnan(table.value(TrackFeature::energy, 4)));
  CHECK(std::isnan(table.value(TrackFeature::tempo, 0)));
}

TEST_CASE("a missing row does not hide its complete duplicate") {
  auto result = read("id,energy\n1,NA\n1,0.5\n");
  affekt::drop_unusable(result.table, {TrackFeature::energy}, result.dropped);
  CHECK(result.table.size() == 1);
  CHECK(result.dropped.missing == 1);
}

TEST_CASE("tables without what is needed say what they have") {
  const auto message = refusal("Titre,Artiste,\xC3\x89nergie\nA,B,0.5\n");
  CHECK(contains(message, "tracks.csv:1"));
  CHECK(contains(message, "danceability"));
  CHECK(contains(message, "Artiste"));
  CHECK(contains(refusal(""), "empty"));
  CHECK(contains(refusal(std::string("\0\1\2\3", 4)), "tracks.csv"));
  CHECK(read("energy,valence\n").table.size() == 0);  // header only: for the caller to judge
  CHECK_THROWS_AS(read("\"name,energy\nA,0.5\n"), DataError);
  CHECK(contains(refusal(std::string(std::size_t{2} << 20, 'x')), "tracks.csv:1: no line end within 1 MiB"));
  CHECK(contains(refusal("energy,valence" + std::string(std::size_t{2} << 20, ' ') + "\n1,1\n"), "no line end"));
}

TEST_CASE("huge cells and zero bytes within a row cost their row only") {
  const auto huge = read("name,energy\n" + std::string(3000000, 'x') + ",0.5\nB,0.25\n");
  CHECK(huge.table.size() == 1);
  CHECK(huge.dropped.malformed == 1);
  CHECK(huge.table.title[0] == "B");
  std::string text = "name,energy\n";
  for (int i = 0; i < 5000; ++i) text += "song" + std::to_string(i) + ",0.5\n";
  text += std::string("nul\0nul,0.5\n", 12);
  const auto nul = read(text);
  CHECK(nul.table.size() == 5000);
  CHECK(contains(nul.dropped.first_malformed, ":5002: a zero byte"));
}

TEST_CASE("tables are joined, with what one of them lacks left missing") {
  affekt::TrackReadOptions options;
  options.cells = {"TITLE"};
  auto a = read("name,energy\nA,0.5\n", options).table;
  const auto b = read("title;artist;energy;valence\nB;\xC3\x84 X;0,25;1\n", options).table;
  a.append(b);
  REQUIRE(a.size() == 2);
  CHECK(a.title[1] == "B");
  CHECK(a.artist[0].empty());
  CHECK(a.artist[1] == "\xC3\x84 X");
  CHECK(std::isnan(a.value(TrackFeature::valence, 0)));
  CHECK(a.value(TrackFeature::valence, 1) == 1.0F);
  CHECK(a.source[1] == 1);
  CHECK(a.raw[1] == "B;\xC3\x84 X;0,25;1");
  REQUIRE(a.cells.size() == 1);
  CHECK(a.cells[0][0].empty());
  CHECK(a.cells[0][1] == "B");
  CHECK_NOTHROW(affekt::require_column(a.sources, "TITLE"));
  CHECK_THROWS_AS(affekt::require_column(a.sources, "nothing"), affekt::UsageError);
  a.keep({1});
  CHECK(a.title[0] == "B");
  CHECK(a.cells[0][0] == "B");
  CHECK(a.size() == 1);
}

TEST_CASE("cells asked for are those of the files, whatever else the column is read as") {
  std::string text = "name,mood,Mood,energy\n";
  for (int i = 0; i < 500; ++i) {
    text += "\"Song\n" + std::to_string(i) + "\",\" \"\"x\"\" " + std::to_string(i) + "\",NA , 50 \n";
    if (i % 7 == 0) text += "short,row\n";
  }
  affekt::TrackReadOptions options;
  options.cells = {"mood", "Mood", "ENERGY", "nope", "name"};
  for (const std::size_t part_bytes : {std::size_t{64}, std::size_t{4} << 20}) {
    options.part_bytes = part_bytes;
    const auto result = read(text, options);
    REQUIRE(result.table.size() == 500);
    const auto& cells = result.table.cells;
    REQUIRE(cells.size() == 5);
    CHECK(cells[3].empty());
    for (std::size_t row = 0; row < 500; ++row) {
      REQUIRE(cells[0][row] == "\"x\" " + std::to_string(row));
      REQUIRE(cells[1][row] == "NA");
      REQUIRE(cells[2][row] == "50");
      REQUIRE(cells[4][row] == "Song\n" + std::to_string(row));
    }
    CHECK(value(result, TrackFeature::energy) == 0.5F);
    CHECK(contains(affekt::join(result.notes.lines, "\n"), "not used: Mood"));  // by the reader itself
  }
}

TEST_CASE("feature names and aliases") {
  CHECK(affekt::parse_feature("BPM") == TrackFeature::tempo);
  CHECK(affekt::parse_feature("Acousticness_%") == TrackFeature::acousticness);
  CHECK(affekt::parse_feature("time signature") == TrackFeature::time_signature);
  CHECK_FALSE(affekt::parse_feature("name"));
  CHECK_FALSE(affekt::parse_feature(""));
  for (const auto& name : affekt::feature_names()) {
    REQUIRE(affekt::parse_feature(name));
    CHECK(affekt::feature_name(*affekt::parse_feature(name)) == name);
  }
}

TEST_CASE("columns named by the user come before the usual names") {
  const auto read_as = [](const std::string& text, const std::string& columns) {
    const TempFolder folder;
    affekt::write_file(folder / "tracks.csv", text);
    affekt::TrackReadOptions options;
    options.columns = affekt::parse_column_overrides(columns);
    TrackFile result = affekt::read_tracks((folder / "tracks.csv").string(), options);
    affekt::require_columns(result.table.sources, options.columns);
    return result;
  };
  const std::string text = "name,By,Punch,Released,song\nA,X,0.5,May 1999,Other\n";
  const auto renamed = read_as(text, " title = song , artist=by,energy=punch,year=Released");
  CHECK(renamed.table.title[0] == "Other");
  CHECK(renamed.table.artist[0] == "X");
  CHECK(value(renamed, TrackFeature::energy) == 0.5F);
  CHECK(value(renamed, TrackFeature::year) == 1999.0F);
  // A column that is named for something is no longer what its own name says.
  CHECK(read_as(text, "artist=name,energy=Punch").table.title[0] == "Other");
  const auto refused = [&](const std::string& columns) {
    return message_of<affekt::UsageError>([&] { read_as(text, columns); });
  };
  CHECK(contains(refused("energy=Punch,artist=Byy"), "By"));
  CHECK(contains(refused("enrgy=Punch"), "energy"));
  CHECK(contains(refused("energy"), "ROLE=COLUMN"));
  CHECK(contains(refused("energy="), "ROLE=COLUMN"));
  CHECK(contains(refused("energy=Punch,energy=Punch"), "twice"));
}

TEST_CASE("notes say what was recognised") {
  const auto notes = affekt::join(read("Track Name;Energy;Playlist\nCaf\xE9;0,5;x\n").notes.lines, "\n");
  for (const char* said : {"encoding: latin-1", "delimiter: semicolon", "title: column 'Track Name'",
                           "energy: column 'Energy'", "not used: Playlist"}) {
    CHECK(contains(notes, said));
  }
}
