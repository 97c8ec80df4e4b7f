#include <algorithm>
#include <atomic>
#include <exception>
#include <optional>
#include <utility>

#include "affekt/core/csv.h"
#include "affekt/core/error.h"
#include "affekt/core/file.h"
#include "affekt/core/parallel.h"
#include "affekt/core/text.h"
#include "affekt/data/fer2013.h"
#include "data/pixel_text.h"
#include "data/row_text.h"

namespace affekt {
namespace {

constexpr std::size_t kNotThere = std::string_view::npos;
constexpr std::size_t kPartBytes = std::size_t{4} << 20;
constexpr std::size_t kNotedRows = 10;
constexpr const char* kSkipAdvice = " (--skip-bad-rows skips and counts such rows)";

struct Columns {
  std::size_t emotion = kNotThere, pixels = kNotThere, usage = kNotThere;
  std::size_t count = 0;
};

Columns read_header(CsvReader& reader) {
  const std::string place = detail::read_header_row(reader);
  Columns columns;
  columns.count = reader.size();
  const std::pair<const char*, std::size_t*> wanted[] = {
      {"emotion", &columns.emotion}, {"pixels", &columns.pixels}, {"usage", &columns.usage}};
  for (std::size_t i = 0; i < reader.size(); ++i) {
    const std::string name = lower_ascii(trim(reader[i]));
    for (const auto& [text, column] : wanted) {
      if (name != text) continue;
      if (*column != kNotThere) throw DataError(place + "the column '" + name + "' is there twice");
      *column = i;
    }
  }
  if (columns.pixels == kNotThere) {
    throw DataError(place + "no column 'pixels'; expected a header with the columns emotion, pixels, Usage");
  }
  if (columns.emotion == kNotThere) {
    throw DataError(place +
                    "no column 'emotion': these faces have no labels (the contest's test.csv?); use fer2013.csv");
  }
  return columns;
}

/// The rows of one part of the text.
struct PartRows {
  std::vector<std::uint8_t> pixels, labels;
  std::vector<Split> splits;
  std::vector<std::size_t> numbers;  // of the rows kept, from 1 at the part's begin
  std::size_t rows = 0;              // good and bad
  std::vector<std::string> notes;    // of the first bad rows
  std::exception_ptr error;          // the first bad row, where bad rows are not skipped
  std::size_t position = 0;          // where reading ended
};

/// Adds the current row. @throws DataError if it is bad; nothing is added then.
void read_row(const CsvReader& reader, const Columns& columns, PartRows& part) {
  reader.expect_cells(columns.count);
  const auto fail = [&](std::size_t column, const char* name, const std::string& what) {
    throw DataError(reader.place(column, name) + what);
  };
  const std::optional<Emotion> emotion = detail::parse_label(reader[columns.emotion]);
  if (!emotion) {
    fail(columns.emotion, "emotion", "'" + printable(reader[columns.emotion], 20) + "' is not one of 0 to 6");
  }
  std::optional<Split> split = Split::train;
  if (columns.usage != kNotThere) {
    split = detail::parse_usage(reader[columns.usage]);
    if (!split) {
      fail(columns.usage, "Usage",
           "'" + printable(reader[columns.usage], 20) + "' is not Training, PublicTest or PrivateTest");
    }
  }
  const std::size_t size = part.pixels.size();
  part.pixels.resize(size + kFacePixels);
  if (!detail::parse_pixels(reader[columns.pixels], part.pixels.data() + size)) {
    part.pixels.resize(size);
    fail(columns.pixels, "pixels", detail::describe_bad_pixels(reader[columns.pixels]));
  }
  part.labels.push_back(static_cast<std::uint8_t>(*emotion));
  part.splits.push_back(*split);
  part.numbers.push_back(part.rows);
}

PartRows read_part(CsvReader& reader, const Columns& columns, bool skip_bad_rows) {
  PartRows part;
  for (bool more = true; more;) {
    try {
      more = reader.next();
      if (!more) break;
      ++part.rows;
      read_row(reader, columns, part);
    } catch (const DataError& error) {
      if (reader.size() == 0) ++part.rows;  // the row could not even be cut into cells
      if (!skip_bad_rows) {
        part.error = std::make_exception_ptr(DataError(std::string(error.what()) + kSkipAdvice));
        break;
      }
      if (part.notes.size() < kNotedRows) part.notes.emplace_back(error.what());
    }
  }
  part.position = reader.position();
  return part;
}

/// All rows in parts, read on all threads; {} if a stray quote has spoilt the cut.
std::vector<PartRows> read_parts(std::string_view text, const CsvReader& header, const Columns& columns,
                                 bool skip_bad_rows) {
  std::vector<CsvPart> cut = cut_csv(text, kPartBytes);
  while (!cut.empty() && cut.front().end <= header.position()) cut.erase(cut.begin());
  if (cut.empty()) return {};
  cut.front().begin = header.position();
  cut.front().line = header.next_line();
  std::vector<PartRows> parts(cut.size());
  std::atomic<std::size_t> stop{cut.size()};  // parts behind one with an error need not be read
  parallel_for(cut.size(), 1, [&](std::size_t i, std::size_t) {
    if (i > stop) return;
    CsvReader reader(text, header.name(), {header.delimiter(), cut[i].begin, cut[i].end, cut[i].line});
    parts[i] = read_part(reader, columns, skip_bad_rows);
    if (parts[i].error == nullptr) return;
    for (std::size_t seen = stop; i < seen && !stop.compare_exchange_weak(seen, i);) {
    }
  });
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (parts[i].error) std::rethrow_exception(parts[i].error);
    if (parts[i].position != cut[i].end) return {};
  }
  return parts;
}

Dataset join_parts(std::vector<PartRows> parts, const std::string& name, const Fer2013Options& options) {
  Dataset data;
  std::size_t rows = 0, kept = 0, noted = 0;
  for (const auto& part : parts) kept += part.labels.size();
  data.pixels.reserve(kept * kFacePixels);
  data.names.reserve(kept);
  for (auto& part : parts) {
    data.pixels.insert(data.pixels.end(), part.pixels.begin(), part.pixels.end());
    data.labels.insert(data.labels.end(), part.labels.begin(), part.labels.end());
    data.splits.insert(data.splits.end(), part.splits.begin(), part.splits.end());
    for (const std::size_t number : part.numbers) data.names.push_back(detail::row_name(rows + number));
    rows += part.rows;
    for (const auto& note : part.notes) {
      if (noted < kNotedRows && options.on_note) options.on_note("skipped " + note);
      ++noted;
    }
    part = {};
  }
  data.source.assign(kept, 0);
  const std::size_t skipped = rows - kept;
  if (skipped > kNotedRows && options.on_note) {
    options.on_note("skipped " + std::to_string(skipped - kNotedRows) + " more bad rows of " + printable(name));
  }
  if (rows == 0) throw DataError(printable(name) + ": no rows after the header");
  if (kept == 0) throw DataError(printable(name) + ": no usable row, " + std::to_string(skipped) + " bad ones skipped");
  data.sources.push_back({name, 1.0, kept, skipped});
  return data;
}

}  // namespace

Dataset parse_fer2013_csv(std::string_view text, const std::string& name, const Fer2013Options& options) {
  CsvReader reader(text, name);
  const Columns columns = read_header(reader);
  std::vector<PartRows> parts = read_parts(text, reader, columns, options.skip_bad_rows);
  if (parts.empty()) {
    parts.push_back(read_part(reader, columns, options.skip_bad_rows));
    if (parts.front().error) std::rethrow_exception(parts.front().error);
  }
  return join_parts(std::move(parts), name, options);
}

Dataset read_fer2013_csv(const std::filesystem::path& path, const Fer2013Options& options) {
  const InputFile file = InputFile::open(path);
  return parse_fer2013_csv(file.bytes(), path == "-" ? "standard input" : path.string(), options);
}

}  // namespace affekt
