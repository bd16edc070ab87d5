// SPDX-License-Identifier: Apache-2.0
#include "formats/torch/container_depths.h"

#include "formats/torch/python_object.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

namespace lancekeep::formats {
namespace {

// A value that occurs several times becomes a row each time. A few shared lists are normal. Deeply
// nested lists that all refer to each other are an attack, which is detected here before it costs
// time.
constexpr std::uint64_t kExpandedAlways = 100'000;
constexpr std::uint64_t kExpandedPerValue = 4;

}  // namespace

ContainerDepths::ContainerDepths(const TorchFile& torch) : document_(torch.object) {
  torch.budget->take(document_.nodes().size() * sizeof(Facts), "the file's containers");
  facts_.resize(document_.nodes().size());
  visit(document_.root, 0);
  const PickleNode* root = document_.node(document_.root);
  const std::uint64_t most = kExpandedAlways + kExpandedPerValue * values_;
  if (root && facts_[document_.root.payload].expanded > most) {
    fail_at(
        document_, *root, ErrorCode::unsupported,
        fmt::format("shared containers expand to more than {} values, far more than the pickle has",
                    most));
  }
}

bool ContainerDepths::holds_numbers(PickleValue value) const {
  return value.kind == PickleValue::Kind::node && facts_[value.payload].holds_numbers;
}

std::uint8_t ContainerDepths::visit(PickleValue value, int depth) {
  const PickleNode* node = document_.node(value);
  if (!node) return 0;
  Facts& facts = facts_[value.payload];
  const ObjectKind kind = object_kind(document_, value);
  if (!is_container(kind)) {
    facts.holds_numbers = is_numbers(kind);
    return 0;
  }
  if (facts.in_progress) {
    fail_at(document_, *node, ErrorCode::unsupported,
            document_.describe(value) + " contains itself, which is not supported");
  }
  if (depth + std::max<int>(facts.height, 1) > kDeepest) {
    fail_at(document_, *node, ErrorCode::unsupported,
            fmt::format("containers are nested more than {} levels deep", kDeepest));
  }
  if (facts.height > 0) return facts.height;
  facts.in_progress = true;
  std::uint8_t below = 0;
  std::uint64_t expanded = node->items().size();
  values_ += expanded;
  for (const PickleValue item : node->items()) {
    below = std::max(below, visit(item, depth + 1));
    facts.holds_numbers |= holds_numbers(item);
    if (document_.node(item)) expanded += facts_[item.payload].expanded;
  }
  // The state of an OrderedDict is written beside the rows.
  const auto extra = document_.extra(value);
  if (extra && node->kind == NodeKind::ordered_dict) {
    below = std::max(below, visit(*extra, depth + 1));
  }
  constexpr std::uint64_t kMost = std::numeric_limits<std::uint32_t>::max();
  facts.expanded = static_cast<std::uint32_t>(std::min(expanded, kMost));
  facts.in_progress = false;
  facts.height = static_cast<std::uint8_t>(below + 1);
  return facts.height;
}

}  // namespace lancekeep::formats
