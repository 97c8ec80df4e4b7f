#include <iterator>
#include <utility>

#include "model/architectures/tables.h"

namespace affekt {
namespace {

/// Activation before BatchNorm, every layer with bias.
void append(NetworkBuilder& net, const NetworkOptions& options) {
  constexpr double kDropout = 0.25;
  int x = 0;
  const std::pair<int, int> blocks[] = {{32, 64}, {64, 128}, {128, 256}};
  for (std::size_t i = 0; i < std::size(blocks); ++i) {
    const std::string prefix = "block" + std::to_string(i + 1);
    x = net.relu(net.conv(prefix + ".conv1", x, blocks[i].first, {3, 1, false, true}));
    x = net.batch_norm(prefix + ".bn1", x);
    x = net.relu(net.conv(prefix + ".conv2", x, blocks[i].second, {3, 1, true, true}));
    x = net.batch_norm(prefix + ".bn2", x);
    x = net.dropout(net.max_pool_same(x), kDropout);  // 48 -> 23 -> 11 -> 5
  }
  x = net.flatten(x);  // 256 * 5 * 5 = 6400
  const int widths[] = {1024, 512, 256, 128, 64, 32};
  for (std::size_t i = 0; i < std::size(widths); ++i) {
    const std::string number = std::to_string(i + 1);
    x = net.relu(net.dense("head.dense" + number, x, widths[i]));
    x = net.dropout(net.batch_norm("head.bn" + number, x), kDropout);
  }
  net.dense("head.output", x, options.classes);
}

}  // namespace

NetworkEntry basic_cnn() {
  NetworkEntry entry;
  entry.info.name = "basic-cnn";
  entry.info.preprocessing = "unit";  // as the study: rescale 1 / 255
  entry.info.heads = {"default"};
  entry.info.variants = {"keras"};
  entry.append = append;
  return entry;
}

}  // namespace affekt
