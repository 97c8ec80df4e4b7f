#include "common/name_list.h"

#include "affekt/core/text.h"

namespace affekt::cli {

std::vector<std::string> names_in_list(std::string_view list) {
  std::vector<std::string> names;
  const bool zero_ended = list.find('\0') != std::string_view::npos;
  for (const auto& entry : split(list, zero_ended ? '\0' : '\n')) {
    const std::string_view name = zero_ended ? std::string_view(entry) : trim(entry);
    if (!name.empty()) names.emplace_back(name);
  }
  return names;
}

}  // namespace affekt::cli
