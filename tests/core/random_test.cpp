#include "affekt/core/random.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "support/catch.h"

using namespace affekt;

TEST_CASE("the same seed gives the same numbers, another seed or stream others") {
  RandomStream a(42), b(42), c(43), d(42, 1);
  bool all_equal = true, any_c = false, any_d = false;
  for (int i = 0; i < 1000; ++i) {
    const auto value = a.next();
    all_equal = all_equal && value == b.next();
    any_c = any_c || value == c.next();
    any_d = any_d || value == d.next();
  }
  CHECK(all_equal);
  CHECK_FALSE(any_c);
  CHECK_FALSE(any_d);
}

TEST_CASE("the generator is xoshiro256++") {
  RandomStream stream(0);
  stream.set_state({1, 2, 3, 4});
  // Worked out by hand from the definition: rotl(1 + 4, 23) + 1.
  CHECK(stream.next() == (5ULL << 23) + 1);
}

TEST_CASE("a stored state continues the stream") {
  RandomStream a(7);
  for (int i = 0; i < 10; ++i) a.next();
  RandomStream b(0);
  b.set_state(a.state());
  CHECK(a.next() == b.next());
}

TEST_CASE("moments of the uniform and the normal distribution") {
  RandomStream stream(1);
  constexpr int kDraws = 200000;
  double sum = 0, normal = 0, square = 0, low = 1, high = 0;
  for (int i = 0; i < kDraws; ++i) {
    const double u = stream.uniform();
    low = std::min(low, u);
    high = std::max(high, u);
    sum += u;
    const double g = stream.normal();
    normal += g;
    square += g * g;
  }
  CHECK(low >= 0);
  CHECK(high < 1);
  CHECK(sum / kDraws == Approx(0.5).margin(5 * 0.2887 / std::sqrt(kDraws)));
  CHECK(normal / kDraws == Approx(0).margin(5 / std::sqrt(kDraws)));
  CHECK(square / kDraws == Approx(1).margin(5 * 1.4142 / std::sqrt(kDraws)));
}

TEST_CASE("below(n) reaches every value about equally often") {
  RandomStream stream(3);
  std::vector<int> counts(7);
  constexpr int kDraws = 70000;
  for (int i = 0; i < kDraws; ++i) ++counts.at(stream.below(7));
  for (const int count : counts) CHECK(std::abs(count - 10000) < 500);
  CHECK(stream.below(1) == 0);
}

TEST_CASE("a shuffle keeps the elements and changes the order") {
  RandomStream stream(5);
  std::vector<int> values(100);
  std::iota(values.begin(), values.end(), 0);
  auto shuffled = values;
  stream.shuffle(shuffled);
  CHECK(shuffled != values);
  std::sort(shuffled.begin(), shuffled.end());
  CHECK(shuffled == values);
}
