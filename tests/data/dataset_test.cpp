#include "affekt/data/dataset.h"

#include <algorithm>
#include <numeric>
#include <set>

#include "affekt/core/error.h"
#include "affekt/core/random.h"
#include "affekt/data/check.h"
#include "affekt/data/data_spec.h"
#include "faces.h"
#include "support/catch.h"

using namespace affekt;
using namespace affekt::test;

namespace {

std::vector<std::size_t> all_rows(const Dataset& data) {
  std::vector<std::size_t> rows(data.size());
  std::iota(rows.begin(), rows.end(), std::size_t{0});
  return rows;
}

void add(Dataset& data, std::uint64_t face, Emotion label, Split split) {
  data.add(made_up_face(face).data(), label, split, 0, "x");
}

}  // namespace

TEST_CASE("joining keeps every row with its source, and gives hard labels their one-hot") {
  Dataset first = made_up_dataset(5, 1);
  Dataset second = made_up_dataset(4, 2);
  second.sources[0].weight = 0.5;
  second.soft_labels.assign(4 * kEmotionCount, 1.0F / 7);
  Dataset joined = first;
  joined.append(second);
  REQUIRE(joined.size() == 9);
  CHECK(std::equal(joined.face(7), joined.face(8), second.face(2)));
  CHECK(joined.source == std::vector<std::uint16_t>{0, 0, 0, 0, 0, 1, 1, 1, 1});
  CHECK(joined.sources[joined.source[8]].weight == 0.5);
  REQUIRE(joined.soft_labels.size() == 9 * kEmotionCount);
  CHECK(joined.soft_labels[3 * kEmotionCount + 3] == 1.0F);
  CHECK(joined.soft_labels[3 * kEmotionCount + 4] == 0.0F);
  CHECK(joined.soft_labels[8 * kEmotionCount] == Approx(1.0 / 7));

  Dataset other_way = second;
  other_way.append(first);
  CHECK(other_way.soft_labels[(4 + 3) * kEmotionCount + 3] == 1.0F);
  Dataset into_nothing;
  into_nothing.append(first);
  CHECK(into_nothing.digest() == first.digest());
}

TEST_CASE("a subset has the rows asked for, in that order") {
  Dataset data = made_up_dataset(10);
  data.soft_labels.resize(10 * kEmotionCount);
  for (std::size_t i = 0; i < data.soft_labels.size(); ++i) data.soft_labels[i] = static_cast<float>(i);
  const Dataset part = data.subset({8, 2, 2});
  REQUIRE(part.size() == 3);
  CHECK(std::equal(part.face(0), part.face(1), data.face(8)));
  CHECK(part.names == std::vector<std::string>{"row 9", "row 3", "row 3"});
  CHECK(part.soft_labels[0] == 56.0F);
  CHECK(part.soft_labels[14] == 14.0F);
  CHECK(part.sources[0].rows == 3);
}

TEST_CASE("the digest sees pixels, labels, splits and their order, and nothing of names and paths") {
  const Dataset data = made_up_dataset(6);
  Dataset same = data;
  same.names[0] = "another";
  same.sources[0].path = "elsewhere";
  CHECK(same.digest() == data.digest());
  Dataset changed = data;
  changed.pixels[6 * kFacePixels - 1] ^= 1;
  CHECK(changed.digest() != data.digest());
  changed = data;
  changed.labels[5] = 0;
  CHECK(changed.digest() != data.digest());
  changed = data;
  changed.splits[0] = Split::private_test;
  CHECK(changed.digest() != data.digest());
  CHECK(data.subset({1, 0, 2, 3, 4, 5}).digest() != data.digest());
}

