// Private: the card of a model file, from and to JSON.
#pragma once

#include <string>
#include <string_view>

#include "affekt/model/model_file.h"

namespace affekt {

/// @param place  what messages begin with. @throws DataError
ModelCard parse_card(std::string_view json, const std::string& place);

/// The network the card names. @throws DataError if there is none like it.
Network network_of(const ModelCard& card, const std::string& place);

/// The value of metadata key `schema` in files this program writes and reads.
inline constexpr const char* kModelSchema = "affekt.model/1";

}  // namespace affekt
