// SPDX-License-Identifier: Apache-2.0
#include "io/random_id.h"
#include "lance/table/arrow_ipc.h"
#include "lance/table/roaring.h"
#include "lance/table/unpublished.h"
#include "lance/table/version_names.h"

#include <fmt/format.h>

#include <algorithm>

namespace lancekeep::lance {
namespace {

// Row offsets are u32; more deleted rows than this in one fragment would take 256 MiB in memory.
constexpr std::uint64_t kMaxDeletedRows = std::uint64_t{1} << 26;
// What a file may take beside its rows, and per row: no form of either kind needs as much.
constexpr std::uint64_t kSizeAllowance = std::uint64_t{1} << 20;
constexpr std::uint64_t kMaxBytesPerRow = 64;

void check_count(const io::Storage& storage, const std::string& path, std::uint64_t count) {
  if (count <= kMaxDeletedRows) return;
  throw Error(
      ErrorCode::unsupported,
      fmt::format("a fragment has {} deleted rows; this build reads at most {}. Compact the "
                  "dataset with pylance",
                  count, kMaxDeletedRows),
      storage.full_name(path));
}

// Arrow files list rows in any order.
std::vector<std::uint32_t> sorted(std::vector<std::uint32_t> rows, const io::ByteView& content,
                                  std::uint64_t physical_rows) {
  std::sort(rows.begin(), rows.end());
  const auto twice = std::adjacent_find(rows.begin(), rows.end());
  if (twice != rows.end()) content.fail(fmt::format("row {} is listed twice", *twice));
  if (!rows.empty() && rows.back() >= physical_rows) {
    content.fail(fmt::format("value {} is no row of the fragment, which has {}", rows.back(),
                             physical_rows));
  }
  return rows;
}

}  // namespace

std::vector<std::uint32_t> read_deletions(const io::Storage& storage, const Fragment& fragment) {
  if (!fragment.deletion) return {};
  const std::string path = deletion_path(fragment.id, *fragment.deletion);
  const std::uint64_t count = fragment.deletion->num_deleted_rows;
  check_count(storage, path, count);
  const io::ByteView content = storage.read(path, kSizeAllowance + count * kMaxBytesPerRow);
  if (fragment.deletion->kind == DeletionFile::Kind::bitmap) {
    return decode_roaring(content, count, fragment.physical_rows);
  }
  return sorted(decode_arrow_rows(content, count), content, fragment.physical_rows);
}

DeletionFile write_deletions(Unpublished& files, std::uint64_t fragment_id,
                             std::uint64_t read_version, const std::vector<std::uint32_t>& rows) {
  DeletionFile file;
  file.kind = DeletionFile::Kind::bitmap;
  file.read_version = read_version;
  file.id = io::random_u64();
  file.num_deleted_rows = rows.size();
  files.write(deletion_path(fragment_id, file), encode_roaring(rows));
  return file;
}

}  // namespace lancekeep::lance
