// Strict JPEG decoding: what libjpeg calls a warning (missing data, bad codes) would otherwise be a picture with grey
// or garbled parts, so it is an error here.
#include <csetjmp>
#include <cstddef>
#include <cstdio>
#include <string>
#include <vector>

// clang-format off: jpeglib.h needs size_t and FILE before it, jerror.h needs jpeglib.h
#include <jerror.h>
#include <jpeglib.h>
// clang-format on

#include "affekt/core/error.h"
#include "image/decoders.h"
#include "image/exif.h"

namespace affekt {
namespace {

constexpr int kMaxScans = 500;  // progressive files with thousands of scans only exist to burn time

/// Everything libjpeg's callbacks and the steps between setjmp and longjmp touch: no destructor may be skipped there.
struct JpegState {
  jpeg_decompress_struct info{};  // first: the callbacks get its address
  jpeg_error_mgr errors{};
  jpeg_progress_mgr progress{};
  std::jmp_buf jump{};
  char message[JMSG_LENGTH_MAX] = {};
  const unsigned char* data = nullptr;
  std::size_t size = 0;
  unsigned char* pixels = nullptr;  // rows of the result
  std::size_t row_bytes = 0;
  unsigned char* cmyk_row = nullptr;  // one decoded row, if the file is CMYK
};

JpegState& state_of(j_common_ptr info) { return *static_cast<JpegState*>(info->client_data); }

[[noreturn]] void fail(j_common_ptr info) {
  JpegState& state = state_of(info);
  (*info->err->format_message)(info, state.message);
  std::longjmp(state.jump, 1);
}

/// Some cameras pad the data with zeros before a marker; libjpeg counts them as extraneous bytes. They are harmless.
bool is_zero_padding(const JpegState& state) {
  const auto count = static_cast<std::size_t>(state.errors.msg_parm.i[0]);
  const unsigned char* end = state.info.src->next_input_byte;
  const auto used = static_cast<std::size_t>(end - state.data);
  if (used > state.size || used < count + 2) return false;
  for (const unsigned char* p = end - 2 - count; p < end - 2; ++p) {
    if (*p != 0) return false;
  }
  return true;
}

void on_message(j_common_ptr info, int level) {
  if (level >= 0) return;  // traces
  switch (info->err->msg_code) {
    case JWRN_JFIF_MAJOR:   // a newer JFIF revision number
    case JWRN_ADOBE_XFORM:  // an unknown colour transform code, for which libjpeg has a rule
      return;
    case JWRN_EXTRANEOUS_DATA:
      if (is_zero_padding(state_of(info))) return;
      break;
    default:
      break;
  }
  fail(info);
}

void on_progress(j_common_ptr info) {
  if (!info->is_decompressor) return;
  JpegState& state = state_of(info);
  if (state.info.input_scan_number <= kMaxScans) return;
  std::snprintf(state.message, sizeof state.message, "more than %d scans", kMaxScans);
  std::longjmp(state.jump, 1);
}

void no_output(j_common_ptr /*info*/) {}

bool guarded(JpegState& state, void (*step)(JpegState&)) {
  if (setjmp(state.jump) != 0) return false;  // NOLINT(cert-err52-cpp): libjpeg has no other way out
  step(state);
  return true;
}

void read_header(JpegState& state) {
  jpeg_create_decompress(&state.info);
  jpeg_save_markers(&state.info, JPEG_APP0 + 1, 0xFFFF);
  jpeg_mem_src(&state.info, state.data, static_cast<unsigned long>(state.size));
  jpeg_read_header(&state.info, TRUE);
}

unsigned char ink_to_light(unsigned int colour, unsigned int key) {
  return static_cast<unsigned char>((colour * key + 127) / 255);
}

/// Adobe writes CMYK inverted (255 = no ink), everybody else does not.
void cmyk_to_rgb(const unsigned char* from, unsigned char* to, std::size_t width, bool inverted) {
  const unsigned int flip = inverted ? 0U : 255U;
  for (std::size_t x = 0; x < width; ++x, from += 4, to += 3) {
    for (int c = 0; c < 3; ++c) to[c] = ink_to_light(from[c] ^ flip, from[3] ^ flip);
  }
}

void read_rows(JpegState& state) {
  jpeg_start_decompress(&state.info);
  while (state.info.output_scanline < state.info.output_height) {
    unsigned char* target = state.pixels + std::size_t{state.info.output_scanline} * state.row_bytes;
    unsigned char* row = state.cmyk_row != nullptr ? state.cmyk_row : target;
    jpeg_read_scanlines(&state.info, &row, 1);
    if (state.cmyk_row != nullptr) {
      cmyk_to_rgb(state.cmyk_row, target, state.info.output_width, state.info.saw_Adobe_marker != FALSE);
    }
  }
  jpeg_finish_decompress(&state.info);
}

int orientation_of(const jpeg_decompress_struct& info) {
  constexpr std::string_view kExif("Exif\0\0", 6);
  for (jpeg_saved_marker_ptr marker = info.marker_list; marker != nullptr; marker = marker->next) {
    const std::string_view data(reinterpret_cast<const char*>(marker->data), marker->data_length);
    if (marker->marker == JPEG_APP0 + 1 && data.substr(0, kExif.size()) == kExif) {
      return exif_orientation(data.substr(kExif.size()));
    }
  }
  return 1;
}

/// Destroys whatever libjpeg has allocated, however the decoding ends.
class JpegCleanup {
 public:
  explicit JpegCleanup(JpegState& state) : state_(state) {}
  ~JpegCleanup() { jpeg_destroy_decompress(&state_.info); }
  JpegCleanup(const JpegCleanup&) = delete;
  JpegCleanup& operator=(const JpegCleanup&) = delete;

