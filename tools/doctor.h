#pragma once

#include "common/cli.h"

namespace affekt::cli {

/// Looks at everything the tools depend on and says what to do about what is missing.
/// @returns the checks: [{name, status (ok|warning|missing), found, remedy}].
Json examine();

}  // namespace affekt::cli
