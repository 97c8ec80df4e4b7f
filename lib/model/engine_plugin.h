// The symbols that load_engine() looks up at run time: lib/infer/engine_plugin.cpp and lib/nn/engine_plugin.cpp.
#pragma once

#include "affekt/model/engine.h"

namespace affekt {

/// Each returns a new object, which the caller owns, and throws what load_engine() throws.
using MakeEngine = Engine* (*)(const ModelFile&, const ComputeOptions&);
inline constexpr char kMakeOnednnEngine[] = "affekt_make_onednn_engine";
inline constexpr char kMakeTorchEngine[] = "affekt_make_torch_engine";

/// Whether LibTorch finds a CUDA device.
using TorchSeesCuda = bool (*)();
inline constexpr char kTorchSeesCuda[] = "affekt_torch_sees_cuda";

}  // namespace affekt
