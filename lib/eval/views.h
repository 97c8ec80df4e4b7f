// Private: the views of a face that test-time augmentation averages over.
#pragma once

#include <cstddef>
#include <cstdint>

#include "affekt/eval/evaluate.h"

namespace affekt {

std::size_t view_count(TestTimeAugmentation tta);

/// View `view` of a 48 x 48 face; view 0 of none and flip is the face itself. `to` must not overlap `from`.
void make_view(TestTimeAugmentation tta, std::size_t view, const std::uint8_t* from, std::uint8_t* to);

}  // namespace affekt
