// What a model file says of itself.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "affekt/core/export.h"
#include "affekt/model/preprocessing.h"

namespace affekt {

/// Text of the card's `metrics`: name -> value, e.g. "validation_accuracy", "private_accuracy", fractions.
using Metrics = std::map<std::string, double>;

/// Written by the program only.
struct ModelCard {
  std::string architecture;      ///< Name for make_network().
  std::string head = "default";  ///< Head for make_network().
  std::string variant;           ///< Variant for make_network().
  int image_size = 48;
  int channels = 1;                  ///< 1 or 3; grey faces are repeated over 3.
  std::vector<std::string> classes;  ///< Must be the seven emotion names in order.
  Preprocessing preprocessing;
  std::string pretrained;  ///< The weights training began with, in words: file, format, digest; "" = random ones.
  std::string teachers;    ///< The models whose answers it learned from, in words: file, network, digest; "" = none.
  std::string training_options_json = "{}";  ///< Effective options of the run, a JSON object.
  std::uint64_t seed = 0;
  std::string data;  ///< What it was trained on, in words: files, rows, split.
  std::string data_digest;
  std::string selection;  ///< How the weights were chosen, e.g. "best accuracy on PublicTest".
  Metrics metrics;
  std::string license;
  std::string created;  ///< UTC, ISO 8601.
  std::string tool_version;
};

/// The card as JSON text: what the file's metadata hold and tools show.
AFFEKT_API std::string card_json(const ModelCard& card);

}  // namespace affekt
