#pragma once

#include "affekt/core/export.h"

namespace affekt {

/// Version of the library, "major.minor.patch".
AFFEKT_API const char* version();

}  // namespace affekt
