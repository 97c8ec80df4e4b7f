#include <algorithm>
#include <cmath>
#include <cstddef>
#include <utility>

#include "affekt/core/error.h"
#include "affekt/core/text.h"
#include "affekt/model/architectures.h"
#include "nn/pretrained_import.h"

namespace affekt {
namespace {

constexpr std::int64_t kMaxClasses = 1000;  // of make_network()

bool ends_with(const std::string& text, const std::string& end) {
  return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

bool all_equal(const std::vector<float>& values, float expected) {
  return std::all_of(values.begin(), values.end(), [expected](float value) { return value == expected; });
}

}  // namespace

std::string shape_text(const std::vector<std::int64_t>& shape) {
  std::vector<std::string> parts;
  parts.reserve(shape.size());
  for (const std::int64_t extent : shape) parts.push_back(std::to_string(extent));
  return "[" + join(parts, ", ") + "]";
}

WeightCollector::WeightCollector(std::string place, const std::string& network, const std::string& variant,
                                 std::int64_t classes, int image_size)
    : place_(std::move(place)) {
  NetworkOptions options;
  options.variant = variant;
  options.head = "gap";
  if (classes != 0) {
    if (classes < 2 || classes > kMaxClasses) {
      throw DataError(place_ + ": its classifier has " + std::to_string(classes) + " classes, expected 2 to " +
                      std::to_string(kMaxClasses));
    }
    options.head = "top";
    options.image_size = image_size;
    options.classes = static_cast<int>(classes);
  }
  table_ = make_network(network, options);
  for (ParameterSpec& spec : parameter_specs(table_)) {
    if (classes == 0 && spec.node > table_.features) continue;
    by_name_[spec.name] = specs_.size();
    specs_.push_back(std::move(spec));
  }
}

const ParameterSpec* WeightCollector::find(const std::string& name) const {
  const auto found = by_name_.find(name);
  return found == by_name_.end() ? nullptr : &specs_[found->second];
}

void WeightCollector::add(const ParameterSpec& spec, std::vector<float> values, const std::string& source) {
  const auto fail = [&](const std::string& what) {
    throw DataError(place_ + ": '" + printable(source, 80) + "': " + what);
  };
  std::size_t count = 1;
  for (const std::int64_t extent : spec.shape) count *= static_cast<std::size_t>(extent);
  if (values.size() != count) {
    fail("expected " + std::to_string(count) + " values, found " + std::to_string(values.size()));
  }
  const bool variance = ends_with(spec.name, ".running_var");
  for (const float value : values) {
    if (!std::isfinite(value)) fail("it holds NaN or infinity (the file is damaged)");
    if (variance && value < 0) fail("a variance is negative (the file is damaged)");
  }
  if (!parameters_.emplace(spec.name, std::move(values)).second) fail("a second tensor for " + spec.name);
}

ParameterMap WeightCollector::take() {
  std::size_t missing = 0;
  std::string first;
  for (const ParameterSpec& spec : specs_) {
    if (parameters_.count(spec.name) != 0) continue;
    if (missing++ == 0) first = spec.name;
  }
  if (missing > 0) {
    throw DataError(place_ + ": it has " + std::to_string(parameters_.size()) + " of the " +
                    std::to_string(specs_.size()) + " tensors of " + table_.name + "; the first one missing is " +
                    first);
  }
  return std::move(parameters_);
}

bool is_folded(const Network& table, const ParameterMap& parameters, float* variance) {
  bool any = false;
  float shared = 0;
  for (const Node& node : table.nodes) {
    if (node.op != Op::batch_norm) continue;
    const auto found = parameters.find(node.name + ".running_var");
    if (found == parameters.end() || found->second.empty()) continue;  // of a head that was not kept
    if (!std::exchange(any, true)) shared = found->second.front();
    if (!all_equal(found->second, shared) || !all_equal(parameters.at(node.name + ".running_mean"), 0.0F) ||
        !all_equal(parameters.at(node.name + ".weight"), 1.0F)) {
      return false;
    }
  }
  if (any && variance != nullptr) *variance = shared;
  return any;
}

}  // namespace affekt
