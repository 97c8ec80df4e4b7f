// The steps of a plan that our own kernels compute.
#include <algorithm>
#include <string>
#include <utility>

#include "infer/dense.h"
#include "infer/matrix.h"
#include "infer/plan.h"
#include "infer/small_plane.h"
#include "infer/winograd.h"

namespace affekt {
namespace {

using dnnl::memory;
using Tag = dnnl::memory::format_tag;
constexpr auto kFloat = dnnl::memory::data_type::f32;

ElementwiseOp::Kind elementwise_kind(PostOp::Kind kind) {
  switch (kind) {
    case PostOp::Kind::swish:
      return ElementwiseOp::Kind::swish;
    case PostOp::Kind::sigmoid:
      return ElementwiseOp::Kind::sigmoid;
    default:
      return ElementwiseOp::Kind::relu;
  }
}

/// A layout that element-wise operations know, and its lanes: channels side by side in memory.
struct ChannelLayout {
  Tag tag;
  std::int64_t lanes;
};

/// Of a value with these dimensions; channels last if it has another layout.
ChannelLayout channel_layout(const memory::desc& desc, const memory::dims& dims) {
  const ChannelLayout last{Tag::nhwc, dims[1]};
  for (const ChannelLayout& layout :
       {last, ChannelLayout{Tag::nchw, 1}, ChannelLayout{Tag::nChw8c, 8}, ChannelLayout{Tag::nChw16c, 16}}) {
    if (desc == memory::desc(dims, kFloat, layout.tag)) return layout;
  }
  return last;
}

const float* floats_of(const memory& data) { return static_cast<const float*>(data.get_data_handle()); }

}  // namespace

std::vector<ElementwiseOp> Plan::chain(const std::vector<PostOp>& posts, Tag layout, const float* sum) {
  std::vector<ElementwiseOp> result;
  for (const PostOp& post : posts) {
    if (post.kind == PostOp::Kind::sum) {
      result.push_back({ElementwiseOp::Kind::add, sum, nullptr});
    } else if (post.kind == PostOp::Kind::scale_shift) {
      const auto count = static_cast<std::int64_t>(post.scale.size());
      const Desc channels({1, count, 1, 1}, kFloat, Tag::nchw), lanes({1, count, 1, 1}, kFloat, layout);
      result.push_back({ElementwiseOp::Kind::scale_shift, floats_of(weights_.get(post.scale, channels, lanes)),
                        floats_of(weights_.get(post.shift, channels, lanes))});
    } else {
      result.push_back({elementwise_kind(post.kind), nullptr, nullptr});
    }
  }
  return result;
}

template <typename Make>
Plan::Value Plan::own_conv(std::int64_t block, const std::string& name, const Make& make) {
  const Tag layout = block == 16 ? Tag::nChw16c : Tag::nChw8c;
  const Desc result(dims_of(step_->out), kFloat, layout);
  const Value input = in_layout(value(step_->input), Desc(dims_of(step_->in), kFloat, layout));
  Value target;
  const float* sum = nullptr;
  if (step_->other >= 0) {
    sum = floats(in_layout(value(step_->other), result));
    target = place_over(step_->other, result);
  } else {
    target = new_value(result);
  }
  program_.push_back(
      make(ConvOperands{step_->bias.data(), chain(step_->post, layout, sum), floats(input), floats(target)}));
  implementations_.push_back("convolution: " + name);
  return target;
}

Plan::Value Plan::conv() {
  if (onednn::block() == 0) return library_conv();
  const std::int64_t block = std::min(kernel_block(), onednn::block());
  const std::vector<float>& filters = step_->weights;
  if (const auto shape = winograd_shape(step_->node, step_->in, step_->out, block)) {
    const WinogradConvolution convolution(*shape, batch_, threads_);
    const float* packed = weights_.get(filters, [&] { return transform_filters(*shape, filters); });
    const std::string tile = std::to_string(shape->tile);
    return own_conv(block, "winograd F(" + tile + "x" + tile + ", 3x3)", [&](ConvOperands with) {
      const auto run = [convolution, packed, with = std::move(with)](float* scratch) {
        convolution.run(with.source, packed, {with.bias, &with.chain}, scratch, with.target);
      };
      return OwnCall{run, convolution.scratch_count()};
    });
  }
  if (const auto shape = small_plane_shape(step_->node, step_->in, step_->out, block)) {
    const float* packed = weights_.get(filters, [&] { return pack_filters(*shape, filters); });
    return own_conv(block, "by position", [&](ConvOperands with) {
      const auto run = [shape = *shape, batch = batch_, packed, with = std::move(with)](float* scratch) {
        convolve_small_plane(shape, batch, with.source, packed, {with.bias, &with.chain}, scratch, with.target);
      };
      return OwnCall{run, small_plane_scratch(*shape, batch_)};
    });
  }
  return library_conv();
}

Plan::Value Plan::dense() {
  const std::int64_t outputs = step_->out.channels;
  const NodeShape& in = step_->in;
  const Desc blocked = blocked_layout(in);
  const bool is_blocked = value(step_->input).desc == blocked;
  // Without height and width, the channels lie in the same order anyway.
  const ChannelLayout layout =
      channel_layout(is_blocked || in.height * in.width > 1 ? blocked : plain(in), dims_of(in));
  const Value input = in_layout(value(step_->input), Desc(dims_of(in), kFloat, layout.tag));
  const Value target = new_value(plain(step_->out));

  const memory::dims filter{outputs, in.channels, in.height, in.width};
  const DenseLayer layer(static_cast<std::int64_t>(input.desc.get_size() / sizeof(float)) / batch_, outputs);
  const float* weights = weights_.get(step_->weights, [&] {
    const memory ordered =
        weights_.reordered(step_->weights, Desc(filter, kFloat, Tag::oihw), Desc(filter, kFloat, layout.tag));
    return layer.pack(floats_of(ordered));
  });
  const auto run = [layer, weights, bias = step_->bias.data(), posts = chain(step_->post, Tag::nchw, nullptr),
                    from = floats(input), to = floats(target), batch = batch_, outputs](float* scratch) {
    layer.run(from, batch, weights, bias, scratch, to);
    if (!posts.empty()) apply_elementwise(posts, {batch, outputs, 1, 1, outputs}, to, to);
  };
  program_.push_back(OwnCall{run, layer.scratch_count(batch_)});
  implementations_.emplace_back("dense: rows in registers");
  return target;
}

Plan::Value Plan::elementwise() {
  const memory::dims dims = dims_of(step_->in);
  const ChannelLayout layout = channel_layout(value(step_->input).desc, dims);
  const Value input = in_layout(value(step_->input), Desc(dims, kFloat, layout.tag));
  const Value target = place_over(step_->input, input.desc);
  std::vector<ElementwiseOp> ops;
  const ElementwiseShape shape{batch_, dims[1], (dims[1] + layout.lanes - 1) / layout.lanes, dims[2] * dims[3],
                               layout.lanes};
  if (step_->kind == FusedStep::Kind::add) {
    const Value other = in_layout(value(step_->other), input.desc);
    ops.push_back({ElementwiseOp::Kind::add, floats(other), nullptr});
  } else if (step_->kind == FusedStep::Kind::multiply) {
    const Value gate = in_layout(value(step_->other), Desc({batch_, dims[1], 1, 1}, kFloat, layout.tag));
    ops.push_back({ElementwiseOp::Kind::gate, floats(gate), nullptr});
  }
  const std::vector<ElementwiseOp> posts = chain(step_->post, layout.tag, nullptr);
  ops.insert(ops.end(), posts.begin(), posts.end());
  program_.push_back(OwnCall{
      [ops, shape, from = floats(input), to = floats(target)](float*) { apply_elementwise(ops, shape, from, to); }});
  return target;
}

}  // namespace affekt
