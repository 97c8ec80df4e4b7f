// Tiny tagged audio files, made byte by byte.
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>

namespace affekt::test {

inline std::string big_endian(std::uint32_t value, int bytes) {
  std::string out;
  for (int i = bytes - 1; i >= 0; --i) out += static_cast<char>(value >> (8 * i) & 0xFFU);
  return out;
}

inline std::string little_endian(std::uint32_t value) {
  const std::string big = big_endian(value, 4);
  return {big.rbegin(), big.rend()};
}

/// An ID3v2.4 tag (texts in UTF-8) and one silent MPEG frame.
inline std::string mp3_file(const std::string& title, const std::string& artist) {
  const auto size = [](std::size_t n) {  // seven bits a byte
    const auto v = static_cast<std::uint32_t>(n);
    return big_endian((v & 0x7FU) | (v << 1U & 0x7F00U) | (v << 2U & 0x7F0000U), 4);
  };
  const auto frame = [&](const char* id, const std::string& text) {
    return text.empty() ? "" : id + size(text.size() + 1) + std::string(2, '\0') + '\3' + text;
  };
  const std::string frames = frame("TIT2", title) + frame("TPE1", artist);
  const std::string silence = "\xFF\xFB\x90\x44" + std::string(413, '\0');
  return "ID3\4" + std::string(2, '\0') + size(frames.size()) + frames + silence;
}

/// STREAMINFO and Vorbis comments, no frames.
inline std::string flac_file(const std::string& title, const std::string& artist) {
  const auto text = [](const std::string& t) { return little_endian(static_cast<std::uint32_t>(t.size())) + t; };
  const std::string comments = text("test") + little_endian(2) + text("TITLE=" + title) + text("ARTIST=" + artist);
  const std::string info =
      big_endian(0x10001000, 4) + std::string(6, '\0') + big_endian(0x0AC442F0, 4) + std::string(20, '\0');
  return "fLaC" + std::string(1, '\0') + big_endian(34, 3) + info + '\x84' +
         big_endian(static_cast<std::uint32_t>(comments.size()), 3) + comments;
}

inline void write_bytes(const std::filesystem::path& path, const std::string& bytes) {
  std::filesystem::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << bytes;
}

}  // namespace affekt::test
