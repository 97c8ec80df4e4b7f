#include "affekt/core/processor.h"

#include <algorithm>
#include <fstream>
#include <iterator>

#include "affekt/core/text.h"

namespace affekt {
namespace {

/// What stands behind "key : " in the first line that begins so.
std::string field(const std::vector<std::string>& lines, const std::string& key) {
  for (const std::string& line : lines) {
    const std::size_t colon = line.find(':');
    if (colon != std::string::npos && trim(line.substr(0, colon)) == key)
      return std::string(trim(line.substr(colon + 1)));
  }
  return "";
}

}  // namespace

bool Processor::has(const std::string& feature) const {
  return std::find(features.begin(), features.end(), feature) != features.end();
}

Processor parse_processor(const std::string& cpuinfo) {
  const std::vector<std::string> lines = split(cpuinfo, '\n');
  const std::string flags = field(lines, "flags");
  return {field(lines, "model name"), flags.empty() ? std::vector<std::string>{} : split(flags, ' ')};
}

const Processor& processor() {
  static const Processor here = [] {
    std::ifstream file("/proc/cpuinfo");
    return parse_processor({std::istreambuf_iterator<char>(file), {}});
  }();
  return here;
}

}  // namespace affekt
