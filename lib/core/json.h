// Private: the one JSON of the library and the tools, in the order of its keys.
#pragma once

#include <cmath>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "affekt/core/export.h"

namespace affekt {

using Json = nlohmann::ordered_json;

/// Parses a file that comes from outside; repeated keys, nesting deeper than 64, NaN and trailing text are refused.
/// @param place  what the message begins with, e.g. the file's name. @throws DataError "place:line:column: ...".
AFFEKT_API Json parse_json_strict(std::string_view text, const std::string& place, bool allow_comments = false);

/// JSON has no NaN: what is undefined is null.
inline Json number_or_null(double value) { return std::isfinite(value) ? Json(value) : Json(nullptr); }

}  // namespace affekt
