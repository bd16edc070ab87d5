// SPDX-License-Identifier: Apache-2.0
#include "cli/selected_source.h"

#include <map>
#include <utility>

namespace lancekeep::cli {

SelectedSource::SelectedSource(std::unique_ptr<TensorSource> source,
                               const std::function<bool(std::string_view name)>& takes)
    : source_(std::move(source)) {
  std::map<std::size_t, std::size_t> first_of;  // a group's first tensor there → its first one here
  const std::span<const TensorSpec> all = source_->tensors();
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (!takes(all[i].name)) continue;
    std::size_t group = i;
    while (all[group].tied_to) group = *all[group].tied_to;
    const auto [first, is_first] = first_of.emplace(group, specs_.size());
    TensorSpec spec = all[i];
    spec.tied_to = is_first ? std::nullopt : std::optional(first->second);
    specs_.push_back(std::move(spec));
    places_.push_back(i);
  }
}

}  // namespace lancekeep::cli
