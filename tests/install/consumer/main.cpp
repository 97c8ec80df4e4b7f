#include <cstdio>

#include "affekt/core/version.h"
#include "affekt/model/architectures.h"

int main() {
  const affekt::Network network = affekt::make_network("basic-cnn");
  std::printf("affekt %s %s %lld\n", affekt::version(), network.name.c_str(),
              static_cast<long long>(affekt::count_parameters(network)));
}
