#include "import_modes.h"

#include <algorithm>
#include <filesystem>
#include <numeric>
#include <optional>
#include <string_view>

#include "affekt/core/error.h"
#include "affekt/core/file.h"
#include "affekt/core/table.h"
#include "affekt/core/text.h"
#include "affekt/data/check.h"
#include "affekt/data/packed.h"
#include "affekt/faces/import_pictures.h"
#include "affekt/faces/picture_access.h"
#include "common/name_list.h"

namespace affekt::cli {
namespace {

using Counts = std::array<std::size_t, kEmotionCount>;

std::size_t sum(const Counts& counts) { return std::accumulate(counts.begin(), counts.end(), std::size_t{0}); }

Json classes_json(const Counts& counts) {
  Json classes = Json::object();
  for (std::size_t c = 0; c < kEmotionCount; ++c) classes[emotion_names()[c]] = counts[c];
  return classes;
}

std::string plural(std::size_t count, const std::string& one) {
  return std::to_string(count) + " " + one + (count == 1 ? "" : "s");
}

Json sources_json(const Dataset& data) {
  Json sources = Json::array();
  for (const auto& source : data.sources) {
    sources.push_back({{"path", to_utf8(source.path)}, {"rows", source.rows}, {"skipped", source.skipped}});
  }
  return sources;
}

std::string class_table(const DatasetCheck& check) {
  Table table;
  table.columns.push_back({"split", false});
  for (const auto& name : emotion_names()) table.columns.push_back({name, true});
  table.columns.push_back({"all", true});
  const auto add = [&table](const std::string& name, const Counts& counts) {
    std::vector<std::string> cells = {name};
    for (const std::size_t count : counts) cells.push_back(std::to_string(count));
    cells.push_back(std::to_string(sum(counts)));
    table.rows.push_back(std::move(cells));
  };
  for (std::size_t s = 0; s < check.splits.size(); ++s) add(split_name(static_cast<Split>(s)), check.splits[s]);
  add("all", check.classes);
  return table_text(table);
}

/// The picture names of the command line; "-" stands for those on standard input.
std::vector<std::string> picture_names(const std::vector<std::string>& inputs) {
  if (inputs.empty()) throw UsageError("no picture given; expected INPUT... --label EMOTION --into DIR");
  std::vector<std::string> names;
  for (const auto& input : inputs) {
    if (input != "-") {
      names.push_back(input);
      continue;
    }
    const auto listed = names_in_list(InputFile::open(input).bytes());
    names.insert(names.end(), listed.begin(), listed.end());
  }
  if (names.empty()) throw DataError("-: no picture is named, expected one name a line");
  return names;
}

int import_exit_code(const ImportReport& report, Io& io) {
  for (const auto& failure : report.failures) io.error(failure.message);
  if (report.stopped) throw Interrupted("interrupted; " + plural(report.added, "face") + " added so far");
  const std::size_t usable = report.added + report.duplicate;
  if (!report.failures.empty()) {
    if (usable + report.no_face > 0) return kPartialFailure;
    return report.failures.front().missing ? kNoFile : kBadContent;
  }
  if (usable > 0) return 0;
  throw DataError("no face found in " + plural(report.pictures, "picture") +
                  " (--faces none takes each picture as a face already cut out)");
}

}  // namespace

int add_pictures(const Tool& tool, const ImportFlags& flags, Io& io) {
  if (!flags.data.empty()) throw UsageError("--data goes with --check and --pack");
  if (!flags.dataset.ferplus.empty()) throw UsageError("--ferplus goes with --pack");
  if (flags.dataset.skip_bad_rows) throw UsageError("--skip-bad-rows goes with --check and --pack");
  if (flags.label.empty()) throw UsageError("--into needs --label EMOTION: " + join(emotion_names(), ", "));
  const std::optional<Emotion> label = parse_emotion(flags.label);
  if (!label) throw UsageError("--label: " + unknown_name_message("emotion", flags.label, emotion_names()));
  const std::vector<std::string> names = picture_names(flags.inputs);

  FaceReaderOptions reader;
  reader.detector = flags.detector;
  const auto access = load_picture_access(reader);
  const std::atomic<int>& signal = catch_interrupts();
  ImportOptions options;
  options.label = *label;
  options.into = flags.into;
  options.faces = flags.faces;
  options.on_note = [&io](const std::string& text) { io.note(text); };
  options.on_step = [&](std::size_t done, std::size_t total) {
    io.progress(static_cast<double>(done) / static_cast<double>(total), plural(done, "picture"));
    return signal == 0;
  };
  const ImportReport report = import_pictures(*access, names, options);
  io.end_progress();

  const std::size_t unreadable = report.failures.size();
  if (tool.common.json) {
    Json result = tool.result();
    result["added"] = report.added;
    result["skipped"] = {{"no_face", report.no_face}, {"duplicate", report.duplicate}, {"unreadable", unreadable}};
    result["classes"] = classes_json(report.classes);
    io.out() << json_text(result) << '\n';
  } else {
    io.out() << printable(flags.into) << ": added " << plural(report.added, "face") << " to " << emotion_name(*label)
             << "; skipped: " << report.no_face << " without a face, " << report.duplicate << " already there, "
             << unreadable << " unreadable\n";
  }
  return import_exit_code(report, io);
}

int check_data(const Tool& tool, const ImportFlags& flags, Io& io) {
  const Dataset data = open_datasets(flags.data, flags.dataset, io);
  const DatasetCheck check = check_dataset(data);
  const std::size_t leaks = check.leaks_public + check.leaks_private;
  if (tool.common.json) {
    Json result = tool.result();
    result["rows"] = check.rows;
    result["classes"] = classes_json(check.classes);
    result["duplicates"] = check.duplicates;
    result["conflicts"] = check.conflicts;
    result["blank"] = check.blank;
    result["leaks"] = leaks;
    result["leaks_by_split"] = {{"public", check.leaks_public}, {"private", check.leaks_private}};
    for (std::size_t s = 0; s < check.splits.size(); ++s) {
      result["splits"][split_name(static_cast<Split>(s))] = classes_json(check.splits[s]);
    }
    result["digest"] = data.digest();
    result["sources"] = sources_json(data);
    io.out() << json_text(result) << '\n';
    return 0;
  }
  Table findings;
  findings.columns = {{"finding", false}, {"count", true}, {"what it counts", false}};
  findings.rows = {
      {"duplicates", std::to_string(check.duplicates), "faces whose pixels an earlier face has"},
      {"conflicts", std::to_string(check.conflicts), "groups of equal faces with different labels"},
      {"blank", std::to_string(check.blank), "faces of one grey value"},
      {"leaks", std::to_string(leaks),
       "public (" + std::to_string(check.leaks_public) + ") and private (" + std::to_string(check.leaks_private) +
           ") faces that are also in train"},
  };
  for (const auto& source : data.sources) {
    if (source.skipped > 0) {
      findings.rows.push_back({"skipped", std::to_string(source.skipped), "bad rows of " + source.path});
    }
  }
  io.out() << class_table(check) << '\n' << table_text(findings) << "\ndigest " << data.digest() << '\n';
  return 0;
}

int pack_data(const Tool& tool, const ImportFlags& flags, Io& io) {
  const std::filesystem::path out = flags.pack;
  if (lower_ascii(out.extension().string()) != ".safetensors") {
    throw UsageError("--pack: '" + printable(flags.pack) + "' does not end in .safetensors");
  }
  check_writable_file(out);
  const Dataset data = open_datasets(flags.data, flags.dataset, io);
  write_packed(out, data);
  if (tool.common.json) {
    std::vector<std::size_t> all(data.size());
    std::iota(all.begin(), all.end(), std::size_t{0});
    Json result = tool.result();
    result["file"] = to_utf8(flags.pack);
    result["rows"] = data.size();
    result["classes"] = classes_json(data.class_counts(all));
    result["digest"] = data.digest();
    result["sources"] = sources_json(data);
    io.out() << json_text(result) << '\n';
  } else {
    io.out() << printable(flags.pack) << ": " << plural(data.size(), "face") << ", digest " << data.digest() << '\n';
  }
  return 0;
}

}  // namespace affekt::cli
