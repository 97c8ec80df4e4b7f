// Private: strict JSON for files that come from outside.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "affekt/core/export.h"

namespace affekt {

/// Parses JSON; repeated keys, nesting deeper than 64, NaN and trailing text are refused.
/// @param place  what the message begins with, e.g. the file's name. @throws DataError "place:line:column: ...".
AFFEKT_API nlohmann::ordered_json parse_json_strict(std::string_view text, const std::string& place,
                                                    bool allow_comments = false);

}  // namespace affekt
