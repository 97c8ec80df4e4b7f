#include "doctor_kernels.h"

#include <dlfcn.h>

#include <algorithm>
#include <cstdlib>

#include "affekt/core/plugin.h"
#include "affekt/core/simd.h"
#include "affekt/core/text.h"
#include "affekt/nn/precision.h"
#include "doctor_checks.h"

namespace affekt::cli {
namespace {

bool begins_with(const std::string& text, const char* start) { return text.rfind(start, 0) == 0; }

const char* name_of(Vectors vectors) {
  static const char* const kNames[] = {"sse", "avx", "avx2", "avx512"};
  return kNames[static_cast<std::size_t>(vectors)];
}

/// Of a name as oneDNN and LibTorch give it.
Vectors vectors_of_name(const std::string& name) {
  if (begins_with(name, "avx512")) return Vectors::avx512;
  if (begins_with(name, "avx2")) return Vectors::avx2;
  return begins_with(name, "avx") ? Vectors::avx : Vectors::sse;
}

/// Of the processor that OpenBLAS names its kernels after. One that is not known here is a recent one.
Vectors vectors_of_core(const std::string& core) {
  static const char* const kSse[] = {"generic",   "katmai", "coppermine", "northwood", "prescott", "banias",
                                     "core2",     "penryn", "dunnington", "nehalem",   "athlon",   "opteron",
                                     "barcelona", "bobcat", "atom",       "nano"};
  static const char* const kAvx[] = {"sandybridge", "bulldozer", "piledriver", "steamroller"};
  static const char* const kAvx512[] = {"skylakex", "cooperlake", "sapphirerapids"};
  const std::string name = lower_ascii(core);
  const auto among = [&](const auto& cores) {
    return std::any_of(std::begin(cores), std::end(cores), [&](const char* one) { return begins_with(name, one); });
  };
  if (among(kSse)) return Vectors::sse;
  if (among(kAvx)) return Vectors::avx;
  return among(kAvx512) ? Vectors::avx512 : Vectors::avx2;
}

/// "NAME=value" of the first of these variables that is set, or "".
std::string set_variable(const std::vector<const char*>& names) {
  for (const char* name : names) {
    const char* value = std::getenv(name);
    if (value != nullptr && *value != '\0') return std::string(name) + "=" + printable(value, 40);
  }
  return "";
}

const std::vector<const char*> kOnednnVariables{"ONEDNN_MAX_CPU_ISA", "DNNL_MAX_CPU_ISA"};

std::string name_of_variable(const std::string& setting) { return setting.substr(0, setting.find('=')); }

void examine_openblas(Json& checks) {
  const std::string path = loaded({"libopenblas"});
  if (path.empty()) return;
  void* library = ::dlopen(path.c_str(), RTLD_LAZY | RTLD_NOLOAD);
  void* symbol = library != nullptr ? ::dlsym(library, "openblas_get_corename") : nullptr;
  const auto name = reinterpret_cast<const char* (*)()>(symbol);
  const std::string core = name != nullptr ? name() : "";
  checks.push_back(judge_kernels({"OpenBLAS", core, vectors_of_core(core), set_variable({"OPENBLAS_CORETYPE"}),
                                  "a newer OpenBLAS may know this processor; until then set OPENBLAS_CORETYPE=Haswell"},
                                 vectors_of(processor())));
}

/// Why, in words that follow the networks.
std::string grounds(const PrecisionTable& table) {
  if (!table.has_bf16()) return "bf16 never pays without AVX-512, which oneDNN does not use here";
  const std::string measured = "speed of training in bf16 over fp32, measured on processors with ";
  if (table.instructions == "cuda") return measured + "avx512_bf16, not on CUDA";
  return measured + (table.instructions == "avx512" ? "AVX-512 and without avx512_bf16" : table.instructions) +
         " like this one";
}

/// A row of what was chosen for each network, and its measured gain (0 = none).
struct AutoRow {
  std::vector<std::string> words;
  Json networks = Json::array();

