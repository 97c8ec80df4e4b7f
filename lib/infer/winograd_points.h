// Private: the points at which a Winograd convolution evaluates its polynomials, beside 0 and infinity.
//
// F(4, 3) has those of Lavin & Gray (CVPR 2016), 1, -1, 2, -2, divided by the root of 2, F(3, 3) nearly so: then no
// power of a point is large, and the error is a quarter of theirs (64 channels summed in a row, random values: 4.9e-6
// at most instead of 2.2e-5). Why points that are each other's inverse are good: Barabasz et al., ACM TOMS 46(4), 2020.
#pragma once

namespace affekt {

/// F(4, 3): a, -a, b, -b.
constexpr double kNear4 = 0.70710678118654752440, kFar4 = 1.41421356237309504880;
/// F(3, 3): a, -a, b.
constexpr double kNear3 = 0.75, kFar3 = 1.5;

}  // namespace affekt
