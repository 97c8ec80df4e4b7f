#include "affekt/model/architectures.h"

#include <algorithm>
#include <utility>

#include "affekt/core/error.h"
#include "affekt/core/text.h"
#include "model/architectures/tables.h"
#include "model/network_builder.h"

namespace affekt {
namespace {

constexpr int kOwnSize = 48;
constexpr int kImageNetSize = 224;
constexpr int kSmallest = 32;  // five halvings leave one cell
constexpr int kLargest = 256;

[[noreturn]] void refuse_size(const std::string& name, const std::string& expected, int found, const char* advice) {
  throw UsageError("image-size: " + name + " takes " + expected + ", found " + std::to_string(found) + " (" + advice +
                   ")");
}

void require_own_size(const std::string& name, const NetworkOptions& options) {
  for (const int side : {options.image_size, options.image_width}) {
    if (side != 0 && side != kOwnSize) refuse_size(name, "48", side, "leave it out, or choose another network");
  }
}

void require_variant(const NetworkOptions& options, const std::vector<std::string>& known) {
  if (options.variant.empty() || std::find(known.begin(), known.end(), options.variant) != known.end()) return;
  throw UsageError(unknown_name_message("variant", options.variant, known));
}

/// One of the backbones of keras.applications with a head.
Network make_pretrainable(const std::string& name, const NetworkOptions& options) {
  const bool top = options.head == "top";
  const int own = top ? kImageNetSize : kOwnSize;
  const int height = options.image_size == 0 ? own : options.image_size;
  const int width = options.image_width == 0 ? height : options.image_width;
  for (const int side : {height, width}) {
    if (side < kSmallest || side > kLargest) refuse_size(name, "32 to 256", side, "48 is a face as it comes");
  }
  NetworkBuilder net(name, {3, height, width});
  if (name == "vgg16") {
    require_variant(options, {"keras"});
    append_vgg16(net);
  } else if (name == "resnet50v2") {
    require_variant(options, {"keras", "timm"});
    append_resnet50v2(net, options.variant == "timm");
  } else {
    require_variant(options, {"keras", "torchvision"});
    append_efficientnet_b0(net, options.variant == "torchvision");
  }
  append_head(net, name, options.head, options.classes);
  return net.take();
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
  static const std::vector<std::string> names = {"basic-cnn", "compact", "vgg16", "resnet50v2", "efficientnet-b0"};
  return names;
}

const std::vector<std::string>& head_names(const std::string& network) {
  static const std::vector<std::string> own = {"default"};
  static const std::vector<std::string> pretrainable = {"gap", "flatten-64", "linear", "top"};
  if (network == "basic-cnn" || network == "compact") return own;
  for (const std::string& name : network_names()) {
    if (name == network) return pretrainable;
  }
  throw UsageError(unknown_name_message("network", network, network_names()));
}

Network make_network(const std::string& name, const NetworkOptions& options) {
  constexpr int kMaxClasses = 1000;
  if (options.classes < 2 || options.classes > kMaxClasses) {
    throw UsageError("classes: expected 2 to 1000, found " + std::to_string(options.classes));
  }
  const std::vector<std::string>& heads = head_names(name);  // refuses an unknown network
  if (name != "basic-cnn" && name != "compact") return make_pretrainable(name, options);
  require_variant(options, {"keras"});
  if (options.head != "default") throw UsageError(unknown_name_message("head", options.head, heads));
  return name == "basic-cnn" ? make_basic_cnn(options) : make_compact(options);
}

std::string default_preprocessing(const std::string& name) {
  if (name == "basic-cnn") return "unit";  // as the study: rescale 1 / 255
  if (name == "compact") return "fer2013";
  if (name == "vgg16") return "keras-caffe";
  if (name == "resnet50v2") return "keras-tf";
  if (name == "efficientnet-b0") return "imagenet";
  throw UsageError(unknown_name_message("network", name, network_names()));
}

}  // namespace affekt
