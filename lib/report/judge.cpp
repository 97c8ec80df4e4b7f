#include "affekt/report/judge.h"

#include <utility>
#include <vector>

#include "affekt/core/error.h"
#include "affekt/core/plugin.h"
#include "report/judge_plugin.h"

namespace affekt {

Judgement judge_model(ModelFile model, const Dataset& data, EvalSplit split, int threads) {
  std::string why;
  const auto judge = reinterpret_cast<JudgeModel>(plugin_symbol(kLearnLibrary, kJudgeModel, &why));
  if (judge == nullptr) {
    throw UsageError("data: models cannot be judged: libaffekt_learn is not part of this build or cannot be loaded (" +
                     why + "); build with -DAFFEKT_WITH_LEARN=ON");
  }
  std::vector<ModelFile> models;
  models.push_back(std::move(model));
  Judgement judgement;
  judgement.split = split;
  judge(models, data, threads, judgement);
  return judgement;
}

}  // namespace affekt
