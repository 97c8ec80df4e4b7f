// How ranks meet, over c10d's TCP store, and what they tell each other in words.
#include <c10/util/Logging.h>
#include <dlfcn.h>
#include <netdb.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>
#include <utility>

#include "affekt/core/text.h"
#include "train/c10d.h"
#include "train/collective_c10d.h"

namespace affekt {
namespace {

using Milliseconds = std::chrono::milliseconds;

std::string ranks_text(const std::vector<int>& ranks) {
  std::vector<std::string> words;
  words.reserve(ranks.size());
  for (const int rank : ranks) words.push_back(std::to_string(rank));
  return (ranks.size() == 1 ? "rank " : "ranks ") + join(words, ", ");
}

std::string meeting_point(const RankPlace& place) {
  return printable(place.address) + " port " + std::to_string(place.port);
}

std::vector<std::uint8_t> bytes(const std::string& text) { return {text.begin(), text.end()}; }

/// The address by which this machine reaches the meeting point, and so by which the others reach this machine.
std::string own_address(const RankPlace& place) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_DGRAM;
  addrinfo* found = nullptr;
  const std::string port = std::to_string(place.port);
  if (::getaddrinfo(place.address.c_str(), port.c_str(), &hints, &found) != 0 || found == nullptr) {
    throw UsageError("MASTER_ADDR: no machine is called '" + printable(place.address) + "' (an address does as well)");
  }
  std::array<char, NI_MAXHOST> text{};
  const int socket = ::socket(found->ai_family, SOCK_DGRAM, 0);  // nothing is sent: connect() chooses the way
  sockaddr_storage own{};
  socklen_t length = sizeof own;
  auto* address = reinterpret_cast<sockaddr*>(&own);
  const bool good = socket >= 0 && ::connect(socket, found->ai_addr, found->ai_addrlen) == 0 &&
                    ::getsockname(socket, address, &length) == 0 &&
                    ::getnameinfo(address, length, text.data(), text.size(), nullptr, 0, NI_NUMERICHOST) == 0;
  if (socket >= 0) ::close(socket);
  ::freeaddrinfo(found);
  if (!good) throw UsageError("MASTER_ADDR: no way leads from here to " + printable(place.address));
  return text.data();
}

bool is_loopback(const std::string& address) { return address.rfind("127.", 0) == 0 || address == "::1"; }

/// Name of this machine and the cores that this process may run on: ranks that agree in them share these cores.
std::string cores_text() {
  std::array<char, 256> name{};
  ::gethostname(name.data(), name.size() - 1);
  cpu_set_t set;
  CPU_ZERO(&set);
  std::string text = std::string(name.data()) + " ";
  if (::sched_getaffinity(0, sizeof set, &set) != 0) return text;
  for (int core = 0; core < CPU_SETSIZE; ++core) text += CPU_ISSET(core, &set) ? '1' : '0';
  return text.substr(0, text.find_last_of('1') + 1);
}

/// c10d writes lines of its own to standard error, through glog where LibTorch was built with it.
void silence_c10d() {
  constexpr int kFatal = 3;
  void* level = ::dlsym(RTLD_DEFAULT, "_ZN3fLI17FLAGS_minloglevelE");
  if (level != nullptr) *static_cast<int*>(level) = kFatal;
#ifndef C10_USE_GLOG
  FLAGS_caffe2_log_level = kFatal;
#endif
}

c10::intrusive_ptr<c10d::Store> connect_store(const RankPlace& place, double timeout, bool serve) {
  c10d::TCPStoreOptions options;
  options.port = static_cast<std::uint16_t>(place.port);
  options.isServer = serve;
  options.waitWorkers = false;
  serve_without_libuv(options);
  options.timeout = Milliseconds(static_cast<std::int64_t>(timeout * 1000));
  try {
    const auto store = c10::make_intrusive<c10d::TCPStore>(place.address, options);
    // Runs of one launcher, and its attempts, share a store.
    return c10::make_intrusive<c10d::PrefixStore>("affekt/" + place.attempt, store);
  } catch (const std::exception& error) {
    const std::string reason = std::string(error.what());
    if (serve && reason.find("in use") != std::string::npos) {
      throw UsageError("MASTER_PORT: port " + std::to_string(place.port) + " is in use (choose another one)");
    }
    if (serve) throw UsageError("MASTER_PORT: cannot listen on port " + std::to_string(place.port));
    throw UsageError("MASTER_ADDR: rank 0 does not answer at " + meeting_point(place) + " for " +
                     format_shortest(timeout) + " s (is it running? --rank-timeout waits longer)");
  }
}

c10::intrusive_ptr<c10d::ProcessGroupGloo> make_group(const C10dCollective& ranks, const std::string& address) {
  constexpr auto kStuck = std::chrono::minutes(30);  // alive, yet never at an exchange; death is the watch's to notice
  auto options = c10d::ProcessGroupGloo::Options::create(kStuck);
  const char* interface = std::getenv("GLOO_SOCKET_IFNAME");
  options->devices.push_back(interface != nullptr && *interface != '\0'
                                 ? c10d::ProcessGroupGloo::createDeviceForInterface(interface)
                                 : c10d::ProcessGroupGloo::createDeviceForHostname(address));
  options->threads = 2;
  const auto store = c10::make_intrusive<c10d::PrefixStore>("gloo", ranks.store);
  store->setTimeout(Milliseconds(static_cast<std::int64_t>(ranks.timeout * 1000)));
  return c10::make_intrusive<c10d::ProcessGroupGloo>(store, ranks.place.rank, ranks.place.size, options);
}

}  // namespace

