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

}  // namespace affekt
