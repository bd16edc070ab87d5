// SPDX-License-Identifier: Apache-2.0
// Layout: [u32 length + Transaction][u32 length + Manifest][trailer].
#include "lance/table/manifest_file.h"

#include "lance/file/footer.h"
#include "lance/proto/wire.h"
#include "lance/table/compatibility.h"
#include "lance/table/row_counts.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

namespace lancekeep::lance {
namespace {

constexpr std::uint64_t kLengthSize = 4;
// u64 position of the manifest's length, u16 major, u16 minor, "LANC".
constexpr std::uint64_t kTrailerSize = 16;
constexpr std::uint16_t kMajor = 0;
constexpr std::uint16_t kMinor = 2;
// pylance before 1.0 wrote this number into files that have the same layout.
constexpr std::uint16_t kOldMinor = 1;
// A manifest file contains its transaction, so the transaction file is not larger.
constexpr std::uint64_t kMaxTransactionSize = kMaxManifestSize;
constexpr std::size_t kSectorSize = 512;

// The bytes of a section that starts with its length; `end` is where the next section starts.
io::ByteView section(const io::ByteView& content, std::uint64_t position, std::uint64_t end,
                     const std::string& what) {
  if (position > end || end - position < kLengthSize) {
    content.fail(fmt::format("{} should start at byte {}, expected at most {}", what, position,
                             end < kLengthSize ? 0 : end - kLengthSize),
                 std::min(position, content.size()));
  }
  io::ByteReader reader(content.sub(position, end - position, what));
  const std::uint32_t length = reader.u32(what);
  return reader.take(length, what);
}

std::uint64_t read_trailer(const io::ByteView& content) {
  if (content.empty()) content.fail("the manifest file is empty");
  if (content.size() < kTrailerSize + kLengthSize) {
    content.fail(fmt::format("the manifest file is cut short: it has {} bytes, expected {} or more",
                             content.size(), kTrailerSize + kLengthSize));
  }
  const std::uint64_t start = content.size() - kTrailerSize;
  io::ByteReader reader(content.sub(start, kTrailerSize, "the trailer"));
  const std::uint64_t position = reader.u64("the manifest's position");
  const std::uint16_t found_major = reader.u16("the major version");
  const std::uint16_t found_minor = reader.u16("the minor version");
  if (reader.take(kLanceMagic.size(), "the magic").text() != kLanceMagic) {
    content.fail("the manifest file does not end with \"LANC\": it is cut short, or not a manifest",
                 content.size() - kLanceMagic.size());
  }
  if (found_major != kMajor || (found_minor != kMinor && found_minor != kOldMinor)) {
    content.fail(ErrorCode::unsupported,
                 fmt::format("the manifest file has version {}.{}, expected {}.{} or {}.{}",
                             found_major, found_minor, kMajor, kOldMinor, kMajor, kMinor),
                 start + 8);
  }
  return position;
}

// pylance 1 points to the section with another field number, which other writers may use for
// something else, so the section is accepted only if it is the transaction that the manifest names.
std::optional<Transaction> inline_transaction(const io::ByteView& content, const Manifest& manifest,
                                              std::uint64_t end) {
  if (manifest.transaction_section) {
    return decode_transaction(
        section(content, *manifest.transaction_section, end, "the inline transaction"));
  }
  if (!manifest.transaction_section_2025) return std::nullopt;
  try {
    Transaction transaction = decode_transaction(
        section(content, *manifest.transaction_section_2025, end, "the inline transaction"));
    if (transaction_file_name(transaction) == manifest.transaction_file) return transaction;
  } catch (const Error&) {  // not a transaction
  }
  return std::nullopt;
}

enum class IndexSectionTag : protozero::pbf_tag_type { indices = 1 };
enum class IndexTag : protozero::pbf_tag_type { uuid = 1 };
enum class UuidTag : protozero::pbf_tag_type { bytes = 1 };

std::string decode_uuid(const io::ByteView& message) {
  constexpr std::size_t kUuidBytes = 16;
  std::string bytes;
  read_fields(message, "an index's uuid", [&](protozero::pbf_reader& reader) {
    if (UuidTag{reader.tag()} == UuidTag::bytes) {
      bytes = get_view(reader, message).text();
    } else {
      reader.skip();
    }
  });
  if (bytes.size() != kUuidBytes) {
    message.fail(
        fmt::format("an index's uuid has {} bytes, expected {}", bytes.size(), kUuidBytes));
  }
  std::string text;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
    text += fmt::format("{:02x}", static_cast<unsigned char>(bytes[i]));
  }
  return text;
}

std::string decode_index(const io::ByteView& message) {
  std::string uuid;
  read_fields(message, "an index", [&](protozero::pbf_reader& reader) {
    if (IndexTag{reader.tag()} == IndexTag::uuid) {
      uuid = decode_uuid(get_view(reader, message));
    } else {
      reader.skip();
    }
  });
  if (uuid.empty()) message.fail("an index has no uuid");
  return uuid;
}

// Unset if the list cannot be read: that prevents only gc, which must know all files.
std::optional<std::vector<std::string>> read_indices(const io::ByteView& content,
                                                     const Manifest& manifest, std::uint64_t end) {
  std::vector<std::string> uuids;
  if (!manifest.index_section) return uuids;
  try {
    const io::ByteView list = section(content, *manifest.index_section, end, "the list of indices");
    read_fields(list, "the list of indices", [&](protozero::pbf_reader& reader) {
      if (IndexSectionTag{reader.tag()} == IndexSectionTag::indices) {
        uuids.push_back(decode_index(get_view(reader, list)));
      } else {
        reader.skip();
      }
    });
  } catch (const Error&) {
    return std::nullopt;
  }
  return uuids;
}

// The same error, with advice appended.
[[noreturn]] void rethrow_with(const Error& error, const std::string& advice) {
  throw error.with_message(error.message() + "; " + advice);
}

std::string advice_for_damaged(const io::Storage& storage, const VersionEntry& entry) {
  std::uint64_t before = 0;
  for (const VersionEntry& other : list_versions(storage).entries) {
    if (other.version < entry.version) before = other.version;
  }
  if (before == 0) return fmt::format("version {} is damaged, and it is the oldest", entry.version);
  return fmt::format(
      "version {} is damaged; the version before it, {}, can be opened by its number",
      entry.version, before);
}

std::optional<Transaction> read_transaction_file(const io::Storage& storage,
                                                 const Manifest& manifest) {
  if (manifest.transaction_file.empty()) return std::nullopt;
  const std::string path = transaction_path(manifest.transaction_file);
  if (!storage.exists(path)) return std::nullopt;
  try {
    return decode_transaction(storage.read(path, kMaxTransactionSize));
  } catch (const Error& error) {
    if (error.code() != ErrorCode::corrupt) throw;
    rethrow_with(error,
                 "this file only describes the version: without it, the version can be opened");
  }
}

// Whether a whole sector is zeros, as in a file whose size reached the disk but not all its
// content.
bool has_gap(std::string_view content) {
  for (std::size_t start = 0; start < content.size(); start += kSectorSize) {
    if (content.substr(start, kSectorSize).find_first_not_of('\0') == content.npos) return true;
  }
  return false;
}

bool looks_torn(const io::ByteView& content) {
  return content.size() < kTrailerSize + kLengthSize || !content.text().ends_with(kLanceMagic) ||
         has_gap(content.text());
}

// Unset for a torn file; throws for damage of any other kind.
std::optional<ManifestFile> decode_unless_torn(const io::ByteView& content) {
  try {
    return decode_manifest_file(content);
  } catch (const Error& error) {
    if (error.code() != ErrorCode::corrupt || !looks_torn(content)) throw;
    return std::nullopt;
  }
}

// `decode` gets the file's content and may return an unset optional.
template <typename Decode>
std::optional<ManifestFile> read_with(const io::Storage& storage, const VersionEntry& entry,
                                      Decode decode) {
  std::optional<ManifestFile> file;
  try {
    const io::ByteView content = storage.read(entry.path, kMaxManifestSize);
    file = decode(content);
    if (file && file->manifest.version != entry.version) {
      content.fail(fmt::format("the manifest says that it is version {}, but its name says {}",
                               file->manifest.version, entry.version));
    }
  } catch (const Error& error) {
    if (error.code() != ErrorCode::corrupt) throw;
    rethrow_with(error, advice_for_damaged(storage, entry));
  }
  if (file) fill_row_counts(storage, file->manifest);
  if (file && !file->transaction) {
    file->transaction = read_transaction_file(storage, file->manifest);
  }
  return file;
}

void check_size(std::uint64_t size) {
  if (size <= kMaxManifestSize) return;
  throw Error(ErrorCode::unsupported,
              fmt::format("the manifest would take {} bytes, expected at most {}: the dataset has "
                          "too many fragments, or too much metadata",
                          size, kMaxManifestSize));
}

std::string with_length(const std::string& message) {
  std::string result;
  for (int shift = 0; shift < 32; shift += 8) {
    result += static_cast<char>(message.size() >> shift & 0xff);
  }
  return result + message;
}

std::string encode_trailer(std::uint64_t position) {
  std::string result;
  for (int shift = 0; shift < 64; shift += 8) {
    result += static_cast<char>(position >> shift & 0xff);
  }
  result += static_cast<char>(kMajor);
  result += '\0';
  result += static_cast<char>(kMinor);
  result += '\0';
  return result.append(kLanceMagic);
}

}  // namespace

