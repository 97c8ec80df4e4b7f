// The real FER2013: counts, compressed and packed forms, FER+.
#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <string>

#include "affekt/core/file.h"
#include "affekt/data/check.h"
#include "affekt/data/fer2013.h"
#include "affekt/data/packed.h"
#include "support/catch.h"
#include "support/temp_folder.h"

using namespace affekt;
using Counts = std::array<std::size_t, kEmotionCount>;

TEST_CASE("FER2013 is read whole from its compressed form, and all its facts are found again") {
  const std::filesystem::path folder = std::filesystem::path(std::getenv("AFFEKT_TEST_DATA")) / "fer2013";
  const InputFile text = InputFile::open(folder / "fer2013.csv.xz");
  REQUIRE(text.bytes().size() == 301072766);
  // CRC-64 of the file with md5 f8428a1edbd21e88f42c73edd2a14f95.
  REQUIRE(digest_hex(text.bytes()) == "54ab713ba6aa9db7");
  Dataset data = parse_fer2013_csv(text.bytes(), "fer2013.csv");

  const DatasetCheck check = check_dataset(data);
  CHECK(check.rows == 35887);
  CHECK(check.splits[0] == Counts{3995, 436, 4097, 7215, 4830, 3171, 4965});
  CHECK(check.splits[1] == Counts{467, 56, 496, 895, 653, 415, 607});
  CHECK(check.splits[2] == Counts{491, 55, 528, 879, 594, 416, 626});
  CHECK(check.duplicates == 1853);
  CHECK(check.conflicts == 57);
  CHECK(check.blank == 12);
  CHECK(check.leaks_public == 280);
  CHECK(check.leaks_private == 288);
  const std::vector<bool> leaked = leaked_rows(data, data.rows_of(Split::private_test));
  CHECK(std::count(leaked.begin(), leaked.end(), true) == 288);

  // Read in one piece by the plain reader of numbers, the first and last face are the same.
  CHECK(int{data.pixels[0]} == 70);
  CHECK(int{data.pixels[1]} == 80);
  CHECK(data.names.back() == "row 35887");

  const TempFolder temp;
  write_file(temp / "plain.csv", text.bytes());
  CHECK(read_fer2013_csv(temp / "plain.csv").digest() == data.digest());
  write_packed(temp / "packed.safetensors", data);
  Dataset packed = read_packed(temp / "packed.safetensors");
  CHECK(packed.digest() == data.digest());
  CHECK(packed.names == data.names);

  const FerPlusJoin join = join_ferplus(data, folder / "ferplus_fer2013new.csv");
  CHECK(join.rows + join.without_votes == 35887);
  CHECK(join.without_votes == 178);
  // Row 1: votes 4,0,0,1,3,2,0 for neutral, happiness, surprise, sadness, anger, disgust, fear.
  CHECK(data.soft_labels[0] == Approx(0.3));
  CHECK(data.soft_labels[6] == Approx(0.4));
  join_ferplus(packed, folder / "ferplus_fer2013new.csv");
  CHECK(packed.digest() == data.digest());
}
