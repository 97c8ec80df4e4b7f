// SHA-256: tells which file of weights a model began with.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>

#include "affekt/core/export.h"

namespace affekt {

/// FIPS 180-4. One message: update() in pieces, then hex() once.
class AFFEKT_API Sha256 {
 public:
  void update(const void* data, std::size_t size);
  std::string hex();

 private:
  void compress(const unsigned char* block);

  std::array<std::uint32_t, 8> state_{0x6a09e667U, 0xbb67ae85U, 0x3c6ef372U, 0xa54ff53aU,
                                      0x510e527fU, 0x9b05688cU, 0x1f83d9abU, 0x5be0cd19U};
  std::array<unsigned char, 64> buffer_{};
  std::size_t filled_ = 0;
  std::uint64_t bytes_ = 0;
};

/// Of the whole file, as 64 hexadecimal digits. @throws IoError.
AFFEKT_API std::string sha256_of_file(const std::filesystem::path& path);

}  // namespace affekt
