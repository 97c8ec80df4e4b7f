#include "affekt/model/architectures.h"

#include <algorithm>

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

const std::vector<NetworkEntry>& all() {
  static const std::vector<NetworkEntry> entries = {basic_cnn(), compact(), vgg16(), resnet50v2(), efficientnet_b0()};
  return entries;
}

const NetworkEntry& entry_of(const std::string& name) {
  for (const NetworkEntry& entry : all()) {
    if (entry.info.name == name) return entry;
  }
  throw UsageError(unknown_name_message("network", name, network_names()));
}

[[noreturn]] void refuse_size(const std::string& name, const std::string& expected, int found, const char* advice) {
  throw UsageError("image-size: " + name + " takes " + expected + ", found " + std::to_string(found) + " (" + advice +
                   ")");
}

void require_name(const char* what, const std::string& name, const std::vector<std::string>& known) {
  if (std::find(known.begin(), known.end(), name) == known.end()) {
    throw UsageError(unknown_name_message(what, name, known));
  }
}

/// A network without choice of heads, for faces as they come.
Network make_whole(const NetworkEntry& entry, const NetworkOptions& options) {
  require_name("head", options.head, entry.info.heads);
  for (const int side : {options.image_size, options.image_width}) {
    if (side == 0 || side == kOwnSize) continue;
    refuse_size(entry.info.name, "48", side, "leave it out, or choose another network");
  }
  NetworkBuilder net(entry.info.name, {entry.channels, kOwnSize, kOwnSize});
  entry.append(net, options);
  return net.take();
}

/// A backbone with a head.
Network make_pretrainable(const NetworkEntry& entry, const NetworkOptions& options) {
  const int own = options.head == "top" ? kImageNetSize : kOwnSize;
  const int height = options.image_size == 0 ? own : options.image_size;
  const int width = options.image_width == 0 ? height : options.image_width;
  for (const int side : {height, width}) {
    if (side < kSmallest || side > kLargest) {
      refuse_size(entry.info.name, "32 to 256", side, "48 is a face as it comes");
    }
  }
  NetworkBuilder net(entry.info.name, {entry.channels, height, width});
  entry.append(net, options);
  append_head(net, entry, options.head, options.classes);
  return net.take();
}

}  // namespace

const std::vector<std::string>& network_names() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> found;
    for (const NetworkEntry& entry : all()) found.push_back(entry.info.name);
    return found;
  }();
  return names;
}

const NetworkInfo& network_info(const std::string& name) { return entry_of(name).info; }

Network make_network(const std::string& name, const NetworkOptions& options) {
  constexpr int kMaxClasses = 1000;
  if (options.classes < 2 || options.classes > kMaxClasses) {
    throw UsageError("classes: expected 2 to 1000, found " + std::to_string(options.classes));
  }
  const NetworkEntry& entry = entry_of(name);
  if (!options.variant.empty()) require_name("variant", options.variant, entry.info.variants);
  return entry.append_top == nullptr ? make_whole(entry, options) : make_pretrainable(entry, options);
}

}  // namespace affekt
