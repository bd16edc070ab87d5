// SPDX-License-Identifier: Apache-2.0
#include "store/read/versions.h"

#include "lance/table/file_names.h"
#include "lance/table/tags.h"
#include "store/plain/plain_table.h"
#include "store/read/file_check.h"
#include "store/read/store_folder.h"
#include "store/table/layout.h"
#include "store/table/model_columns.h"
#include "store/table/properties.h"
#include "store/table/tensor_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

namespace lancekeep::store {
namespace {

[[noreturn]] void not_found(const io::Storage& storage, const std::string& what) {
  throw Error(ErrorCode::not_found, what, storage.full_name(lance::kVersionsFolder));
}

lance::VersionEntry find_version(const io::Storage& storage, const lance::VersionList& list,
                                 std::uint64_t number) {
  const auto it = std::ranges::find(list.entries, number, &lance::VersionEntry::version);
  if (it != list.entries.end()) return *it;
  const bool was_there = number > 0 && number < list.entries.back().version;
  not_found(storage,
            fmt::format("version {} {}; existing versions: {}", number,
                        was_there ? "was removed" : "does not exist", describe_versions(list)));
}

// 0 for a missing file, because a transaction file may have been removed.
std::uint64_t size_of(const io::Storage& storage, const std::string& path) {
  return storage.exists(path) ? storage.size(path) : 0;
}

// The uuid of the commit. Writers that name no transaction file have nothing better than the time.
std::string id_of(const lance::Manifest& manifest) {
  const std::string& file = manifest.transaction_file;  // "<read version>-<uuid>.txn"
  const std::size_t dash = file.find('-');
  if (dash != std::string::npos && file.ends_with(".txn")) {
    return file.substr(dash + 1, file.size() - dash - 1 - std::string_view(".txn").size());
  }
  return fmt::format("{}-{}.{:09}", manifest.version, manifest.seconds, manifest.nanos);
}

}  // namespace

FileSizes files_of(const lance::Manifest& manifest) {
  FileSizes files;
  for (const lance::Fragment& fragment : manifest.fragments) {
    for (const lance::DataFile& file : fragment.files) {
      files.emplace(lance::data_path(file), file.size);
    }
    if (fragment.deletion) {
      files.emplace(lance::deletion_path(fragment.id, *fragment.deletion), 0);
    }
  }
  if (!manifest.transaction_file.empty()) {
    files.emplace(lance::transaction_path(manifest.transaction_file), 0);
  }
  return files;
}

std::string describe_versions(const lance::VersionList& list) {
  std::string text;
  for (std::size_t i = 0; i < list.entries.size();) {
    std::size_t last = i;
    while (last + 1 < list.entries.size() &&
           list.entries[last + 1].version == list.entries[last].version + 1) {
      ++last;
    }
    if (!text.empty()) text += ", ";
    text += std::to_string(list.entries[i].version);
    if (last > i) text += fmt::format("–{}", list.entries[last].version);
    i = last + 1;
  }
  return text.empty() ? "none" : text;
}

lance::VersionEntry resolve(const io::Storage& storage, const lance::VersionList& list,
                            const Ref& ref) {
  if (list.entries.empty()) require_current(storage);
  if (list.entries.empty()) not_found(storage, "the store holds no version yet; save one first");
  if (ref.is_latest()) {
    // If all are torn, reading the newest says what is wrong with it.
    return lance::read_newest(storage, list).entry.value_or(list.entries.back());
  }
  if (ref.number() != nullptr) return find_version(storage, list, *ref.number());
  const lance::Tag tag = lance::read_tag(storage, *ref.tag());
  if (tag.branch) {
    throw Error(
        ErrorCode::unsupported,
        fmt::format(
            "the tag `{}` points to version {} of the branch `{}`; this build cannot read branches",
            *ref.tag(), tag.version, *tag.branch),
        storage.full_name(lance::tag_path(*ref.tag())));
  }
  return find_version(storage, list, tag.version);
}

ResolvedVersion read_resolved(const io::Storage& storage, const lance::VersionList& list,
                              const Ref& ref) {
  if (ref.is_latest()) {
    lance::Newest newest = lance::read_newest(storage, list);
    if (newest.entry) {
      return {*std::move(newest.entry), std::move(newest.file), std::move(newest.warning)};
    }
  }
  lance::VersionEntry entry = resolve(storage, list, ref);
  lance::ManifestFile file = lance::read_manifest(storage, entry);
  return {std::move(entry), std::move(file), {}};
}

FileSizes earlier_files(const io::Storage& storage, const lance::VersionList& list,
                        std::uint64_t version, std::optional<std::uint64_t> restored_from) {
  FileSizes files;
  for (auto it = list.entries.begin(); it != list.entries.end(); ++it) {
    if (it->version >= version) break;
    const bool is_before = it + 1 == list.entries.end() || (it + 1)->version >= version;
    if (!is_before && it->version != restored_from) continue;
    try {
      files.merge(files_of(lance::read_manifest(storage, *it).manifest));
    } catch (const Error&) {
      // Damage to another version is not damage to this one.
    }
  }
  return files;
}

std::uint64_t added_bytes(const io::Storage& storage, const FileSizes& files,
                          const FileSizes& earlier) {
  std::uint64_t bytes = 0;
  for (const auto& [path, size] : files) {
    if (!earlier.contains(path)) bytes += size != 0 ? size : size_of(storage, path);
  }
  return bytes;
}

VersionInfo describe(const lance::VersionEntry& entry, const lance::ManifestFile& file,
                     const std::function<std::uint64_t()>& tensor_bytes) {
  const lance::Manifest& manifest = file.manifest;
  const std::optional<Layout> layout = layout_of(manifest.fields);
  VersionInfo info{
      .number = entry.version, .id = id_of(manifest), .layout = layout.value_or(Layout::native)};
  info.time = std::chrono::sys_time<std::chrono::nanoseconds>(
      std::chrono::seconds(manifest.seconds) + std::chrono::nanoseconds(manifest.nanos));
  for (const lance::Fragment& fragment : manifest.fragments) {
    info.tensors +=
        fragment.physical_rows - (fragment.deletion ? fragment.deletion->num_deleted_rows : 0);
  }
  const Metadata properties = file.transaction ? file.transaction->properties : Metadata();
  info.message = property(properties, kMessageKey);
  info.metadata = user_metadata(properties);
  info.bytes_total = number_property(properties, kBytesKey).value_or(0);
  // pylance does not record how large the tensors are, so their rows must be read.
  if (!properties.contains(kBytesKey) && layout) info.bytes_total = tensor_bytes();
  return info;
}

FindingKind kind_of(const Error& error) {
  switch (error.code()) {
    case ErrorCode::io:
    case ErrorCode::out_of_space:
    case ErrorCode::conflict:
      return FindingKind::unchecked;
    case ErrorCode::unsupported:
    case ErrorCode::invalid_argument:
      return FindingKind::not_read;
    case ErrorCode::not_found:
    case ErrorCode::already_exists:
    case ErrorCode::corrupt:
    case ErrorCode::unsafe:
      break;
  }
  return FindingKind::damaged;
}

void set_problem(VersionInfo& info, const Error& error) {
  const FindingKind kind = kind_of(error);
  info.damage = info.unchecked = info.not_read = "";
  std::string& why = kind == FindingKind::damaged     ? info.damage
                     : kind == FindingKind::unchecked ? info.unchecked
                                                      : info.not_read;
  why = error.what();
}

VersionInfo describe_any(const io::Storage& storage, const lance::VersionEntry& entry,
                         const lance::ManifestFile& file) {
  std::optional<Error> problem;
  VersionInfo info = describe(entry, file, [&]() -> std::uint64_t {
    try {
      return read_tensor_bytes(storage, file.manifest);
    } catch (const Error& error) {
      problem = error;
      return 0;
    }
  });
  try {
    (void)require_model(storage, file);
  } catch (const Error& error) {
    problem = error;
  }
  if (problem) set_problem(info, *problem);
  return info;
}

namespace {

// Versions that a clean-up removes meanwhile are left out.
std::vector<VersionInfo> describe_listed(const io::Storage& storage,
                                         const std::vector<lance::VersionEntry>& entries) {
  auto tags = tags_by_version(storage);
  std::vector<VersionInfo> infos;
  FileSizes earlier;
  FileCheck check(storage);
  for (const lance::VersionEntry& entry : entries) {
    VersionInfo info{.number = entry.version};
    bool is_usable = false;
    try {
      const lance::ManifestFile file = lance::read_manifest(storage, entry);
      const std::optional<Error> damage = check.find_damage(file.manifest);
      info = describe_any(storage, entry, file);
      // A better reason than what describe_any() found.
      if (damage && kind_of(*damage) != FindingKind::not_read) set_problem(info, *damage);
      is_usable = info.damage.empty() && info.unchecked.empty() && info.not_read.empty();
      FileSizes files = files_of(file.manifest);
      info.bytes_added = file.size + added_bytes(storage, files, earlier);
      earlier.merge(files);
    } catch (const Error& e) {
      if (info.damage.empty()) set_problem(info, e);
      is_usable = false;
    }
    if (!is_usable && !storage.exists(entry.path)) continue;
    info.tags = std::move(tags[entry.version]);
    infos.push_back(std::move(info));
  }
  return infos;
}

}  // namespace

std::vector<VersionInfo> describe_all(const io::Storage& storage) {
  for (int look = 1;; ++look) {
    const auto entries = lance::list_versions(storage).entries;
    auto infos = describe_listed(storage, entries);
    // If all of them were removed meanwhile, there are newer ones.
    if (!infos.empty() || entries.empty() || look == kMaxLooks) return infos;
  }
}

std::uint64_t read_tensor_bytes(const io::Storage& storage, const lance::Manifest& manifest) {
  return layout_of(manifest.fields) == Layout::native
             ? total_bytes(read_tensor_table(storage, manifest))
             : total_bytes(read_plain_table(storage, manifest));
}

std::map<std::uint64_t, std::vector<std::string>> tags_by_version(const io::Storage& storage) {
  std::map<std::uint64_t, std::vector<std::string>> tags;
  // A damaged tag, or an unreadable folder of tags, is an error only for code that asks for a tag.
  const auto ignore_errors = [](auto call) {
    try {
      call();
    } catch (const Error&) {
    }
  };
  std::vector<std::string> names;
  ignore_errors([&] { names = lance::list_tags(storage); });
  for (const std::string& name : names) {
    ignore_errors([&] {
      const lance::Tag tag = lance::read_tag(storage, name);
      if (!tag.branch) tags[tag.version].push_back(name);
    });
  }
  return tags;
}

}  // namespace lancekeep::store
