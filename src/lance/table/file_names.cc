// SPDX-License-Identifier: Apache-2.0
#include "lance/table/file_names.h"

#include "io/random_id.h"
#include "io/storage.h"
#include "io/utf8.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <limits>
#include <set>
#include <vector>

namespace lancekeep::lance {
namespace {

constexpr std::string_view kManifestSuffix = ".manifest";
// V2 names are as wide as the largest u64, so that they sort by number.
constexpr std::size_t kV2Digits = 20;
constexpr std::uint64_t kMaxNumber = std::numeric_limits<std::uint64_t>::max();
// Data files can be in folders below data/, which no writer nests deeper than this.
constexpr std::size_t kMaxFolderDepth = 16;

std::optional<std::uint64_t> parse_digits(std::string_view digits) {
  std::uint64_t number = 0;
  const char* const end = digits.data() + digits.size();
  const auto [stop, error] = std::from_chars(digits.data(), end, number);
  if (error != std::errc() || stop != end) return std::nullopt;
  return number;
}

// One or more components, none of which is empty, "." or "..", and no NUL.
bool stays_inside(std::string_view path) {
  if (path.find('\0') != std::string_view::npos) return false;
  while (true) {
    const std::size_t slash = path.find('/');
    const std::string_view component = path.substr(0, slash);
    if (component.empty() || component == "." || component == "..") return false;
    if (slash == std::string_view::npos) return true;
    path.remove_prefix(slash + 1);
  }
}

[[noreturn]] void refuse_other_base(std::uint32_t base_id, std::string_view what) {
  throw Error(
      ErrorCode::unsupported,
      fmt::format("{} is in base path {}, outside the store's folder (a shallow clone, or files "
                  "imported by reference); this build only reads files inside the folder. Copy the "
                  "dataset with pylance first",
                  what, base_id));
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_binary_digit(char c) { return c == '0' || c == '1'; }
bool is_hex_digit(char c) { return is_digit(c) || (c >= 'a' && c <= 'f'); }

template <typename IsOne>
bool is_run_of(std::string_view text, IsOne is_one) {
  return !text.empty() && std::all_of(text.begin(), text.end(), is_one);
}

// `text` without the ending; unset if it does not have that ending.
std::optional<std::string_view> without_ending(std::string_view text, std::string_view ending) {
  if (text.size() <= ending.size() || !text.ends_with(ending)) return std::nullopt;
  return text.substr(0, text.size() - ending.size());
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (std::size_t end; (end = text.find(separator)) != std::string_view::npos;) {
    parts.push_back(text.substr(0, end));
    text.remove_prefix(end + 1);
  }
  parts.push_back(text);
  return parts;
}

bool is_uuid(std::string_view text) {
  constexpr std::array<std::size_t, 5> kSizes = {8, 4, 4, 4, 12};
  const std::vector<std::string_view> parts = split(text, '-');
  return std::equal(parts.begin(), parts.end(), kSizes.begin(), kSizes.end(),
                    [](std::string_view part, std::size_t size) {
                      return part.size() == size && is_run_of(part, is_hex_digit);
                    });
}

// 3 random bytes as binary digits and 13 as hex digits; older writers used a uuid.
bool is_data_file_stem(std::string_view stem) {
  constexpr std::size_t kBinary = 24;
  constexpr std::size_t kHex = 26;
  if (is_uuid(stem)) return true;
  return stem.size() == kBinary + kHex && is_run_of(stem.substr(0, kBinary), is_binary_digit) &&
         is_run_of(stem.substr(kBinary), is_hex_digit);
}

// Below data/.
std::optional<FileKind> kind_of_data(std::string_view name) {
  constexpr std::size_t kBlobIdBits = 32;
  if (const auto stem = without_ending(name, ".lance"); stem && is_data_file_stem(*stem)) {
    return FileKind::data;
  }
  const std::vector<std::string_view> parts = split(name, '/');
  if (parts.size() != 2 || !is_data_file_stem(parts[0])) return std::nullopt;
  const auto id = without_ending(parts[1], ".blob");
  if (!id || id->size() != kBlobIdBits || !is_run_of(*id, is_binary_digit)) return std::nullopt;
  return FileKind::sidecar;
}

std::optional<FileKind> kind_of_manifest(std::string_view name) {
  if (name == "latest_version_hint.json") return FileKind::version_hint;
  if (parse_manifest_name(name)) return FileKind::manifest;
  std::optional<std::string_view> digits = without_ending(name, kManifestSuffix);
  if (!digits) return std::nullopt;
  if (digits->starts_with('d')) digits->remove_prefix(1);
  return is_run_of(*digits, is_digit) ? std::optional(FileKind::detached) : std::nullopt;
}

std::optional<FileKind> kind_of_transaction(std::string_view name) {
  const auto stem = without_ending(name, ".txn");
  const std::size_t dash = name.find('-');
  if (!stem || dash >= stem->size() || !is_run_of(stem->substr(0, dash), is_digit) ||
      !is_uuid(stem->substr(dash + 1))) {
    return std::nullopt;
  }
  return FileKind::transaction;
}

std::optional<FileKind> kind_of_deletion(std::string_view name) {
  auto stem = without_ending(name, ".bin");
  if (!stem) stem = without_ending(name, ".arrow");
  if (!stem) return std::nullopt;
  const std::vector<std::string_view> parts = split(*stem, '-');
  const auto is_number = [](std::string_view part) { return is_run_of(part, is_digit); };
  if (parts.size() != 3 || !std::all_of(parts.begin(), parts.end(), is_number)) return std::nullopt;
  return FileKind::deletion;
}

std::optional<FileKind> kind_of_json(std::string_view name, FileKind kind) {
  if (name.find('/') != std::string_view::npos || !without_ending(name, ".json")) {
    return std::nullopt;
  }
  return kind;
}

constexpr std::size_t kUuidSize = 36;

std::optional<FileKind> kind_of_index(std::string_view name) {
  if (name.size() <= kUuidSize + 1 || name[kUuidSize] != '/') return std::nullopt;
  return is_uuid(name.substr(0, kUuidSize)) ? std::optional(FileKind::index) : std::nullopt;
}

std::optional<FileKind> kind_of_final(std::string_view folder, std::string_view name) {
  if (folder == kDataFolder) return kind_of_data(name);
  if (folder == kVersionsFolder) return kind_of_manifest(name);
  if (folder == kTransactionsFolder) return kind_of_transaction(name);
  if (folder == kDeletionsFolder) return kind_of_deletion(name);
  if (folder == kTagsFolder) return kind_of_json(name, FileKind::tag);
  if (folder == kBranchesFolder) return kind_of_json(name, FileKind::branch);
  if (folder == kIndicesFolder) return kind_of_index(name);
  return std::nullopt;
}

}  // namespace

std::string manifest_path(std::uint64_t version, NamingScheme scheme) {
  if (scheme == NamingScheme::v1)
    return fmt::format("{}/{}{}", kVersionsFolder, version, kManifestSuffix);
  return fmt::format("{}/{:020}{}", kVersionsFolder, kMaxNumber - version, kManifestSuffix);
}

std::optional<ManifestName> parse_manifest_name(std::string_view name) {
  if (!name.ends_with(kManifestSuffix)) return std::nullopt;
  const std::string_view digits = name.substr(0, name.size() - kManifestSuffix.size());
  const std::optional<std::uint64_t> number = parse_digits(digits);
  if (!number) return std::nullopt;
  ManifestName result;
  if (digits.size() == kV2Digits) {
    result = {kMaxNumber - *number, NamingScheme::v2};
  } else {
    if (digits.front() == '0') return std::nullopt;
    result = {*number, NamingScheme::v1};
  }
  if (result.version == 0 || result.version > kMaxVersion) return std::nullopt;
  return result;
}

std::string data_path(const DataFile& file) {
  // Checked before the message is formatted: this runs for every file of a version.
  if (file.base_id) {
    refuse_other_base(*file.base_id, fmt::format("data file `{}`", io::printable(file.path)));
  }
  if (!stays_inside(file.path)) {
    throw Error(ErrorCode::unsafe,
                fmt::format("the data file path `{}` leaves the store; expected a path below {}/",
                            io::printable(file.path), kDataFolder));
  }
  return fmt::format("{}/{}", kDataFolder, file.path);
}

std::string deletion_path(std::uint64_t fragment_id, const DeletionFile& file) {
  if (file.base_id) {
    refuse_other_base(*file.base_id, fmt::format("the deletion file of fragment {}", fragment_id));
  }
  return fmt::format("{}/{}-{}-{}.{}", kDeletionsFolder, fragment_id, file.read_version, file.id,
                     file.kind == DeletionFile::Kind::arrow ? "arrow" : "bin");
}

std::string transaction_path(const std::string& transaction_file) {
  if (!stays_inside(transaction_file) || transaction_file.find('/') != std::string::npos) {
    throw Error(
        ErrorCode::unsafe,
        fmt::format("the transaction file path `{}` leaves the store; expected a name in {}/",
                    io::printable(transaction_file), kTransactionsFolder));
  }
  return fmt::format("{}/{}", kTransactionsFolder, transaction_file);
}

std::string new_data_file_name() {
  const std::uint64_t first = io::random_u64();
  const std::uint64_t second = io::random_u64();
  return fmt::format("{:024b}{:010x}{:016x}.lance", first >> 40, first & 0xff'ffff'ffff, second);
}

std::string transaction_file_name(const Transaction& transaction) {
  return fmt::format("{}-{}.txn", transaction.read_version, transaction.uuid);
}

std::string tag_path(std::string_view name) { return fmt::format("{}/{}.json", kTagsFolder, name); }

std::string temporary_path(std::string_view folder, std::string_view uuid) {
  return fmt::format("{}/{}.tmp", folder, uuid);
}

std::optional<FileKind> kind_of_file(std::string_view path) {
  const auto is_above = [&](std::string_view folder) {
    return path.starts_with(folder) && path.substr(folder.size()).starts_with('/');
  };
  const auto* const folder = std::find_if(kLanceFolders.begin(), kLanceFolders.end(), is_above);
  if (folder == kLanceFolders.end()) return std::nullopt;
  const std::string_view name = path.substr(std::string_view(*folder).size() + 1);
  const bool is_right_below = name.find('/') == std::string_view::npos;
  if (is_right_below && without_ending(name, ".tmp")) return FileKind::temporary;
  const std::size_t hash = name.rfind('#');
  if (hash == std::string_view::npos) return kind_of_final(*folder, name);
  if (!is_run_of(name.substr(hash + 1), is_digit)) return std::nullopt;
  const bool is_of_lance = kind_of_final(*folder, name.substr(0, hash)).has_value();
  return is_of_lance ? std::optional(FileKind::temporary) : std::nullopt;
}

std::string owner_of_sidecar(std::string_view path) {
  return std::string(path.substr(0, path.rfind('/'))) + ".lance";
}

bool is_sidecar_folder(std::string_view path) {
  return kind_of_file(std::string(path) + ".lance") == FileKind::data;
}

std::string index_folder(std::string_view uuid) {
  return fmt::format("{}/{}", kIndicesFolder, uuid);
}

std::optional<std::string> index_folder_of(std::string_view path) {
  const std::size_t start = std::string_view(kIndicesFolder).size() + 1;
  if (!path.starts_with(index_folder("")) || path.size() < start + kUuidSize) return std::nullopt;
  const std::string_view rest = path.substr(start + kUuidSize);
  if (!is_uuid(path.substr(start, kUuidSize)) || (!rest.empty() && rest.front() != '/')) {
    return std::nullopt;
  }
  return std::string(path.substr(0, start + kUuidSize));
}

std::map<std::string, io::FolderEntry> list_lance_folders(const io::Storage& storage) {
  std::set<std::string_view> tops;
  for (const std::string_view folder : kLanceFolders) {
    tops.insert(folder.substr(0, folder.find('/')));
  }
  std::map<std::string, io::FolderEntry> found;
  for (const io::FolderEntry& entry : storage.list("")) {
    if (!entry.is_folder || !tops.contains(entry.name)) continue;
    found.merge(io::walk_folder(storage, entry.name, kMaxFolderDepth));
    found.emplace(entry.name, entry);
  }
  return found;
}

}  // namespace lancekeep::lance
