// Numbers of a track table: units, percents, what cannot be.
#include <cmath>
#include <string>
#include <vector>

#include "affekt/core/random.h"
#include "affekt/core/text.h"
#include "affekt/music/track_reader.h"
#include "music/read_text.h"
#include "support/catch.h"

using affekt::TrackFeature;
using affekt::TrackFile;
using affekt::test::contains;
using affekt::test::read;
using affekt::test::refusal;
using affekt::test::value;

TEST_CASE("percent, key letters, modes, thousands, ranks of streams, latin-1") {
  const auto result = read(
      "track_name,artist(s)_name,released_year,streams,bpm,key,mode,danceability_%,valence_%,energy_%\n"
      "Caf\xE9,\"Ann, Bob\",2023,\"1,000\",125,C#,Major,80,89,1\n"
      "B,Cy,2021,BPM110KeyA,99,,Minor,7,0,1\n"
      "C,Cy,2021,\"22,000,000\",0,F#/Gb,Minor,100,5,0\n");
  CHECK(result.table.title[0] == "Caf\xC3\xA9");
  CHECK(result.table.artist[0] == "Ann, Bob");
  CHECK(value(result, TrackFeature::danceability) == Approx(0.8));
  CHECK(value(result, TrackFeature::energy) == Approx(0.01));
  CHECK(value(result, TrackFeature::key) == 1.0F);
  CHECK(std::isnan(value(result, TrackFeature::key, 1)));
  CHECK(value(result, TrackFeature::key, 2) == 6.0F);
  CHECK(value(result, TrackFeature::mode) == 1.0F);
  CHECK(value(result, TrackFeature::mode, 1) == 0.0F);
  CHECK(value(result, TrackFeature::popularity) == Approx(25));
  CHECK(std::isnan(value(result, TrackFeature::popularity, 1)));
  CHECK(value(result, TrackFeature::popularity, 2) == Approx(75));
  CHECK(std::isnan(value(result, TrackFeature::tempo, 2)));  // a tempo of 0
}

TEST_CASE("short names and whole numbers without a percent sign") {
  const auto result = read(
      "title,artist,top genre,year,bpm,nrgy,dnce,dB,live,val,dur,acous,spch,pop\n"
      "A,X,pop,2010,97,89,67,-4,8,80,217,19,4,83\nB,Y,pop,2011,87,1,75,-5,52,64,3:20,24,0,82\n");
  CHECK(value(result, TrackFeature::energy) == Approx(0.89));
  CHECK(value(result, TrackFeature::energy, 1) == Approx(0.01));
  CHECK(value(result, TrackFeature::loudness) == -4.0F);
  CHECK(value(result, TrackFeature::popularity) == 83.0F);
  CHECK(value(result, TrackFeature::duration_ms, 1) == 200000.0F);
  CHECK(result.table.genre[0] == "pop");
}

TEST_CASE("units of durations") {
  CHECK(value(read("energy,length\n0.5,217\n"), TrackFeature::duration_ms) == 217000.0F);
  CHECK(value(read("energy,length\n0.5,217000\n"), TrackFeature::duration_ms) == 217000.0F);
  CHECK(value(read("energy,duration (ms)\n0.5,900\n"), TrackFeature::duration_ms) == 900.0F);
  CHECK(value(read("energy,duration\n0.5,3:37\n"), TrackFeature::duration_ms) == 217000.0F);
  CHECK(value(read("energy,duration\n0.5,1:00:01\n"), TrackFeature::duration_ms) == 3601000.0F);
  CHECK(value(read("energy,duration_min\n0.5,2.5\n"), TrackFeature::duration_ms) == 150000.0F);
  CHECK(std::isnan(value(read("energy,duration\n0.5,0\n"), TrackFeature::duration_ms)));
}

TEST_CASE("fractions that are all 0 or 1 are not percents") {
  const auto result = read("energy,instrumentalness,valence\n1,0,1\n0,0,0\n");
  CHECK(value(result, TrackFeature::energy) == 1.0F);
  CHECK(value(result, TrackFeature::valence, 1) == 0.0F);
}

TEST_CASE("fractions are percents if most are above 1") {
  const auto result = read("energy,valence,tempo\n12.5,0.7,250\n99.9,50,1\n0.5,88.25,2\n");
  CHECK(value(result, TrackFeature::energy) == 0.125F);
  CHECK(value(result, TrackFeature::energy, 2) == 0.005F);
  CHECK(value(result, TrackFeature::valence, 1) == 0.5F);
  CHECK(value(result, TrackFeature::tempo) == 250.0F);
  CHECK(contains(affekt::join(result.notes.lines, "\n"),
                 "column 'energy': most numbers above 1 and up to 100, read as percent, scaled by 0.01"));
  CHECK(result.notes.warnings.empty());
}

