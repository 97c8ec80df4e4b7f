// affekt-recommend: songs for a face, or for a named emotion. This file parses, calls the library and reports.
#include "affekt/cluster/catalog.h"
#include "affekt/cluster/cluster_moods.h"
#include "affekt/core/file.h"
#include "affekt/music/moods.h"
#include "affekt/recommend/history.h"
#include "recommend/job.h"

int main(int argc, char** argv) {
  using namespace affekt;
  cli::RecommendJob job;
  cli::Tool tool("recommend", "Songs for a face, or for a named emotion.");
  cli::bind(tool, job);
  return tool.run(argc, argv, [&](cli::Io& io) {
    const MoodMap moods = job.moods.empty() ? default_moods() : read_moods(job.moods);
    job.recommend.seed = tool.common.seed;
    job.recommend.filter.years = parse_years(job.years);
    job.faces.threads = tool.common.threads;
    cli::infer_format(tool, job);
    cli::check(tool, job, moods);
    if (!job.out.empty()) check_writable_file(job.out);
    if (!job.history.empty()) check_writable_file(job.history);
    ExclusionList excluded = job.exclude.empty() ? ExclusionList{} : ExclusionList::read(job.exclude);
    if (!job.history.empty()) excluded.add(read_history(job.history));
    const LocalLibrary library = job.library.empty() ? LocalLibrary{} : read_local_library(job.library);
    Catalog catalog = read_catalog(job.catalog, moods, tool.common.seed);
    if (!job.moods.empty()) name_clusters(catalog.tracks, catalog.cluster, moods, catalog.clusters);
    for (const auto& line : catalog.notes.lines) io.detail(line);
    for (const auto& line : catalog.notes.warnings) io.warn(line);
    const FacesMood mood = cli::find_mood(job, io);
    Recommendation recommendation = recommend(mood.probabilities, catalog, moods, job.recommend, excluded);
    if (!job.library.empty()) cli::find_files(library, recommendation, io);
    cli::write_result(tool, job, mood, recommendation, io);
    if (!job.history.empty()) append_history(job.history, recommendation);
    return mood.unreadable.empty() ? 0 : cli::kPartialFailure;
  });
}
