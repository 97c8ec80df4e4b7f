// The door through which affekt-compare comes in by dlopen.
#include "report/judge_plugin.h"

#include "affekt/eval/evaluate.h"

extern "C" AFFEKT_API void affekt_judge_model(const std::vector<affekt::ModelFile>& models, const affekt::Dataset& data,
                                              int threads, affekt::Judgement& judgement) {
  affekt::EvalOptions options;
  options.split = judgement.split;
  options.compute.threads = threads;
  affekt::prepare_compute(threads);
  const affekt::EvalResult result = affekt::evaluate(models, data, options);
  judgement.samples = result.report.samples;
  judgement.accuracy = result.report.accuracy;
  judgement.macro_f1 = result.report.macro_f1;
  judgement.log_loss = result.report.log_loss;
  judgement.images_per_second = result.images_per_second;
}
