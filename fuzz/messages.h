// SPDX-License-Identifier: Apache-2.0
// Mutates protobuf messages for the fuzzer. Keeps the lengths around a change correct, because
// readers reject almost all random bytes at the lengths. Only for libFuzzer builds.
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <string_view>

namespace lancekeep::fuzz {

using Random = std::minstd_rand;

/// A random number below `count`, which must not be 0.
[[nodiscard]] inline std::size_t below(std::size_t count, Random& random) {
  return std::uniform_int_distribution<std::size_t>(0, count - 1)(random);
}
/// Applies libFuzzer's own mutations; the result has at most `max_size` bytes.
[[nodiscard]] std::string mutate_bytes(std::string bytes, std::size_t max_size);
/// The same for a part of `bytes`; the position and size of the part do not change.
[[nodiscard]] std::string mutate_in_place(std::string bytes, Random& random);

/// Changes one field at any depth: its number or its value, or removes, repeats or wraps it. Input
/// that is not a message is mutated as bytes.
[[nodiscard]] std::string mutate_message(std::string_view message, Random& random);
/// Replaces a field of `message`, at any depth, with a field of `other`.
[[nodiscard]] std::string cross_messages(std::string_view message, std::string_view other,
                                         Random& random);

}  // namespace lancekeep::fuzz
