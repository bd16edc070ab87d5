// SPDX-License-Identifier: Apache-2.0
#include "store/verify/check_manifest.h"

#include "lance/table/feature_flags.h"
#include "store/table/properties.h"

#include <fmt/format.h>

#include <algorithm>

namespace lancekeep::store {
namespace {

// As whoever opens a version has it.
constexpr std::uint64_t kMostBytes = std::uint64_t{256} << 20;

// What other readers and writers go by, though we do not.
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
          fmt::format("fragment {} has a deletion file, but the reader flags {} do not say that "
                      "there are such files (flag {}): other readers would show deleted rows",
                      fragment.id, manifest.reader_flags, deletion_flag));
    }
  }
}

// Why two transactions that should be one are not; nothing where they are.
std::string difference(const lance::Transaction& inlined, const lance::Transaction& file,
                       bool ours) {
  if (inlined.uuid != file.uuid) return "its uuid";
  if (inlined.read_version != file.read_version) return "the version that it was planned on";
  if (inlined.properties != file.properties) return "its properties (message, metadata, digest)";
  if (inlined.operation != file.operation) return "its operation";
  // pylance puts the entries of a map in another order each time it writes them.
  const bool same = ours ? inlined.operation_bytes == file.operation_bytes
                         : inlined.operation_bytes.size() == file.operation_bytes.size();
  return same ? std::string() : "its operation";
}

void check_transaction_file(const io::Storage& storage, const std::string& path,
                            std::uint64_t version, lance::ManifestFile& manifest,
                            Findings& findings) {
  const lance::Transaction file = lance::decode_transaction(storage.read(path, kMostBytes));
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
    findings.note(fmt::format("the transaction file of version {} is gone; {}", entry.version,
                              manifest.transaction
                                  ? "the manifest has all that it said"
                                  : "its message and metadata, if it had any, are lost"));
  } catch (const Error& error) {
    findings.add(error, entry.version);
  }
}

}  // namespace

bool is_ours(const lance::ManifestFile& file) {
  return file.manifest.writer_library == "lancekeep" &&
         (!file.transaction || file.transaction->operation == lance::Operation::overwrite);
}

lance::ManifestFile read_manifest_alone(const io::Storage& storage,
                                        const lance::VersionEntry& entry) {
  const io::ByteView content = storage.read(entry.path, kMostBytes);
  lance::ManifestFile file = lance::decode_manifest_file(content);
  if (file.manifest.version != entry.version) {
    content.fail(fmt::format("the manifest says that it is version {}, but its name says {}",
                             file.manifest.version, entry.version));
  }
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

}  // namespace lancekeep::store
