// SPDX-License-Identifier: Apache-2.0
// How a version becomes visible, and the failure that each step prevents:
//
//  0. Read the manifest and the transaction back from their encoded bytes, as a reader will: a
//     version that readers reject, such as one with too large a message, must not be committed.
//  1. Make the folders, and sync the store's own folder: otherwise a power cut could remove a
//     folder and everything in it.
//  2. Write and sync the transaction file, then its folder. It is also written inline in the
//     manifest, so that losing one file does not lose the message.
//  3. Write and sync the manifest under a temporary name: otherwise readers, also after a power
//     cut, could see a version whose manifest is cut short.
//  4. Lock _versions: shared, or exclusive if a tag is set, as for every change of a tag. Otherwise
//     a concurrent gc that removes the newest versions could free the name that step 8 relies on,
//     and this version would refer to files that are gone.
//  5. The path must still lead to this folder: otherwise the version would go into a store that
//     was replaced.
//  6. The newest version must be the one on which this one was planned: otherwise this commit would
//     undo another save.
//  7. Call the caller's check, e.g. that reused files still exist; under the lock, gc cannot remove
//     them. If there is a tag, write and sync its file under a temporary name: from here to step 10
//     nothing is left that takes long or needs space. Last, look at signals: an exception for one
//     after step 8 would report as undone what is done.
//  8. Rename to the final name, if it is free: if two writers come this far, only one gets it.
//     From here on nothing is undone.
//  9. Sync _versions: otherwise a power cut could remove the name after the save was acknowledged,
//     or keep a tag without its version.
// 10. Give the tag's file its name, and sync its folder. A process that dies between 8 and 10 leaves
//     the version without the tag, or the tag where it was.
#include "lance/table/commit.h"

#include <lancekeep/version.h>

#include "io/random_id.h"
#include "io/waiting.h"
#include "lance/table/compatibility.h"
#include "lance/table/file_names.h"
#include "lance/table/manifest_file.h"
#include "lance/table/tags.h"
#include "lance/table/timestamp.h"
#include "lance/table/version_list.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <span>

