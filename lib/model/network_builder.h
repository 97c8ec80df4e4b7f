// Appends nodes to a network table; every call returns the index of what it appended.
#pragma once

#include <string>

#include "affekt/model/network.h"

namespace affekt {

class NetworkBuilder {
 public:
  NetworkBuilder(const std::string& name, NodeShape input);

  int last() const { return static_cast<int>(network_.nodes.size()) - 1; }

  /// BatchNorm settings of the nodes that follow.
  void batch_norm_defaults(double epsilon, double momentum);

  struct ConvOptions {
    int kernel = 3;
    int stride = 1;
    bool same = true;  ///< Odd kernels only: pads kernel / 2 on every side; false = 'valid'.
    bool bias = false;
  };
  int conv(const std::string& name, int from, int channels, const ConvOptions& options);
  int batch_norm(const std::string& name, int from);
  int relu(int from);
  int dense(const std::string& name, int from, int channels);
  int dropout(int from, double rate);
  /// 2 x 2 with stride 2; an odd side is padded by one at the bottom or right ('same' of Keras).
  int max_pool_same(int from);
  int global_average_pool(int from);
  int flatten(int from);
  int add(int a, int b);

  Network take();

 private:
  int append(Node node);

  Network network_;
  double epsilon_ = 1e-3;
  double momentum_ = 0.01;
};

}  // namespace affekt
