// What was recommended before, so that it does not come again.
#pragma once

#include <filesystem>

#include "affekt/core/export.h"
#include "affekt/recommend/exclusion.h"
#include "affekt/recommend/recommendation.h"

namespace affekt {

/// The tracks of a history file; none if it does not exist yet. @throws IoError, DataError as ExclusionList::read().
AFFEKT_API ExclusionList read_history(const std::filesystem::path& path);

/// Adds the tracks of a recommendation, one a line as ExclusionList reads them: spotify:track:ID, else "artist -
/// title", else the id. The file is replaced as a whole. @throws IoError.
AFFEKT_API void append_history(const std::filesystem::path& path, const Recommendation& recommendation);

}  // namespace affekt
