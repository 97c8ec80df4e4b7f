// Both engines on FER2013: PrivateTest, the bundled model.
#include <cmath>
#include <cstdlib>
#include <filesystem>

#include "affekt/data/fer2013.h"
#include "affekt/eval/evaluate.h"
#include "support/catch.h"

using namespace affekt;

TEST_CASE("both engines judge PrivateTest alike") {
  const std::filesystem::path file =
      std::filesystem::path(std::getenv("AFFEKT_TEST_DATA")) / "fer2013" / "fer2013.csv.xz";
  const Dataset data = read_fer2013_csv(file);
  std::vector<ModelFile> models;
  models.push_back(ModelFile::open(resolve_model_path("default")));
  EvalOptions options;
  options.compute.device = "cpu";
  options.engine = EngineKind::onednn;
  const EvalResult onednn = evaluate(models, data, options);
  options.engine = EngineKind::torch;
  const EvalResult torch = evaluate(models, data, options);
  CHECK(onednn.report.samples == 3589);
  CHECK(onednn.report.confusion == torch.report.confusion);
  CHECK(onednn.leaked == 288);
  double difference = 0;
  REQUIRE(onednn.probabilities.size() == torch.probabilities.size());
  for (std::size_t i = 0; i < onednn.probabilities.size(); ++i) {
    difference = std::max(difference, std::abs(onednn.probabilities[i] - torch.probabilities[i]));
  }
  CHECK(difference < 1e-4);
}