std::string rank_backends() {
#ifdef AFFEKT_NCCL
  return "gloo and nccl";
#else
  return "gloo";
#endif
}

std::unique_ptr<Collective> make_c10d_collective(const RankPlace& place, double timeout) {
  return std::make_unique<C10dCollective>(place, timeout);
}

/// Everybody's `text`, by rank.
std::vector<std::string> C10dCollective::exchange_first_words(const std::string& text) {
  std::vector<std::string> keys;
  keys.reserve(static_cast<std::size_t>(place.size));
  for (int r = 0; r < place.size; ++r) keys.push_back("hello/" + std::to_string(r));
  store->set(keys[static_cast<std::size_t>(place.rank)], bytes(text));
  try {
    store->wait(keys, Milliseconds(static_cast<std::int64_t>(timeout * 1000)));
  } catch (const std::exception&) {
    std::vector<int> missing;
    try {
      for (int r = 0; r < place.size; ++r) {
        if (!store->check({keys[static_cast<std::size_t>(r)]})) missing.push_back(r);
      }
    } catch (const std::exception&) {
      throw LostRank("lost rank 0 of " + std::to_string(place.size) + " before all had come");
    }
    throw UsageError("WORLD_SIZE: " + ranks_text(missing) + " of " + std::to_string(place.size) +
                     " did not come within " + format_shortest(timeout) + " s (--rank-timeout waits longer)");
  }
  std::vector<std::string> words;
  for (const std::string& key : keys) {
    const std::vector<std::uint8_t> word = store->get(key);
    words.emplace_back(word.begin(), word.end());
  }
  return words;
}

/// Learns from "ADDRESS HOST CORES" of all ranks who shares this machine and its cores.
void C10dCollective::find_neighbours(const std::vector<std::string>& words) {
  std::vector<std::vector<std::string>> parts;
  parts.reserve(words.size());
  for (const std::string& word : words) parts.push_back(split(word, ' '));
  const auto self = static_cast<std::size_t>(place.rank);
  int sharing = 0;
  local_rank_ = 0;
  for (std::size_t r = 0; r < parts.size(); ++r) {
    if (is_loopback(parts[r].at(0)) != is_loopback(parts[0].at(0))) {
      throw UsageError("MASTER_ADDR: '" + printable(place.address) + "' is " + parts[0].at(0) + " to rank 0 and " +
                       "another machine to rank " + std::to_string(r) + " (give the address that all machines know)");
    }
    if (parts[r].at(1) == parts[self].at(1) && r < self) ++local_rank_;
    if (parts[r].at(1) == parts[self].at(1) && parts[r].at(2) == parts[self].at(2)) ++sharing;
  }
  if (place.local_rank >= 0) local_rank_ = place.local_rank;
  const auto cores = std::count(parts[self].at(2).begin(), parts[self].at(2).end(), '1');
  threads_ = std::max(1, static_cast<int>(cores) / std::max(1, sharing));
}

