// SPDX-License-Identifier: Apache-2.0
#include "formats/torch/survey.h"

#include "formats/torch/object.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

namespace lancekeep::formats {
namespace {

// What comes several times has a row each time. A few lists that many entries share are usual;
// lists of lists of lists that are all one are an attack, seen here before it takes time.
constexpr std::uint64_t kUnfoldedInAny = 100'000;
constexpr std::uint64_t kUnfoldedPerValue = 4;

}  // namespace

Survey::Survey(const TorchFile& torch) : document_(torch.object) {
  torch.budget->take(document_.nodes().size() * sizeof(Facts), "the file's containers");
  facts_.resize(document_.nodes().size());
  look(document_.root, 0);
  const PickleNode* root = document_.node(document_.root);
  const std::uint64_t most = kUnfoldedInAny + kUnfoldedPerValue * values_;
  if (root && facts_[document_.root.payload].unfolded > most) {
    fail_at(
        document_, *root, ErrorCode::unsupported,
        fmt::format("containers that come several times unfold to more than {} values, far more "
                    "than the pickle has",
                    most));
  }
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
  std::uint64_t unfolded = node->items().size();
  values_ += unfolded;
  for (const PickleValue item : node->items()) {
    below = std::max(below, look(item, depth + 1));
    facts.holds_numbers |= holds_numbers(item);
    if (document_.node(item)) unfolded += facts_[item.payload].unfolded;
  }
  constexpr std::uint64_t kMost = std::numeric_limits<std::uint32_t>::max();
  facts.unfolded = static_cast<std::uint32_t>(std::min(unfolded, kMost));
  facts.in_progress = false;
  facts.height = static_cast<std::uint8_t>(below + 1);
  return facts.height;
}

}  // namespace lancekeep::formats
