// What is trained when, and at which rate.
#include "train/phases.h"

#include <numeric>

#include "affekt/core/error.h"
#include "affekt/model/architectures.h"
#include "nn/torch_network.h"
#include "support/catch.h"
#include "train/feature_cache.h"
#include "train/optimizer.h"
#include "train/schedule.h"

using namespace affekt;

namespace {

Node node(Op op, std::vector<int> inputs, const std::string& name, int layer) {
  Node out;
  out.op = op;
  out.inputs = std::move(inputs);
  out.name = name;
  out.layer = layer;
  return out;
}

Node conv(int input, const std::string& name, int stride, int layer) {
  Node out = node(Op::conv, {input}, name, layer);
  out.channels = 4;
  out.kernel = 3;
  out.stride = stride;
  out.padding = {1, 1, 1, 1};
  return out;
}

/// Two stages of convolution and BatchNorm (one at half, one at a quarter of the side), dropout, and a dense head.
Network two_stages() {
  Network network;
  network.name = "two-stages";
  network.input = {1, 8, 8};
  network.nodes = {node(Op::input, {}, "", -1), conv(0, "a", 2, 1), node(Op::batch_norm, {1}, "a.bn", 2),
                   node(Op::relu, {2}, "", -1), conv(3, "b", 2, 4), node(Op::batch_norm, {4}, "b.bn", 5)};
  Node dropout = node(Op::dropout, {5}, "", 6);
  dropout.rate = 0.5;
  Node dense = node(Op::dense, {8}, "head.output", -1);
  dense.channels = 7;
  network.nodes.push_back(dropout);
  network.nodes.push_back(node(Op::global_average_pool, {6}, "", -1));
  network.nodes.push_back(node(Op::flatten, {7}, "", -1));
  network.nodes.push_back(dense);
  network.features = 6;
  network.layers = 7;
  return network;
}

TrainOptions thaw(const std::string& unfreeze) {
  TrainOptions options;
  options.unfreeze = Unfreeze::parse(unfreeze);
  return options;
}

std::int64_t trainable(const std::vector<ParameterGroup>& groups) {
  return std::accumulate(groups.begin(), groups.end(), std::int64_t{0},
                         [](std::int64_t sum, const ParameterGroup& group) { return sum + group.trainable; });
}

at::Tensor pictures() { return at::arange(2 * 64, at::kFloat).view({2, 1, 8, 8}).mul_(0.37).sin_(); }

}  // namespace

TEST_CASE("the study's ResNet50V2 trains 22,779,527 of its parameters") {
  NetworkOptions choice;
  choice.image_size = 224;
  choice.head = "flatten-64";
  const Network network = make_network("resnet50v2", choice);
  const std::vector<ParameterGroup> groups = parameter_groups(network, thaw("last:50"), Phase::thawed);
  CHECK(trainable(groups) == 22779527);
  CHECK(count_parameters(network) == 29996295);
}

TEST_CASE("groups add up to the whole network, for every network with a backbone") {
  for (const char* name : {"vgg16", "resnet50v2", "efficientnet-b0"}) {
    CAPTURE(name);
    const Network network = make_network(name, {64});
    TrainOptions options;
    options.model = name;
    const std::vector<ParameterGroup> all = parameter_groups(network, options, Phase::thawed);
    CHECK(all.size() == 6);  // the head and five resolutions
    std::int64_t parameters = 0;
    for (const ParameterGroup& group : all) parameters += group.parameters;
    CHECK(parameters == count_parameters(network));
    CHECK(trainable(all) == count_trainable_parameters(network));
    options.unfreeze.layers = network.layers;
    CHECK(trainable(parameter_groups(network, options, Phase::thawed)) == count_trainable_parameters(network));
    options.freeze_epochs = 1;
    const std::vector<ParameterGroup> head = parameter_groups(network, options, Phase::frozen);
    CHECK(head.front().name == "head");
    CHECK(trainable(head) == head.front().trainable);
    CHECK(head.front().trainable > 0);
  }
}

TEST_CASE("a network without a backbone is one group at the full rate") {
  const Network network = make_network("compact");
  TrainOptions options;
  options.pretrained = "some.safetensors";
  const std::vector<ParameterGroup> groups = parameter_groups(network, options, Phase::thawed);
  REQUIRE(groups.size() == 1);
  CHECK(groups[0].name == "network");
  CHECK(groups[0].lr == options.effective_lr());
  CHECK(groups[0].trainable == count_trainable_parameters(network));
}

