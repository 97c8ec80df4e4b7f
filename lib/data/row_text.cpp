#include "data/row_text.h"

#include "affekt/core/error.h"
#include "affekt/core/text.h"

namespace affekt::detail {
namespace {
constexpr std::string_view kRow = "row ";
}

std::string read_header_row(CsvReader& reader) {
  const std::string file = printable(reader.name());
  if (!reader.next()) throw DataError(file + ": the file is empty");
  return file + ":" + std::to_string(reader.line()) + ": ";
}

std::optional<Emotion> parse_label(std::string_view text) {
  const std::string_view label = trim(text);
  if (label.size() == 1 && label[0] >= '0' && label[0] < '0' + static_cast<char>(kEmotionCount)) {
    return static_cast<Emotion>(label[0] - '0');
  }
  return parse_emotion(label);
}

std::optional<Split> parse_usage(std::string_view text) {
  const std::string usage = lower_ascii(trim(text));
  if (usage == "training") return Split::train;
  if (usage == "publictest") return Split::public_test;
  if (usage == "privatetest") return Split::private_test;
  return std::nullopt;
}

std::string row_name(std::size_t number) { return std::string(kRow) + std::to_string(number); }

std::optional<std::size_t> row_number(std::string_view name) {
  if (name.substr(0, kRow.size()) != kRow) return std::nullopt;
  const std::optional<long long> number = parse_integer(name.substr(kRow.size()));
  if (!number || *number < 1) return std::nullopt;
  return static_cast<std::size_t>(*number);
}

}  // namespace affekt::detail