  void add(const std::string& network, const char* key, const std::string& chosen, double gain) {
    const bool measured = gain > 0;
    words.push_back(network + " " + chosen + (measured ? " (" + format_fixed(gain, 2) + "x)" : ""));
    networks.push_back({{"name", network}, {key, chosen}, {"gain", measured ? Json(gain) : Json()}});
  }
  Json row(const char* name, const std::string& why) const {
    Json out = check(name, "ok", join(words, ", ") + ": " + why);
    out["networks"] = networks;
    return out;
  }
};

/// What --precision auto and --layout auto choose.
void examine_choices(Json& checks) {
  const auto fill =
      reinterpret_cast<void (*)(PrecisionTable&)>(plugin_symbol("affekt_learn", "affekt_precision_table"));
  if (fill == nullptr) return;
  PrecisionTable table;
  fill(table);
  AutoRow precisions, layouts;
  for (const PrecisionChoice& choice : table.networks) {
    const bool bf16 = choice.precision == Precision::bf16;
    const bool blocked = !bf16 && choice.fp32_layout == Layout::blocked;
    precisions.add(choice.network, "precision", bf16 ? "bf16" : "fp32", choice.gain);
    layouts.add(choice.network, "layout", blocked ? "blocked" : "channels-last", bf16 ? 0 : choice.blocked_gain);
  }
  Json row = precisions.row("precision auto", grounds(table));
  const std::string variable = set_variable(kOnednnVariables);
  if (!variable.empty() && processor().has("avx512_bf16") && (table.instructions == "avx512" || !table.has_bf16())) {
    row["status"] = "warning";
    row["remedy"] = "unset " + name_of_variable(variable) + ": this processor computes bf16";
  }
  checks.push_back(row);
  checks.push_back(layouts.row("layout auto", "speed of training blocked over channels-last, in fp32"));
}

}  // namespace

Vectors vectors_of(const Processor& processor) {
  if (processor.has("avx512f") && processor.has("avx512bw") && processor.has("avx512vl")) return Vectors::avx512;
  if (processor.has("avx2") && processor.has("fma")) return Vectors::avx2;
  return processor.has("avx") ? Vectors::avx : Vectors::sse;
}

Json judge_kernels(const Kernels& kernels, Vectors processor) {
  const std::string name = kernels.library + " kernels";
  if (kernels.in_use.empty()) return check(name, "ok", "it does not say which");
  if (kernels.vectors >= processor) return check(name, "ok", kernels.in_use);
  if (!kernels.variable.empty()) {
    return check(
        name, "warning",
        kernels.in_use + ": this processor has " + name_of(processor) + ", and " + kernels.variable + " is set",
        "unset " + name_of_variable(kernels.variable));
  }
  if (kernels.vectors >= Vectors::avx2 || processor < Vectors::avx2) return check(name, "ok", kernels.in_use);
  return check(name, "warning", kernels.in_use + ": generic, without the AVX2 that this processor has", kernels.remedy);
}

void examine_processor(Json& checks) {
  std::vector<std::string> has, lacks;
  for (const char* feature : {"avx2", "fma", "avx512f", "avx512_bf16", "amx_bf16"})
    (processor().has(feature) ? has : lacks).emplace_back(feature);
  const std::string name = processor().name.empty() ? "unknown" : printable(processor().name);
  checks.push_back(check("processor", "ok",
                         name + " (" + (has.empty() ? "" : join(has, ", ")) +
                             (has.empty() || lacks.empty() ? "" : "; ") +
                             (lacks.empty() ? "" : "no " + join(lacks, ", ")) + ")"));
  const std::string level = simd_level(), widest = simd_levels().front();
  checks.push_back(level == widest ? check("k-means kernels", "ok", level)
                                   : check("k-means kernels", "warning",
                                           level + ": this processor has " + widest + ", and " +
                                               set_variable({"AFFEKT_SIMD"}) + " is set",
                                           "unset AFFEKT_SIMD"));
}

void examine_onednn(Json& checks) {
  const std::string isa = text_of_plugin("affekt_faces", "affekt_onednn_isa");
  checks.push_back(judge_kernels({"oneDNN", isa, vectors_of_name(isa), set_variable(kOnednnVariables),
                                  "use a oneDNN that was built without a limit of its instruction set"},
                                 vectors_of(processor())));
}

void examine_learn_kernels(Json& checks) {
  const std::string capability = text_of_plugin("affekt_learn", "affekt_torch_capability");
  checks.push_back(
      judge_kernels({"LibTorch", capability, vectors_of_name(capability), set_variable({"ATEN_CPU_CAPABILITY"}),
                     "use a LibTorch that was built with AVX2 kernels, as Debian's is"},
                    vectors_of(processor())));
  examine_openblas(checks);
  examine_choices(checks);
}

}  // namespace affekt::cli
