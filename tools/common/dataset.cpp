#include "common/dataset.h"

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <utility>

#include "affekt/core/error.h"
#include "affekt/core/file_kind.h"
#include "affekt/core/text.h"
#include "affekt/data/data_spec.h"
#include "affekt/data/fer2013.h"
#include "affekt/data/packed.h"
#include "affekt/faces/picture_access.h"

namespace affekt::cli {
namespace fs = std::filesystem;
namespace {

constexpr const char* kStandardInput = "-";

bool looks_packed(const fs::path& path) {
  return lower_ascii(path.extension().string()) == ".safetensors" || file_kind_at(path) == FileKind::safetensors;
}

Dataset open_source(const DataSpec& spec, bool skip_bad_rows, Io& io) {
  const auto note = [&io](const std::string& text) { io.note(text); };
  std::error_code ignored;
  if (spec.path != kStandardInput && fs::is_directory(spec.path, ignored)) {
    ImageFolderOptions options;
    options.skip_bad_rows = skip_bad_rows;
    options.on_note = note;
    return load_picture_access()->read_image_folder(spec.path, options);
  }
  // Only a regular file can be looked into without using it up.
  if (spec.path != kStandardInput && fs::is_regular_file(spec.path, ignored) && looks_packed(spec.path)) {
    return read_packed(spec.path);
  }
  return read_fer2013_csv(spec.path, {skip_bad_rows, note});
}

/// Gives the votes to the source that is all of FER2013: the first that takes them.
void join_votes(std::vector<Dataset>& sources, const std::string& ferplus, Io& io) {
  std::string first_refusal;
  for (auto& source : sources) {
    try {
      const FerPlusJoin join = join_ferplus(source, ferplus);
      io.note("FER+ votes for " + std::to_string(join.rows) + " rows; " + std::to_string(join.without_votes) +
              " rows without a vote for the seven emotions keep their label");
      return;
    } catch (const DataError& error) {
      if (first_refusal.empty()) first_refusal = error.what();
    }
  }
  throw DataError(first_refusal);
}

}  // namespace

Dataset open_datasets(const std::vector<std::string>& specs, const DatasetOptions& options, Io& io) {
  if (specs.empty()) throw UsageError("--data: no dataset given; expected --data PATH, see --help");
  std::vector<DataSpec> parsed;
  parsed.reserve(specs.size());
  for (const auto& spec : specs) parsed.push_back(parse_data_spec(spec));
  if (std::count_if(parsed.begin(), parsed.end(), [](const DataSpec& s) { return s.path == kStandardInput; }) > 1) {
    throw UsageError("--data: standard input (-) can be read once only");
  }
  std::vector<Dataset> sources;
  for (const auto& spec : parsed) {
    sources.push_back(open_source(spec, options.skip_bad_rows, io));
    for (auto& entry : sources.back().sources) entry.weight = spec.weight;
  }
  if (!options.ferplus.empty()) join_votes(sources, options.ferplus, io);
  Dataset all;
  for (auto& source : sources) all.append(std::exchange(source, {}));
  return all;
}

}  // namespace affekt::cli
