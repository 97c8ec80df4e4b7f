// LibTorch as an engine: the door through which programs that do not link it come in by dlopen.
#include "model/engine_plugin.h"

#include "affekt/nn/classifier.h"
#include "affekt/nn/compute.h"

extern "C" AFFEKT_API affekt::Engine* affekt_make_torch_engine(const affekt::ModelFile& model,
                                                               const affekt::ComputeOptions& compute) {
  affekt::prepare_compute(compute.threads);
  return std::make_unique<affekt::Classifier>(model, compute).release();
}

extern "C" AFFEKT_API bool affekt_torch_sees_cuda() { return affekt::resolve_device("auto") != "cpu"; }
