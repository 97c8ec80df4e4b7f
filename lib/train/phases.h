// What is trained when: at first the head alone on a frozen backbone, then the parts that are to move, each at its
// rate.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "affekt/core/export.h"
#include "affekt/model/network.h"
#include "affekt/train/train_job.h"
#include "affekt/train/train_options.h"

namespace affekt {

enum class Phase : std::uint8_t { frozen, thawed };

/// The phase that an epoch (from 0) belongs to.
AFFEKT_API Phase phase_of_epoch(const TrainOptions& options, int epoch);

/// One flag a node: is it trained? The head always is; of the backbone, in the thawed phase, the last layers that
/// --unfreeze names, counted in Keras layers. A node without a layer of its own goes with what it reads.
AFFEKT_API std::vector<bool> trained_nodes(const Network& network, const TrainOptions& options, Phase phase);

/// Factor of the learning rate for every parameter_specs(network): 0 for frozen ones and statistics, 1 for the head,
/// and for the backbone --backbone-lr times --layer-decay to the number of stages above it. A stage is what is computed
/// at one resolution.
/// Source of the idea: Howard & Ruder, ACL 2018 (discriminative fine-tuning).
AFFEKT_API std::vector<double> rate_factors(const Network& network, const TrainOptions& options, Phase phase);

/// The head and the backbone's stages with their counts and highest rates, from the head down.
AFFEKT_API std::vector<ParameterGroup> parameter_groups(const Network& network, const TrainOptions& options,
                                                        Phase phase);

/// Text for the log: "2535831 of 4058531 parameters move: head (8967) at 0.001, backbone 1/32 (2526864) at 0.0001; the
/// rest is frozen".
AFFEKT_API std::string groups_text(const std::vector<ParameterGroup>& groups);

/// The node whose output the head can be trained from: the backbone's last, or its pooled values where only those are
/// read. Its values depend on the picture alone as long as the backbone is frozen.
AFFEKT_API int head_input(const Network& network);

}  // namespace affekt
