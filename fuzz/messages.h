// SPDX-License-Identifier: Apache-2.0
// Changes protobuf messages for the fuzzer, so that the lengths around a change stay right: bytes
// alone would seldom get past them. For libFuzzer builds.
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <string_view>

namespace lancekeep::fuzz {

using Random = std::minstd_rand;

/// A number below `count`, which is not 0.
[[nodiscard]] inline std::size_t below(std::size_t count, Random& random) {
  return std::uniform_int_distribution<std::size_t>(0, count - 1)(random);
}
/// libFuzzer's own changes; the result has `max_size` bytes at most.
[[nodiscard]] std::string mutate_bytes(std::string bytes, std::size_t max_size);
/// The same, of a part of `bytes` that keeps its place and size.
[[nodiscard]] std::string mutate_in_place(std::string bytes, Random& random);

/// Changes one field, at any depth: its number, its value, whether it is there, how often, or what
/// is around it. Takes what is no message for bytes.
[[nodiscard]] std::string mutate_message(std::string_view message, Random& random);
/// Puts a field of `other` in place of one of `message`, at any depth.
[[nodiscard]] std::string cross_messages(std::string_view message, std::string_view other,
                                         Random& random);

}  // namespace lancekeep::fuzz
