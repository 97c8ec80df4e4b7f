#include "affekt/data/check.h"

#include <algorithm>
#include <vector>

#include "data/pixel_groups.h"

namespace affekt {

DatasetCheck check_dataset(const Dataset& data) {
  DatasetCheck check;
  check.rows = data.size();
  const std::vector<std::size_t> first = detail::first_equal_rows(data);
  std::vector<bool> in_training(data.size(), false), in_conflict(data.size(), false);  // by first row of the group
  for (std::size_t i = 0; i < data.size(); ++i) {
    if (data.splits[i] == Split::train) in_training[first[i]] = true;
    if (data.labels[i] != data.labels[first[i]]) in_conflict[first[i]] = true;
    if (first[i] != i) ++check.duplicates;
    const std::uint8_t* face = data.face(i);
    if (std::all_of(face, face + kFacePixels, [face](std::uint8_t value) { return value == face[0]; })) ++check.blank;
    ++check.classes.at(data.labels[i]);
    ++check.splits.at(static_cast<std::size_t>(data.splits[i])).at(data.labels[i]);
  }
  for (std::size_t i = 0; i < data.size(); ++i) {
    if (in_conflict[i]) ++check.conflicts;
    if (!in_training[first[i]]) continue;
    if (data.splits[i] == Split::public_test) ++check.leaks_public;
    if (data.splits[i] == Split::private_test) ++check.leaks_private;
  }
  return check;
}

}  // namespace affekt
