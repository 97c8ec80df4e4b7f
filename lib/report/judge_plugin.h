// The symbol of libaffekt_learn that core looks up at run time; lib/eval/judge_plugin.cpp defines it.
#pragma once

#include <vector>

#include "affekt/report/judge.h"

namespace affekt {

inline constexpr char kLearnLibrary[] = "affekt_learn";
inline constexpr char kJudgeModel[] = "affekt_judge_model";
using JudgeModel = void (*)(const std::vector<ModelFile>& models, const Dataset& data, int threads,
                            Judgement& judgement);

}  // namespace affekt
