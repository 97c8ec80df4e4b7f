#include "affekt/music/track_reader.h"

#include <limits>
#include <memory>
#include <utility>

#include "affekt/core/file.h"
#include "affekt/core/parallel.h"
#include "affekt/core/text.h"
#include "music/table_reader.h"

namespace affekt {
namespace {

/// Brings the numbers to the units of their features; notes say what was scaled.
void finish_numbers(const ColumnChoice& choice, const std::vector<NumberTraits>& traits, TrackTable& table,
                    const std::string& path, TrackReadNotes& notes) {
  std::vector<TrackReadNotes> lines(choice.numbers.size());
  std::vector<UnitChange> changes(choice.numbers.size());
  parallel_for(choice.numbers.size(), 1, [&](std::size_t i, std::size_t) {
    const NumberLoader& number = choice.numbers[i];
    changes[i] = number.finish(traits[i], table.column(number.feature()), lines[i]);
  });
  for (std::size_t i = 0; i < lines.size(); ++i) {
    notes.lines.insert(notes.lines.end(), lines[i].lines.begin(), lines[i].lines.end());
    choice.numbers[i].check_range(changes[i], traits[i], path, notes);
  }
}

}  // namespace

void DroppedTracks::add_malformed(std::size_t count, const std::string& first) {
  if (malformed == 0) first_malformed = first;
  malformed += count;
}

TrackFile read_tracks(const std::string& path, const TrackReadOptions& options) {
  return read_tracks(path, std::make_shared<InputFile>(InputFile::open(path)), options);
}

TrackFile read_tracks(const std::string& path, const std::shared_ptr<const InputFile>& file,
                      const TrackReadOptions& options) {
  auto reader = std::make_unique<TableReader>(path, FileText{file->bytes(), file}, options);
  TrackFile result;
  TrackTable& table = result.table;
  std::vector<NumberTraits> traits;
  const auto read_all = [&] {
    return reader->open() && reader->read(std::numeric_limits<std::size_t>::max(), table, traits);
  };
  TextEncoding encoding = TextEncoding::utf8;
  if (!read_all()) {
    encoding = text_encoding(file->bytes());
    const auto text = std::make_shared<std::string>(decode_text(file->bytes(), encoding));
    reader = std::make_unique<TableReader>(path, FileText{*text, text}, options);
    table = {};
    read_all();
  }
  finish_numbers(reader->choice(), traits, table, path, reader->notes());
  table.sources.push_back(reader->source());
  table.source.assign(table.rows, 0);
  result.notes = std::move(reader->notes());
  result.notes.lines.insert(result.notes.lines.begin(), std::string("encoding: ") + encoding_name(encoding));
  result.dropped = reader->dropped();
  return result;
}

std::vector<TrackFeature> default_features(const TrackTable& table) {
  std::vector<TrackFeature> features;
  for (std::size_t i = 0; i < kAudioFeatureCount; ++i) {
    if (table.has(static_cast<TrackFeature>(i))) features.push_back(static_cast<TrackFeature>(i));
  }
  return features;
}

}  // namespace affekt
