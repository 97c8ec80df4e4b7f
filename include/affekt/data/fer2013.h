// FER2013 as its CSV files hold it, and the FER+ votes for its rows.
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

#include "affekt/core/export.h"
#include "affekt/data/dataset.h"

namespace affekt {

struct Fer2013Options {
  bool skip_bad_rows = false;  ///< Leave bad rows out and count them, instead of refusing the file.
  /// Called with one line for each of the first skipped rows, then once with the number of the others; may be empty.
  /// Called on the calling thread.
  std::function<void(const std::string&)> on_note;
};

/// Reads `fer2013.csv` or `icml_face_data.csv` (`.gz` and `.xz` too; "-" is standard input): columns `emotion` (0..6 or
/// a name), `pixels` (2304 numbers 0..255, separated by spaces) and `Usage` (Training, PublicTest or PrivateTest;
/// without the column all rows are train), in any order, their names in any case and with spaces around. `names` are
/// "row N", N counting the rows of the file from 1.
///
/// @throws IoError    missing or unreadable.
/// @throws DataError  empty, no header, no rows, no `emotion` column (the contest's test.csv), not a text; a bad row,
///                    unless skip_bad_rows: "FILE:LINE: COLUMN: what was found"; no usable row at all.
/// Reads on all threads, hundreds of megabytes a second; memory about twice the pixels.
AFFEKT_API Dataset read_fer2013_csv(const std::filesystem::path& path, const Fer2013Options& options = {});

/// The same from memory. @param name  of the text, for messages and sources.
AFFEKT_API Dataset parse_fer2013_csv(std::string_view text, const std::string& name,
                                     const Fer2013Options& options = {});

struct FerPlusJoin {
  std::size_t rows = 0;           ///< Rows that took their soft label from votes.
  std::size_t without_votes = 0;  ///< Rows nobody voted for one of the seven emotions: they keep the hard label.
};

/// Gives `data` the soft labels of FER+ (Barsoum et al., ICMI 2016; `fer2013new.csv`): the shares of the votes for the
/// seven emotions. Votes for contempt, "unknown" and "not a face" are left out; a row without any other vote keeps its
/// hard label as one-hot. Hard labels stay those of FER2013.
///
/// Rows are matched by row number ("row N" in `names`), since FER+ names no other key that all rows have.
/// @throws DataError  `data` is not all of FER2013 in the order of fer2013.csv (the numbers of rows differ, rows
/// without
///                    numbers, a row whose Usage differs), or a malformed file. @throws IoError.
AFFEKT_API FerPlusJoin join_ferplus(Dataset& data, const std::filesystem::path& ferplus);

/// The same from memory.
AFFEKT_API FerPlusJoin join_ferplus_text(Dataset& data, std::string_view text, const std::string& name);

}  // namespace affekt
