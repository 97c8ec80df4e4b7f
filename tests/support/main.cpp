// The main of every test executable: a data test without data is skipped with a word, never passed in silence.
#if __has_include(<catch2/catch_all.hpp>)
#include <catch2/catch_session.hpp>
#else
#define CATCH_CONFIG_RUNNER
#include <catch2/catch.hpp>
#endif
#include <cstdlib>
#include <iostream>

#include "affekt/core/error.h"
#include "affekt/core/simd.h"

int main(int argc, char** argv) {
  constexpr int kSkipped = 77;  // CTest's SKIP_RETURN_CODE
  if (std::getenv("AFFEKT_NEEDS_DATA") != nullptr && std::getenv("AFFEKT_TEST_DATA") == nullptr) {
    std::cout << "skipped: AFFEKT_TEST_DATA does not name the folder of test data\n";
    return kSkipped;
  }
  try {
    affekt::follow_simd_variable();
  } catch (const affekt::UsageError& error) {
    std::cout << error.what() << '\n';
    return 1;
  }
  return Catch::Session().run(argc, argv);
}
