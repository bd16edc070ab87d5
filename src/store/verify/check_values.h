// SPDX-License-Identifier: Apache-2.0
// Compares the values of tensors with their recorded hashes. A value is read once, no matter how
// many versions share it. Keeps about 250 bytes for each distinct value. One thread.
#pragma once

#include <lancekeep/verify.h>

#include "io/storage.h"
#include "store/table/tensor_table.h"
#include "store/verify/findings.h"

#include <map>
#include <string>
#include <tuple>

namespace lancekeep::store {

/// Versions must be added oldest first.
class ValueChecker {
 public:
  /// `row` must be loadable and have a hash; `path` is its data file in the store.
  void add(std::uint64_t version, const std::string& path, const TensorRow& row);
  /// Reads all values, file by file from front to back, and compares each with its hash.
  void check(const io::Storage& storage, const VerifyOptions& options, VerifyReport& report,
             Findings& findings) const;

 private:
  struct Key {
    std::uint64_t position = 0;
    std::uint64_t size = 0;
    std::string hash;
    auto operator<=>(const Key&) const = default;
    [[nodiscard]] bool same_bytes(const Key& other) const {
      return position == other.position && size == other.size;
    }
  };
  struct Value {
    std::string tensor;         ///< the first tensor that has it
    std::uint64_t version = 0;  ///< the oldest version that has it
    std::uint64_t newest = 0;   ///< the newest version that has it
    std::uint64_t others = 0;   ///< versions that have it besides the oldest
    std::uint64_t tensors = 0;  ///< in the oldest version: `tensor` and those tied to it
  };
  using FileValues = std::map<Key, Value>;
  class Reader;

  std::map<std::string, FileValues> files_;
};

}  // namespace lancekeep::store
