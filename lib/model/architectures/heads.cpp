#include "affekt/core/error.h"
#include "affekt/core/text.h"
#include "model/architectures/tables.h"

namespace affekt {
namespace {

void append_gap(NetworkBuilder& net, int classes, double dropout) {
  int x = net.flatten(net.global_average_pool(net.last()));
  if (dropout > 0) x = net.dropout(x, dropout);
  net.dense("head.output", x, classes);
}

/// The head of the Kaggle notebook that the study resembles.
void append_flatten_64(NetworkBuilder& net, int classes) {
  net.batch_norm_defaults(1e-3, 0.01);
  int x = net.batch_norm("head.bn1", net.dropout(net.last(), 0.25));
  x = net.relu(net.dense("head.dense1", net.flatten(x), 64));
  x = net.dropout(net.batch_norm("head.bn2", x), 0.5);
  net.dense("head.output", x, classes);
}

}  // namespace

const std::vector<std::string>& backbone_heads() {
  static const std::vector<std::string> names = {"gap", "flatten-64", "linear", "top"};
  return names;
}

void append_head(NetworkBuilder& net, const NetworkEntry& entry, const std::string& head, int classes) {
  if (head == "gap" || head == "default") {
    append_gap(net, classes, 0.2);
  } else if (head == "linear") {
    append_gap(net, classes, 0);
  } else if (head == "flatten-64") {
    append_flatten_64(net, classes);
  } else if (head == "top") {
    entry.append_top(net, classes);
  } else {
    throw UsageError(unknown_name_message("head", head, entry.info.heads));
  }
}

}  // namespace affekt
