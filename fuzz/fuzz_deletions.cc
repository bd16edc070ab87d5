// SPDX-License-Identifier: Apache-2.0
// Reads deletion files of both kinds. The input is the u8 kind, the u16 number of deleted rows
// according to the manifest, and the file.
#include "fuzz/invariants.h"
#include "lance/table/arrow_ipc.h"
#include "lance/table/deletion_file.h"

#include <algorithm>

using namespace lancekeep;

namespace {

constexpr std::size_t kHead = 3;
constexpr std::uint64_t kRows = std::uint64_t{1} << 20;
constexpr std::uint64_t kMaxMemory = std::uint64_t{16} << 20;

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  if (size < kHead) return 0;
  const std::uint64_t count = bytes[1] + bytes[2] * std::uint64_t{256};
  const io::ByteView content = fuzz::file_of(fuzz::text_of(bytes + kHead, size - kHead));
  const fuzz::MemoryLimit memory(kMaxMemory);
  fuzz::expect_read_or_rejected([&] {
    const bool is_arrow = bytes[0] % 2 == 0;
    const std::vector<std::uint32_t> rows = is_arrow ? lance::decode_arrow_rows(content, count)
                                                     : lance::decode_roaring(content, count, kRows);
    fuzz::require(rows.size() == count, "there are as many rows as expected");
    if (is_arrow) return;  // in any order
    fuzz::require(std::is_sorted(rows.begin(), rows.end()), "rows ascend");
    fuzz::require(rows.empty() || rows.back() < kRows, "rows are in the fragment");
    fuzz::require(
        lance::decode_roaring(fuzz::file_of(lance::encode_roaring(rows)), count, kRows) == rows,
        "rows are unchanged after they are written and read");
  });
  return 0;
}
