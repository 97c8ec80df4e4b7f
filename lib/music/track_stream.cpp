#include "affekt/music/track_stream.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include "affekt/core/parallel.h"
#include "affekt/core/text.h"
#include "core/stream_text.h"
#include "music/table_reader.h"

namespace affekt {
namespace {

/// What is known of one column of numbers.
struct Facts {
  NumberTraits traits;
  std::size_t known = 0, below = 0;  // of a column of lengths: values, and those too short for milliseconds

  void add(const NumberTraits& more, const NumberLoader& number, const std::vector<float>& values) {
    traits.join(more);
    if (number.feature() != TrackFeature::duration_ms) return;
    for (const float value : values) {
      known += std::isnan(value) ? 0 : 1;
      below += value < kLongestSong ? 1 : 0;
    }
  }
  /// As NumberLoader::finish() has it of the whole column: its median is too short exactly if more than half are.
  UnitChange unit(const NumberLoader& number) const {
    return number.unit(traits, [this] { return std::string(below > known / 2 ? "median below 10000" : ""); });
  }
};

class File {
 public:
  File(const std::string& path, const TrackStreamOptions& options)
      : path_(path), options_(options), text_(std::make_shared<StreamText>(path)) {
    rewind();
  }

  void rewind() {
    rows = 0;
    if (open()) return;
    decode();
    open();
  }
  const TrackSource& source() const { return reader_->source(); }
  bool has(TrackFeature feature) const {
    const auto& numbers = reader_->choice().numbers;
    return std::any_of(numbers.begin(), numbers.end(), [feature](const auto& n) { return n.feature() == feature; });
  }
  bool at_end() const { return reader_->at_end(); }
  const TableReader& reader() const { return *reader_; }
  std::shared_ptr<StreamText> text() const { return text_; }

  /// False: the text is not UTF-8, and decoded now; the file is to be rewound.
  bool read(TrackTable& block) {
    std::vector<NumberTraits> traits;
    text_->forget();
    if (!reader_->read(options_.block_bytes, block, traits)) {
      decode();
      return false;
    }
    const auto& numbers = reader_->choice().numbers;
    for (std::size_t i = 0; i < numbers.size(); ++i)
      facts_[i].add(traits[i], numbers[i], block.column(numbers[i].feature()));
    if (!units_) units_ = units();
    parallel_for(numbers.size(), 1,
                 [&](std::size_t i, std::size_t) { change_unit((*units_)[i], block.column(numbers[i].feature())); });
    rows += block.rows;
    return true;
  }
  /// At the end of a pass: were the units those of the whole file? From now on they are.
  bool finish() {
    text_->forget();
    const auto whole = units();
    const bool same =
        !units_ || std::equal(whole.begin(), whole.end(), units_->begin(), [](const auto& a, const auto& b) {
          return a.why.empty() == b.why.empty() && a.factor == b.factor;
        });
    units_ = whole;
    notes();  // throws where most values of a column cannot be
    return same;
  }
  void check_encoding() {
    if (encoding_ == TextEncoding::utf8 && !text_->is_utf8()) decode();
  }
  TrackReadNotes notes() const {
    TrackReadNotes notes;
    notes.lines.push_back(std::string("encoding: ") + encoding_name(encoding_));
    const auto& more = reader_->notes().lines;
    notes.lines.insert(notes.lines.end(), more.begin(), more.end());
    const auto& numbers = reader_->choice().numbers;
    for (std::size_t i = 0; units_ && i < numbers.size(); ++i) {
      if (!(*units_)[i].why.empty()) notes.lines.push_back(numbers[i].note((*units_)[i].why));
      numbers[i].check_range((*units_)[i], facts_[i].traits, path_, notes);
    }
    return notes;
  }

  std::size_t rows = 0;

 private:
  bool open() {
    TrackReadOptions options;
    options.columns = options_.columns;
    options.cells = options_.cells;
    options.part_bytes = options_.part_bytes;
    reader_ = std::make_unique<TableReader>(path_, FileText{text_->bytes(), text_}, options);
    if (!reader_->open()) return false;
    auto& numbers = reader_->choice().numbers;
    const auto ranked = std::find_if(numbers.begin(), numbers.end(), [](const auto& n) { return n.is_streams(); });
    if (ranked != numbers.end()) {
      reader_->notes().lines.push_back(ranked->note("left out: a rank of streams needs the whole column at once"));
      numbers.erase(ranked);
    }
    facts_.assign(numbers.size(), {});
    return true;
  }
  void decode() {
    encoding_ = text_->decode();
    units_.reset();
  }
  std::vector<UnitChange> units() const {
    std::vector<UnitChange> changes;
    const auto& numbers = reader_->choice().numbers;
    for (std::size_t i = 0; i < numbers.size(); ++i) changes.push_back(facts_[i].unit(numbers[i]));
    return changes;
  }

