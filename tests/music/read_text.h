// A table of tracks out of a text, as the reader sees it in a file.
#pragma once

#include <string>

#include "affekt/core/error.h"
#include "affekt/core/file.h"
#include "affekt/music/track_reader.h"
#include "support/error_message.h"
#include "support/temp_folder.h"

namespace affekt::test {

inline TrackFile read(const std::string& text, const TrackReadOptions& options = {}) {
  const TempFolder folder;
  write_file(folder / "tracks.csv", text);
  return read_tracks((folder / "tracks.csv").string(), options);
}

inline float value(const TrackFile& result, TrackFeature feature, std::size_t row = 0) {
  return result.table.value(feature, row);
}

inline std::string refusal(const std::string& text) {
  return message_of<DataError>([&text] { read(text); });
}

}  // namespace affekt::test
