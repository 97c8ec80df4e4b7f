// Track tables read in blocks, for tables larger than memory.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "affekt/core/export.h"
#include "affekt/music/track_reader.h"
#include "affekt/music/track_table.h"

namespace affekt {

struct TrackStreamOptions {
  std::vector<ColumnOverride> columns;              ///< As TrackReadOptions::columns.
  std::vector<std::string> cells;                   ///< As TrackReadOptions::cells.
  std::size_t block_bytes = std::size_t{32} << 20;  ///< Of the file a block; never changes what is read.
  std::size_t part_bytes = std::size_t{1} << 20;    ///< About as much is read at once on a thread.
};

/// The rows of several tables, one after another, a block at a time: the rows, numbers, counts and places of
/// read_tracks(). Memory: some two block_bytes, whatever the files' size; a page of a file that was read is given back.
/// Standard input and latin-1 texts go through an unlinked file in the temporary folder (TMPDIR).
///
/// Whether a column holds percents, seconds or minutes, and whether a file is latin-1, is a matter of the whole file:
/// the stream takes what its first block says, and knows better at the end. Hence read in passes:
///
///     do { stream.rewind(); while (stream.next(block)) ...; } while (!stream.settled());
///
/// Popularity as the rank of streams is left out: it needs the whole column.
class AFFEKT_API TrackStream {
 public:
  /// Reads the headers. @throws IoError, DataError as read_tracks(); DataError  a compressed file.
  explicit TrackStream(const std::vector<std::string>& paths, TrackStreamOptions options = {});
  ~TrackStream();
  TrackStream(const TrackStream&) = delete;
  TrackStream& operator=(const TrackStream&) = delete;

  const std::vector<TrackSource>& sources() const;  ///< One a path.
  /// Some file has the column; all blocks have it then.
  bool has(TrackFeature feature) const;
  bool has(TrackFeature feature, std::size_t file) const;

  /// Back to the first row of the first file.
  void rewind();
  /// The next rows, at least one; false after the last, or where a file turns out to be latin-1. Texts of the block
  /// refer to the file. @throws DataError
  bool next(TrackTable& block);
  /// False: what the blocks of this pass were given (encoding, units) is wrong for the whole; read again from the
  /// begin. At most two passes end so.
  bool settled() const;

  double progress() const;                   ///< Share of this pass, 0..1.
  std::size_t rows(std::size_t file) const;  ///< Well-formed ones so far in this pass.
  const DroppedTracks& malformed() const;    ///< So far in this pass.
  /// What the file turned out to be, after a pass.
  TrackReadNotes notes(std::size_t file) const;
  /// The text that rows of the file refer to, and what keeps it.
  std::pair<std::string_view, std::shared_ptr<const void>> text(std::size_t file) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace affekt
