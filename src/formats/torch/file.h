// SPDX-License-Identifier: Apache-2.0
// A file that torch.save wrote, taken apart: the object's pickle as data, and where each storage's
// bytes lie. Which of the two containers it was, no longer matters. Not changed after it was made;
// any thread may read it.
#pragma once

#include "formats/pickle/value.h"
#include "io/input_file.h"

#include <lancekeep/error.h>

#include <cstdint>
#include <functional>
#include <map>
#include <string>

namespace lancekeep::formats {

struct FileRange {
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
};

struct TorchFile {
  io::InputFile file;
  PickleDocument object;
  std::map<std::string, FileRange, std::less<>> storages;  ///< by key
};

/// A pickle of this size describes some hundred thousand tensors; storages are not part of it.
inline constexpr std::uint64_t kLargestPickle = 64 << 20;

/// Throws at the place in the file where the pickle made the node.
[[noreturn]] void fail_at(const PickleDocument& document, const PickleNode& node, ErrorCode code,
                          const std::string& problem);

/// The zip form: `<name>/data.pkl`, `<name>/data/<key>`, `<name>/byteorder`.
[[nodiscard]] TorchFile open_torch_zip(const io::InputFile& file);

/// The form from before torch 1.6, a sequence of pickles and then the storages.
[[nodiscard]] TorchFile open_torch_legacy(const io::InputFile& file);

}  // namespace lancekeep::formats
