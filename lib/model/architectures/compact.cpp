#include "model/architectures/tables.h"

namespace affekt {
namespace {

/// One residual block, activation after the addition, so that inference fuses convolution, BatchNorm, addition and
/// ReLU.
int residual_block(NetworkBuilder& net, const std::string& name, int x, int channels, int stride) {
  int y = net.conv(name + ".conv1", x, channels, {3, stride, true, false});
  y = net.relu(net.batch_norm(name + ".bn1", y));
  int shortcut = net.conv(name + ".shortcut.conv", x, channels, {1, stride, true, false});
  shortcut = net.batch_norm(name + ".shortcut.bn", shortcut);
  y = net.conv(name + ".conv2", y, channels, {3, 1, true, false});
  y = net.batch_norm(name + ".bn2", y);
  return net.relu(net.add(y, shortcut));
}

void append(NetworkBuilder& net, const NetworkOptions& options) {
  net.batch_norm_defaults(1e-5, 0.1);
  int x = net.conv("stem.conv", 0, 32, {3, 1, true, false});
  x = net.max_pool_same(net.relu(net.batch_norm("stem.bn", x)));  // 32 x 24 x 24
  x = residual_block(net, "stage1.0", x, 64, 1);                  // 64 x 24 x 24
  x = residual_block(net, "stage2.0", x, 128, 2);                 // 128 x 12 x 12
  x = residual_block(net, "stage3.0", x, 256, 2);                 // 256 x 6 x 6
  x = net.dropout(net.flatten(net.global_average_pool(x)), 0.25);
  net.dense("head.output", x, options.classes);
}

}  // namespace

NetworkEntry compact() {
  NetworkEntry entry;
  entry.info.name = "compact";
  entry.info.preprocessing = "fer2013";
  entry.info.heads = {"default"};
  entry.info.variants = {"keras"};
  entry.channels = 1;
  entry.append = append;
  return entry;
}

}  // namespace affekt
