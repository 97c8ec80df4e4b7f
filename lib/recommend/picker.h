// Takes tracks one at a time by maximal marginal relevance, without repeats and within the limit per artist.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "affekt/cluster/catalog.h"

namespace affekt {

struct Candidate {
  std::size_t row = 0;
  double score = 0;  ///< As reported.
  double key = 0;    ///< As compared: the score with its seeded perturbation.
};

/// Candidates of one kind (a cluster, a step), best first as far as anybody looks.
class CandidatePool {
 public:
  explicit CandidatePool(std::vector<Candidate> candidates);
  CandidatePool() = default;

 private:
  friend class Picker;
  /// What the picker compares; made only for candidates that come near the top.
  struct Entry {
    Candidate candidate;
    std::string artist, name;
    std::vector<float> features;  ///< Scaled.
  };
  /// Orders the next candidates. False: there are no more.
  bool sort_more();

  std::vector<Candidate> candidates_;
  std::size_t sorted_ = 0, next_ = 0;
  std::deque<Entry> head_;  ///< The best that may still be taken.
};

class Picker {
 public:
  /// @param max_per_artist  0 = no limit.
  Picker(const Catalog& catalog, double diversity, int max_per_artist);

  /// Takes the best of the pool; nothing if no candidate may be taken any more.
  std::optional<Candidate> take(CandidatePool& pool);

 private:
  CandidatePool::Entry describe(const Candidate& candidate) const;
  bool allowed(const CandidatePool::Entry& entry) const;
  double similarity(const CandidatePool::Entry& a, const CandidatePool::Entry& b) const;
  void fill_head(CandidatePool& pool) const;

  const Catalog& catalog_;
  double diversity_;
  std::size_t max_per_artist_;
  double typical_squared_distance_;
  std::unordered_set<std::size_t> rows_;
  std::unordered_set<std::string> ids_, names_;
  std::unordered_map<std::string, std::size_t> artists_;
  std::deque<CandidatePool::Entry> recent_;
};

}  // namespace affekt
