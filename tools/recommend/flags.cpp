#include <algorithm>

#include "affekt/core/error.h"
#include "affekt/core/text.h"
#include "recommend/job.h"

namespace affekt::cli {
namespace {

Emotion emotion_of(const std::string& name) {
  if (const auto emotion = parse_emotion(name)) return *emotion;
  throw UsageError("--emotion: " + unknown_name_message("emotion", name, emotion_names()));
}

const std::vector<std::pair<std::string, OutputFormat>>& format_names() {
  static const std::vector<std::pair<std::string, OutputFormat>> names = [] {
    std::vector<std::pair<std::string, OutputFormat>> all(playlist_format_names().begin(),
                                                          playlist_format_names().end());
    all.insert(all.begin() + 1, {"json", std::nullopt});  // after the table, as --help has it
    return all;
  }();
  return names;
}

/// What the listener wants besides the mood.
void bind_taste(Tool& tool, RecommendJob& job) {
  RecommendOptions& o = job.recommend;
  tool.option("popularity", o.popularity, "Weight of popularity, 0..1");
  tool.option("novelty", o.novelty, "Weight of being little known, 0..1");
  tool.option("year", job.years, "Years of release A:B, A:, :B or A");
  tool.option("genre", o.filter.genres, "Only this genre; repeatable");
  tool.choice<ExplicitTracks>(
      "explicit", o.filter.explicit_tracks,
      {{"allow", ExplicitTracks::allow}, {"exclude", ExplicitTracks::exclude}, {"only", ExplicitTracks::only}},
      "Tracks with explicit lyrics");
  tool.flag("shuffle", o.shuffle, "A wider choice: every --seed gives another list");
}

}  // namespace

void bind(Tool& tool, RecommendJob& job) {
  tool.positional("IMAGE", job.pictures,
                  "Pictures with a face; several give one playlist from the mean of their moods");
  tool.option("emotion", job.emotion, "Instead of a picture: " + join(emotion_names(), ", "));
  tool.option("model", job.faces.model, "Model file, run folder or 'default'");
  job.faces.faces = FaceSelection::largest;
  tool.choice<FaceSelection>(
      "faces", job.faces.faces,
      {{"all", FaceSelection::all}, {"largest", FaceSelection::largest}, {"none", FaceSelection::none}},
      "Which faces of a picture count; none: the picture is a cropped face");
  tool.option("min-confidence", job.faces.min_confidence, "Faces read with less confidence do not count, 0..1");
  tool.option("catalog", job.catalog, "Folder made by affekt-cluster --out, a track table (CSV), or 'default'");
  tool.option("moods", job.moods, "Moods of your own instead of the bundled configs/moods.json");
  tool.option("count", job.recommend.count, "Number of tracks");
  tool.alias("count", 'n');
  tool.option("goal", job.recommend.goal,
              "match: answer the mood; lift, energize or a mood (happy, energetic, tense, sad, calm): walk there");
  tool.choice<RecommendStrategy>(
      "strategy", job.recommend.strategy,
      {{"cluster", RecommendStrategy::cluster}, {"circumplex", RecommendStrategy::circumplex}},
      "Choose from the clusters of the mood, or by closeness over the whole catalogue");
  tool.option("diversity", job.recommend.diversity, "0: best fit only .. 1: as unlike one another as possible");
  tool.option("max-per-artist", job.recommend.max_per_artist, "At most so many tracks by one artist; 0 = no limit");
  tool.option("exclude", job.exclude,
              "File of tracks to leave out: ids, URIs, 'artist - title', M3U or CSV; - = stdin");
  tool.option("history", job.history, "File of tracks recommended before: they are left out, the new ones are added");
  bind_taste(tool, job);
  tool.choice<OutputFormat>("format", job.format, format_names(), "Form of the playlist; else by the ending of --out");
  tool.option("library", job.library, "Folder of audio files: the playlist plays those that are recommended tracks");
  tool.option("out", job.out, "Write the playlist to this file instead of standard output");
  tool.footer(
      "Examples:\n  affekt-recommend photo.jpg\n  affekt-recommend --emotion sad --goal lift -n 20\n"
      "  affekt-recommend --emotion happy --genre rock --year 1970:1989 --history heard.txt --shuffle --seed 7\n"
      "  affekt-recommend photo.jpg --format m3u8 --out mood.m3u8 --json");
}

void infer_format(const Tool& tool, RecommendJob& job) {
  job.format_given = tool.chosen("format");
  if (job.format_given) return;
  const auto dot = job.out.rfind('.');
  if (dot == std::string::npos) return;
  const std::string ending = lower_ascii(job.out.substr(dot + 1));
  for (const auto& [name, format] : format_names()) {
    if (name != (ending == "m3u" ? "m3u8" : ending)) continue;
    job.format = format;
    job.format_given = true;
  }
}

void check(const Tool& tool, const RecommendJob& job, const MoodMap& moods) {
  if (job.pictures.empty() && job.emotion.empty()) throw UsageError("give a picture, or --emotion NAME; see --help");
  if (!job.pictures.empty() && !job.emotion.empty()) {
    throw UsageError("give either pictures or --emotion, not both");
  }
  if (!job.emotion.empty()) emotion_of(job.emotion);
  for (const char* name : {"model", "faces", "min-confidence"}) {
    if (job.emotion.empty() || !tool.chosen(name)) continue;
    throw UsageError(tool.shown(name) + " has no effect with --emotion; leave it out, or give a picture");
  }
  if (job.out == "-") throw UsageError("out: expected a file, found '-' (without --out it is standard output)");
  if (!(job.faces.min_confidence >= 0 && job.faces.min_confidence <= 1)) {
    throw UsageError("--min-confidence: expected 0..1, found " + format_shortest(job.faces.min_confidence));
  }
  const auto read_once = std::count(job.pictures.begin(), job.pictures.end(), "-") + (job.catalog == "-" ? 1 : 0) +
                         (job.exclude == "-" ? 1 : 0);
  if (job.history == "-") throw UsageError("history: expected a file, found '-' (it is read and written)");
  if (read_once > 1) throw UsageError("standard input (-) can be read once only");
  job.recommend.validate(moods);
  const bool playlist_and_json = tool.common.json && job.format_given && job.format;
  if (playlist_and_json && job.out.empty()) {
    throw UsageError("--json with another --format needs --out FILE: the playlist goes there, the JSON to stdout");
  }
}

}  // namespace affekt::cli
