// SPDX-License-Identifier: Apache-2.0
#include "store/read/store_state.h"

#include "lance/table/file_names.h"
#include "lance/table/tags.h"
#include "store/plain/plain_table.h"
#include "store/table/native_layout.h"
#include "store/table/properties.h"
#include "store/table/tensor_table.h"

#include <fmt/format.h>

#include <algorithm>

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
  not_found(storage, fmt::format("version {} {}; there {} {}", number,
                                 was_there ? "was removed" : "does not exist",
                                 list.entries.size() == 1 ? "is" : "are", describe_versions(list)));
}

// 0 for a file that is gone: a transaction's may be.
std::uint64_t size_of(const io::Storage& storage, const std::string& path) {
  return storage.exists(path) ? storage.size(path) : 0;
}

std::uint64_t bytes_of_rows(const io::Storage& storage, const lance::Manifest& manifest) {
  return layout_of(manifest.fields) == Layout::native
             ? total_bytes(read_tensor_table(storage, manifest))
             : total_bytes(read_plain_table(storage, manifest));
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
    const auto intact = std::find_if(
        list.entries.rbegin(), list.entries.rend(),
        [&](const lance::VersionEntry& entry) { return !lance::is_torn(storage, entry); });
    // All torn: reading the newest says what is wrong with it.
    return intact != list.entries.rend() ? *intact : list.entries.back();
  }
  if (ref.number() != nullptr) return find_version(storage, list, *ref.number());
  const lance::Tag tag = lance::read_tag(storage, *ref.tag());
  if (tag.branch) {
    throw Error(
        ErrorCode::unsupported,
        fmt::format("the tag `{}` names version {} of the branch `{}`; branches are not read",
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
  const lance::VersionEntry entry = resolve(storage, list, ref);
  return {entry, lance::read_manifest(storage, entry), {}};
}

Layout require_model(const io::Storage& storage, const lance::Manifest& manifest) {
  if (const auto layout = layout_of(manifest.fields)) return *layout;
  throw Error(ErrorCode::invalid_argument,
              "this Lance dataset does not keep a model: its columns are " +
                  describe_columns(manifest.fields) +
                  "; expected name, dtype, shape and value (a blob), or name, value (a list of "
                  "numbers) and shape (a list of integers)",
              storage.full_name(lance::kVersionsFolder));
}

void require_native(const io::Storage& storage, const lance::Manifest& manifest) {
  if (require_model(storage, manifest) == Layout::native) return;
  throw Error(
      ErrorCode::unsupported,
      "this Lance dataset keeps a model as plain lists (columns " +
          describe_columns(manifest.fields) +
          "); this works with the native layout alone (name, dtype, shape, value as a blob): "
          "import the dataset into a new store",
      storage.full_name(lance::kVersionsFolder));
}

VersionInfo describe(const io::Storage& storage, const lance::VersionEntry& entry,
                     const lance::ManifestFile& file, const FileSizes& earlier,
                     std::optional<std::uint64_t> tensor_bytes) {
  const lance::Manifest& manifest = file.manifest;
  VersionInfo info{.number = entry.version};
  info.layout = layout_of(manifest.fields).value_or(Layout::native);
  info.time = std::chrono::sys_time<std::chrono::nanoseconds>(
      std::chrono::seconds(manifest.seconds) + std::chrono::nanoseconds(manifest.nanos));
  for (const lance::Fragment& fragment : manifest.fragments) {
    info.tensors +=
        fragment.physical_rows - (fragment.deletion ? fragment.deletion->num_deleted_rows : 0);
  }
  if (file.transaction) {
    info.message = property(file.transaction->properties, kMessageKey);
    info.metadata = user_metadata(file.transaction->properties);
    info.bytes_total = number_property(file.transaction->properties, kBytesKey).value_or(0);
  }
  // A version that pylance made does not say how large its tensors are: its rows do.
  const bool stated = file.transaction && file.transaction->properties.contains(kBytesKey);
  if (!stated && layout_of(manifest.fields)) {
    info.bytes_total = tensor_bytes ? *tensor_bytes : bytes_of_rows(storage, manifest);
  }
  info.bytes_added = file.size;
  for (const auto& [path, size] : files_of(manifest)) {
    if (!earlier.contains(path)) info.bytes_added += size != 0 ? size : size_of(storage, path);
  }
  return info;
}

std::map<std::uint64_t, std::vector<std::string>> tags_by_version(const io::Storage& storage) {
  std::map<std::uint64_t, std::vector<std::string>> tags;
  // A damaged tag, or a folder of tags that cannot be read, is an error for whoever asks for one.
  const auto passing_over = [](auto call) {
    try {
      call();
    } catch (const Error&) {
    }
  };
  std::vector<std::string> names;
  passing_over([&] { names = lance::list_tags(storage); });
  for (const std::string& name : names) {
    passing_over([&] {
      const lance::Tag tag = lance::read_tag(storage, name);
      if (!tag.branch) tags[tag.version].push_back(name);
    });
  }
  return tags;
}

}  // namespace lancekeep::store
