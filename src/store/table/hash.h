// SPDX-License-Identifier: Apache-2.0
// XXH3-128 with seed 0, in the 32 hex digits that `xxh128sum` prints.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>

namespace lancekeep::store {

class Hasher {
 public:
  Hasher();
  void update(std::span<const std::byte> bytes);
  /// Of all bytes so far.
  [[nodiscard]] std::string hex() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

[[nodiscard]] std::string hash_hex(std::span<const std::byte> bytes);

}  // namespace lancekeep::store
