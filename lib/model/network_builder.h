// Appends nodes to a network table; every call returns the index of what it appended.
#pragma once

#include <cstddef>
#include <string>

#include "affekt/model/network.h"

namespace affekt {

class NetworkBuilder {
 public:
  NetworkBuilder(const std::string& name, NodeShape input);

  int last() const { return static_cast<int>(network_.nodes.size()) - 1; }

  /// BatchNorm settings of the nodes that follow.
  void batch_norm_defaults(double epsilon, double momentum);

  /// The nodes that follow belong to the next layer of Keras' list; layers before it that make no node only count.
  NetworkBuilder& next_layer(int nodeless_before = 0);
  /// The last node is the backbone's last; what follows is the head.
  void end_backbone();

  struct ConvOptions {
    int kernel = 3;
    int stride = 1;
    bool same = true;  ///< Odd kernels only: pads kernel / 2 on every side; false = 'valid'.
    bool bias = false;
    int groups = 1;
    bool tensorflow = false;  ///< 'same' as TensorFlow means it: ceil(side / stride) outputs, the odd cell at the end.
  };
  int conv(const std::string& name, int from, int channels, const ConvOptions& options);
  int batch_norm(const std::string& name, int from);
  int relu(int from);
  int swish(int from);
  int sigmoid(int from);
  int dense(const std::string& name, int from, int channels);
  int dropout(int from, double rate);
  int drop_connect(int from, double rate);
  /// @param zero_padding  The `padding` cells on every side count as 0, not as minus infinity.
  int max_pool(int from, int kernel, int stride, int padding = 0, bool zero_padding = false);
  /// 2 x 2 with stride 2; an odd side is padded by one at the bottom or right ('same' of Keras).
  int max_pool_same(int from);
  int global_average_pool(int from);
  int flatten(int from);
  int add(int a, int b);
  int multiply(int a, int gate);

  NodeShape shape(int node) const { return infer_shapes(network_)[static_cast<std::size_t>(node)]; }
  Network take();

 private:
  int append(Node node);

  Network network_;
  int layer_ = -1;
  double epsilon_ = 1e-3;
  double momentum_ = 0.01;
};

}  // namespace affekt
