// Strict PNG decoding: checksums are verified and the end chunk must be there.
#include <png.h>

#include <csetjmp>
#include <cstddef>
#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

#include "affekt/core/error.h"
#include "image/decoders.h"
#include "image/exif.h"

namespace affekt {
namespace {

// Ancillary chunks (profiles, texts) may not inflate beyond this.
constexpr png_alloc_size_t kMaxChunkBytes = 16U << 20U;

/// Everything libpng's callbacks and the steps between setjmp and longjmp touch: no destructor may be skipped there.
struct PngState {
  png_structp png = nullptr;
  png_infop info = nullptr;
  png_infop end = nullptr;
  std::jmp_buf jump{};
  char message[128] = {};
  const unsigned char* data = nullptr;
  std::size_t size = 0, used = 0;
  unsigned int max_side = 0;
  png_bytepp rows = nullptr;
};

[[noreturn]] void on_error(png_structp png, png_const_charp text) {
  auto& state = *static_cast<PngState*>(png_get_error_ptr(png));
  std::snprintf(state.message, sizeof state.message, "%s", text);
  std::longjmp(state.jump, 1);
}

void on_warning(png_structp /*png*/, png_const_charp /*text*/) {
}  // odd colour profiles and the like: no harm to pixels

void on_read(png_structp png, png_bytep target, std::size_t count) {
  auto& state = *static_cast<PngState*>(png_get_io_ptr(png));
  if (state.size - state.used < count) png_error(png, "the data end too early");
  std::memcpy(target, state.data + state.used, count);
  state.used += count;
}

bool guarded(PngState& state, void (*step)(PngState&)) {
  if (setjmp(state.jump) != 0) return false;  // NOLINT(cert-err52-cpp): libpng has no other way out
  step(state);
  return true;
}

void read_header(PngState& state) {
  state.png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &state, on_error, on_warning);
  if (state.png == nullptr) return;
  state.info = png_create_info_struct(state.png);
  state.end = png_create_info_struct(state.png);
  if (state.info == nullptr || state.end == nullptr) png_error(state.png, "out of memory");
  png_set_user_limits(state.png, state.max_side, state.max_side);
  png_set_chunk_malloc_max(state.png, kMaxChunkBytes);
  png_set_read_fn(state.png, &state, on_read);
  png_read_info(state.png, state.info);
}

/// Asks for 8-bit grey, grey + alpha, RGB or RGBA, whatever is in the file.
void normalise(PngState& state) {
  const int colour = png_get_color_type(state.png, state.info);
  if (colour == PNG_COLOR_TYPE_PALETTE) png_set_palette_to_rgb(state.png);
  if (colour == PNG_COLOR_TYPE_GRAY && png_get_bit_depth(state.png, state.info) < 8) {
    png_set_expand_gray_1_2_4_to_8(state.png);
  }
  if (png_get_valid(state.png, state.info, PNG_INFO_tRNS) != 0) png_set_tRNS_to_alpha(state.png);
  png_set_scale_16(state.png);
  png_set_interlace_handling(state.png);
  png_read_update_info(state.png, state.info);
}

void read_pixels(PngState& state) {
  png_read_image(state.png, state.rows);
  png_read_end(state.png, state.end);
}

int orientation_of(PngState& state) {
  for (png_infop info : {state.info, state.end}) {
    png_uint_32 size = 0;
    png_bytep exif = nullptr;
    if (png_get_eXIf_1(state.png, info, &size, &exif) != 0 && exif != nullptr) {
      return exif_orientation({reinterpret_cast<const char*>(exif), size});
    }
  }
  return 1;
}

class PngCleanup {
 public:
  explicit PngCleanup(PngState& state) : state_(state) {}
  ~PngCleanup() { png_destroy_read_struct(&state_.png, &state_.info, &state_.end); }
  PngCleanup(const PngCleanup&) = delete;
  PngCleanup& operator=(const PngCleanup&) = delete;

 private:
  PngState& state_;
};

/// Drops the alpha channel (the last of `stored` channels) by laying the picture over white.
void lay_over_white(Picture& picture, std::size_t stored) {
  const std::size_t kept = stored - 1;
  const std::size_t pixels = picture.pixels.size() / stored;
  for (std::size_t i = 0; i < pixels; ++i) {
    const std::uint8_t* from = picture.pixels.data() + i * stored;
    std::uint8_t* to = picture.pixels.data() + i * kept;
    const unsigned int alpha = from[kept];
    for (std::size_t c = 0; c < kept; ++c) {
      to[c] = static_cast<std::uint8_t>((from[c] * alpha + 255U * (255U - alpha) + 127U) / 255U);
    }
  }
  picture.pixels.resize(pixels * kept);
}

}  // namespace

DecodedPicture decode_png(std::string_view bytes, const std::string& name, const PictureOptions& options) {
  PngState state;
  state.data = reinterpret_cast<const unsigned char*>(bytes.data());
  state.size = bytes.size();
  state.max_side = static_cast<unsigned int>(options.max_side);
  const PngCleanup cleanup(state);
  const auto damaged = [&] { return DataError(name + ": damaged PNG: " + state.message); };

  if (!guarded(state, read_header)) throw damaged();
  if (state.png == nullptr) throw DataError(name + ": libpng could not be set up");
  check_picture_size(png_get_image_width(state.png, state.info), png_get_image_height(state.png, state.info), name,
                     options);
  if (!guarded(state, normalise)) throw damaged();

  DecodedPicture decoded;
  Picture& picture = decoded.picture;
  picture.width = static_cast<int>(png_get_image_width(state.png, state.info));
  picture.height = static_cast<int>(png_get_image_height(state.png, state.info));
  const std::size_t stored = png_get_channels(state.png, state.info);
  const std::size_t row_bytes = stored * static_cast<std::size_t>(picture.width);
  picture.pixels.resize(row_bytes * static_cast<std::size_t>(picture.height));
  std::vector<png_bytep> rows(static_cast<std::size_t>(picture.height));
  for (std::size_t y = 0; y < rows.size(); ++y) rows[y] = picture.pixels.data() + y * row_bytes;
  state.rows = rows.data();
  if (!guarded(state, read_pixels)) throw damaged();

  if (stored == 2 || stored == 4) lay_over_white(picture, stored);
  picture.channels = stored <= 2 ? 1 : 3;
  decoded.orientation = orientation_of(state);
  return decoded;
}

}  // namespace affekt