C10dCollective::C10dCollective(RankPlace its_place, double its_timeout)
    : place(std::move(its_place)), timeout(its_timeout) {
  silence_c10d();
  const std::string address = own_address(place);
  store = connect_store(place, timeout, place.rank == 0 && !place.served);
  const auto pulse_store = connect_store(place, timeout, false);
  find_neighbours(exchange_first_words(address + " " + cores_text()));
  watch = std::make_shared<RankWatch>(make_rank_store(pulse_store), place.rank, place.size, timeout);
  watch->start();
  try {
    group = blaming([&] { return make_group(*this, address); });
  } catch (...) {
    part();
    throw;
  }
}

C10dCollective::~C10dCollective() { part(); }

void C10dCollective::part() noexcept {
  if (parted_) return;
  // Whoever serves the store stays until the others have heard why; the one that is lost will not come.
  watch->part(place.rank == 0 ? place.size - (watch->broken() ? 2 : 1) : 0);
  // An exchange that hangs would keep the group's threads, and whoever waits for them, until its own time-out.
  static_cast<void>(group.release());
}

void C10dCollective::wait(const c10::intrusive_ptr<c10d::Work>& work, const at::Tensor& result) {
  guarded(watch, work, result)->waitAndThrow();
}

std::string C10dCollective::text_of_first(const std::string& text) {
  return blaming([&] {
    std::string shared = text;
    at::Tensor length = at::full({1}, static_cast<std::int64_t>(text.size()), at::kLong);
    std::vector<at::Tensor> tensors{length};
    wait(group->broadcast(tensors), length);
    shared.resize(static_cast<std::size_t>(length.item<std::int64_t>()));
    if (shared.empty()) return shared;
    at::Tensor values = at::empty({length.item<std::int64_t>()}, at::kByte);
    std::memcpy(values.data_ptr(), shared.data(), shared.size());
    tensors = {values};
    wait(group->broadcast(tensors), values);
    std::memcpy(shared.data(), values.data_ptr(), shared.size());
    return shared;
  });
}

void C10dCollective::check_equal(const std::vector<std::string>& what, const std::vector<std::string>& texts) {
  const std::string expected_all = text_of_first(join(texts, std::string(1, '\0')));
  const std::vector<std::string> expected = split(expected_all, '\0');
  std::string problem;
  for (std::size_t i = 0; i < texts.size() && problem.empty(); ++i) {
    if (i < expected.size() && texts[i] == expected[i]) continue;
    problem = what[i] + ": rank " + std::to_string(rank()) + " has " + printable(texts[i], 60) + ", rank 0 has " +
              printable(i < expected.size() ? expected[i] : "", 60) + " (all ranks take the same command and data)";
  }
  // The first rank with a problem tells it to all.
  const std::string key = "unequal/" + std::to_string(exchanges++);
  const std::int64_t none = size();
  at::Tensor first = at::full({1}, problem.empty() ? none : rank(), at::kLong);
  std::vector<at::Tensor> tensors{first};
  c10d::AllreduceOptions options;
  options.reduceOp = c10d::ReduceOp::MIN;
  problem = blaming([&] {
    if (!problem.empty()) store->set(key + "/" + std::to_string(rank()), bytes(problem));
    wait(group->allreduce(tensors, options), first);
    const auto who = first.item<std::int64_t>();
    if (who == none) return std::string();
    const std::vector<std::uint8_t> text = store->get(key + "/" + std::to_string(who));
    return std::string(text.begin(), text.end());
  });
  if (problem.empty()) return;
  finish();
  throw UsageError(problem);
}

void C10dCollective::finish() {
  blaming([&] {
    at::Tensor one = at::ones({1}, at::kLong);
    std::vector<at::Tensor> tensors{one};
    wait(group->allreduce(tensors), one);
  });
  watch->part(rank() == 0 ? size() - 1 : 0);
  parted_ = true;
}

void C10dCollective::leave(const std::string& why) noexcept {
  if (parted_ || watch->broken()) return;
  try {
    watch->announce("rank " + std::to_string(rank()) + " of " + std::to_string(size()) + " ended: " + why);
  } catch (const std::exception&) {  // NOLINT(bugprone-empty-catch) they will find out
  }
}

}  // namespace affekt
