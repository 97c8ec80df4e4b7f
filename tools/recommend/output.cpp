#include <cmath>

#include "affekt/core/file.h"
#include "affekt/core/text.h"
#include "common/face_json.h"
#include "recommend/job.h"

namespace affekt::cli {
namespace {

Json whole_number(double value) { return std::isfinite(value) ? Json(std::llround(value)) : Json(nullptr); }

Json track_json(const RecommendedTrack& track) {
  return {{"rank", track.rank},
          {"id", to_utf8(track.id)},
          {"title", to_utf8(track.title)},
          {"artist", to_utf8(track.artist)},
          {"album", to_utf8(track.album)},
          {"duration_ms", whole_number(track.duration_ms)},
          {"score", track.score},
          {"cluster", track.cluster},
          {"mood", to_utf8(track.mood)},
          {"valence", number_or_null(track.valence)},
          {"energy", number_or_null(track.energy)},
          {"step", track.aim ? Json(track.rank) : Json(nullptr)},
          {"aim", track.aim ? Json{{"valence", track.aim->valence}, {"energy", track.aim->energy}} : Json(nullptr)},
          {"reason", to_utf8(track.reason)},
          {"file", track.file.empty() ? Json(nullptr) : Json(to_utf8(track.file))}};
}

Json result_json(const Tool& tool, const FacesMood& mood, const Recommendation& recommendation) {
  Json json = tool.result();
  json["faces"] = Json::array();
  for (const auto& face : mood.faces) json["faces"].push_back(face_json(face));
  json["mood"] = {{"valence", recommendation.mood.valence},
                  {"energy", recommendation.mood.energy},
                  {"weights", probabilities_json(recommendation.mood.weights)}};
  json["goal"] = recommendation.goal;
  json["steps"] =
      recommendation.tracks.empty() || !recommendation.tracks.front().aim ? 0 : recommendation.tracks.size();
  if (recommendation.library) json["library"] = library_json(*recommendation.library, recommendation.tracks.size());
  json["tracks"] = Json::array();
  for (const auto& track : recommendation.tracks) json["tracks"].push_back(track_json(track));
  return json;
}

std::string playlist_title(const Recommendation& recommendation) {
  std::size_t most = 0;
  for (std::size_t e = 1; e < kEmotionCount; ++e) {
    if (recommendation.mood.weights[e] > recommendation.mood.weights[most]) most = e;
  }
  const std::string title = "affekt: " + emotion_names()[most];
  return recommendation.goal == "match" ? title : title + " to " + recommendation.goal;
}

}  // namespace

void write_result(const Tool& tool, const RecommendJob& job, const FacesMood& mood,
                  const Recommendation& recommendation, Io& io) {
  for (const auto& note : recommendation.notes) io.note(note);
  const bool only_json = !job.format || (tool.common.json && !job.format_given);
  std::string text;
  std::size_t count = recommendation.tracks.size();
  if (only_json || tool.common.json) {
    text = result_json(tool, mood, recommendation).dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
  }
  if (!only_json) {
    const auto playlist = write_playlist(recommendation, *job.format, playlist_title(recommendation));
    count -= playlist.left_out;
    if (playlist.left_out > 0) {
      const char* what = job.format == PlaylistFormat::uris ? "a Spotify id" : "a file";
      io.note(std::to_string(playlist.left_out) + (playlist.left_out == 1 ? " track without " : " tracks without ") +
              what + " left out");
    }
    if (tool.common.json) io.out() << text;
    text = playlist.text;
  }
  if (job.out.empty()) {
    io.out() << text;
  } else {
    write_file(job.out, text);
    io.note("wrote " + std::to_string(count) + (count == 1 ? " track to " : " tracks to ") + printable(job.out));
  }
}

}  // namespace affekt::cli