 private:
  JpegState& state_;
};

void choose_colours(jpeg_decompress_struct& info, bool grey) {
  const bool has_luma = info.jpeg_color_space == JCS_GRAYSCALE || info.jpeg_color_space == JCS_YCbCr;
  if (info.jpeg_color_space == JCS_CMYK || info.jpeg_color_space == JCS_YCCK) {
    info.out_color_space = JCS_CMYK;
  } else if (info.jpeg_color_space == JCS_GRAYSCALE || (grey && has_luma)) {
    info.out_color_space = JCS_GRAYSCALE;
  } else {
    info.out_color_space = JCS_RGB;
  }
}

}  // namespace

DecodedPicture decode_jpeg(std::string_view bytes, const std::string& name, const PictureOptions& options) {
  JpegState state;
  state.data = reinterpret_cast<const unsigned char*>(bytes.data());
  state.size = bytes.size();
  state.info.err = jpeg_std_error(&state.errors);
  state.info.client_data = &state;
  state.errors.error_exit = fail;
  state.errors.emit_message = on_message;
  state.errors.output_message = no_output;
  const JpegCleanup cleanup(state);
  const auto damaged = [&] { return DataError(name + ": damaged JPEG: " + state.message); };

  if (!guarded(state, read_header)) throw damaged();
  jpeg_decompress_struct& info = state.info;
  check_picture_size(info.image_width, info.image_height, name, options);
  choose_colours(info, options.grey);
  state.progress.progress_monitor = on_progress;
  info.progress = &state.progress;

  DecodedPicture decoded;
  decoded.orientation = orientation_of(info);
  Picture& picture = decoded.picture;
  picture.width = static_cast<int>(info.image_width);
  picture.height = static_cast<int>(info.image_height);
  picture.channels = info.out_color_space == JCS_GRAYSCALE ? 1 : 3;
  state.row_bytes = std::size_t{info.image_width} * static_cast<std::size_t>(picture.channels);
  picture.pixels.resize(state.row_bytes * info.image_height);
  state.pixels = picture.pixels.data();
  std::vector<unsigned char> cmyk_row;
  if (info.out_color_space == JCS_CMYK) {
    cmyk_row.resize(std::size_t{info.image_width} * 4);
    state.cmyk_row = cmyk_row.data();
  }
  if (!guarded(state, read_rows)) throw damaged();
  return decoded;
}

}  // namespace affekt
