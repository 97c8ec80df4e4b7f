#include "affekt/model/network.h"

#include <functional>
#include <set>

#include "affekt/core/error.h"
#include "affekt/model/architectures.h"
#include "support/catch.h"

using namespace affekt;

namespace {

const NodeShape& shape_after(const Network& network, const std::vector<NodeShape>& shapes, const std::string& name) {
  for (std::size_t i = 0; i < network.nodes.size(); ++i) {
    if (network.nodes[i].name == name) return shapes[i];
  }
  FAIL("no node " << name);
  return shapes[0];
}

Network tiny() {
  Network network;
  network.name = "tiny";
  network.input = {3, 8, 8};
  network.nodes.resize(3);
  network.nodes[1].op = Op::conv;
  network.nodes[1].name = "c";
  network.nodes[1].inputs = {0};
  network.nodes[1].channels = 6;
  network.nodes[1].kernel = 3;
  network.nodes[2].op = Op::relu;
  network.nodes[2].inputs = {1};
  return network;
}

}  // namespace

TEST_CASE("basic-cnn has the parameter counts of the Keras network") {
  const Network network = make_network("basic-cnn");
  CHECK(count_parameters(network) == 7837895);
  CHECK(count_trainable_parameters(network) == 7832519);
  const auto shapes = infer_shapes(network);
  CHECK(shapes.back().channels == 7);
  CHECK(shape_after(network, shapes, "block1.conv1").height == 46);
  CHECK(shape_after(network, shapes, "block2.conv1").height == 21);
  CHECK(shape_after(network, shapes, "block3.conv1").height == 9);
  CHECK(shape_after(network, shapes, "block3.bn2").channels == 256);
  bool flat_seen = false;
  for (std::size_t i = 0; i < network.nodes.size(); ++i) {
    if (network.nodes[i].op != Op::flatten) continue;
    flat_seen = true;
    CHECK(shapes[i].channels == 6400);
  }
  CHECK(flat_seen);
  for (const Node& node : network.nodes) {
    if (node.op == Op::batch_norm) {
      CHECK(node.epsilon == 1e-3);
      CHECK(node.momentum == 0.01);
    }
  }
}

TEST_CASE("compact keeps to its budget") {
  const Network network = make_network("compact");
  CHECK(count_parameters(network) <= 2500000);
  CHECK(count_parameters(network) == 1211815);
  CHECK(count_multiply_adds(network) <= 100000000);
  CHECK(network.input.channels == 1);
  CHECK(infer_shapes(network).back().channels == 7);
  for (const ParameterSpec& spec : parameter_specs(network)) {
    if (spec.name == "stage1.0.conv1.weight") CHECK(spec.shape == std::vector<std::int64_t>{64, 32, 3, 3});
  }
}

TEST_CASE("parameter names are unique and come in node order") {
  for (const std::string& name : network_names()) {
    std::set<std::string> seen;
    int node = 0;
    for (const ParameterSpec& spec : parameter_specs(make_network(name))) {
      CHECK(seen.insert(spec.name).second);
      CHECK(spec.node >= node);
      node = spec.node;
    }
    CHECK(seen.count("head.output.bias") == 1);
  }
}

TEST_CASE("multiply-adds count groups and stride") {
  Network network = tiny();
  CHECK(count_multiply_adds(network) == 6 * 6 * 6 * 3 * 9);
  network.nodes[1].groups = 3;
  CHECK(count_multiply_adds(network) == 6 * 6 * 6 * 1 * 9);
  network.nodes[1].stride = 2;
  CHECK(count_multiply_adds(network) == 3 * 3 * 6 * 1 * 9);
}

TEST_CASE("unknown networks and impossible sizes are refused") {
  CHECK_THROWS_AS(make_network("compct"), UsageError);
  CHECK_THROWS_AS(make_network(""), UsageError);
  NetworkOptions options;
  options.image_size = 64;
  CHECK_THROWS_AS(make_network("basic-cnn", options), UsageError);
  CHECK_THROWS_AS(make_network("compact", options), UsageError);
  options = {};
  options.classes = 0;
  CHECK_THROWS_AS(make_network("compact", options), UsageError);
}

TEST_CASE("an inconsistent table is refused") {
  REQUIRE_NOTHROW(infer_shapes(tiny()));
  const auto refused = [](const std::function<void(Network&)>& spoil) {
    Network network = tiny();
    spoil(network);
    CHECK_THROWS_AS(infer_shapes(network), DataError);
    CHECK_THROWS_AS(parameter_specs(network), DataError);
  };
  refused([](Network& n) { n.nodes.clear(); });
  refused([](Network& n) { n.input.channels = 0; });
  refused([](Network& n) { n.input.height = -1; });
  refused([](Network& n) { n.input.width = 1 << 30; });
  refused([](Network& n) { n.nodes[0].op = Op::relu; });
  refused([](Network& n) { n.nodes[2].op = Op::input; });
  refused([](Network& n) { n.nodes[2].inputs = {2}; });
  refused([](Network& n) { n.nodes[2].inputs = {-1}; });
  refused([](Network& n) { n.nodes[2].inputs = {}; });
  refused([](Network& n) { n.nodes[2].op = Op::add; });
  refused([](Network& n) {
    n.nodes[2].op = Op::add;
    n.nodes[2].inputs = {0, 1};
  });
  refused([](Network& n) { n.nodes[2].op = static_cast<Op>(200); });
  refused([](Network& n) { n.nodes[1].name.clear(); });
  refused([](Network& n) { n.nodes[1].channels = 0; });
  refused([](Network& n) { n.nodes[1].kernel = 0; });
  refused([](Network& n) { n.nodes[1].kernel = 9; });
  refused([](Network& n) { n.nodes[1].stride = 0; });
  refused([](Network& n) { n.nodes[1].groups = 2; });
  refused([](Network& n) { n.nodes[1].padding.top = -1; });
  refused([](Network& n) { n.nodes[1].padding.left = 3; });
  refused([](Network& n) { n.nodes[2].op = Op::dense, n.nodes[2].channels = 7, n.nodes[2].name = "d"; });
  refused([](Network& n) {
    n.nodes[2].op = Op::batch_norm;
    n.nodes[2].name = "c";  // taken
  });
  refused([](Network& n) {
    n.nodes[1].channels = 1 << 20;
    n.nodes[1].padding = {2, 2, 2, 2};
    n.input = {1, 1 << 14, 1 << 14};
  });
}
