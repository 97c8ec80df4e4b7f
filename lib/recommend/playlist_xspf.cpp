// XSPF and its JSON twin: the same elements under the same names, written from https://www.xspf.org/spec
#include <string>

#include "affekt/core/text.h"
#include "affekt/core/version.h"
#include "core/json.h"
#include "recommend/playlist_text.h"

namespace affekt::playlist {
namespace {

std::string creator() { return std::string("affekt ") + version(); }

void element(std::string& out, const char* indent, const char* name, const std::string& text) {
  if (text.empty()) return;
  out += std::string(indent) + "<" + name + ">" + escape_xml(text) + "</" + name + ">\n";
}

std::string page_url(const std::string& uri) {
  return uri.empty() ? "" : "https://open.spotify.com/track/" + uri.substr(uri.rfind(':') + 1);
}

}  // namespace

std::string xspf(const Recommendation& recommendation, const std::string& title) {
  std::string out =
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<playlist version=\"1\" xmlns=\"http://xspf.org/ns/0/\">\n";
  element(out, "  ", "title", one_line(title));
  element(out, "  ", "creator", creator());
  out += "  <trackList>\n";
  for (const auto& track : recommendation.tracks) {
    if (!is_listed(recommendation, track)) continue;
    const std::string uri = spotify_uri(track);
    const long long ms = whole_milliseconds(track);
    out += "    <track>\n";
    element(out, "      ", "location", track.file.empty() ? uri : file_uri(track.file));
    element(out, "      ", "identifier", uri);
    element(out, "      ", "title", one_line(track.title));
    element(out, "      ", "creator", one_line(track.artist));
    element(out, "      ", "annotation", one_line(track.reason));
    element(out, "      ", "info", page_url(uri));
    element(out, "      ", "album", one_line(track.album));
    if (ms >= 0) element(out, "      ", "duration", std::to_string(ms));
    out += "    </track>\n";
  }
  return out + "  </trackList>\n</playlist>\n";
}

std::string jspf(const Recommendation& recommendation, const std::string& title) {
  Json tracks = Json::array();
  for (const auto& track : recommendation.tracks) {
    if (!is_listed(recommendation, track)) continue;
    const std::string uri = spotify_uri(track);
    const std::string location = track.file.empty() ? uri : file_uri(track.file);
    const long long ms = whole_milliseconds(track);
    Json entry = Json::object();
    if (!location.empty()) entry["location"] = Json::array({location});
    if (!uri.empty()) entry["identifier"] = Json::array({uri});
    const auto put = [&entry](const char* key, const std::string& text) {
      if (!text.empty()) entry[key] = text;
    };
    put("title", to_utf8(track.title));
    put("creator", to_utf8(track.artist));
    put("annotation", to_utf8(track.reason));
    put("info", page_url(uri));
    put("album", to_utf8(track.album));
    if (ms >= 0) entry["duration"] = ms;
    tracks.push_back(std::move(entry));
  }
  Json playlist = {{"title", to_utf8(title)}, {"creator", creator()}, {"track", std::move(tracks)}};
  return Json({{"playlist", std::move(playlist)}}).dump(2) + "\n";
}

}  // namespace affekt::playlist
