// A fused network turned into oneDNN's primitives and our own kernels, for one batch size and number of threads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <oneapi/dnnl/dnnl.hpp>
#include <string>
#include <unordered_map>
#include <variant>
#include <vector>

#include "infer/dnnl_version.h"
#include "infer/elementwise.h"
#include "infer/epilogue.h"
#include "infer/fused_network.h"
#include "infer/plan_memory.h"

namespace affekt {

class Plan {
 public:
  /// `network` and `weights` must outlive the plan. @throws dnnl::error
  /// @param threads  that run() will use at most
  Plan(const FusedNetwork& network, PackedWeights& weights, const dnnl::engine& engine, std::int64_t batch,
       int threads);

  /// @param input   (batch, channels, height, width)
  /// @param logits  (batch, classes)
  void run(dnnl::stream& stream, const float* input, float* logits);

  /// What runs, in order, element-wise steps of our own left out: "convolution: jit:avx2" and the like.
  const std::vector<std::string>& implementations() const { return implementations_; }

 private:
  using Desc = onednn::Desc;
  using Arguments = std::unordered_map<int, dnnl::memory>;
  /// A stored value: always four-dimensional.
  struct Value {
    Desc desc;
    std::size_t buffer = 0;
  };
  struct PrimitiveCall {
    dnnl::primitive primitive;
    Arguments arguments;
    Desc scratchpad;
  };
  /// A step of our own kernels.
  struct OwnCall {
    std::function<void(float* scratch)> run;
    std::size_t scratch_count = 0;
  };

  /// Operands of a convolution of our own.
  struct ConvOperands {
    const float* bias;
    std::vector<ElementwiseOp> chain;
    const float* source;
    float* target;
  };

  dnnl::memory::dims dims_of(const NodeShape& shape) const;
  Desc plain(const NodeShape& shape) const;
  Desc any_layout(const NodeShape& shape) const;
  /// The layout that is kept from step to step: blocked where the channels fill the blocks, else the library's choice.
  Desc blocked_layout(const NodeShape& shape) const;
  /// The step's input as it is, if that is blocked, else the library's choice.
  Desc layout_of_input() const;
  dnnl::memory memory_of(const Value& value);
  dnnl::memory memory_of(const Value& value, const Desc& seen_as);
  float* floats(const Value& value);
  const Value& value(int number) const { return values_[static_cast<std::size_t>(number)]; }
  bool dies(int number) const;

  Value new_value(const Desc& desc) { return {desc, buffers_.take(desc.get_size())}; }
  Value temporary(const Desc& desc);
  /// Where the step's result goes: over `old`, if that value dies here, has the layout, and is not read otherwise.
  Value place_over(int old, const Desc& desc);
  void copy(const Value& from, const Value& to);
  /// The value itself or, in another layout, a copy that lives until the end of the step.
  Value in_layout(const Value& from, const Desc& wanted);

  /// Attributes that make a primitive do `posts`; their operands go into `arguments`.
  dnnl::primitive_attr attributes(const std::vector<PostOp>& posts, Arguments& arguments);
  /// The same for our own kernels. @param sum  what `sum` adds
  std::vector<ElementwiseOp> chain(const std::vector<PostOp>& posts, dnnl::memory::format_tag layout, const float* sum);
  template <typename Description>
  void add(const char* name, const Description& description, Arguments arguments);

  void add_step();
  Value conv();
  Value library_conv();
  /// A convolution of our own kernels on blocked layouts. @param make  the call, given its operands
  template <typename Make>
  Value own_conv(std::int64_t block, const std::string& name, const Make& make);
  Value dense();
  Value max_pool();
  Value average_pool();
  Value pool(const Value& input, dnnl::algorithm algorithm, const onednn::Window& window);
  Value elementwise();
  Value flatten();

  PackedWeights& weights_;
  dnnl::engine engine_;
  std::int64_t batch_;
  int threads_;
  AlignedBuffer own_scratch_;
  std::size_t now_ = 0;                // the step being planned
  const FusedStep* step_ = nullptr;    // the same
  std::vector<std::size_t> last_use_;  // of each value: number of the step
  std::vector<Value> values_;
  std::vector<std::size_t> temporaries_;
  BufferPool buffers_;
  std::vector<std::variant<PrimitiveCall, OwnCall>> program_;
  std::vector<std::string> implementations_;
  dnnl::memory input_, output_;
};

}  // namespace affekt
