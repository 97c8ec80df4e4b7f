// The switch between instruction sets, and what is known of the processor.
#include "affekt/core/simd.h"

#include <algorithm>
#include <cstdlib>
#include <string>
#include <vector>

#include "affekt/core/error.h"
#include "affekt/core/processor.h"
#include "support/catch.h"
#include "support/error_message.h"

using namespace affekt;
using affekt::test::message_of;

TEST_CASE("kernels use the level that was set, and the widest of all again") {
  const std::vector<std::string> levels = simd_levels();
  REQUIRE_FALSE(levels.empty());
  const std::string before = simd_level();
  for (const std::string& level : levels) {
    set_simd_level(level);
    CHECK(simd_level() == level);
    CHECK(simd_levels() == levels);  // a lower level hides none
  }
  set_simd_level(levels.front());
  CHECK(simd_level() == levels.front());
  set_simd_level(before);
}

TEST_CASE("levels are those of the processor") {
  const std::vector<std::string> levels = simd_levels();
  const auto among = [&](const char* level) { return std::count(levels.begin(), levels.end(), level); };
  CHECK((among("avx2") == 1) == (processor().has("avx2") && processor().has("fma") && processor().has("bmi2")));
  CHECK((among("avx3") == 1) == (processor().has("avx512f") && processor().has("avx512vl")));
}

TEST_CASE("AFFEKT_SIMD sets the level, or says what is wrong with it") {
  const std::string before = simd_level();
  const auto follow = [](const std::string& value) {
    ::setenv("AFFEKT_SIMD", value.c_str(), 1);
    follow_simd_variable();
  };
  follow(simd_levels().back());
  CHECK(simd_level() == simd_levels().back());
  follow("");
  CHECK(simd_level() == simd_levels().back());
  for (const char* wrong : {"avx22", "AVX2", "sse2,avx2", "neon"}) {
    const std::string message = message_of<UsageError>([&] { follow(wrong); });
    INFO(message);
    CHECK(message.rfind("AFFEKT_SIMD: unknown instruction set '" + std::string(wrong) + "'; ", 0) == 0);
    CHECK(simd_level() == simd_levels().back());
  }
  ::unsetenv("AFFEKT_SIMD");
  set_simd_level(before);
}

TEST_CASE("the processor is described by the first block of /proc/cpuinfo") {
  const Processor read = parse_processor(
      "processor\t: 0\nmodel name\t: Some CPU @ 2: fast\nflags\t\t: fpu avx2 avx512_bf16\n\n"
      "processor\t: 1\nmodel name\t: Other\nflags\t\t: fpu amx_bf16\n");
  CHECK(read.name == "Some CPU @ 2: fast");
  CHECK(read.has("avx2"));
  CHECK(read.has("avx512_bf16"));
  CHECK_FALSE(read.has("avx"));
  CHECK_FALSE(read.has("amx_bf16"));
  CHECK(parse_processor("").name.empty());
  CHECK(parse_processor("Features : neon\n").features.empty());
}
