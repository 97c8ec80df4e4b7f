#include "affekt/model/compute_options.h"

#include "affekt/core/error.h"
#include "affekt/core/text.h"

namespace affekt {

const std::vector<std::pair<std::string, Precision>>& precision_names() {
  static const std::vector<std::pair<std::string, Precision>> names = {
      {"auto", Precision::automatic}, {"fp32", Precision::fp32}, {"bf16", Precision::bf16}};
  return names;
}

const std::vector<std::pair<std::string, Layout>>& layout_names() {
  static const std::vector<std::pair<std::string, Layout>> names = {
      {"auto", Layout::automatic}, {"channels-last", Layout::channels_last}, {"blocked", Layout::blocked}};
  return names;
}

DeviceChoice parse_device(const std::string& text) {
  constexpr int kMostDevices = 128;
  if (text == "auto") return {DeviceKind::automatic, 0};
  if (text == "cpu") return {DeviceKind::cpu, 0};
  if (text == "cuda") return {DeviceKind::cuda, 0};
  if (text.rfind("cuda:", 0) == 0) {
    const auto index = parse_integer(text.substr(5));
    if (index && *index >= 0 && *index < kMostDevices) return {DeviceKind::cuda, static_cast<int>(*index)};
  }
  throw UsageError("device: expected auto, cpu, cuda or cuda:N, found '" + printable(text) + "'");
}

void ComputeOptions::validate() const {
  parse_device(device);
  if (threads < 0) throw UsageError("threads: expected 0 (all cores) or more, found " + std::to_string(threads));
}

}  // namespace affekt
