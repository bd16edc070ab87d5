// SPDX-License-Identifier: Apache-2.0
#include "store/diff/tensor_pair.h"

#include <algorithm>

namespace lancekeep::store {
namespace {

// A multiple of every element's size; small enough that progress is reported often, and that the
// caller can stop between two pieces.
constexpr std::size_t kPieceBytes = 4 << 20;

// 32 hex digits, as a save writes them. Anything else comes from another writer and is not a hash.
bool is_hash(const std::string& text) {
  const auto is_digit = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); };
  return text.size() == 32 && std::ranges::all_of(text, is_digit);
}

bool same_place(const Location& a, const Location& b) {
  return a.path == b.path && a.offset == b.offset && a.length == b.length;
}

}  // namespace

bool TensorPair::comparable() const {
  return before.dtype == after.dtype && before.shape == after.shape &&
         before.nbytes == after.nbytes;
}

std::optional<bool> TensorPair::same_by_record() const {
  if (!comparable()) return false;
  if (before.nbytes == 0) return true;
  if (is_hash(before.hash) && is_hash(after.hash)) return before.hash == after.hash;
  const bool both_native =
      version_before.layout() == Layout::native && version_after.layout() == Layout::native;
  if (!both_native) return std::nullopt;
  if (same_place(version_before.locate(before.name), version_after.locate(after.name))) return true;
  return std::nullopt;
}

void TensorPair::read(const Use& use) const {
  const TensorView view_before = version_before.tensor(before.name);
  const TensorView view_after = version_after.tensor(after.name);
  std::span<const std::byte> left = view_before.bytes();
  std::span<const std::byte> right = view_after.bytes();
  while (!left.empty()) {
    const std::size_t size = std::min(kPieceBytes, left.size());
    use(left.first(size), right.first(size));
    left = left.subspan(size);
    right = right.subspan(size);
  }
}

}  // namespace lancekeep::store