namespace lancekeep::lance {
namespace {

constexpr const char* kLibraryName = "lancekeep";

void make_folders(io::Storage& storage, bool durable) {
  try {
    for (const char* folder : {kDataFolder, kVersionsFolder, kTransactionsFolder}) {
      storage.make_folder(folder);
    }
  } catch (const Error&) {
    require_current(storage);  // the better reason: no file can be created in a removed folder
    throw;
  }
  // Sync even folders that existed: the process that made them may not have synced them.
  if (durable) storage.sync_folder("");
}

// The clocks of several machines never agree completely: less than this is not worth a note.
constexpr std::int64_t kClockDifference = 2;  // seconds

// Now, or the previous version's time if the clock is behind it.
void set_time(Manifest& manifest) {
  const Timestamp stamp = std::max(Timestamp::now(), Timestamp{manifest.seconds, manifest.nanos});
  manifest.seconds = stamp.seconds;
  manifest.nanos = stamp.nanos;
}

std::vector<std::string> notes_on_time(const CommitRequest& request) {
  const Manifest& before = request.manifest;
  if (request.read_version == 0 || before.seconds - Timestamp::now().seconds < kClockDifference) {
    return {};
  }
  return {
      fmt::format("the clock is behind version {}, which is dated {}; this version is dated as "
                  "version {}. Check "
                  "the clock: gc takes the age of versions from these dates",
                  request.read_version, to_string(Timestamp{before.seconds, before.nanos}),
                  request.read_version)};
}

// Step 0.
void check_readable(const std::string& manifest, const std::string& transaction) {
  const auto view = [](const std::string& bytes, const char* what) {
    return io::ByteView(std::as_bytes(std::span(bytes)), nullptr, what);
  };
  try {
    (void)decode_manifest_file(view(manifest, "the new manifest"));
    (void)decode_transaction(view(transaction, "the new transaction"));
  } catch (const Error& error) {
    throw Error(ErrorCode::unsupported,
                fmt::format("the version was not committed, because it could not be read again: {}",
                            error.what()));
  }
}

Transaction complete_transaction(const CommitRequest& request) {
  Transaction transaction = request.transaction;
  transaction.read_version = request.read_version;
  transaction.uuid = io::random_uuid();
  return transaction;
}

Manifest complete_manifest(const CommitRequest& request, const Transaction& transaction) {
  Manifest manifest = request.manifest;
  check_writer_flags(manifest);
  const std::uint64_t newest = request.newest.value_or(request.read_version);
  if (newest >= kMaxVersion) {
    throw Error(ErrorCode::unsupported,
                fmt::format("version {} has the highest possible number", newest));
  }
  manifest.version = newest + 1;
  set_time(manifest);
  set_flags_from_content(manifest);
  manifest.transaction_file = transaction_file_name(transaction);
  manifest.writer_library = kLibraryName;
  manifest.writer_version = kLibraryVersion;
  return manifest;
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

void keep_committed(UncommittedFiles& files, const CommitRequest& request) {
  files.keep();
  if (request.on_commit) request.on_commit();
}

// Step 8. If the outcome is unknown (a network file system lost the reply), the version may be
// visible, so none of its files is removed.
bool commit_name(io::Storage& storage, const std::string& temporary, const std::string& path,
                 const CommitRequest& request, UncommittedFiles& files) {
  bool has_name = false;
  try {
    has_name = storage.rename_new(temporary, path);
  } catch (const Error&) {
    bool may_be_visible = true;
    try {
      may_be_visible = storage.exists(path);
    } catch (const Error&) {  // unknown
    }
    if (may_be_visible) keep_committed(files, request);
    throw;
  }
  if (has_name) keep_committed(files, request);
  return has_name;
}

// Step 10.
void set_tag(std::optional<PendingTag>& tag, std::uint64_t version) {
  if (!tag) return;
  try {
    tag->commit();
  } catch (const Error& error) {
    throw Error(error.code(), fmt::format("version {} is saved, but it could not be tagged: {}",
                                          version, error.what()));
  }
}

}  // namespace

UncommittedFiles::~UncommittedFiles() {
  for (const OpenFile& open : files_) {
    try {
      storage_.remove(open.path);
    } catch (...) {  // an error is already on its way, or nobody is left to report it to
    }
  }
}

io::WritableFile& UncommittedFiles::create(const std::string& path) {
  files_.push_back({path, storage_.create(path)});
  return *files_.back().file;
}

void UncommittedFiles::finish(bool durable) {
  std::set<std::string> folders;
  for (; finished_ < files_.size(); ++finished_) {
    const OpenFile& open = files_[finished_];
    durable ? open.file->sync() : open.file->flush();
    bytes_ += open.file->position();
    folders.insert(open.path.substr(0, open.path.rfind('/')));
  }
  if (!durable) return;
  for (const std::string& folder : folders) storage_.sync_folder(folder);
}

void UncommittedFiles::close() {
  for (std::size_t i = 0; i < finished_; ++i) files_[i].file.reset();
}

void UncommittedFiles::keep() {
  files_.clear();
  finished_ = 0;
}

std::optional<CommitResult> commit(io::Storage& storage, const CommitRequest& request) {
  const Transaction transaction = complete_transaction(request);
  const Manifest manifest = complete_manifest(request, transaction);
  const std::string transaction_bytes = encode_transaction(transaction);
  const std::string manifest_bytes = encode_manifest_file(manifest, transaction);
  const std::string temporary = temporary_path(kVersionsFolder, transaction.uuid);
  check_readable(manifest_bytes, transaction_bytes);  // 0
  CommitResult result{manifest.version, manifest_bytes.size(), transaction_bytes.size(),
                      notes_on_time(request)};

  make_folders(storage, request.durable);  // 1
  UncommittedFiles files(storage);
  files.write(transaction_path(manifest.transaction_file), transaction_bytes);  // 2
  files.finish(request.durable);
  auto& manifest_file = files.create(temporary);  // 3
  manifest_file.write(manifest_bytes);
  request.durable ? manifest_file.sync() : manifest_file.flush();

  const auto mode = request.tag.name.empty() ? io::LockMode::shared : io::LockMode::exclusive;
  const auto lock = storage.lock(kVersionsFolder, mode);  // 4
  require_current(storage);                               // 5
  const VersionList list = list_versions(storage);
  if (list.newest() + 1 != manifest.version) return std::nullopt;  // 6
  if (request.check && !request.check()) return std::nullopt;      // 7
  std::optional<PendingTag> tag;
  if (!request.tag.name.empty()) {
    tag.emplace(storage, request.tag, manifest.version, manifest_bytes.size(), request.durable);
  }
  io::check_interrupts();
  const std::string path = manifest_path(manifest.version, list.scheme);
  if (!commit_name(storage, temporary, path, request, files)) return std::nullopt;  // 8
  if (request.durable) sync_name(storage, manifest.version);                        // 9
  set_tag(tag, manifest.version);                                                   // 10
  return result;
}

}  // namespace lancekeep::lance