ManifestFile decode_manifest_file(const io::ByteView& content) {
  const std::uint64_t position = read_trailer(content);
  const std::uint64_t end = content.size() - kTrailerSize;
  const io::ByteView message = section(content, position, end, "the manifest");
  if (message.size() != end - position - kLengthSize) {
    content.fail(fmt::format("the manifest has {} bytes, expected {}, up to the trailer",
                             message.size(), end - position - kLengthSize),
                 position);
  }
  ManifestFile file;
  file.manifest = decode_manifest(message);
  file.size = content.size();
  if (file.manifest.version == 0) message.fail("the manifest says that it is version 0");
  check_reader_flags(file.manifest, content.file());
  file.transaction = inline_transaction(content, file.manifest, position);
  file.indices = read_indices(content, file.manifest, position);
  return file;
}

std::string encode_manifest_file(Manifest manifest, const Transaction& transaction) {
  manifest.transaction_section = 0;
  const std::string first = encode_transaction(transaction);
  const std::string second = encode_manifest(manifest);
  const std::uint64_t position = kLengthSize + first.size();
  check_size(position + kLengthSize + second.size() + kTrailerSize);
  return with_length(first) + with_length(second) + encode_trailer(position);
}

ManifestFile read_manifest(const io::Storage& storage, const VersionEntry& entry) {
  return *read_with(storage, entry, [](const io::ByteView& content) {
    return std::optional(decode_manifest_file(content));
  });
}

bool is_torn(const io::Storage& storage, const VersionEntry& entry) {
  try {
    const io::ByteView content = storage.read(entry.path, kMaxManifestSize);
    return looks_torn(content) && !decode_unless_torn(content);
  } catch (const Error& error) {
    if (error.code() != ErrorCode::corrupt && error.code() != ErrorCode::unsupported) throw;
    return false;
  }
}

Newest read_newest(const io::Storage& storage, const VersionList& list) {
  std::string torn;
  for (auto entry = list.entries.rbegin(); entry != list.entries.rend(); ++entry) {
    if (auto file = read_with(storage, *entry, decode_unless_torn)) {
      Newest newest{.entry = *entry, .file = *std::move(file)};
      if (!torn.empty()) {
        newest.warning = fmt::format(
            "version {} skipped: its manifest is empty, cut short or has gaps, as after "
            "a power cut; the newest intact version is {}",
            torn, entry->version);
      }
      return newest;
    }
    torn += fmt::format("{}{}", torn.empty() ? "" : ", ", entry->version);
  }
  return {};
}

}  // namespace lancekeep::lance
