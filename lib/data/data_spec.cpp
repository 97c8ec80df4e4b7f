#include "affekt/data/data_spec.h"

#include <cmath>
#include <optional>
#include <string_view>

#include "affekt/core/error.h"
#include "affekt/core/text.h"

namespace affekt {

DataSpec parse_data_spec(const std::string& text) {
  constexpr std::string_view kWeight = ":weight=";
  DataSpec spec{text, 1.0};
  if (const std::size_t at = text.rfind(kWeight); at != std::string::npos) {
    const std::string_view number = std::string_view(text).substr(at + kWeight.size());
    const std::optional<double> weight = parse_double(number);
    if (!weight || !std::isfinite(*weight) || !(*weight > 0)) {
      throw UsageError("--data " + printable(text) + ": weight '" + printable(number) + "' is not a number above 0");
    }
    spec = {text.substr(0, at), *weight};
  }
  if (spec.path.empty()) throw UsageError("--data: empty path; expected PATH[:weight=W]");
  return spec;
}

}  // namespace affekt
