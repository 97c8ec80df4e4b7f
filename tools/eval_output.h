// What affekt-eval says: JSON, text, page and table of predictions.
#pragma once

#include <string>
#include <vector>

#include "affekt/eval/evaluate.h"
#include "common/cli.h"

namespace affekt::cli {

/// What was judged with what.
struct EvalSubject {
  const std::vector<ModelFile>& models;
  std::string split, tta;
  std::size_t skipped = 0;  ///< Bad rows of the data left out.
};

/// Adds `models`: file, architecture and parameters of each.
void add_models_json(const std::vector<ModelFile>& models, Json& result);
/// Adds the figures to `result`; undefined figures are null.
void add_eval_json(const EvalSubject& subject, const EvalResult& evaluation, Json& result);
std::string eval_text(const EvalSubject& subject, const EvalResult& evaluation);
std::string eval_page(const EvalSubject& subject, const EvalResult& evaluation);
/// One row a face: source, name, split, label, prediction, confidence and the seven probabilities.
std::string predictions_csv(const Dataset& data, const EvalResult& evaluation);

}  // namespace affekt::cli
