// Private: the words FER2013 and FER+ use in a row.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "affekt/core/csv.h"
#include "affekt/data/dataset.h"

namespace affekt::detail {

/// Reads the header row; returns "FILE:LINE: " for messages about it. @throws DataError  there is none.
std::string read_header_row(CsvReader& reader);

/// "0".."6" or an emotion's name.
std::optional<Emotion> parse_label(std::string_view text);
/// Training, PublicTest or PrivateTest, in any case.
std::optional<Split> parse_usage(std::string_view text);

/// The name of row `number` (from 1) of a CSV, and back.
std::string row_name(std::size_t number);
std::optional<std::size_t> row_number(std::string_view name);

}  // namespace affekt::detail
