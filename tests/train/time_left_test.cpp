#include "train/time_left.h"

#include "support/catch.h"

using namespace affekt;

namespace {

constexpr double kNear = 1e-9;

}  // namespace

TEST_CASE("the time left of one phase: its steps, and what came between its epochs") {
  TimeLeft guess;
  WorkLeft left;
  left.steps = 25;
  left.epochs = 3;
  CHECK(guess.seconds(left) == 0);  // nothing is known
  guess.add_step(1);
  guess.add_step(3);
  CHECK(guess.seconds_a_step() == 2);
  CHECK(guess.seconds(left) == 50);
  guess.end_epoch(10);
  CHECK(guess.seconds(left) == 80);
  guess.begin_phase();
  guess.add_step(1);
  CHECK(guess.seconds(left) == 25);
}

TEST_CASE("head epochs over a cache do not promise thawed epochs of their own speed") {
  TimeLeft guess;
  guess.add_features(1000, 10);  // 0.01 s a row
  guess.add_step(0.001);
  guess.end_epoch(0.1);
  WorkLeft left;
  left.steps = 10;
  left.epochs = 1;
  left.thawed_steps = 40;
  left.thawed_epochs = 2;
  left.step_rows = 64;
  left.validation_rows = 100;
  left.cached = true;
  // Two validations of 1 s, and 40 steps that pass 64 rows forward and twice as long backward.
  CHECK(guess.seconds(left) == Approx(0.01 + 0.1 + 40 * (0.001 + 3 * 0.64) + 2).margin(kNear));
  // Steps that compute the backbone anyway lack the way back only.
  left.cached = false;
  TimeLeft uncached;
  uncached.add_step(2);
  CHECK(uncached.seconds(left) == Approx(20 + 40 * 6).margin(kNear));
}
