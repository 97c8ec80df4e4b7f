#include <array>
#include <cstring>
#include <optional>

#include "affekt/core/text.h"
#include "affekt/train/ranks.h"

namespace affekt {
namespace {

using Variable = std::function<const char*(const char*)>;

constexpr int kMostRanks = 65536;

/// One launcher's names.
struct Names {
  const char *rank, *size, *local_rank;
};

constexpr Names kOwn = {"RANK", "WORLD_SIZE", "LOCAL_RANK"};
constexpr Names kOpenMpi = {"OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_LOCAL_RANK"};
constexpr std::array<Names, 3> kLaunchers = {
    {kOpenMpi, {"PMI_RANK", "PMI_SIZE", "MPI_LOCALRANKID"}, {"SLURM_PROCID", "SLURM_NTASKS", "SLURM_LOCALID"}}};

bool is_set(const Variable& variable, const char* name) {
  const char* text = variable(name);
  return text != nullptr && *text != '\0';
}

int read_number(const Variable& variable, const char* name, int low, int high) {
  const char* text = variable(name);
  const auto value = parse_integer(text);
  if (value && *value >= low && *value <= high) return static_cast<int>(*value);
  throw UsageError(std::string(name) + ": expected " + std::to_string(low) + " to " + std::to_string(high) +
                   ", found '" + printable(text, 40) + "' (the launcher sets it)");
}

void require(const Variable& variable, const char* name, const char* beside, const char* remedy) {
  if (is_set(variable, name)) return;
  throw UsageError(std::string(beside) + " is set and " + name + " is not (" + remedy + ")");
}

void read_rank(const Variable& variable, const Names& names, RankPlace& place) {
  constexpr const char* kRemedy = "set both to train with several ranks, neither to train alone";
  require(variable, names.rank, names.size, kRemedy);
  require(variable, names.size, names.rank, kRemedy);
  place.size = read_number(variable, names.size, 1, kMostRanks);
  place.rank = read_number(variable, names.rank, 0, place.size - 1);
  if (is_set(variable, names.local_rank)) {
    place.local_rank = read_number(variable, names.local_rank, 0, place.size - 1);
  }
}

/// The names that count here, or none.
std::optional<Names> choose_names(const Variable& variable) {
  if (is_set(variable, kOwn.rank) || is_set(variable, kOwn.size)) return kOwn;
  for (const Names& names : kLaunchers) {
    if (!is_set(variable, names.rank)) continue;
    if (is_set(variable, "MASTER_ADDR")) return names;
    // Slurm sets its names in every job; mpirun sets its own to say that there are several ranks.
    if (names.rank == kOpenMpi.rank && is_set(variable, names.size)) return names;
  }
  return std::nullopt;
}

}  // namespace

RankPlace find_rank_place(const Variable& variable) {
  RankPlace place;
  const auto names = choose_names(variable);
  if (!names) return place;
  read_rank(variable, *names, place);
  if (is_set(variable, "MASTER_PORT")) place.port = read_number(variable, "MASTER_PORT", 1, 65535);
  if (place.alone()) return place;
  require(variable, "MASTER_ADDR", names->size,
          "the address of the machine that runs rank 0; 127.0.0.1 on one machine");
  place.address = variable("MASTER_ADDR");
  if (place.address.find_first_of(" \t\r\n/") != std::string::npos) {
    throw UsageError("MASTER_ADDR: expected a host name or address, found '" + printable(place.address, 60) + "'");
  }
  const char* served = variable("TORCHELASTIC_USE_AGENT_STORE");
  place.served = served != nullptr && std::strcmp(served, "True") == 0;
  if (is_set(variable, "TORCHELASTIC_RESTART_COUNT")) place.attempt = variable("TORCHELASTIC_RESTART_COUNT");
  return place;
}

}  // namespace affekt

extern "C" AFFEKT_API const char* affekt_rank_backends() {
  static const std::string backends = affekt::rank_backends();
  return backends.c_str();
}
