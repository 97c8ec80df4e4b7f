#include "nn/keras_file.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fstream>
#include <map>
#include <optional>
#include <string_view>

#include "affekt/core/error.h"
#include "affekt/core/file.h"
#include "affekt/core/file_kind.h"
#include "affekt/core/text.h"
#include "core/json.h"
#include "nn/hdf5_reader.h"
#include "nn/keras_archive.h"
#include "nn/keras_hdf5.h"

namespace affekt {
namespace {

constexpr std::uint64_t kMaxLayout = std::uint64_t{16} << 20;  // bytes of JSON
constexpr std::uint64_t kMaxWords = 4096;                      // of an error
constexpr int kPatience = 600000;                              // ms without a byte from the reader
// Of processor time: names take a tenth of a second, half a gigabyte of values takes one, unpacking it some.
constexpr rlim_t kSecondsForLayout = 3, kSecondsForValues = 60, kSecondsForArchive = 60, kSecondsInAll = 120;
constexpr std::uint64_t kSpareMemory = std::uint64_t{256} << 20;

enum class Kind : std::uint64_t { layout = 1, values = 2, error = 3 };

/// Precedes every message of the reader.
struct Header {
  Kind kind = Kind::error;
  std::uint64_t bytes = 0;
};

/// Which values are wanted.
struct Request {
  std::uint64_t layer = 0, weight = 0;
};

bool send_all(int socket, const void* data, std::size_t size) {
  const char* at = static_cast<const char*>(data);
  while (size > 0) {
    const ssize_t sent = ::send(socket, at, size, MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent <= 0) return false;
    at += sent;
    size -= static_cast<std::size_t>(sent);
  }
  return true;
}

/// @param patience  milliseconds to wait for more; -1 = for ever. False: nothing came, or the other side is gone.
bool receive_all(int socket, void* data, std::size_t size, int patience) {
  char* at = static_cast<char*>(data);
  while (size > 0) {
    pollfd wait = {socket, POLLIN, 0};
    const int ready = ::poll(&wait, 1, patience);
    if (ready < 0 && errno == EINTR) continue;
    if (ready <= 0) return false;
    const ssize_t got = ::recv(socket, at, size, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    at += got;
    size -= static_cast<std::size_t>(got);
  }
  return true;
}

bool send_message(int socket, Kind kind, const void* data, std::size_t size) {
  const Header header = {kind, size};
  return send_all(socket, &header, sizeof header) && send_all(socket, data, size);
}

std::string layout_text(const std::string& format, const std::vector<KerasLayer>& layers) {
  Json list = Json::array();
  for (const KerasLayer& layer : layers) {
    Json weights = Json::array();
    for (const KerasWeight& weight : layer.weights) {
      weights.push_back({{"name", weight.name}, {"shape", weight.shape}, {"floating", weight.floating}});
    }
    list.push_back(
        {{"name", layer.name}, {"model", layer.model}, {"kind", layer.kind}, {"weights", std::move(weights)}});
  }
  const Json layout = {{"format", format}, {"layers", std::move(list)}};
  return layout.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::vector<KerasLayer> parse_layers(const Json& list) {
  std::vector<KerasLayer> layers;
  for (const Json& layer : list) {
    layers.push_back({layer.at("name").get<std::string>(),
                      layer.at("model").get<std::string>(),
                      layer.at("kind").get<std::string>(),
                      {}});
    for (const Json& weight : layer.at("weights")) {
      layers.back().weights.push_back({weight.at("name").get<std::string>(),
                                       weight.at("shape").get<std::vector<std::int64_t>>(),
                                       weight.at("floating").get<bool>()});
    }
  }
  return layers;
}

/// Of processor time, from now on.
void limit_time(rlim_t seconds) {
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  const rlim_t end = static_cast<rlim_t>(used.ru_utime.tv_sec + used.ru_stime.tv_sec) + 1 + seconds;
  const rlimit time = {std::min(end, kSecondsInAll), kSecondsInAll};
  ::setrlimit(RLIMIT_CPU, &time);
}

/// What a healthy file of so many bytes needs, however libhdf5 fills it: the values of one weight, once read and once
/// stored.
void limit_memory(std::uint64_t file) {
  std::uint64_t pages = 0;
  std::ifstream("/proc/self/statm") >> pages;
  if (pages == 0) return;
  const std::uint64_t bytes = pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  const rlim_t most = bytes + 4 * file + kSpareMemory;  // 16-bit values double when they are widened
  const rlimit memory = {most, most};
  ::setrlimit(RLIMIT_AS, &memory);
}

void silence() {
  const rlimit no_core = {0, 0};
  ::setrlimit(RLIMIT_CORE, &no_core);
  const int nowhere = ::open("/dev/null", O_RDWR | O_CLOEXEC);  // the C library writes there when memory is corrupt
  ::dup2(nowhere, STDOUT_FILENO);
  ::dup2(nowhere, STDERR_FILENO);
}

/// The layout, then values as long as somebody asks.
void serve(const Hdf5Reader& reader, const KerasArchive* archive, int socket) {
  const KerasHdf5 file(reader, archive == nullptr ? std::map<std::string, std::string>() : archive->names());
  const char* format = file.legacy() ? "Keras HDF5" : archive == nullptr ? "Keras 3 weights" : "Keras 3 archive";
  const std::string layout = layout_text(format, file.layers());
  bool connected = send_message(socket, Kind::layout, layout.data(), layout.size());
  limit_time(kSecondsForValues);
  Request request;
  while (connected && receive_all(socket, &request, sizeof request, -1)) {
    const KerasLayer& layer = file.layers().at(request.layer);
    const std::vector<float> values = file.read(layer.weights.at(request.weight));
    connected = send_message(socket, Kind::values, values.data(), values.size() * sizeof(float));
  }
}

/// The reader's work. What is unpacked has been checked for its size; the limit of memory is for libhdf5.
void work(const std::filesystem::path& path, int socket) {
  const std::string place = printable(path.string());
  try {
    silence();
    limit_time(kSecondsForArchive);
    const InputFile file = InputFile::open(path);
    std::optional<KerasArchive> archive;
    if (file_kind(file.bytes()) == FileKind::zip) archive.emplace(file.bytes(), place);
    const std::string_view weights = archive ? archive->weights() : file.bytes();
    limit_memory(weights.size());
    limit_time(kSecondsForLayout);
    const Hdf5Reader reader(weights, place);
    serve(reader, archive ? &*archive : nullptr, socket);
  } catch (const std::exception& error) {
    const bool ours = dynamic_cast<const Error*>(&error) != nullptr;
    const std::string text = ours ? error.what() : place + ": a damaged file (too much of it)";
    send_message(socket, Kind::error, text.data(), std::min<std::size_t>(text.size(), kMaxWords));
  }
}

}  // namespace

KerasFile::KerasFile(const std::filesystem::path& path) : place_(printable(path.string())) {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) {
    throw IoError(place_ + ": cannot start its reader: " + std::strerror(errno));
  }
  reader_ = ::fork();
  if (reader_ == 0) {
    ::close(ends[0]);
    work(path, ends[1]);
    for (;;)
      ::kill(::getpid(), SIGKILL);  // not the way out that would run what this program has registered for its end
  }
  const int why = errno;
  ::close(ends[1]);
  socket_ = ends[0];
  if (reader_ < 0) {
    ::close(socket_);
    throw IoError(place_ + ": cannot start its reader: " + std::strerror(why));
  }
  try {
    std::string layout(next_message(false, kMaxLayout), '\0');
    if (!receive_all(socket_, layout.data(), layout.size(), kPatience)) fail();
    const Json read = parse_json_strict(layout, place_);
    format_ = read.at("format").get<std::string>();
    layers_ = parse_layers(read.at("layers"));
  } catch (const Json::exception&) {
    stop();
    fail();
  } catch (...) {
    stop();
    throw;
  }
}

KerasFile::~KerasFile() { stop(); }

void KerasFile::stop() {
  ::close(socket_);
  ::kill(reader_, SIGKILL);
  while (::waitpid(reader_, nullptr, 0) < 0 && errno == EINTR) {
  }
}

/// The size of the reader's next message, which must be of the expected kind.
std::uint64_t KerasFile::next_message(bool values, std::uint64_t max_bytes) const {
  Header header;
  if (!receive_all(socket_, &header, sizeof header, kPatience)) fail();
  if (header.kind == Kind::error && header.bytes <= kMaxWords) {
    std::string text(header.bytes, '\0');
    if (!receive_all(socket_, text.data(), text.size(), kPatience)) fail();
    throw DataError(printable(text, kMaxWords));
  }
  if (header.kind != (values ? Kind::values : Kind::layout) || header.bytes > max_bytes) fail();
  return header.bytes;
}

void KerasFile::fail() const {
  throw DataError(place_ + ": a damaged HDF5 file (libhdf5 failed on it, or did not come to an end)");
}

std::vector<float> KerasFile::read(const KerasLayer& layer, std::size_t weight) const {
  std::size_t count = 1;
  for (const std::int64_t extent : layer.weights.at(weight).shape) count *= static_cast<std::size_t>(extent);
  const std::size_t bytes = count * sizeof(float);
  const Request request = {static_cast<std::uint64_t>(&layer - layers_.data()), weight};
  if (!send_all(socket_, &request, sizeof request) || next_message(true, bytes) != bytes) fail();
  std::vector<float> values(count);
  if (!receive_all(socket_, values.data(), bytes, kPatience)) fail();
  return values;
}

}  // namespace affekt
