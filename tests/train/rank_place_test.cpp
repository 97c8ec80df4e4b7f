#include <map>

#include "affekt/core/error.h"
#include "affekt/train/ranks.h"
#include "support/catch.h"
#include "support/error_message.h"

using namespace affekt;
using Catch::Matchers::ContainsSubstring;

namespace {

using Variables = std::map<std::string, std::string>;

RankPlace place_of(const Variables& variables) {
  return find_rank_place([&](const char* name) -> const char* {
    const auto found = variables.find(name);
    return found == variables.end() ? nullptr : found->second.c_str();
  });
}

std::string refusal(const Variables& variables) {
  try {
    place_of(variables);
  } catch (const UsageError& error) {
    return error.what();
  }
  return "";
}

const Variables kTorchrun = {{"RANK", "3"},
                             {"WORLD_SIZE", "4"},
                             {"LOCAL_RANK", "1"},
                             {"MASTER_ADDR", "node0"},
                             {"MASTER_PORT", "1234"},
                             {"TORCHELASTIC_USE_AGENT_STORE", "True"},
                             {"TORCHELASTIC_RESTART_COUNT", "2"}};

Variables with(Variables variables, const std::string& name, const std::string& value) {
  variables[name] = value;
  return variables;
}

}  // namespace

TEST_CASE("without variables a process is alone, and with one rank too") {
  CHECK(place_of({}).alone());
  CHECK(place_of({{"RANK", "0"}, {"WORLD_SIZE", "1"}}).alone());
  CHECK(place_of({{"MASTER_ADDR", "node0"}}).alone());
  CHECK(place_of({{"SLURM_PROCID", "0"}, {"SLURM_NTASKS", "8"}}).alone());  // a batch script sees them as well
  CHECK(place_of({{"RANK", ""}, {"WORLD_SIZE", ""}}).alone());
}

TEST_CASE("torchrun says where a process is") {
  const RankPlace place = place_of(kTorchrun);
  CHECK(place.rank == 3);
  CHECK(place.size == 4);
  CHECK(place.local_rank == 1);
  CHECK(place.address == "node0");
  CHECK(place.port == 1234);
  CHECK(place.served);
  CHECK(place.attempt == "2");
}

TEST_CASE("the names of Open MPI, other MPIs and Slurm count with MASTER_ADDR, and behind RANK") {
  const Variables open_mpi = {{"OMPI_COMM_WORLD_RANK", "1"},
                              {"OMPI_COMM_WORLD_SIZE", "2"},
                              {"OMPI_COMM_WORLD_LOCAL_RANK", "0"},
                              {"MASTER_ADDR", "10.0.0.1"}};
  const RankPlace place = place_of(open_mpi);
  CHECK(place.rank == 1);
  CHECK(place.size == 2);
  CHECK(place.local_rank == 0);
  CHECK(place.port == 29500);
  CHECK_FALSE(place.served);
  CHECK(place_of({{"PMI_RANK", "2"}, {"PMI_SIZE", "3"}, {"MASTER_ADDR", "a"}}).rank == 2);
  const RankPlace slurm =
      place_of({{"SLURM_PROCID", "5"}, {"SLURM_NTASKS", "6"}, {"SLURM_LOCALID", "2"}, {"MASTER_ADDR", "a"}});
  CHECK(slurm.rank == 5);
  CHECK(slurm.local_rank == 2);
  Variables both = open_mpi;
  both.insert(kTorchrun.begin(), kTorchrun.end());
  CHECK(place_of(both).size == 4);
}

TEST_CASE("a malformed or lacking variable is named") {
  CHECK_THAT(refusal({{"RANK", "1"}}), ContainsSubstring("RANK is set and WORLD_SIZE is not"));
  CHECK_THAT(refusal({{"WORLD_SIZE", "2"}}), ContainsSubstring("WORLD_SIZE is set and RANK is not"));
  CHECK_THAT(refusal({{"RANK", "0"}, {"WORLD_SIZE", "2"}}), ContainsSubstring("MASTER_ADDR is not"));
  CHECK_THAT(refusal({{"OMPI_COMM_WORLD_RANK", "0"}, {"OMPI_COMM_WORLD_SIZE", "2"}}),
             ContainsSubstring("MASTER_ADDR is not"));
  for (const char* value : {"4", "-1", "one", "1.5", "0x1", " ", "99999999999999999999"}) {
    CHECK_THAT(refusal(with(kTorchrun, "RANK", value)), ContainsSubstring("RANK: expected 0 to 3"));
  }
  CHECK_THAT(refusal(with(kTorchrun, "WORLD_SIZE", "0")),
             ContainsSubstring("WORLD_SIZE: expected 1 to 65536, found '0'"));
  CHECK_THAT(refusal(with(kTorchrun, "LOCAL_RANK", "4")), ContainsSubstring("LOCAL_RANK"));
  CHECK_THAT(refusal(with(kTorchrun, "MASTER_PORT", "65536")), ContainsSubstring("MASTER_PORT"));
  CHECK_THAT(refusal(with(kTorchrun, "MASTER_ADDR", "tcp://node0")), ContainsSubstring("MASTER_ADDR"));
  CHECK_THAT(refusal(with(kTorchrun, "MASTER_ADDR", "a\x1b[31m b")), !ContainsSubstring("\x1b"));
}

TEST_CASE("a process alone is a rank of one, which meets and leaves nobody") {
  Ranks ranks = Ranks::meet(place_of({}), 1);
  CHECK(ranks.rank() == 0);
  CHECK(ranks.size() == 1);
  CHECK(ranks.is_first());
  CHECK_NOTHROW(ranks.leave("for no reason"));
  CHECK_NOTHROW(ranks.finish());
}
