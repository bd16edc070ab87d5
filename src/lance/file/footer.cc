// SPDX-License-Identifier: Apache-2.0
#include "lance/file/footer.h"

#include <fmt/format.h>

namespace lancekeep::lance {
namespace {

constexpr std::uint64_t kFooterSize = 40;
constexpr std::uint64_t kTableEntrySize = 16;

// The version in a file, and the data_storage_version that it means.
struct KnownVersion {
  FormatVersion written;
  FormatVersion meant;
};
constexpr KnownVersion kKnownVersions[] = {
    {{0, 3}, {2, 0}}, {{2, 0}, {2, 0}}, {{2, 1}, {2, 1}}, {{2, 2}, {2, 2}}};

FormatVersion check_version(FormatVersion written, const io::ByteView& file) {
  for (const KnownVersion& known : kKnownVersions) {
    if (known.written == written) return known.meant;
  }
  const std::string name = written == FormatVersion{0, 2}
                               ? "0.1 (\"legacy\")"
                               : fmt::format("{}.{}", written.major, written.minor);
  file.fail(ErrorCode::unsupported,
            fmt::format("the data file has format {}, which this build does not read; {}", name,
                        kHowToConvert),
            file.size() - kFooterSize);
}

std::vector<io::ByteView> read_table(const io::ByteView& body, std::uint64_t position,
                                     std::uint64_t count, std::string_view what) {
  io::ByteReader table(
      body.sub(position, count * kTableEntrySize, fmt::format("the table of {}", what)));
  std::vector<io::ByteView> entries;
  entries.reserve(count);
  std::uint64_t left =
      body.size();  // entries that share bytes could take more memory than the file justifies
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::uint64_t at = table.u64(what);
    entries.push_back(body.sub(at, table.u64(what), what));
    if (entries.back().size() > left)
      table.fail(fmt::format("{} overlap: together they are larger than the file", what));
    left -= entries.back().size();
  }
  return entries;
}

}  // namespace

Footer decode_footer(const io::ByteView& file) {
  if (file.size() < kFooterSize) {
    file.fail(
        fmt::format("a data file has {} bytes, expected at least {}", file.size(), kFooterSize));
  }
  const std::uint64_t body_size = file.size() - kFooterSize;
  const io::ByteView bytes = file.sub(body_size, kFooterSize, "the footer");
  io::ByteReader reader(bytes);
  Footer footer;
  footer.columns_start = reader.u64("the position of column metadata");
  footer.column_table_start = reader.u64("the position of the column table");
  footer.buffer_table_start = reader.u64("the position of the global buffer table");
  const std::uint32_t num_buffers = reader.u32("the number of global buffers");
  const std::uint32_t num_columns = reader.u32("the number of columns");
  const std::uint16_t major = reader.u16("the format version");
  const std::uint16_t minor = reader.u16("the format version");
  if (bytes.text().substr(reader.position()) != kLanceMagic)
    reader.fail("a data file does not end with \"LANC\"");
  footer.version = check_version({major, minor}, file);
  const io::ByteView body = file.sub(0, body_size, "the file's body");
  footer.columns = read_table(body, footer.column_table_start, num_columns, "column metadata");
  footer.global_buffers =
      read_table(body, footer.buffer_table_start, num_buffers, "global buffers");
  if (footer.global_buffers.empty())
    bytes.fail("a data file has no global buffer, expected one with the file descriptor");
  return footer;
}

}  // namespace lancekeep::lance
