// The real tables.
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string>

#include "support/catch.h"
#include "support/run_tool.h"

using affekt::test::run_tool;
using Json = nlohmann::json;

namespace {

Json cluster(const std::string& name, std::vector<std::string> flags) {
  flags.insert(flags.begin(), std::string(std::getenv("AFFEKT_TEST_DATA")) + "/music/" + name);
  flags.emplace_back("--json");
  const auto result = run_tool("affekt-cluster", flags);
  INFO(result.err);
  REQUIRE(result.exit_code == 0);
  return Json::parse(result.out);
}

}  // namespace

TEST_CASE("human moods agree with clusters as well as scikit-learn's do") {
  const Json json = cluster("data_moods.csv", {"-k", "4", "--label-column", "mood", "--restarts", "50"});
  CHECK(json["tracks"] == 686);
  // scikit-learn 1.2.1: StandardScaler, KMeans(4, n_init=50): inertia 3050.18, ARI 0.506, NMI 0.545.
  CHECK(json["inertia"].get<double>() == Approx(3050.18).epsilon(2e-4));
  CHECK(json["agreement"]["ari"].get<double>() == Approx(0.506).margin(0.01));
  CHECK(json["agreement"]["nmi"].get<double>() == Approx(0.545).margin(0.01));
}

TEST_CASE("every table loads as it is") {
  struct Expected {
    const char* name;
    std::size_t tracks, missing, duplicate, features;
  };
  const Expected tables[] = {{"spotify_songs.csv", 26162, 1, 6670, 9},
                             {"songs_normalize.csv", 1925, 0, 75, 9},
                             {"top10s.csv", 586, 1, 16, 8},
                             {"spotify-2023.csv", 949, 0, 4, 8},
                             {"spotify_dataset_viral200.csv", 1516, 11, 29, 8}};
  for (const Expected& table : tables) {
    INFO(table.name);
    const Json json = cluster(table.name, {"-k", "5", "--restarts", "1"});
    CHECK(json["tracks"] == table.tracks);
    CHECK(json["dropped"]["missing"] == table.missing);
    CHECK(json["dropped"]["duplicate"] == table.duplicate);
    CHECK(json["dropped"]["malformed"] == 0);
    CHECK(json["features"].size() == table.features);
    for (const auto& c : json["clusters"]) {
      CHECK(c["centroid"]["energy"] > 0.0);
      CHECK(c["centroid"]["energy"] < 1.0);
      CHECK(c["centroid"]["tempo"] > 60.0);
    }
  }
}
