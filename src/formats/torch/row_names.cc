// SPDX-License-Identifier: Apache-2.0
#include "formats/torch/row_names.h"

#include <fmt/format.h>

#include <utility>

namespace lancekeep::formats {
namespace {

// What a set or a map takes for one entry.
constexpr std::uint64_t kEntryBytes = 48;

}  // namespace

RowNames::RowNames(std::vector<TensorSpec>& specs, io::MemoryBudget& budget)
    : specs_(specs), budget_(budget), taken_(Less{&specs}) {}

const std::string& RowNames::add(TensorSpec spec) {
  budget_.take(spec.name.size() + kEntryBytes, "the names of the file's tensors");
  specs_.push_back(std::move(spec));
  const auto index = static_cast<std::uint32_t>(specs_.size() - 1);
  std::string& name = specs_.back().name;
  if (taken_.insert(index).second) return name;

  const std::string wanted = name;
  budget_.take(wanted.size() + kEntryBytes + sizeof(std::string),
               "the names of the file's tensors");
  std::uint32_t& number = next_number_.try_emplace(wanted, 2).first->second;
  do {
    name = fmt::format("{}#{}", wanted, number++);
  } while (!taken_.insert(index).second);
  return name;
}

}  // namespace lancekeep::formats
