// The networks this project knows, by name.
#pragma once

#include <string>
#include <vector>

#include "affekt/core/export.h"
#include "affekt/model/network.h"

namespace affekt {

struct NetworkOptions {
  int image_size = 0;  ///< Side of the square input; 0 = the network's own (48 for basic-cnn and compact).
  int classes = 7;
  std::string head = "default";  ///< What follows the convolutions; "default" is the network's own.
};

AFFEKT_API const std::vector<std::string>& network_names();

/// basic-cnn: the study's CNN, 3 x 48 x 48 only; 7,837,895 parameters (7,832,519 trainable).
/// compact: residual network for 1 x 48 x 48, at most 2.5 M parameters and 150 M multiply-adds.
/// @throws UsageError for an unknown name, an unknown head, or a size the network cannot take.
AFFEKT_API Network make_network(const std::string& name, const NetworkOptions& options = {});

/// Name for make_preprocessing() that the network is trained with unless told otherwise. @throws UsageError unknown
/// name.
AFFEKT_API std::string default_preprocessing(const std::string& name);

}  // namespace affekt
