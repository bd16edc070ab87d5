// SPDX-License-Identifier: Apache-2.0
// How a version becomes visible, and what each step prevents:
//
//  1. Make the folders, and sync the store's own: else a power cut could take a folder with all
//     that is in it.
//  2. Write and sync the transaction file, then its folder. It is written twice, here and in the
//     manifest: else a version would lose its message with either.
//  3. Write and sync the manifest under a temporary name: else a reader, or the world after a power
//     cut, could see a version whose manifest is cut short.
//  4. Lock _versions, shared: else a gc that removes the newest versions meanwhile would make the
//     name free that step 8 relies on, and this version would stand on files that are gone.
//  5. The path must still lead to this folder: else the version would go into a store that was
//     replaced.
//  6. The newest name must be the one that was there when this was planned: else it would undo
//     someone's save.
//  7. Ask the caller, e.g. whether reused files are still there: under the lock, they will stay.
//  8. Rename to the final name, if it is free: of two writers that came this far, one gets it.
//     From here on nothing is taken back.
//  9. Sync _versions: else a power cut could take the name after the save was acknowledged.
#include "lance/table/publish.h"

#include <lancekeep/version.h>

#include "io/random_id.h"
#include "lance/table/feature_flags.h"
#include "lance/table/unpublished.h"
#include "lance/table/version_names.h"

#include <fmt/format.h>

#include <chrono>
#include <tuple>
#include <utility>

namespace lancekeep::lance {
namespace {

constexpr const char* kLibraryName = "lancekeep";
// Numbers from 2^63 on are detached versions, which no list of versions has.
constexpr std::uint64_t kMaxVersion = (std::uint64_t{1} << 63) - 1;

void make_folders(io::Storage& storage, bool durable) {
  for (const char* folder : {kDataFolder, kVersionsFolder, kTransactionsFolder}) {
    storage.make_folder(folder);
  }
  // Also where they were there: whoever made them may have died before this, or not have cared.
  if (durable) storage.sync_folder("");
}

// Now, or when the version before was made, should the clock have been set back.
void set_time(Manifest& manifest) {
  using namespace std::chrono;
  const auto now = time_point_cast<nanoseconds>(system_clock::now()).time_since_epoch();
  const auto whole = floor<seconds>(now);
  const std::pair stamp{std::int64_t{whole.count()},
                        static_cast<std::int32_t>((now - whole).count())};
  if (stamp > std::pair{manifest.seconds, manifest.nanos}) {
    std::tie(manifest.seconds, manifest.nanos) = stamp;
  }
}

Transaction complete_transaction(const Publication& publication) {
  Transaction transaction = publication.transaction;
  transaction.read_version = publication.read_version;
  transaction.uuid = io::random_uuid();
  return transaction;
}

Manifest complete_manifest(const Publication& publication, const Transaction& transaction) {
  Manifest manifest = publication.manifest;
  check_writer_flags(manifest);
  const std::uint64_t newest = publication.newest.value_or(publication.read_version);
  if (newest >= kMaxVersion) {
    throw Error(ErrorCode::unsupported,
                fmt::format("version {} is the last one there can be", newest));
  }
  manifest.version = newest + 1;
  set_time(manifest);
  set_flags_from_content(manifest);
  manifest.transaction_file = fmt::format("{}-{}.txn", transaction.read_version, transaction.uuid);
  manifest.writer_library = kLibraryName;
  manifest.writer_version = kLibraryVersion;
  return manifest;
}

void require_same_folder(const io::Storage& storage) {
  if (storage.is_current()) return;
  throw Error(ErrorCode::conflict,
              "the store was replaced; nothing was published. Open it again to save to the new one",
              storage.full_name(""));
}

void sync_name(io::Storage& storage, std::uint64_t version) {
  try {
    storage.sync_folder(kVersionsFolder);
  } catch (const Error& error) {
    throw Error(ErrorCode::io,
                fmt::format("version {} is visible, but may not survive a power cut: {}", version,
                            error.what()));
  }
}

// Step 8. Where the system says neither yes nor no (a network file system that lost its answer),
// the version may be visible: then nothing it stands on is removed.
bool give_name(io::Storage& storage, const std::string& temporary, const std::string& path,
               const Publication& publication, Unpublished& files) {
  try {
    return storage.rename_new(temporary, path);
  } catch (const Error&) {
    bool maybe_visible = true;
    try {
      maybe_visible = storage.exists(path);
    } catch (const Error&) {  // unknown
    }
    if (maybe_visible) {
      files.keep();
      if (publication.visible) publication.visible();
    }
    throw;
  }
}

}  // namespace

std::optional<Published> publish(io::Storage& storage, const Publication& publication) {
  const Transaction transaction = complete_transaction(publication);
  const Manifest manifest = complete_manifest(publication, transaction);
  const std::string transaction_bytes = encode_transaction(transaction);
  const std::string manifest_bytes = encode_manifest_file(manifest, transaction);
  const std::string temporary = fmt::format("{}/{}.tmp", kVersionsFolder, transaction.uuid);

  require_same_folder(storage);  // early as well: a folder that was removed takes no files

  make_folders(storage, publication.durable);  // 1
  Unpublished files(storage);
  files.write(transaction_path(manifest.transaction_file), transaction_bytes);  // 2
  files.finish(publication.durable);
  auto& manifest_file = files.create(temporary);  // 3
  manifest_file.write(manifest_bytes);
  publication.durable ? manifest_file.sync() : manifest_file.flush();

  const auto lock = storage.lock(kVersionsFolder, io::LockMode::shared);  // 4
  require_same_folder(storage);                                           // 5
  const VersionList list = list_versions(storage);
  const std::uint64_t newest = list.newest();
  if (newest + 1 != manifest.version) return std::nullopt;             // 6
  if (publication.check && !publication.check()) return std::nullopt;  // 7
  if (!give_name(storage, temporary, manifest_path(manifest.version, list.scheme), publication,
                 files)) {  // 8
    return std::nullopt;
  }
  files.keep();
  if (publication.visible) publication.visible();
  if (publication.durable) sync_name(storage, manifest.version);  // 9
  return Published{manifest.version, manifest_bytes.size(), transaction_bytes.size()};
}

}  // namespace lancekeep::lance
