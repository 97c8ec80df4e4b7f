// The executor as an engine: the door through which programs that do not link oneDNN come in by dlopen.
#include "model/engine_plugin.h"

#include "affekt/infer/executor.h"

extern "C" AFFEKT_API affekt::Engine* affekt_make_onednn_engine(const affekt::ModelFile& model,
                                                                const affekt::ComputeOptions& compute) {
  return std::make_unique<affekt::Executor>(model, affekt::ExecutorOptions{compute.threads, true}).release();
}
