// affekt doctor: the processor, the kernels that libraries choose for it, and what keeps them from better ones.
#include <algorithm>
#include <cstdlib>
#include <map>
#include <string>

#include "affekt/core/processor.h"
#include "affekt/core/simd.h"
#include "affekt/core/text.h"
#include "affekt/model/architectures.h"
#include "affekt/nn/precision.h"
#include "doctor_checks.h"
#include "doctor_kernels.h"
#include "support/tool_test.h"

using namespace affekt;
using affekt::cli::judge_kernels;
using affekt::cli::Vectors;
using affekt::test::run_tool;
using Catch::Matchers::ContainsSubstring;

namespace {

/// The rows by name; of the variables that limit a library only this one is set ("NAME=value" or "").
std::map<std::string, Json> rows_with(const std::string& variable) {
  for (const char* name :
       {"ONEDNN_MAX_CPU_ISA", "DNNL_MAX_CPU_ISA", "ATEN_CPU_CAPABILITY", "OPENBLAS_CORETYPE", "AFFEKT_SIMD"})
    ::unsetenv(name);
  test::ToolSetting setting;
  if (!variable.empty()) setting.environment.push_back(variable);
  const auto result = run_tool("affekt", {"doctor", "--json"}, setting);
  INFO(result.err);
  REQUIRE(result.exit_code == 0);
  std::map<std::string, Json> rows;
  const Json report = Json::parse(result.out);
  for (const Json& row : report["checks"]) rows[row["name"]] = row;
  return rows;
}

}  // namespace

TEST_CASE("doctor names the processor, every library's kernels and what auto would choose") {
  const auto rows = rows_with("");
  CHECK_THAT(rows.at("processor")["found"].get<std::string>(), ContainsSubstring(processor().name));
  for (const char* feature : {"avx2", "fma", "avx512f", "avx512_bf16", "amx_bf16"})
    CHECK_THAT(rows.at("processor")["found"].get<std::string>(), ContainsSubstring(feature));
  CHECK(rows.at("k-means kernels")["found"] == simd_levels().front());
  for (const char* library : {"oneDNN", "LibTorch", "k-means"}) {
    const Json& row = rows.at(library + std::string(" kernels"));
    CAPTURE(row.dump());
    CHECK(row["status"] == "ok");
    CHECK(row["found"] != "it does not say which");
  }
  const Json& precision = rows.at("precision auto");
  CHECK(precision["status"] == "ok");
  REQUIRE(precision["networks"].size() == network_names().size());
  for (const Json& network : precision["networks"]) {
    CAPTURE(network.dump());
    CHECK_THAT(precision["found"].get<std::string>(),
               ContainsSubstring(network["name"].get<std::string>() + " " + network["precision"].get<std::string>()));
    CHECK((network["precision"] == "bf16") == (!network["gain"].is_null() && network["gain"] > 1));
  }
  const Json& layout = rows.at("layout auto");
  CHECK(layout["status"] == "ok");
  REQUIRE(layout["networks"].size() == network_names().size());
  for (std::size_t i = 0; i < network_names().size(); ++i) {
    const Json& network = layout["networks"][i];
    CAPTURE(network.dump());
    const bool faster = !network["gain"].is_null() && network["gain"] > kLeastBlockedGain;
    CHECK(network["layout"] == (faster ? "blocked" : "channels-last"));
    if (precision["networks"][i]["precision"] == "bf16") CHECK(network["gain"].is_null());
  }
}

