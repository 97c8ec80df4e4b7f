// Private: reads the rows of one table, all at once or a stretch after another.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "affekt/core/csv.h"
#include "affekt/core/file.h"
#include "affekt/music/track_reader.h"
#include "affekt/music/track_table.h"
#include "music/column_choice.h"
#include "music/row_store.h"

namespace affekt {

/// The text of a file, kept alive by `owner`.
struct FileText {
  std::string_view bytes;
  std::shared_ptr<const void> owner;
};

/// read_tracks() of a file that is open already.
TrackFile read_tracks(const std::string& path, const std::shared_ptr<const InputFile>& file,
                      const TrackReadOptions& options);

/// Reads one text that is taken to be UTF-8. Rows, counts and places are those of one reader that goes from begin to
/// end, however the text is cut.
class TableReader {
 public:
  TableReader(std::string path, FileText text, TrackReadOptions options)
      : path_(std::move(path)), text_(std::move(text)), options_(std::move(options)) {}

  /// Reads the header and chooses columns. False if it is not UTF-8. @throws DataError
  bool open();
  /// Reads the rows that begin in the next `bytes` bytes, in the units of the file. False if the text is not UTF-8
  /// after all.
  bool read(std::size_t bytes, TrackTable& table, std::vector<NumberTraits>& traits);
  bool at_end() const { return position_ >= text_.bytes.size(); }
  std::size_t position() const { return position_; }

  const TrackSource& source() const { return source_; }
  ColumnChoice& choice() { return choice_; }
  const DroppedTracks& dropped() const { return dropped_; }
  TrackReadNotes& notes() { return notes_; }

 private:
  void read_header(CsvReader& csv);
  bool read_on(RowStore& store, TrackTable& table, std::size_t end, int cuts);
  std::vector<CsvPart> cut(std::size_t end, int cuts) const;
  std::size_t most_rows(const CsvPart& part, const CsvPart* next) const;
  void read_part(RowStore& store, CsvReader& csv, const CsvPart& part, PartRows& rows) const;
  std::string_view row_bytes(std::size_t begin, std::size_t end) const;
  std::string fault_of(const CsvReader& csv, std::string_view raw, bool zeros) const;

  std::string path_;
  FileText text_;
  TrackReadOptions options_;
  TrackSource source_;
  ColumnChoice choice_;
  DroppedTracks dropped_;
  TrackReadNotes notes_;
  std::size_t position_ = 0, line_ = 1;
};

}  // namespace affekt
