// SPDX-License-Identifier: Apache-2.0
#include "formats/torch/survey.h"

#include "formats/torch/object.h"

#include <fmt/format.h>

#include <algorithm>

namespace lancekeep::formats {

Survey::Survey(const TorchFile& torch) : document_(torch.object) {
  torch.budget->take(document_.nodes().size() * sizeof(Facts), "the file's containers");
  facts_.resize(document_.nodes().size());
  look(document_.root, 0);
}

bool Survey::holds_numbers(PickleValue value) const {
  return value.kind == PickleValue::Kind::node && facts_[value.payload].holds_numbers;
}

std::uint8_t Survey::look(PickleValue value, int depth) {
  const PickleNode* node = document_.node(value);
  if (!node) return 0;
  Facts& facts = facts_[value.payload];
  const ObjectKind kind = object_kind(document_, value);
  const bool is_container = kind == ObjectKind::list || kind == ObjectKind::tuple ||
                            kind == ObjectKind::set || kind == ObjectKind::dict;
  if (!is_container) {
    facts.holds_numbers = is_numbers(kind);
    return 0;
  }
  if (facts.in_progress) {
    fail_at(document_, *node, ErrorCode::unsupported,
            document_.describe(value) + " holds itself; such an object has no end");
  }
  if (depth + std::max<int>(facts.height, 1) > kDeepest) {
    fail_at(document_, *node, ErrorCode::unsupported,
            fmt::format("containers are nested more than {} deep", kDeepest));
  }
  if (facts.height > 0) return facts.height;
  facts.in_progress = true;
  std::uint8_t below = 0;
  for (const PickleValue item : node->items()) {
    below = std::max(below, look(item, depth + 1));
    facts.holds_numbers |= holds_numbers(item);
  }
  facts.in_progress = false;
  facts.height = static_cast<std::uint8_t>(below + 1);
  return facts.height;
}

}  // namespace lancekeep::formats
