// The door of libaffekt_library: TagLib is mapped only by who asks for files.
#pragma once

#include <string>

namespace affekt {

struct AudioTags {
  std::string title, artist;  ///< UTF-8.
};

inline constexpr char kLibraryLibrary[] = "affekt_library";

/// False if the file cannot be opened or is not what its name says. Never throws; safe to call from several threads.
inline constexpr char kReadAudioTags[] = "affekt_read_audio_tags";
using ReadAudioTags = bool (*)(const char* path, AudioTags&);

}  // namespace affekt
