#include "infer/plan.h"

#include <algorithm>
#include <cstring>

namespace affekt {
namespace {

using dnnl::algorithm;
using dnnl::memory;
using Tag = dnnl::memory::format_tag;
constexpr auto kFloat = dnnl::memory::data_type::f32;

algorithm eltwise_algorithm(PostOp::Kind kind) {
  switch (kind) {
    case PostOp::Kind::swish:
      return algorithm::eltwise_swish;
    case PostOp::Kind::sigmoid:
      return algorithm::eltwise_logistic;
    default:
      return algorithm::eltwise_relu;
  }
}

/// swish is x * sigmoid(alpha x); relu's alpha is its slope below zero.
float eltwise_alpha(PostOp::Kind kind) { return kind == PostOp::Kind::swish ? 1.0F : 0.0F; }

onednn::Window window_of(const Node& node, const Padding& padding) {
  return {{node.kernel, node.kernel},
          {node.stride, node.stride},
          {padding.top, padding.left},
          {padding.bottom, padding.right}};
}

}  // namespace

Plan::Plan(const FusedNetwork& network, PackedWeights& weights, const dnnl::engine& engine, std::int64_t batch,
           int threads)
    : weights_(weights), engine_(engine), batch_(batch), threads_(threads) {
  const auto& steps = network.steps;
  last_use_.assign(steps.size() + 1, 0);
  for (std::size_t i = 0; i < steps.size(); ++i) {
    last_use_[i + 1] = i;
    last_use_[static_cast<std::size_t>(steps[i].input)] = i;
    if (steps[i].other >= 0) last_use_[static_cast<std::size_t>(steps[i].other)] = i;
  }
  last_use_[static_cast<std::size_t>(network.output)] = steps.size();

  values_.push_back(new_value(plain(network.input)));
  input_ = memory_of(values_[0]);
  for (now_ = 0; now_ < steps.size(); ++now_) {
    step_ = &steps[now_];
    add_step();
  }
  const NodeShape shape = steps.empty() ? network.input : steps[static_cast<std::size_t>(network.output) - 1].out;
  output_ = memory_of(in_layout(value(network.output), plain(shape)));

  std::size_t scratchpad_bytes = 0, own_floats = 0;
  for (const auto& call : program_) {
    if (const auto* made = std::get_if<PrimitiveCall>(&call)) {
      scratchpad_bytes = std::max(scratchpad_bytes, made->scratchpad.get_size());
    } else {
      own_floats = std::max(own_floats, std::get<OwnCall>(call).scratch_count);
    }
  }
  own_scratch_ = AlignedBuffer(own_floats);
  void* scratchpad = buffers_.data(buffers_.take_own(scratchpad_bytes));
  for (auto& call : program_) {
    if (auto* made = std::get_if<PrimitiveCall>(&call)) {
      made->arguments.emplace(DNNL_ARG_SCRATCHPAD, memory(made->scratchpad, engine_, scratchpad));
    }
  }
}

void Plan::run(dnnl::stream& stream, const float* input, float* logits) {
  std::memcpy(input_.get_data_handle(), input, input_.get_desc().get_size());
  for (const auto& call : program_) {
    if (const auto* made = std::get_if<PrimitiveCall>(&call)) {
      made->primitive.execute(stream, made->arguments);
    } else {
      stream.wait();  // what it reads is there
      std::get<OwnCall>(call).run(own_scratch_.data());
    }
  }
  stream.wait();
  std::memcpy(logits, output_.get_data_handle(), output_.get_desc().get_size());
}

memory::dims Plan::dims_of(const NodeShape& shape) const { return {batch_, shape.channels, shape.height, shape.width}; }
Plan::Desc Plan::plain(const NodeShape& shape) const { return {dims_of(shape), kFloat, Tag::nchw}; }
Plan::Desc Plan::any_layout(const NodeShape& shape) const { return {dims_of(shape), kFloat, Tag::any}; }
Plan::Desc Plan::blocked_layout(const NodeShape& shape) const {
  const std::int64_t block = onednn::block();
  if (block == 0 || shape.channels % block != 0) return any_layout(shape);
  return {dims_of(shape), kFloat, block == 16 ? Tag::nChw16c : Tag::nChw8c};
}
Plan::Desc Plan::layout_of_input() const {
  const Desc blocked = blocked_layout(step_->in);
  return value(step_->input).desc == blocked ? blocked : any_layout(step_->in);
}
memory Plan::memory_of(const Value& value) { return memory_of(value, value.desc); }
memory Plan::memory_of(const Value& value, const Desc& seen_as) {
  return {seen_as, engine_, buffers_.data(value.buffer)};
}
float* Plan::floats(const Value& value) { return static_cast<float*>(buffers_.data(value.buffer)); }
bool Plan::dies(int number) const { return last_use_[static_cast<std::size_t>(number)] <= now_; }

Plan::Value Plan::temporary(const Desc& desc) {
  Value result = new_value(desc);
  temporaries_.push_back(result.buffer);
  return result;
}

Plan::Value Plan::place_over(int old, const Desc& desc) {
  const bool read_twice = step_->input == step_->other;
  if (dies(old) && !read_twice && value(old).desc == desc) return value(old);
  return new_value(desc);
}

void Plan::copy(const Value& from, const Value& to) {
  const memory source = memory_of(from), target = memory_of(to);
  dnnl::primitive_attr attr;
  attr.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  add("reorder", dnnl::reorder::primitive_desc(source, target, attr), {{DNNL_ARG_FROM, source}, {DNNL_ARG_TO, target}});
}

Plan::Value Plan::in_layout(const Value& from, const Desc& wanted) {
  if (from.desc == wanted) return from;
  Value copied = temporary(wanted);
  copy(from, copied);
  return copied;
}

dnnl::primitive_attr Plan::attributes(const std::vector<PostOp>& posts, Arguments& arguments) {
  dnnl::post_ops chain;
  const auto per_channel = [&](algorithm operation, const std::vector<float>& values) {
    const auto channels = static_cast<std::int64_t>(values.size());
    const Desc desc({1, channels, 1, 1}, kFloat, Tag::abcd);
    chain.append_binary(operation, desc);
    arguments.emplace(DNNL_ARG_ATTR_MULTIPLE_POST_OP(chain.len() - 1) | DNNL_ARG_SRC_1,
                      weights_.get(values, desc, desc));
  };
  for (const PostOp& post : posts) {
    if (post.kind == PostOp::Kind::scale_shift) {
      per_channel(algorithm::binary_mul, post.scale);
      per_channel(algorithm::binary_add, post.shift);
    } else if (post.kind == PostOp::Kind::sum) {
      chain.append_sum(1.0F);
    } else {
      onednn::append_eltwise(chain, eltwise_algorithm(post.kind), eltwise_alpha(post.kind));
    }
  }
  dnnl::primitive_attr attr;
  attr.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  attr.set_post_ops(chain);
  return attr;
}

template <typename Description>
void Plan::add(const char* name, const Description& description, Arguments arguments) {
  program_.push_back(
      PrimitiveCall{dnnl::primitive(description.get()), std::move(arguments), description.scratchpad_desc()});
  implementations_.push_back(std::string(name) + ": " + description.impl_info_str());
}

void Plan::add_step() {
  Value result;
  switch (step_->kind) {
    case FusedStep::Kind::conv:
      result = conv();
      break;
    case FusedStep::Kind::dense:
      result = dense();
      break;
    case FusedStep::Kind::max_pool:
      result = max_pool();
      break;
    case FusedStep::Kind::average_pool:
      result = average_pool();
      break;
    case FusedStep::Kind::pointwise:
    case FusedStep::Kind::add:
    case FusedStep::Kind::multiply:
      result = elementwise();
      break;
    case FusedStep::Kind::flatten:
      result = flatten();
      break;
  }
  values_.push_back(result);
  for (std::size_t buffer : temporaries_) buffers_.give_back(buffer);
  temporaries_.clear();
  for (std::size_t i = 0; i < values_.size(); ++i) {
    if (last_use_[i] == now_ && (values_[i].buffer != result.buffer || i + 1 == values_.size())) {
      buffers_.give_back(values_[i].buffer);
    }
  }
}

Plan::Value Plan::library_conv() {
  const Node& node = step_->node;
  const std::int64_t groups = node.groups, in = step_->in.channels / groups, out = node.channels / groups;
  const memory::dims filter = groups == 1 ? memory::dims{out, in, node.kernel, node.kernel}
                                          : memory::dims{groups, out, in, node.kernel, node.kernel};
  const Desc bias({node.channels}, kFloat, Tag::a);
  Arguments arguments;
  const dnnl::primitive_attr attr = attributes(step_->post, arguments);
  const auto description = onednn::convolution(engine_, attr, layout_of_input(), Desc(filter, kFloat, Tag::any), bias,
                                               blocked_layout(step_->out), window_of(node, node.padding));

  // The residual sum adds to what is in the target already.
  Value target;
  if (step_->other >= 0) {
    target = place_over(step_->other, description.dst_desc());
    if (target.buffer != value(step_->other).buffer) copy(value(step_->other), target);
  } else {
    target = new_value(description.dst_desc());
  }
  const Desc plain_filter(filter, kFloat, groups == 1 ? Tag::oihw : Tag::goihw);
  arguments.emplace(DNNL_ARG_SRC, memory_of(in_layout(value(step_->input), description.src_desc())));
  arguments.emplace(DNNL_ARG_WEIGHTS, weights_.get(step_->weights, plain_filter, description.weights_desc()));
  arguments.emplace(DNNL_ARG_BIAS, weights_.get(step_->bias, bias, bias));
  arguments.emplace(DNNL_ARG_DST, memory_of(target));
  add("convolution", description, std::move(arguments));
  return target;
}

Plan::Value Plan::max_pool() {
  const Node& node = step_->node;
  if (!node.zero_padding) {
    return pool(value(step_->input), algorithm::pooling_max, window_of(node, node.padding));
  }
  // oneDNN pads a maximum with minus infinity: copy into the middle of zeros instead. Nobody else writes to that block.
  const NodeShape& in = step_->in;
  const Desc padded({batch_, in.channels, in.height + node.padding.top + node.padding.bottom,
                     in.width + node.padding.left + node.padding.right},
                    kFloat, Tag::nhwc);
  const Value frame{padded, buffers_.take_own(padded.get_size())};
  const Desc middle = padded.submemory_desc(dims_of(in), {0, 0, node.padding.top, node.padding.left});
  copy(value(step_->input), {middle, frame.buffer});
  return pool(frame, algorithm::pooling_max, window_of(node, {}));
}

Plan::Value Plan::average_pool() {
  const memory::dims plane{step_->in.height, step_->in.width};
  return pool(value(step_->input), algorithm::pooling_avg_exclude_padding, {plane, plane, {0, 0}, {0, 0}});
}

Plan::Value Plan::pool(const Value& input, algorithm kind, const onednn::Window& window) {
  dnnl::primitive_attr attr;
  attr.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  const auto description = onednn::pooling(engine_, attr, kind, input.desc, any_layout(step_->out), window);
  Value target = new_value(description.dst_desc());
  add("pooling", description, {{DNNL_ARG_SRC, memory_of(input)}, {DNNL_ARG_DST, memory_of(target)}});
  return target;
}

Plan::Value Plan::flatten() {
  const Value& input = value(step_->input);
  const Desc unrolled = plain(step_->in);
  const Value target = place_over(step_->input, unrolled);
  if (target.buffer != input.buffer) copy(input, target);
  return {plain(step_->out), target.buffer};
}

}  // namespace affekt
