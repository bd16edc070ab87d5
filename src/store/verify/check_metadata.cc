// SPDX-License-Identifier: Apache-2.0
#include "store/verify/check_metadata.h"

#include "lance/table/compatibility.h"
#include "lance/table/file_names.h"
#include "lance/table/row_counts.h"
#include "lance/table/tags.h"
#include "lance/table/version_list.h"
#include "store/read/versions.h"
#include "store/table/properties.h"

#include <fmt/format.h>

#include <algorithm>

namespace lancekeep::store {
namespace {

// The same limit as when a version is opened.
constexpr std::uint64_t kMaxManifestBytes = std::uint64_t{256} << 20;

// Checks what other readers and writers use, although Lancekeep does not.
void check_content(const io::Storage& storage, const lance::VersionEntry& entry,
                   const lance::Manifest& manifest, Findings& findings) {
  const auto report = [&](std::string what) {
    findings.add({entry.version, {}, storage.full_name(entry.path), {}, std::move(what)});
  };
  const auto deletion_flag = static_cast<std::uint64_t>(lance::FeatureFlag::deletion_files);
  for (const lance::Fragment& fragment : manifest.fragments) {
    if (manifest.max_fragment_id && fragment.id > *manifest.max_fragment_id) {
      report(fmt::format("the manifest says that fragment ids go up to {}, but has fragment {}",
                         *manifest.max_fragment_id, fragment.id));
    }
    if (fragment.deletion && (manifest.reader_flags & deletion_flag) == 0) {
      report(
          fmt::format("fragment {} has a deletion file, but the reader flags {} lack flag {} for "
                      "deletion files: other readers would show deleted rows",
                      fragment.id, manifest.reader_flags, deletion_flag));
    }
  }
}

// Which part differs between two copies of one transaction; empty if they are equal.
std::string difference(const lance::Transaction& inlined, const lance::Transaction& file,
                       bool ours) {
  if (inlined.uuid != file.uuid) return "its uuid";
  if (inlined.read_version != file.read_version) return "the version it was based on";
  if (inlined.properties != file.properties) return "its properties (message, metadata, digest)";
  if (inlined.operation != file.operation) return "its operation";
  // pylance writes the entries of a map in a different order each time.
  const bool same = ours ? inlined.operation_bytes == file.operation_bytes
                         : inlined.operation_bytes.size() == file.operation_bytes.size();
  return same ? std::string() : "its operation";
}

void check_transaction_file(const io::Storage& storage, const std::string& path,
                            std::uint64_t version, lance::ManifestFile& manifest,
                            Findings& findings) {
  const lance::Transaction file = lance::decode_transaction(storage.read(path, kMaxManifestBytes));
  std::string wrong;
  if (manifest.transaction) {
    const std::string part = difference(*manifest.transaction, file, is_ours(manifest));
    if (!part.empty()) {
      wrong =
          fmt::format("the transaction file and the copy of it in the manifest differ in {}", part);
    }
  } else {
    manifest.transaction = file;
  }
  const std::string name = fmt::format("{}-{}.txn", file.read_version, file.uuid);
  if (wrong.empty() && name != manifest.manifest.transaction_file) {
    wrong = fmt::format("the transaction file says that its name is `{}`", name);
  }
  if (!wrong.empty()) findings.add({version, {}, storage.full_name(path), {}, wrong});
}

void check_transaction(const io::Storage& storage, const lance::VersionEntry& entry,
                       lance::ManifestFile& manifest, Findings& findings) {
  if (manifest.manifest.transaction_file.empty()) return;
  try {
    const std::string path = lance::transaction_path(manifest.manifest.transaction_file);
    if (storage.exists(path)) {
      check_transaction_file(storage, path, entry.version, manifest, findings);
      return;
    }
    findings.note(fmt::format("the transaction file of version {} is missing; {}", entry.version,
                              manifest.transaction
                                  ? "the manifest has a copy of it"
                                  : "its message and metadata, if it had any, are lost"));
  } catch (const Error& error) {
    findings.add(error, entry.version);
  }
}

// Whether the tag was moved, or its version committed, since the versions were listed: others may
// save and tag while a store is checked.
bool is_newer_than_list(const io::Storage& storage, const std::string& name,
                        const lance::Tag& tag) {
  const lance::VersionList now = lance::list_versions(storage);
  const auto entry = std::ranges::find(now.entries, tag.version, &lance::VersionEntry::version);
  return entry != now.entries.end() || lance::read_tag(storage, name).version != tag.version;
}

// A tag records its version and the size of that version's manifest. If damage changed the version
// number into that of another version, the size shows it.
void check_tag(const io::Storage& storage, const lance::VersionList& list, const std::string& name,
               Findings& findings) {
  const lance::Tag tag = lance::read_tag(storage, name);
  if (tag.branch) {
    findings.note(
        fmt::format("the tag `{}` points to a version of the branch `{}`: branches are not "
                    "checked",
                    name, *tag.branch));
    return;
  }
  const auto report = [&](std::string what) {
    findings.add({0, {}, storage.full_name(lance::tag_path(name)), {}, std::move(what)});
  };
  const auto entry = std::ranges::find(list.entries, tag.version, &lance::VersionEntry::version);
  if (entry == list.entries.end()) {
    if (is_newer_than_list(storage, name, tag)) return;
    report(
        fmt::format("the tag `{}` points to version {}, which does not exist; existing "
                    "versions: {}",
                    name, tag.version, describe_versions(list)));
  } else if (!tag.manifest_size) {
    report(fmt::format("the tag `{}` has no \"manifestSize\" that is a whole number", name));
  } else if (const std::uint64_t size = storage.size(entry->path); *tag.manifest_size != size) {
    report(
        fmt::format("the tag `{}` points to version {}, whose manifest has {} bytes; it had {} "
                    "bytes when the tag was set",
                    name, tag.version, size, *tag.manifest_size));
  }
}

}  // namespace

bool is_ours(const lance::ManifestFile& file) {
  return file.manifest.writer_library == "lancekeep" &&
         (!file.transaction || file.transaction->operation == lance::Operation::overwrite);
}

lance::ManifestFile read_manifest_alone(const io::Storage& storage,
                                        const lance::VersionEntry& entry) {
  const io::ByteView content = storage.read(entry.path, kMaxManifestBytes);
  lance::ManifestFile file = lance::decode_manifest_file(content);
  if (file.manifest.version != entry.version) {
    content.fail(fmt::format("the manifest says that it is version {}, but its name says {}",
                             file.manifest.version, entry.version));
  }
  lance::fill_row_counts(storage, file.manifest);
  return file;
}

std::optional<lance::ManifestFile> check_manifest(const io::Storage& storage,
                                                  const lance::VersionEntry& entry,
                                                  Findings& findings) {
  try {
    lance::ManifestFile file = read_manifest_alone(storage, entry);
    check_content(storage, entry, file.manifest, findings);
    check_transaction(storage, entry, file, findings);
    return file;
  } catch (const Error& error) {
    findings.add(error, entry.version);
    return std::nullopt;
  }
}

void check_tags(const io::Storage& storage, const lance::VersionList& list, Findings& findings) {
  try {
    for (const std::string& name : lance::list_tags(storage)) {
      try {
        check_tag(storage, list, name, findings);
      } catch (const Error& error) {
        if (!storage.exists(lance::tag_path(name))) continue;  // deleted meanwhile
        findings.add(error, 0);
      }
    }
  } catch (const Error& error) {
    findings.add(error, 0);
  }
}

}  // namespace lancekeep::store
