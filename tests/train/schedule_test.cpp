#include "train/schedule.h"

#include "support/catch.h"

using namespace affekt;

namespace {

TrainOptions with(ScheduleKind schedule, int epochs, int warmup) {
  TrainOptions options;
  options.schedule = schedule;
  options.epochs = epochs;
  options.warmup_epochs = warmup;
  return options;
}

}  // namespace

TEST_CASE("warm-up rises linearly to the full rate") {
  const TrainOptions options = with(ScheduleKind::constant, 10, 2);
  CHECK(schedule_factor(options, 0.5) == Approx(0.25));
  CHECK(schedule_factor(options, 1.0) == Approx(0.5));
  CHECK(schedule_factor(options, 2.0) == 1);
  CHECK(schedule_factor(options, 9.9) == 1);
}

TEST_CASE("warm-up takes at most half of the epochs") {
  CHECK(schedule_factor(with(ScheduleKind::constant, 1, 5), 0.25) == Approx(0.5));
  CHECK(schedule_factor(with(ScheduleKind::constant, 1, 5), 0.75) == 1);
}

TEST_CASE("cosine falls from the full rate to zero and never rises") {
  const TrainOptions options = with(ScheduleKind::cosine, 8, 0);
  CHECK(schedule_factor(options, 0) == 1);
  CHECK(schedule_factor(options, 4) == Approx(0.5));
  CHECK(schedule_factor(options, 8) == Approx(0).margin(1e-12));
  CHECK(schedule_factor(options, 9) == Approx(0).margin(1e-12));
  double last = 2;
  for (double t = 0; t <= 8; t += 0.1) {
    CHECK(schedule_factor(options, t) <= last);
    last = schedule_factor(options, t);
  }
}

TEST_CASE("cosine begins where warm-up ends") {
  const TrainOptions options = with(ScheduleKind::cosine, 9, 1);
  CHECK(schedule_factor(options, 1) == Approx(1));
  CHECK(schedule_factor(options, 5) == Approx(0.5));
}

TEST_CASE("step divides by ten after half and three quarters") {
  const TrainOptions options = with(ScheduleKind::step, 8, 0);
  CHECK(schedule_factor(options, 4.0) == 1);
  CHECK(schedule_factor(options, 4.1) == 0.1);
  CHECK(schedule_factor(options, 6.1) == 0.01);
}

TEST_CASE("plateau waits for two epochs without a rise, then takes a fifth") {
  Plateau plateau;
  plateau.observe(0.5);
  plateau.observe(0.6);
  plateau.observe(0.6);
  CHECK(plateau.factor == 1);
  plateau.observe(0.60005);  // less than 1e-4 above the best: not a rise
  CHECK(plateau.factor == Approx(0.2));
  plateau.observe(0.59);
  CHECK(plateau.factor == Approx(0.2));
  plateau.observe(0.7);
  plateau.observe(0.1);
  CHECK(plateau.factor == Approx(0.2));
  plateau.observe(0.1);
  CHECK(plateau.factor == Approx(0.04));
}

TEST_CASE("early stopping counts the epochs since the best") {
  CHECK_FALSE(stop_early(100, 1, 0));
  CHECK_FALSE(stop_early(4, 2, 3));
  CHECK(stop_early(5, 2, 3));
}
