// SPDX-License-Identifier: Apache-2.0
// Writes tensors into new data files, one fragment each.
#pragma once

#include <lancekeep/store.h>

#include "io/storage.h"
#include "store/rows/tensor_table.h"

#include <memory>
#include <vector>

namespace lancekeep::store {

/// Where values start in a data file: a multiple of this many bytes, so that they can be used in
/// place by whatever wants aligned memory.
inline constexpr std::uint64_t kValueAlignment = 256;

/// Which entries of a source go into one data file, in row order: tied ones right behind their
/// target.
using FilePlan = std::vector<std::size_t>;

/// About 128 MiB of values a file, or one larger tensor; larger files where there would be more
/// than 512, which are open all at once while a save is not published.
[[nodiscard]] std::vector<FilePlan> plan_files(std::span<const TensorSpec> specs);

/// The data files of one save until it is published: kept open, which keeps a clean-up off them,
/// and removed again if the save does not come to its end.
class UnpublishedFiles {
 public:
  explicit UnpublishedFiles(io::Storage& storage) : storage_(storage) {}
  ~UnpublishedFiles();
  UnpublishedFiles(const UnpublishedFiles&) = delete;
  UnpublishedFiles& operator=(const UnpublishedFiles&) = delete;

  /// A new file in data/, to be written by the caller; it stays here.
  io::WritableFile& create(const std::string& path);
  /// All files are written: fsync of each, then of data/; or, not `durable`, what the system has
  /// put off.
  void finish(bool durable);
  /// They are published: leave them where they are.
  void release();

 private:
  struct OpenFile {
    std::string path;
    std::unique_ptr<io::WritableFile> file;
  };
  io::Storage& storage_;
  std::vector<OpenFile> files_;
};

/// Counts bytes for SaveOptions::progress.
struct SaveProgress {
  const Progress& callback;
  std::uint64_t total = 0;
  std::uint64_t done = 0;
};

/// Streams the values of `plan` from `source` into a new data file, hashing them on the way. Fills
/// in value, hash and file of the rows with these indices (rows[i] is source.tensors()[i]).
[[nodiscard]] lance::Fragment write_fragment(UnpublishedFiles& files, TensorSource& source,
                                             const FilePlan& plan, std::vector<TensorRow>& rows,
                                             SaveProgress& progress);

}  // namespace lancekeep::store