  std::string path_;
  const TrackStreamOptions& options_;
  std::shared_ptr<StreamText> text_;
  std::unique_ptr<TableReader> reader_;
  std::vector<Facts> facts_;                      // a number of the choice each
  std::optional<std::vector<UnitChange>> units_;  // as far as known: of the first block, later of the whole
  TextEncoding encoding_ = TextEncoding::utf8;
};

}  // namespace

struct TrackStream::Impl {
  TrackStreamOptions options;
  std::vector<std::unique_ptr<File>> files;
  std::vector<TrackSource> sources;
  DroppedTracks malformed;
  std::size_t at = 0;
  bool settled = true;

  void count_malformed(const File& file, const DroppedTracks& before) {
    const DroppedTracks& dropped = file.reader().dropped();
    malformed.add_malformed(dropped.malformed - before.malformed, dropped.first_malformed);
  }
  /// Columns that other files have, and where the rows are from.
  void complete(TrackTable& block) const {
    for (std::size_t i = 0; i < kTrackFeatureCount; ++i) {
      const auto feature = static_cast<TrackFeature>(i);
      const auto has = [feature](const auto& file) { return file->has(feature); };
      if (!block.has(feature) && std::any_of(files.begin(), files.end(), has)) {
        block.column(feature).assign(block.rows, std::numeric_limits<float>::quiet_NaN());
      }
    }
    block.sources = sources;
    block.source.assign(block.rows, static_cast<std::uint8_t>(at));
  }
};

TrackStream::TrackStream(const std::vector<std::string>& paths, TrackStreamOptions options)
    : impl_(std::make_unique<Impl>()) {
  impl_->options = std::move(options);
  for (const std::string& path : paths) {
    impl_->files.push_back(std::make_unique<File>(path, impl_->options));
    impl_->sources.push_back(impl_->files.back()->source());
  }
}

TrackStream::~TrackStream() = default;

const std::vector<TrackSource>& TrackStream::sources() const { return impl_->sources; }
bool TrackStream::has(TrackFeature feature, std::size_t file) const { return impl_->files[file]->has(feature); }
bool TrackStream::has(TrackFeature feature) const {
  return std::any_of(impl_->files.begin(), impl_->files.end(), [&](const auto& file) { return file->has(feature); });
}

void TrackStream::rewind() {
  impl_->sources.clear();
  for (const auto& file : impl_->files) {
    file->rewind();
    impl_->sources.push_back(file->source());
  }
  impl_->malformed = {};
  impl_->at = 0;
  impl_->settled = true;
}

bool TrackStream::next(TrackTable& block) {
  Impl& impl = *impl_;
  while (impl.at < impl.files.size()) {
    File& file = *impl.files[impl.at];
    if (file.at_end()) {
      impl.settled = file.finish() && impl.settled;
      ++impl.at;
      continue;
    }
    block = {};
    const DroppedTracks before = file.reader().dropped();
    if (!file.read(block)) {
      for (std::size_t later = impl.at + 1; later < impl.files.size(); ++later) impl.files[later]->check_encoding();
      impl.at = impl.files.size();
      impl.settled = false;
      break;
    }
    impl.count_malformed(file, before);
    if (block.rows == 0) continue;
    impl.complete(block);
    return true;
  }
  block = {};
  return false;
}

bool TrackStream::settled() const { return impl_->settled; }

double TrackStream::progress() const {
  double read = 0, all = 0;
  for (std::size_t i = 0; i < impl_->files.size(); ++i) {
    const auto size = static_cast<double>(impl_->files[i]->text()->bytes().size());
    all += size;
    if (i < impl_->at) read += size;
    if (i == impl_->at) read += static_cast<double>(impl_->files[i]->reader().position());
  }
  return all > 0 ? read / all : 1;
}

std::size_t TrackStream::rows(std::size_t file) const { return impl_->files[file]->rows; }
const DroppedTracks& TrackStream::malformed() const { return impl_->malformed; }
TrackReadNotes TrackStream::notes(std::size_t file) const { return impl_->files[file]->notes(); }

std::pair<std::string_view, std::shared_ptr<const void>> TrackStream::text(std::size_t file) const {
  const auto text = impl_->files[file]->text();
  return {text->bytes(), text};
}

}  // namespace affekt
