// libaffekt_library: what the tags of an audio file say.
#include "recommend/audio_tags.h"

#include <taglib/fileref.h>
#include <taglib/infotag.h>
#include <taglib/tag.h>
#include <taglib/tfilestream.h>
#include <taglib/wavfile.h>

#include <exception>

#include "affekt/core/export.h"

extern "C" AFFEKT_API bool affekt_read_audio_tags(const char* path, affekt::AudioTags& tags) {
  try {
    TagLib::FileStream stream(path, true);  // FileRef by name would open it for writing
    if (!stream.isOpen()) return false;
    const TagLib::FileRef file(&stream, false);
    if (file.isNull() || file.file() == nullptr || !file.file()->isValid()) return false;
    const TagLib::Tag* tag = file.tag();
    auto* wav = dynamic_cast<TagLib::RIFF::WAV::File*>(file.file());
    if (wav != nullptr && !wav->hasID3v2Tag()) tag = wav->InfoTag();  // which tag() of a WAV does not look at
    if (tag == nullptr) return true;
    // Not to8Bit(): its std::string has the layout of the system's compiler, ours may follow LibTorch's.
    tags.title = tag->title().toCString(true);
    tags.artist = tag->artist().toCString(true);
    return true;
  } catch (const std::exception&) {  // memory a damaged size asked for
    return false;
  }
}