TEST_CASE("last:N counts Keras layers, and nodes without one go with what they read") {
  const Network network = two_stages();
  using Flags = std::vector<bool>;
  //                                                       in  a  bn relu  b  bn drop head...
  CHECK(trained_nodes(network, thaw("last:2"), Phase::thawed) ==
        Flags{false, false, false, false, false, true, true, true, true, true});
  CHECK(trained_nodes(network, thaw("last:3"), Phase::thawed) ==
        Flags{false, false, false, false, true, true, true, true, true, true});
  CHECK(trained_nodes(network, thaw("last:5"), Phase::thawed) ==
        Flags{false, false, true, true, true, true, true, true, true, true});
  const Flags head{false, false, false, false, false, false, false, true, true, true};
  CHECK(trained_nodes(network, thaw("none"), Phase::thawed) == head);
  CHECK(trained_nodes(network, thaw("all"), Phase::frozen) == head);
  CHECK(trained_nodes(network, thaw("all"), Phase::thawed) == Flags(10, true));
}

TEST_CASE("rates fall stage by stage, the head keeps the full one") {
  const Network network = two_stages();
  TrainOptions options;
  options.backbone_lr = 0.5;
  options.layer_decay = 0.1;
  const std::vector<double> factors = rate_factors(network, options, Phase::thawed);
  const std::vector<ParameterSpec> specs = parameter_specs(network);
  REQUIRE(factors.size() == specs.size());
  for (std::size_t i = 0; i < specs.size(); ++i) {
    CAPTURE(specs[i].name);
    const double stage = specs[i].name.front() == 'a' ? 0.05 : specs[i].name.front() == 'b' ? 0.5 : 1.0;
    CHECK(factors[i] == Approx(specs[i].trainable ? stage : 0.0));
  }
  CHECK(TrainOptions{}.effective_backbone_lr() == 1);
  options = {};
  options.pretrained = "weights.h5";
  CHECK(options.effective_backbone_lr() == 0.1);
}

TEST_CASE("frozen nodes get no gradient, keep their statistics and compute as in evaluation") {
  TorchNetwork network(two_stages(), at::kCPU);
  network.initialise(3);
  const Network& table = network.table();
  Pass training;
  training.training = true;
  {
    const at::NoGradGuard no_grad;  // statistics that differ from those of the batch
    network.forward(pictures().mul(3), training);
  }
  network.set_trained(trained_nodes(table, thaw("last:3"), Phase::thawed));
  const ParameterMap before = network.export_parameters();
  network.forward(pictures(), training).square().sum().backward();
  const ParameterMap after = network.export_parameters();
  for (const auto& entry : network.entries()) {
    const std::string& name = entry.spec.name;
    CAPTURE(name);
    const bool frozen = name.front() == 'a';
    CHECK(entry.tensor.grad().defined() == (!frozen && entry.spec.trainable));
    const bool statistic = !entry.spec.trainable;
    CHECK((before.at(name) == after.at(name)) == (frozen || !statistic));
  }
  network.set_trained(trained_nodes(table, thaw("none"), Phase::thawed));
  const at::NoGradGuard no_grad;
  CHECK(at::equal(network.forward(pictures(), training), network.forward(pictures(), {})));
}

TEST_CASE("the head starts from pooled features only where nothing else is read") {
  const auto head_op = [](const Network& network) {
    return network.nodes[static_cast<std::size_t>(head_input(network))].op;
  };
  CHECK(head_op(make_network("efficientnet-b0", {48})) == Op::global_average_pool);
  NetworkOptions flat;
  flat.head = "flatten-64";
  const Network vgg = make_network("vgg16", flat);
  CHECK(head_input(vgg) == vgg.features);
  for (const char* name : {"vgg16", "resnet50v2", "efficientnet-b0"}) {
    const Network network = make_network(name, {48});
    CHECK(is_cut(network, head_input(network)));
  }
  CHECK_FALSE(is_cut(make_network("resnet50v2", {48}), 8));  // within a block: the shortcut passes by
}

TEST_CASE("a network run in two parts gives what it gives in one") {
  TorchNetwork network(make_network("efficientnet-b0", {32}), at::kCPU);
  network.initialise(5);
  const at::NoGradGuard no_grad;
  const at::Tensor input = at::arange(2 * 3 * 32 * 32, at::kFloat).sin_().view({2, 3, 32, 32});
  const int cut = head_input(network.table());
  const auto last = static_cast<int>(network.table().nodes.size()) - 1;
  const at::Tensor features = network.forward_between(0, input, cut, {});
  CHECK(at::equal(network.forward_between(cut, features, last, {}), network.forward(input, {})));
}

