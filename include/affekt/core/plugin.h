// Parts of the project that are loaded only when they are asked for.
#pragma once

#include <string>

#include "affekt/core/export.h"

namespace affekt {

/// Address of `symbol` in the shared library `name` ("affekt_faces"): the file beside libaffekt_core, else where the
/// dynamic loader looks. A library once loaded stays. Safe to call from several threads.
/// @param why  if not nullptr, gets the loader's words when the result is nullptr.
/// @returns    nullptr if the library or the symbol is not there.
AFFEKT_API void* plugin_symbol(const std::string& name, const char* symbol, std::string* why = nullptr);

inline constexpr char kFacesLibrary[] = "affekt_faces";
inline constexpr char kLearnLibrary[] = "affekt_learn";

/// What to tell a user who asked for something of a library that is not there: "libaffekt_faces is not part of this
/// build or cannot be loaded (WHY); build with OPTION".
AFFEKT_API std::string no_plugin_text(const std::string& name, const std::string& why, const std::string& option);

}  // namespace affekt
