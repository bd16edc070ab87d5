// SPDX-License-Identifier: Apache-2.0
// A manifest file: [u32 length + Transaction][u32 length + Manifest][trailer];
// docs/format/table.md.
#include "lance/file/footer.h"
#include "lance/table/feature_flags.h"
#include "lance/table/version_names.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

namespace lancekeep::lance {
namespace {

constexpr std::uint64_t kLengthSize = 4;
// u64 position of the manifest's length, u16 major, u16 minor, "LANC".
constexpr std::uint64_t kTrailerSize = 16;
constexpr std::uint16_t kMajor = 0;
constexpr std::uint16_t kMinor = 2;
// About two million fragments; no message in it can then hold more than memory does.
constexpr std::uint64_t kMaxManifestSize = std::uint64_t{256} << 20;
constexpr std::uint64_t kMaxTransactionSize = kMaxManifestSize;
constexpr std::size_t kSectorSize = 512;

// The bytes of a section that starts with its length; `end` is where the next one starts.
io::ByteView section(const io::ByteView& content, std::uint64_t position, std::uint64_t end,
                     const std::string& what) {
  if (position > end || end - position < kLengthSize) {
    content.fail(fmt::format("{} is said to start at byte {}, expected at most {}", what, position,
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
    content.fail("the manifest file does not end with \"LANC\": it is cut short, or something else",
                 content.size() - kLanceMagic.size());
  }
  if (found_major != kMajor || found_minor != kMinor) {
    content.fail(ErrorCode::unsupported,
                 fmt::format("the manifest file is of version {}.{}, expected {}.{}", found_major,
                             found_minor, kMajor, kMinor),
                 start + 8);
  }
  return position;
}

// pylance 1 names the section by another field number, which others may use for something else: it
// counts only if it holds the transaction that the manifest names.
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
    const std::string name = fmt::format("{}-{}.txn", transaction.read_version, transaction.uuid);
    if (name == manifest.transaction_file) return transaction;
  } catch (const Error&) {  // then there is none
  }
  return std::nullopt;
}

// The same error with advice behind it.
[[noreturn]] void rethrow_with(const Error& error, const std::string& advice) {
  throw error.with_message(error.message() + "; " + advice);
}

// The way out of a version that cannot be read is the one before it.
std::string advice_for_damaged(const io::Storage& storage, const VersionEntry& entry) {
  std::uint64_t before = 0;
  for (const VersionEntry& other : list_versions(storage).entries) {
    if (other.version < entry.version) before = other.version;
  }
  if (before == 0)
    return fmt::format("version {} is damaged; there is none before it", entry.version);
  return fmt::format("version {} is damaged; the one before it can be opened by its number, {}",
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
    rethrow_with(error, "it only describes the version: without this file, the version opens");
  }
}

// Whether a whole sector is zeros, as where a file got its size but not all of its content.
bool has_gap(std::string_view content) {
  for (std::size_t start = 0; start < content.size(); start += kSectorSize) {
    if (content.substr(start, kSectorSize).find_first_not_of('\0') == content.npos) return true;
  }
  return false;
}

bool is_decodable(const io::ByteView& content) {
  try {
    (void)decode_manifest_file(content);
    return true;
  } catch (const Error& error) {
    return error.code() != ErrorCode::corrupt;
  }
}

std::string with_length(const std::string& message) {
  if (message.size() > std::numeric_limits<std::uint32_t>::max()) {
    throw Error(ErrorCode::unsupported,
                fmt::format("a manifest section of {} bytes is more than its format can hold",
                            message.size()));
  }
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
  return file;
}

std::string encode_manifest_file(Manifest manifest, const Transaction& transaction) {
  std::string content = with_length(encode_transaction(transaction));
  manifest.transaction_section = 0;
  const std::uint64_t position = content.size();
  content += with_length(encode_manifest(manifest));
  content += encode_trailer(position);
  return content;
}

bool is_torn(const io::Storage& storage, const VersionEntry& entry) {
  const io::InputFile file = storage.open(entry.path);
  if (file.size() < kTrailerSize + kLengthSize) return true;
  if (file.read(file.size() - kLanceMagic.size(), kLanceMagic.size(), "the magic").text() !=
      kLanceMagic)
    return true;
  if (file.size() > kMaxManifestSize) return false;
  const io::ByteView content = file.read(0, file.size(), "the manifest");
  return has_gap(content.text()) && !is_decodable(content);
}

ManifestFile read_manifest(const io::Storage& storage, const VersionEntry& entry) {
  ManifestFile file;
  try {
    const io::ByteView content = storage.read(entry.path, kMaxManifestSize);
    file = decode_manifest_file(content);
    if (file.manifest.version != entry.version) {
      content.fail(fmt::format("the manifest says that it is version {}, but its name says {}",
                               file.manifest.version, entry.version));
    }
  } catch (const Error& error) {
    if (error.code() != ErrorCode::corrupt) throw;
    rethrow_with(error, advice_for_damaged(storage, entry));
  }
  if (!file.transaction) file.transaction = read_transaction_file(storage, file.manifest);
  return file;
}

}  // namespace lancekeep::lance
