// Private: mean and deviation of numbers that come one after another, or in parts.
#pragma once

namespace affekt {

/// Count, mean and sum of squared deviations.
struct Moments {
  double n = 0, mean = 0, squares = 0;

  void add(double x) {  // Welford 1962
    const double before = x - mean;
    mean += before / ++n;
    squares += before * (x - mean);
  }
  void join(const Moments& other) {  // Chan, Golub and LeVeque 1979
    if (other.n == 0) return;
    const double difference = other.mean - mean, total = n + other.n;
    squares += other.squares + difference * difference * n * other.n / total;
    mean += difference * other.n / total;
    n = total;
  }
};

}  // namespace affekt
