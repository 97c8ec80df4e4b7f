#include "affekt/model/engine.h"

#include <algorithm>
#include <filesystem>
#include <iterator>

#include "affekt/core/error.h"
#include "affekt/core/plugin.h"
#include "model/engine_plugin.h"

namespace affekt {
namespace {

/// LibTorch is asked only where a driver's device is there (of a PC, of WSL, of a Jetson): to load it takes half a
/// second.
bool cuda_found() {
  constexpr const char* kDevices[] = {"/dev/nvidiactl", "/dev/dxg", "/dev/nvhost-ctrl", "/dev/nvmap"};
  const auto exists = [](const char* device) {
    std::error_code ignored;
    return std::filesystem::exists(device, ignored);
  };
  if (std::none_of(std::begin(kDevices), std::end(kDevices), exists)) return false;
  const auto sees = reinterpret_cast<TorchSeesCuda>(plugin_symbol(kLearnLibrary, kTorchSeesCuda));
  return sees != nullptr && sees();
}

/// Whether only LibTorch will do.
bool needs_torch(const ComputeOptions& compute) {
  if (compute.precision == Precision::bf16) return true;
  const DeviceKind device = parse_device(compute.device).kind;
  return device == DeviceKind::cuda || (device == DeviceKind::automatic && cuda_found());
}

void check_onednn(const ComputeOptions& compute) {
  if (parse_device(compute.device).kind == DeviceKind::cuda) {
    throw UsageError("engine: onednn computes on the CPU, not on '" + compute.device + "' (--engine torch)");
  }
  if (compute.precision == Precision::bf16) {
    throw UsageError("engine: onednn computes in fp32, not in bf16 (--engine torch)");
  }
}

MakeEngine find_maker(const char* library, const char* symbol, std::string& why) {
  return reinterpret_cast<MakeEngine>(plugin_symbol(library, symbol, &why));
}

}  // namespace

Engine::~Engine() = default;

const std::vector<std::pair<std::string, EngineKind>>& engine_names() {
  static const std::vector<std::pair<std::string, EngineKind>> names = {
      {"auto", EngineKind::automatic}, {"onednn", EngineKind::onednn}, {"torch", EngineKind::torch}};
  return names;
}

std::unique_ptr<Engine> load_engine(const ModelFile& model, EngineKind kind, const ComputeOptions& compute) {
  compute.validate();
  if (kind == EngineKind::onednn) check_onednn(compute);
  std::string no_onednn, no_torch;
  if (kind == EngineKind::onednn || (kind == EngineKind::automatic && !needs_torch(compute))) {
    if (const MakeEngine maker = find_maker(kFacesLibrary, kMakeOnednnEngine, no_onednn)) {
      return std::unique_ptr<Engine>(maker(model, compute));
    }
    if (kind == EngineKind::onednn) {
      throw UsageError("engine: onednn is not there: " +
                       no_plugin_text(kFacesLibrary, no_onednn, "-DAFFEKT_WITH_FACES=ON"));
    }
  }
  if (const MakeEngine maker = find_maker(kLearnLibrary, kMakeTorchEngine, no_torch)) {
    return std::unique_ptr<Engine>(maker(model, compute));
  }
  const char* option =
      no_onednn.empty() ? "-DAFFEKT_WITH_LEARN=ON" : "-DAFFEKT_WITH_FACES=ON or -DAFFEKT_WITH_LEARN=ON";
  throw UsageError("engine: torch is not there: " + no_plugin_text(kLearnLibrary, no_torch, option));
}

}  // namespace affekt
