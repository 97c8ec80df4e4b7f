#include "affekt/core/version.h"

namespace affekt {

const char* version() { return AFFEKT_VERSION; }

}  // namespace affekt
