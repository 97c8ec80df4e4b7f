// A model as an ONNX file, for ONNX Runtime and other programs that read the format. Specification: https://onnx.ai,
// IR version 7, operator set 13 (ONNX 1.8 and later).
#pragma once

#include <cstdint>
#include <filesystem>

#include "affekt/core/export.h"
#include "affekt/model/model_file.h"

namespace affekt {

/// Operator set of the files.
inline constexpr int kOnnxOperatorSet = 13;

/// Writes the model atomically, with its preprocessing, over a file of that name. The graph has
///   input   faces (batch, 1, 48, 48)  u8, grey, 0..255; resized and scaled as the card says
///   output  logits (batch, 7)         f32, before softmax
///   output  probabilities (batch, 7)  f32
/// and the metadata labels (comma-separated, in the order of the outputs), architecture, head, variant, image_size,
/// preprocessing, data, license, affekt_version (of the training), and card, all of it as JSON. Weights are f32, also
/// those of an f16 model.
/// Memory: the largest tensor. @returns the file's size in bytes.
/// @throws UsageError  the file would be larger than 2 GB, more than the format allows. @throws IoError.
AFFEKT_API std::uint64_t write_onnx(const std::filesystem::path& path, const ModelFile& model);

}  // namespace affekt