TEST_CASE("features lie in memory or in a nameless file, with the same values") {
  const std::filesystem::path folder = std::filesystem::temp_directory_path();
  const at::Tensor values = at::arange(70, at::kFloat).view({10, 7});
  const auto compute = [&](std::int64_t begin, std::int64_t count) { return values.narrow(0, begin, count); };
  const auto files = [&] {
    return std::distance(std::filesystem::directory_iterator(folder), std::filesystem::directory_iterator());
  };
  std::int64_t room = 300;
  const FeatureCache memory = FeatureCache::fill(10, 4, room, folder, compute);
  CHECK_FALSE(memory.on_disk());
  CHECK(memory.bytes() == 280);
  CHECK(room == 20);
  const auto before = files();
  const FeatureCache disk = FeatureCache::fill(10, 4, room, folder, compute);
  CHECK(disk.on_disk());
  CHECK(room == 20);
  CHECK(files() == before);
  at::Tensor positions = at::empty({3}, at::kLong);
  positions[0] = 9;
  positions[1] = 0;
  positions[2] = 9;
  CHECK(at::equal(disk.rows(positions, at::kCPU), values.index_select(0, positions)));
  CHECK(at::equal(memory.rows(positions, at::kCPU), values.index_select(0, positions)));
  disk.range(0, 10, at::kCPU).zero_();
  CHECK(at::equal(disk.range(3, 4, at::kCPU), values.narrow(0, 3, 4)));
  CHECK_THROWS_AS(FeatureCache::fill(10, 4, room, folder / "missing", compute), IoError);

  const at::Tensor pictures = at::arange(2 * 3 * 4 * 5, at::kFloat).view({2, 3, 4, 5});
  room = 1000;
  const FeatureCache maps = FeatureCache::fill(
      2, 1, room, folder, [&](std::int64_t begin, std::int64_t count) { return pictures.narrow(0, begin, count); });
  CHECK(at::equal(maps.range(0, 2, at::kCPU), pictures));
  CHECK(maps.rows(positions.narrow(0, 1, 1), at::kCPU).is_contiguous(at::MemoryFormat::ChannelsLast));
}

TEST_CASE("parameters that begin to move later have their own Adam correction, the others keep their moments") {
  TorchNetwork network(two_stages(), at::kCPU);
  network.initialise(1);
  const auto set_gradients = [&] {
    for (const auto& entry : network.entries()) {
      if (entry.spec.trainable) entry.tensor.mutable_grad() = at::full_like(entry.tensor, 2.0);
    }
  };
  network.set_requires_grad(true);
  Optimizer optimizer(network, OptimizerKind::adam, 0);
  TrainOptions options;
  options.backbone_lr = 0.5;
  optimizer.choose(network, rate_factors(network.table(), options, Phase::frozen));
  REQUIRE(optimizer.state().size() == 4);  // two moments of the head's weight and bias
  ParameterMap start = network.export_parameters();
  for (int i = 0; i < 5; ++i) {
    set_gradients();
    optimizer.step(0.01);
  }
  CHECK(network.export_parameters().at("a.weight") == start.at("a.weight"));
  const double moved = network.export_parameters().at("head.output.bias")[0] - start.at("head.output.bias")[0];
  CHECK(moved == Approx(-0.05).epsilon(1e-4));
  const at::Tensor mean = optimizer.state()[0].tensor.clone();
  optimizer.choose(network, rate_factors(network.table(), options, Phase::thawed));
  bool kept = false;
  for (const NamedTensor& named : optimizer.state()) {
    if (named.name == "mean.head.output.weight") kept = at::equal(named.tensor, mean);
  }
  CHECK(kept);
  start = network.export_parameters();
  set_gradients();
  optimizer.step(0.01);
  // A first step is the rate itself, here half of it.
  CHECK(network.export_parameters().at("a.bn.bias")[0] - start.at("a.bn.bias")[0] == Approx(-0.005).epsilon(1e-4));
  CHECK(network.export_parameters().at("head.output.bias")[0] - start.at("head.output.bias")[0] ==
        Approx(-0.01).epsilon(1e-4));
}

TEST_CASE("the schedule begins anew when the backbone thaws") {
  TrainOptions options;
  options.schedule = ScheduleKind::cosine;
  options.epochs = 12;
  options.freeze_epochs = 2;
  options.warmup_epochs = 2;
  CHECK(schedule_factor(options, 0.5) == Approx(0.5));  // a warm-up of half the frozen epochs
  CHECK(schedule_factor(options, 1.5) == 1);
  CHECK(schedule_factor(options, 2.5) == Approx(0.25));
  CHECK(schedule_factor(options, 4.0) == Approx(1));
  CHECK(schedule_factor(options, 8.0) == Approx(0.5));
  CHECK(schedule_factor(options, 12.0) == Approx(0).margin(1e-12));
  options.unfreeze = {0};  // nothing thaws: one schedule
  CHECK(schedule_factor(options, 2.0) == 1);
  CHECK(schedule_factor(options, 7.0) == Approx(0.5));
}
