#include <iterator>

#include "model/architectures/tables.h"

namespace affekt {
namespace {

void append(NetworkBuilder& net, const NetworkOptions& /*options*/) {
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

/// The first layer is as large as the flattened features: ImageNet's weights fit pictures of 224 to 255 pixels only.
void append_top(NetworkBuilder& net, int classes) {
  int x = net.flatten(net.last());
  x = net.relu(net.dense("classifier.0", x, 4096));
  x = net.relu(net.dense("classifier.3", x, 4096));
  net.dense("classifier.6", x, classes);
}

}  // namespace

NetworkEntry vgg16() {
  NetworkEntry entry;
  entry.info.name = "vgg16";
  entry.info.preprocessing = "keras-caffe";
  entry.info.heads = backbone_heads();
  entry.info.variants = {"keras"};
  entry.info.classifier = "classifier.6";
  entry.info.classifier_needs_size = true;
  entry.info.other_files = {"torchvision or timm vgg16 .safetensors"};
  entry.info.published = {"https://storage.googleapis.com/tensorflow/keras-applications/vgg16/",
                          "vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5",
                          "vgg16_weights_tf_dim_ordering_tf_kernels.h5", "about 59 MB",
                          "6d6bbae143d832006294945121d1f1fc"};
  entry.append = append;
  entry.append_top = append_top;
  return entry;
}

}  // namespace affekt
