#include <iterator>

#include "model/architectures/tables.h"

namespace affekt {

void append_vgg16(NetworkBuilder& net) {
  struct Block {
    int convolutions, channels;
  };
  constexpr Block kBlocks[] = {{2, 64}, {2, 128}, {3, 256}, {3, 512}, {3, 512}};
  int x = 0;
  int number = 0;  // torchvision counts convolutions, activations and pools alike
  for (const Block& block : kBlocks) {
    for (int i = 0; i < block.convolutions; ++i) {
      x = net.next_layer().conv("features." + std::to_string(number), x, block.channels, {3, 1, true, true});
      x = net.relu(x);  // Keras: part of the convolution's layer
      number += 2;
    }
    x = net.next_layer().max_pool(x, 2, 2);
    ++number;
  }
  net.end_backbone();
}

}  // namespace affekt
