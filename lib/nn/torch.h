// LibTorch's tensor library, precompiled for this library: the only way torch headers come in. ATen alone (tensors,
// operations, autograd through Tensor::backward) parses in a third of the time of torch/torch.h and changes less
// between releases.
#pragma once

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>
#include <c10/core/impl/DeviceGuardImplInterface.h>
