#include <array>
#include <cmath>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "affekt/core/csv.h"
#include "affekt/core/error.h"
#include "affekt/core/file.h"
#include "affekt/core/text.h"
#include "affekt/data/fer2013.h"
#include "data/row_text.h"

namespace affekt {
namespace {

constexpr std::size_t kNotThere = std::string_view::npos;
constexpr double kMaximumVotes = 1000;

struct Columns {
  std::array<std::size_t, kEmotionCount> votes{};
  std::size_t usage = kNotThere;
  std::size_t count = 0;
};

Columns read_header(CsvReader& reader) {
  const std::string place = detail::read_header_row(reader);
  Columns columns;
  columns.count = reader.size();
  columns.votes.fill(kNotThere);
  for (std::size_t i = 0; i < reader.size(); ++i) {
    const std::string name = lower_ascii(trim(reader[i]));
    if (name == "usage") columns.usage = i;
    if (const std::optional<Emotion> emotion = parse_emotion(name))
      columns.votes[static_cast<std::size_t>(*emotion)] = i;
  }
  for (std::size_t c = 0; c < kEmotionCount; ++c) {
    if (columns.votes[c] != kNotThere) continue;
    throw DataError(place + "no column of votes for " + emotion_names()[c] + "; expected FER+'s fer2013new.csv");
  }
  if (columns.usage == kNotThere) throw DataError(place + "no column 'Usage'; expected FER+'s fer2013new.csv");
  return columns;
}

struct FerPlusRow {
  Split split = Split::train;
  std::array<float, kEmotionCount> shares{};  // all 0: no votes
  std::size_t line = 0;
};

FerPlusRow read_row(const CsvReader& reader, const Columns& columns) {
  reader.expect_cells(columns.count);
  FerPlusRow row;
  row.line = reader.line();
  const std::optional<Split> split = detail::parse_usage(reader[columns.usage]);
  if (!split) {
    throw DataError(reader.place(columns.usage, "Usage") + "'" + printable(reader[columns.usage], 20) +
                    "' is not Training, PublicTest or PrivateTest");
  }
  row.split = *split;
  std::array<double, kEmotionCount> votes{};
  double sum = 0;
  for (std::size_t c = 0; c < kEmotionCount; ++c) {
    const std::string_view cell = reader[columns.votes[c]];
    const std::optional<double> value = parse_double(cell);
    if (!value || !(*value >= 0) || *value > kMaximumVotes) {
      throw DataError(reader.place(columns.votes[c], emotion_names()[c]) + "'" + printable(cell, 20) +
                      "' is not a number of votes");
    }
    votes[c] = *value;
    sum += *value;
  }
  for (std::size_t c = 0; c < kEmotionCount && sum > 0; ++c) row.shares[c] = static_cast<float>(votes[c] / sum);
  return row;
}

/// Row numbers of the dataset in its CSV, from 0.
std::vector<std::size_t> row_numbers(const Dataset& data, std::size_t ferplus_rows, const std::string& file) {
  std::size_t expected = 0;
  for (const auto& source : data.sources) expected += source.rows + source.skipped;
  if (expected != ferplus_rows) {
    throw DataError(file + ": " + std::to_string(ferplus_rows) + " rows of votes, but the dataset has " +
                    std::to_string(expected) + " rows; FER+ is joined by row number and needs all rows of fer2013.csv");
  }
  std::vector<std::size_t> numbers;
  numbers.reserve(data.size());
  for (std::size_t i = 0; i < data.size(); ++i) {
    const std::optional<std::size_t> number = detail::row_number(data.names[i]);
    if (!number || *number > ferplus_rows) {
      throw DataError(file + ": FER+ is joined by row number, and '" + printable(data.names[i], 60) +
                      "' has none; use fer2013.csv, or a packed dataset made from it");
    }
    numbers.push_back(*number - 1);
  }
  return numbers;
}

const char* usage_name(Split split) {
  switch (split) {
    case Split::train:
      return "Training";
    case Split::public_test:
      return "PublicTest";
    case Split::private_test:
      break;
  }
  return "PrivateTest";
}

}  // namespace

FerPlusJoin join_ferplus_text(Dataset& data, std::string_view text, const std::string& name) {
  CsvReader reader(text, name);
  const Columns columns = read_header(reader);
  std::vector<FerPlusRow> rows;
  while (reader.next()) rows.push_back(read_row(reader, columns));

  const std::vector<std::size_t> numbers = row_numbers(data, rows.size(), printable(name));
  FerPlusJoin join;
  std::vector<float> soft;
  soft.reserve(data.size() * kEmotionCount);
  for (std::size_t i = 0; i < data.size(); ++i) {
    FerPlusRow& row = rows[numbers[i]];
    if (row.split != data.splits[i]) {
      throw DataError(printable(name) + ":" + std::to_string(row.line) + ": Usage: " + usage_name(row.split) +
                      ", but the same row of the dataset is " + usage_name(data.splits[i]) +
                      "; both files must have the row order of fer2013.csv");
    }
    float sum = 0;
    for (const float share : row.shares) sum += share;
    ++(sum > 0 ? join.rows : join.without_votes);
    if (!(sum > 0)) row.shares[data.labels[i]] = 1.0F;
    soft.insert(soft.end(), row.shares.begin(), row.shares.end());
  }
  data.soft_labels = std::move(soft);
  return join;
}

FerPlusJoin join_ferplus(Dataset& data, const std::filesystem::path& ferplus) {
  const InputFile file = InputFile::open(ferplus);
  return join_ferplus_text(data, file.bytes(), ferplus.string());
}

}  // namespace affekt
