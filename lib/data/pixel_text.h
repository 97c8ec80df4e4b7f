// Private: the pixels cell of FER2013, 2304 numbers 0..255 separated by spaces.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace affekt::detail {

/// Reads exactly kFacePixels numbers into `face`; false if the text is anything else (`face` is then undefined).
bool parse_pixels(std::string_view text, std::uint8_t* face);

/// What is wrong with a text parse_pixels() refused, for messages.
std::string describe_bad_pixels(std::string_view text);

}  // namespace affekt::detail