TEST_CASE("a fraction that cannot be one is missing, and its column says how many") {
  const auto result = read("energy,valence,tempo\n0.2,-1,250\n1.00001,0.5,-3\n0.5,1.5,2\n0,0.9,2\n1,0.1,2\n");
  CHECK(value(result, TrackFeature::energy, 1) == 1.00001F);
  CHECK(std::isnan(value(result, TrackFeature::valence, 0)));
  CHECK(value(result, TrackFeature::valence, 1) == 0.5F);
  CHECK(std::isnan(value(result, TrackFeature::valence, 2)));
  CHECK(value(result, TrackFeature::tempo) == 250.0F);
  CHECK(result.notes.warnings == std::vector<std::string>{"column 'valence': 2 values outside 0..1 taken as missing"});
  const auto scaled = read("energy,valence %\n0.2,30\n0.3,120\n0.4,50\n");
  CHECK(value(scaled, TrackFeature::valence, 2) == 0.5F);
  CHECK(std::isnan(value(scaled, TrackFeature::valence, 1)));
  CHECK(scaled.notes.warnings ==
        std::vector<std::string>{"column 'valence %': 1 value outside 0..100 taken as missing"});
  CHECK(contains(refusal("energy,valence\n0.2,-1.5\n0.3,0.7\n0.4,-0.2\n"),
                 "tracks.csv: column 'valence': 2 of 3 values lie outside 0..1; rescale it"));
  CHECK(contains(refusal("energy,valence\n0.2,512\n0.3,128\n"), "2 of 2 values lie outside 0..1"));
}

TEST_CASE("a tempo, a loudness and a year that cannot be are missing, and said so") {
  const auto result = read(
      "energy,loudness,tempo,year\n0.1,-7,250,1999\n0.2,1e30,1e9,0\n0.3,-101,60,1999.0\n0.4,4.5,1000,30000\n"
      "0.5,-60,0,-44\n");
  const auto known = [&](TrackFeature feature) {
    std::string rows;
    for (std::size_t row = 0; row < 5; ++row) rows += std::isnan(value(result, feature, row)) ? '-' : '+';
    return rows;
  };
  CHECK(known(TrackFeature::loudness) == "+--++");
  CHECK(known(TrackFeature::tempo) == "+-++-");
  CHECK(known(TrackFeature::year) == "+-+--");
  CHECK(result.notes.warnings ==
        std::vector<std::string>{"column 'loudness': 2 values outside -100..100 taken as missing",
                                 "column 'tempo': 1 value outside 0..1000 taken as missing",
                                 "column 'year': 2 values outside 1000..2999 taken as missing"});
  CHECK(read("energy,year\n0.5,1\n0.6,2\n").notes.warnings.size() == 1);  // not refused: nothing else needs years
}

TEST_CASE("numbers are the nearest floats, however they are written") {
  affekt::RandomStream random(5);
  std::string text = "popularity,tempo\n";  // any number can be
  std::vector<std::string> cells;
  for (int i = 0; i < 3000; ++i) {
    const int digits = static_cast<int>(random.below(17)) + 1;
    std::string cell = random.below(4) == 0 ? "-" : "";
    for (int k = 0; k < digits; ++k) {
      cell += static_cast<char>('0' + random.below(10));
      if (k + 1 < digits && random.below(6) == 0 && cell.find('.') == std::string::npos) cell += '.';
    }
    if (random.below(3) == 0) cell += "e" + std::to_string(static_cast<int>(random.below(60)) - 30);
    cells.push_back(cell);
    text += cell + ",1\n";
  }
  const TrackFile result = read(text);
  REQUIRE(result.table.size() == cells.size());
  for (std::size_t i = 0; i < cells.size(); ++i) {
    INFO(cells[i]);
    const auto nearest = static_cast<float>(*affekt::parse_double(cells[i]));
    if (std::isfinite(nearest)) REQUIRE(value(result, TrackFeature::popularity, i) == nearest);
    if (std::isinf(nearest)) REQUIRE(std::isnan(value(result, TrackFeature::popularity, i)));
  }
}

TEST_CASE("numbers of any length are those that std::from_chars reads") {
  affekt::RandomStream random(14, 0);
  std::vector<std::string> cells = {"0",
                                    "-0",
                                    "0.0",
                                    "007",
                                    "1.50",
                                    "123456789012345",
                                    "1234567890123456",
                                    "9007199254740993",
                                    "0.1",
                                    "-0.3",
                                    "1e-3",
                                    "0.000000000000001",
                                    "99999.9999999999",
                                    "0.30000000000000004",
                                    "16777217",
                                    "-12.345678901234567890"};
  for (int i = 0; i < 20000; ++i) {
    std::string digits;
    for (std::size_t n = 1 + random.below(17); n > 0; --n) digits += static_cast<char>('0' + random.below(10));
    if (digits.size() > 1 && random.below(4) > 0) digits.insert(1 + random.below(digits.size() - 1), ".");
    cells.push_back((random.below(2) == 0 ? "-" : "") + digits);
  }
  std::string text = "track_name,energy,time_signature\n";
  for (const std::string& cell : cells) text += "A,0.5," + cell + "\n";
  const auto result = read(text);
  REQUIRE(result.table.size() == cells.size());
  std::size_t different = 0;
  for (std::size_t row = 0; row < cells.size(); ++row) {
    const auto expected = static_cast<float>(*affekt::parse_double(cells[row]));
    const float found = value(result, TrackFeature::time_signature, row);
    if (found != expected || std::signbit(found) != std::signbit(expected)) ++different;
  }
  CHECK(different == 0);
}
