// SPDX-License-Identifier: Apache-2.0
// A file that torch.save wrote, taken apart: the object's pickle as data, and where each storage's
// bytes lie. Which of the two containers it was, no longer matters. Not changed after it was made;
// any thread may read it.
#pragma once

#include "formats/pickle/value.h"
#include "formats/zip/archive.h"
#include "io/input_file.h"
#include "io/memory_budget.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace lancekeep::formats {

struct TorchStorage {
  std::string key;
  std::uint64_t offset = 0;  ///< of its bytes, in the file
  std::uint64_t length = 0;
};

struct TorchFile {
  io::InputFile file;
  io::MemoryBudget* budget;  ///< the caller's, for all that is kept of the file's structures
  PickleDocument object;
  std::vector<TorchStorage> storages = {};  ///< sorted by key

  /// Null where there is none.
  [[nodiscard]] const TorchStorage* find_storage(std::string_view key) const;
};

/// The zip form: `<name>/data.pkl`, `<name>/data/<key>`, `<name>/byteorder`.
[[nodiscard]] TorchFile open_torch_zip(const io::InputFile& file, const ZipArchive& archive,
                                       io::MemoryBudget& budget);

/// The form from before torch 1.6, a sequence of pickles and then the storages.
[[nodiscard]] TorchFile open_torch_legacy(const io::InputFile& file, io::MemoryBudget& budget);

}  // namespace lancekeep::formats
