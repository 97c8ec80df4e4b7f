#include "train/rank_job.h"

#include <filesystem>

#include "affekt/core/text.h"
#include "affekt/core/version.h"
#include "affekt/model/architectures.h"
#include "affekt/nn/compute.h"
#include "affekt/train/train_job.h"
#include "train/options.h"

namespace affekt {
namespace {

struct Texts {
  std::vector<std::string> names, values;
  void add(const std::string& name, const std::string& value) {
    names.push_back(name);
    values.push_back(value);
  }
};

}  // namespace

TrainOptions options_of_rank(const TrainOptions& options, const Collective& ranks) {
  if (ranks.size() == 1) return options;  // the machine is its own
  TrainOptions own = options;
  if (own.compute.threads == 0) own.compute.threads = ranks.threads();
  const bool any = own.compute.device == "auto" || own.compute.device == "cuda";
  if (any && resolve_device(own.compute.device) != "cpu") {
    own.compute.device = resolve_device("cuda:" + std::to_string(ranks.local_rank()));
  }
  return own;
}

void check_same_work(Collective& ranks, const Dataset& data, const TrainRows& rows, const TrainOptions& options,
                     const StartInfo& start, const Teachers& teachers, bool resumed) {
  Texts texts;
  texts.add("version", version());
  for (const auto& [name, text] : common_option_texts(options)) texts.add(name, text);
  texts.add("data", "rows of digest " + data.digest());
  texts.add("data", "weights of digest " + weights_digest(data, rows, options));
  texts.add("pretrained", start.source.digest.empty() ? "none" : "a file of CRC-64 " + start.source.digest);
  texts.add("teacher", teachers.empty() ? "none" : teachers_text(teachers.sources()));
  const std::string device = resolve_device(options.compute.device);
  texts.add("device", device == "cpu" ? device : "cuda");
  if (resumed) return ranks.check_equal(texts.names, texts.values);  // the checkpoint says the rest
  const Network network = make_network(options.model, network_options(options, start.variant));
  const Precision precision = effective_precision(options.compute.precision, network, device);
  texts.add("precision",
            precision == Precision::bf16 ? "bf16 as the processor's choice" : "fp32 as the processor's choice");
  // Gradients travel in the order of memory.
  texts.add("layout", effective_layout(options.layout, precision, network, device) == Layout::blocked
                          ? "blocked as the processor's choice"
                          : "channels-last as the processor's choice");
  ranks.check_equal(texts.names, texts.values);
}

std::optional<RunFolder> folder_of_rank(const TrainOptions& options, const Collective& ranks) {
  if (!ranks.is_first()) return std::nullopt;
  return RunFolder::prepare(options);
}

FoundState state_of_run(const RunFolder* folder, Collective& ranks, Wanted wanted) {
  if (folder == nullptr) return {parse_run_state(ranks.text_of_first(""), "the state of the run from rank 0"), ""};
  FoundState found = find_state(*folder, wanted);
  ranks.text_of_first(run_state_json(found.state));
  return found;
}

TrainOptions run_options_of_first(const std::string& folder, Ranks& ranks) {
  if (ranks.is_first()) {
    TrainOptions options = read_run_options(folder);
    ranks.collective().text_of_first(train_options_json(options));
    return options;
  }
  TrainOptions options =
      parse_train_options(ranks.collective().text_of_first(""), "the options of the run from rank 0");
  options.out = options.resume = folder;
  return options;
}

LostRank with_remedy(const LostRank& error, const RunFolder* folder) {
  if (folder == nullptr) return error;
  std::error_code ignored;
  const bool saved = std::filesystem::exists(folder->checkpoint(0), ignored) ||
                     std::filesystem::exists(folder->checkpoint(1), ignored);
  return LostRank(std::string(error.what()) + (saved
                                                   ? " (--resume " + printable(folder->path().string()) +
                                                         " goes on from the last checkpoint, with any number of ranks)"
                                                   : " (nothing was saved yet)"));
}

}  // namespace affekt
