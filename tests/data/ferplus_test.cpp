#include <string>

#include "affekt/core/error.h"
#include "affekt/data/fer2013.h"
#include "faces.h"
#include "support/catch.h"

using namespace affekt;
using namespace affekt::test;

namespace {

const std::string kHeader =
    "Usage,Image name,neutral,happiness,surprise,sadness,anger,disgust,fear,contempt,unknown,NF\n";

std::string refusal(Dataset data, const std::string& text) {
  try {
    join_ferplus_text(data, text, "plus.csv");
  } catch (const DataError& error) {
    CHECK(data.soft_labels.empty());
    return error.what();
  }
  return "accepted";
}

}  // namespace

TEST_CASE("votes become shares over the seven emotions") {
  Dataset data = made_up_dataset(3);
  const FerPlusJoin join = join_ferplus_text(data,
                                             kHeader +
                                                 "Training,fer0.png,4,0,0,1,3,2,0,0,0,0\n"
                                                 "Training,,0,6,0,0,0,0,2,2,0,0\n"
                                                 "Training,fer2.png,0,0,0,0,0,0,0,0,0,10\n",
                                             "plus.csv");
  CHECK(join.rows == 2);
  CHECK(join.without_votes == 1);
  const std::vector<float> expected = {0.3F, 0.2F, 0,     0,     0.1F, 0, 0.4F,  // all ten votes
                                       0,    0,    0.25F, 0.75F, 0,    0, 0,     // contempt left out
                                       0,    0,    1,     0,     0,    0, 0};    // not a face: keeps its label, fear
  REQUIRE(data.soft_labels.size() == expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) CHECK(data.soft_labels[i] == Approx(expected[i]));
  CHECK(data.labels == std::vector<std::uint8_t>{0, 1, 2});
}

TEST_CASE("rows skipped in the images are skipped in the votes") {
  const std::string csv = as_fer2013(made_up_dataset(3));
  std::string text = "emotion,pixels,Usage\n0,broken,Training\n" + csv.substr(csv.find('\n') + 1);
  Fer2013Options options;
  options.skip_bad_rows = true;
  Dataset data = parse_fer2013_csv(text, "f.csv", options);
  const std::string row = "Training,x,0,0,0,0,0,0,0,0,0,10\n";
  join_ferplus_text(data, kHeader + row + row + "Training,x,0,10,0,0,0,0,0,0,0,0\n" + row, "plus.csv");
  CHECK(data.soft_labels[7 + 3] == 1.0F);  // the third row of votes belongs to the second face kept
  CHECK(data.soft_labels[3] == 0.0F);
}

TEST_CASE("votes that do not fit the images are refused") {
  const std::string row = "Training,x,10,0,0,0,0,0,0,0,0,0\n";
  const Dataset data = made_up_dataset(2);
  CHECK(refusal(data, kHeader + row) ==
        "plus.csv: 1 rows of votes, but the dataset has 2 rows; FER+ is joined by row number and needs all rows of "
        "fer2013.csv");
  CHECK(refusal(data, kHeader + row + row + row).find("3 rows of votes, but the dataset has 2 rows") !=
        std::string::npos);
  CHECK(refusal(data, kHeader + row + "PublicTest,x,10,0,0,0,0,0,0,0,0,0\n") ==
        "plus.csv:3: Usage: PublicTest, but the same row of the dataset is Training; both files must have the row "
        "order of fer2013.csv");
  Dataset named = data;
  named.names[1] = "train/angry/Training_1.jpg";
  CHECK(refusal(named, kHeader + row + row) ==
        "plus.csv: FER+ is joined by row number, and 'train/angry/Training_1.jpg' has none; use fer2013.csv, or a "
        "packed dataset made from it");
  CHECK(refusal(data, kHeader + row + "Training,x,ten,0,0,0,0,0,0,0,0,0\n") ==
        "plus.csv:3: neutral: 'ten' is not a number of votes");
  CHECK(refusal(data, kHeader + row + "Training,x,-1,0,0,0,0,0,0,0,0,0\n").find("'-1'") != std::string::npos);
  CHECK(refusal(data, kHeader + row + "Training,x,nan,0,0,0,0,0,0,0,0,0\n").find("'nan'") != std::string::npos);
  CHECK(refusal(data, "Usage,neutral,happiness\n").find("no column of votes for angry") != std::string::npos);
  CHECK(refusal(data, "").find("empty") != std::string::npos);
}