TEST_CASE("a stratified sample keeps the classes' shares to within one row") {
  Dataset data;
  data.sources.push_back({"x", 1.0, 0, 0});
  const std::vector<std::uint8_t> face(kFacePixels, 0);
  RandomStream random(3);
  for (int i = 0; i < 997; ++i) {
    const auto label = static_cast<Emotion>(std::min(random.below(7), random.below(7)));
    data.add(face.data(), label, Split::train, 0, "");
  }
  const auto rows = all_rows(data);
  const auto counts = data.class_counts(rows);
  for (const std::size_t limit : {1U, 6U, 100U, 333U, 996U}) {
    const auto sample = stratified_sample(data, rows, limit, 42);
    REQUIRE(sample.size() == limit);
    REQUIRE(std::is_sorted(sample.begin(), sample.end()));
    REQUIRE(std::set<std::size_t>(sample.begin(), sample.end()).size() == limit);
    const auto sampled = data.class_counts(sample);
    for (std::size_t c = 0; c < kEmotionCount; ++c) {
      const double share = static_cast<double>(limit) * static_cast<double>(counts[c]) / 997.0;
      REQUIRE(std::abs(static_cast<double>(sampled[c]) - share) < 1.0);
    }
    CHECK(stratified_sample(data, rows, limit, 42) == sample);
  }
  CHECK(stratified_sample(data, rows, 100, 43) != stratified_sample(data, rows, 100, 42));
  CHECK(stratified_sample(data, rows, 5000, 42) == rows);
  CHECK(stratified_sample(data, {}, 10, 42).empty());
  CHECK(stratified_sample(data, rows, 0, 42).empty());
}

TEST_CASE("a check counts duplicates, conflicts, blank faces and leaks; leaks are test rows that train has too") {
  Dataset data;
  data.sources.push_back({"x", 1.0, 0, 0});
  add(data, 1, Emotion::happy, Split::public_test);  // 0 leak: train has it, further down
  add(data, 1, Emotion::happy, Split::train);        // 1 duplicate
  add(data, 1, Emotion::sad, Split::private_test);   // 2 duplicate, conflict, leak
  add(data, 2, Emotion::fear, Split::public_test);   // 3
  add(data, 2, Emotion::fear, Split::private_test);  // 4 duplicate within the test splits: no leak
  add(data, 3, Emotion::angry, Split::train);        // 5
  data.add(std::vector<std::uint8_t>(kFacePixels, 17).data(), Emotion::neutral, Split::train, 0, "x");  // 6 blank
  const DatasetCheck check = check_dataset(data);
  CHECK(check.rows == 7);
  CHECK(check.duplicates == 3);
  CHECK(check.conflicts == 1);
  CHECK(check.blank == 1);
  CHECK(check.leaks_public == 1);
  CHECK(check.leaks_private == 1);
  CHECK(check.classes == std::array<std::size_t, kEmotionCount>{1, 0, 2, 2, 1, 0, 1});
  CHECK(check.splits[1][2] == 1);
  CHECK(leaked_rows(data, {0, 2, 3, 4}) == std::vector<bool>{true, true, false, false});
  CHECK(leaked_rows(data.subset(data.rows_of(Split::public_test)), {0, 1}) == std::vector<bool>{false, false});
}

TEST_CASE("a weight stands at the end of a data specification, and paths may hold colons") {
  CHECK(parse_data_spec("a/b.csv").path == "a/b.csv");
  CHECK(parse_data_spec("a/b.csv").weight == 1.0);
  CHECK(parse_data_spec("C:\\x:y.csv:weight=0.25").path == "C:\\x:y.csv");
  CHECK(parse_data_spec("C:\\x:y.csv:weight=0.25").weight == 0.25);
  CHECK(parse_data_spec("a:weight=2:weight=3").path == "a:weight=2");
  for (const char* bad :
       {"a:weight=0", "a:weight=-1", "a:weight=nan", "a:weight=inf", "a:weight=", "a:weight=1x", "", ":weight=1"}) {
    INFO(bad);
    CHECK_THROWS_AS(parse_data_spec(bad), UsageError);
  }
}