TEST_CASE("doctor warns where a variable lowers the kernels, and names it") {
  struct Case {
    const char *variable, *value, *library, *found;
  };
  const Case cases[] = {{"ONEDNN_MAX_CPU_ISA", "SSE41", "oneDNN", "sse41"},
                        {"DNNL_MAX_CPU_ISA", "AVX", "oneDNN", "avx"},
                        {"ATEN_CPU_CAPABILITY", "default", "LibTorch", "default"},
                        {"AFFEKT_SIMD", "ssse3", "k-means", "ssse3"}};
  const bool higher = cli::vectors_of(processor()) >= Vectors::avx2;  // elsewhere these lower nothing
  for (const Case& c : cases) {
    const std::string setting = std::string(c.variable) + "=" + c.value;
    const auto rows = rows_with(setting);
    const Json& row = rows.at(std::string(c.library) + " kernels");
    CAPTURE(row.dump());
    CHECK(row["status"] == (higher ? "warning" : "ok"));
    CHECK(row["found"].get<std::string>().rfind(c.found, 0) == 0);
    CHECK(row["remedy"] == (higher ? "unset " + std::string(c.variable) : ""));
    if (higher) CHECK_THAT(row["found"].get<std::string>(), ContainsSubstring(setting + " is set"));
  }
}

TEST_CASE("doctor says what keeps bf16 off") {
  const auto rows = rows_with("ONEDNN_MAX_CPU_ISA=AVX2");
  const Json& row = rows.at("precision auto");
  CAPTURE(row.dump());
  for (const Json& network : row["networks"]) CHECK(network["precision"] == "fp32");
  if (cli::vectors_of(processor()) >= Vectors::avx2) {
    const Json& layout = rows.at("layout auto");
    CAPTURE(layout.dump());
    CHECK(std::any_of(layout["networks"].begin(), layout["networks"].end(),
                      [](const Json& network) { return network["layout"] == "blocked"; }));
  }
  CHECK(row["status"] == (processor().has("avx512_bf16") ? "warning" : "ok"));
  CHECK_THAT(row["found"].get<std::string>(), ContainsSubstring("bf16 never pays without AVX-512"));
}

TEST_CASE("kernels are judged by what the processor has") {
  const auto status = [](const char* in_use, Vectors vectors, const char* variable, Vectors processor) {
    return judge_kernels({"It", in_use, vectors, variable, "get another"}, processor);
  };
  const auto generic = status("Prescott", Vectors::sse, "", Vectors::avx2);
  CHECK(generic["status"] == "warning");
  CHECK(generic["found"] == "Prescott: generic, without the AVX2 that this processor has");
  CHECK(generic["remedy"] == "get another");
  const auto lowered = status("Haswell", Vectors::avx2, "V=x", Vectors::avx512);
  CHECK(lowered["status"] == "warning");
  CHECK(lowered["found"] == "Haswell: this processor has avx512, and V=x is set");
  CHECK(lowered["remedy"] == "unset V");
  CHECK(status("avx", Vectors::avx, "", Vectors::avx512)["status"] == "warning");
  CHECK(status("Zen", Vectors::avx2, "", Vectors::avx512)["status"] == "ok");  // its own choice, and no bad one
  CHECK(status("sse41", Vectors::sse, "", Vectors::avx)["status"] == "ok");
  CHECK(status("Haswell", Vectors::avx2, "V=x", Vectors::avx2)["status"] == "ok");
  CHECK(status("", Vectors::sse, "", Vectors::avx512)["status"] == "ok");
}

TEST_CASE("the table fits a terminal, and keeps what cannot be broken") {
  const std::string words =
      "many words that are broken into lines of eighty columns at most, wherever there is a space";
  const std::string path = "/" + std::string(90, 'p');
  const std::string table =
      cli::doctor_table({cli::check("first", "ok", words), cli::check("second", "warning", path, words + " " + words)});
  std::size_t long_lines = 0;
  for (const std::string& line : split(table, '\n')) {
    if (count_code_points(line) > 80) {
      ++long_lines;
      CHECK_THAT(line, ContainsSubstring(path));
    }
  }
  CHECK(long_lines == 1);
  CHECK(table.rfind("first            ok       many words", 0) == 0);
  CHECK_THAT(table,
             ContainsSubstring("second           warning  " + path + "\n                          -> many words"));
}
