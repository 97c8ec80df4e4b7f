#include "affekt/model/architectures.h"

#include <utility>

#include "affekt/core/error.h"
#include "affekt/core/text.h"
#include "model/network_builder.h"

namespace affekt {
namespace {

constexpr int kOwnSize = 48;

void require_own_size(const std::string& name, const NetworkOptions& options) {
  if (options.image_size != 0 && options.image_size != kOwnSize) {
    throw UsageError("image-size: " + name + " takes 48, found " + std::to_string(options.image_size) +
                     " (leave it out, or choose another network)");
  }
}

/// The convolutional network of the Kaggle notebook the study resembles, as Keras builds it: activation before
/// BatchNorm, every layer with bias.
Network make_basic_cnn(const NetworkOptions& options) {
  require_own_size("basic-cnn", options);
  constexpr double kDropout = 0.25;
  NetworkBuilder net("basic-cnn", {3, kOwnSize, kOwnSize});
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
  return net.take();
}

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

/// Three residual blocks after He et al., "Deep Residual Learning for Image Recognition", CVPR 2016, sized so that
/// every stage costs the same 33 M multiply-adds.
Network make_compact(const NetworkOptions& options) {
  require_own_size("compact", options);
  NetworkBuilder net("compact", {1, kOwnSize, kOwnSize});
  net.batch_norm_defaults(1e-5, 0.1);
  int x = net.conv("stem.conv", 0, 32, {3, 1, true, false});
  x = net.max_pool_same(net.relu(net.batch_norm("stem.bn", x)));  // 32 x 24 x 24
  x = residual_block(net, "stage1.0", x, 64, 1);                  // 64 x 24 x 24
  x = residual_block(net, "stage2.0", x, 128, 2);                 // 128 x 12 x 12
  x = residual_block(net, "stage3.0", x, 256, 2);                 // 256 x 6 x 6
  x = net.dropout(net.flatten(net.global_average_pool(x)), 0.25);
  net.dense("head.output", x, options.classes);
  return net.take();
}

}  // namespace

const std::vector<std::string>& network_names() {
  static const std::vector<std::string> names = {"basic-cnn", "compact"};
  return names;
}

Network make_network(const std::string& name, const NetworkOptions& options) {
  constexpr int kMaxClasses = 1000;
  if (options.classes < 2 || options.classes > kMaxClasses) {
    throw UsageError("classes: expected 2 to 1000, found " + std::to_string(options.classes));
  }
  if (!options.variant.empty() && options.variant != "keras") {
    throw UsageError(unknown_name_message("variant", options.variant, {"keras"}));
  }
  if (options.head != "default") throw UsageError(unknown_name_message("head", options.head, {"default"}));
  if (name == "basic-cnn") return make_basic_cnn(options);
  if (name == "compact") return make_compact(options);
  throw UsageError(unknown_name_message("network", name, network_names()));
}

std::string default_preprocessing(const std::string& name) {
  if (name == "basic-cnn") return "unit";  // as the study: rescale 1 / 255
  if (name == "compact") return "fer2013";
  throw UsageError(unknown_name_message("network", name, network_names()));
}

}  // namespace affekt
