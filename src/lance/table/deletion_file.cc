// SPDX-License-Identifier: Apache-2.0
// Layout of a Roaring file, all little-endian: u32 cookie [with runs: u8 flags, one bit per
// container], or u32 cookie and u32 count; per container u16 key, u16 values - 1; per container u32
// offset, omitted only with runs and fewer than 4 containers; the containers: at most 4096 sorted
// u16, or 1024 words of bits, or runs.
#include "lance/table/deletion_file.h"

#include "io/random_id.h"
#include "lance/table/arrow_ipc.h"
#include "lance/table/file_names.h"

#include <fmt/format.h>
#include <roaring/roaring.h>

#include <algorithm>
#include <bit>
#include <memory>
#include <optional>

namespace lancekeep::lance {
namespace {

// Row offsets are u32, so these take 256 MiB in memory.
constexpr std::uint64_t kMaxDeletedRows = std::uint64_t{1} << 26;
// Bounds on the file's size, fixed and per row, that neither format reaches.
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
    content.fail(fmt::format("row {} does not exist in the fragment, which has {} rows",
                             rows.back(), physical_rows));
  }
  return rows;
}

constexpr std::uint32_t kCookieWithoutRuns = 12346;
constexpr std::uint32_t kCookieWithRuns =
    12347;  // low half; the high half is the number of containers - 1
constexpr std::uint32_t kMaxContainers = 1u << 16;
constexpr std::uint32_t kMaxArrayValues = 4096;
constexpr std::uint32_t kBitmapWords = 1024;
constexpr std::size_t kOffsetsFrom = 4;  // containers

struct Container {
  std::uint32_t key = 0;  // the high 16 bits of its values
  std::uint32_t values = 0;
  bool is_runs = false;
  std::optional<std::uint32_t> offset;
};

class RoaringDecoder {
 public:
  RoaringDecoder(const io::ByteView& bytes, std::optional<std::uint64_t> expected,
                 std::uint64_t limit)
      : reader_(bytes), expected_(expected), limit_(limit) {}

  std::vector<std::uint32_t> decode() {
    read_header();
    for (const Container& container : containers_) read_container(container);
    if (reader_.remaining() != 0) {
      reader_.fail(fmt::format("{} bytes follow the last container", reader_.remaining()));
    }
    return std::move(values_);
  }

 private:
  void read_header() {
    const std::uint32_t cookie = reader_.u32("the Roaring cookie");
    const bool with_runs = (cookie & 0xffff) == kCookieWithRuns;
    if (!with_runs && cookie != kCookieWithoutRuns) {
      reader_.view().fail(fmt::format("not a Roaring bitmap: the cookie is {}, expected {} or {}",
                                      cookie, kCookieWithoutRuns, kCookieWithRuns));
    }
    const std::uint32_t count =
        with_runs ? (cookie >> 16) + 1 : reader_.u32("the number of containers");
    if (count > kMaxContainers) {
      reader_.fail(fmt::format("{} containers, expected at most {}", count, kMaxContainers));
    }
    io::ByteView flags;
    if (with_runs) flags = reader_.take((count + 7) / 8, "the run flags");
    for (std::uint32_t i = 0; i < count; ++i) read_descriptor(flags, i);
    check_total();
    if (with_runs && count < kOffsetsFrom) return;
    for (Container& container : containers_) container.offset = reader_.u32("a container's offset");
  }

  void read_descriptor(const io::ByteView& flags, std::uint32_t index) {
    Container container;
    container.key = reader_.u16("a container's key");
    container.values = std::uint32_t{reader_.u16("a container's size")} + 1;
    if (!flags.empty()) {
      const auto byte = std::to_integer<std::uint32_t>(flags.bytes()[index / 8]);
      container.is_runs = (byte >> (index % 8) & 1) != 0;
    }
    if (!containers_.empty() && container.key <= containers_.back().key) {
      reader_.fail(fmt::format("container key {} follows {}, expected ascending keys",
                               container.key, containers_.back().key));
    }
    containers_.push_back(container);
  }

  void check_total() {
    std::uint64_t total = 0;
    for (const Container& container : containers_) total += container.values;
    if (expected_ && total != *expected_) {
      reader_.fail(fmt::format("{} values, expected {}", total, *expected_));
    }
  }

  void read_container(const Container& container) {
    if (container.offset && *container.offset != reader_.position()) {
      reader_.fail(fmt::format("container {} should start at byte {}, but starts at {}",
                               container.key, *container.offset, reader_.position()));
    }
    const std::size_t before = values_.size();
    if (container.is_runs) {
      read_runs(container);
    } else if (container.values <= kMaxArrayValues) {
      read_array(container);
    } else {
      read_bitmap(container);
    }
    if (values_.size() - before != container.values) {
      reader_.fail(fmt::format("container {} has {} values, expected {}", container.key,
                               values_.size() - before, container.values));
    }
  }

  void read_array(const Container& container) {
    for (std::uint32_t i = 0; i < container.values; ++i) add(container, reader_.u16("a value"));
  }

  void read_bitmap(const Container& container) {
    for (std::uint32_t word = 0; word < kBitmapWords; ++word) {
      std::uint64_t bits = reader_.u64("a word of bits");
      for (; bits != 0; bits &= bits - 1) {
        add(container, word * 64 + static_cast<std::uint32_t>(std::countr_zero(bits)));
      }
    }
  }

  void read_runs(const Container& container) {
    const std::uint32_t runs = reader_.u16("the number of runs");
    for (std::uint32_t i = 0; i < runs; ++i) {
      const std::uint32_t start = reader_.u16("a run's start");
      const std::uint32_t further = reader_.u16("a run's length");
      if (start + further > 0xffff) {
        reader_.fail(fmt::format("a run from {} has {} values, more than a container holds", start,
                                 further + 1));
      }
      for (std::uint32_t value = start; value <= start + further; ++value) add(container, value);
    }
  }

  void add(const Container& container, std::uint32_t low) {
    const std::uint32_t value = container.key << 16 | low;
    if (!values_.empty() && value <= values_.back()) {
      reader_.fail(
          fmt::format("value {} follows {}, expected ascending values", value, values_.back()));
    }
    if (value >= limit_) {
      reader_.fail(
          fmt::format("row {} does not exist in the fragment, which has {} rows", value, limit_));
    }
    values_.push_back(value);
  }

  io::ByteReader reader_;
  std::optional<std::uint64_t> expected_;
  std::uint64_t limit_;
  std::vector<Container> containers_;
  std::vector<std::uint32_t> values_;
};

struct FreeBitmap {
  void operator()(roaring_bitmap_t* bitmap) const { roaring_bitmap_free(bitmap); }
};

}  // namespace

std::vector<std::uint32_t> decode_roaring(const io::ByteView& bytes,
                                          std::optional<std::uint64_t> expected,
                                          std::uint64_t limit) {
  return RoaringDecoder(bytes, expected, limit).decode();
}

std::string encode_roaring(const std::vector<std::uint32_t>& values) {
  const std::unique_ptr<roaring_bitmap_t, FreeBitmap> bitmap(
      roaring_bitmap_of_ptr(values.size(), values.data()));
  if (!bitmap) throw std::bad_alloc();
  roaring_bitmap_run_optimize(bitmap.get());
  std::string bytes(roaring_bitmap_portable_size_in_bytes(bitmap.get()), '\0');
  bytes.resize(roaring_bitmap_portable_serialize(bitmap.get(), bytes.data()));
  return bytes;
}

std::vector<std::uint32_t> read_deletions(const io::Storage& storage, const Fragment& fragment) {
  if (!fragment.deletion) return {};
  const std::string path = deletion_path(fragment.id, *fragment.deletion);
  const std::uint64_t recorded = fragment.deletion->num_deleted_rows;
  const std::uint64_t most = recorded != 0 ? recorded : fragment.physical_rows;
  check_count(storage, path, most);
  const io::ByteView content = storage.read(path, kSizeAllowance + most * kMaxBytesPerRow);
  const auto count = recorded != 0 ? std::optional(recorded) : std::nullopt;
  if (fragment.deletion->kind == DeletionFile::Kind::bitmap) {
    return decode_roaring(content, count, fragment.physical_rows);
  }
  return sorted(decode_arrow_rows(content, count, most), content, fragment.physical_rows);
}

DeletionFile write_deletions(UncommittedFiles& files, std::uint64_t fragment_id,
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
