// SPDX-License-Identifier: Apache-2.0
// A quick look at the files of a version, without reading values: is each of them there, with the
// size that the manifest records and the end that a data file has? `versions()`, `disk_usage()` and
// gc mark or reject a version by this look. One thread.
#pragma once

#include <lancekeep/error.h>

#include "io/storage.h"
#include "lance/proto/manifest.h"

#include <map>
#include <optional>
#include <string>

namespace lancekeep::store {

class FileCheck {
 public:
  /// `storage` must live longer than this object.
  explicit FileCheck(const io::Storage& storage) : storage_(storage) {}

  /// What is wrong with the first file that is not as the manifest says: not_found or corrupt if
  /// the version is damaged, another code if the system does not let the file be examined. Unset if
  /// all are well. A file that several versions share is examined once.
  [[nodiscard]] std::optional<Error> find_damage(const lance::Manifest& manifest);

 private:
  std::optional<Error> check_data(const lance::DataFile& file, bool has_blobs);
  void require_blob_files(const std::string& path, const lance::DataFile& file) const;
  std::optional<Error> check_deletion(const lance::Fragment& fragment);
  void require_whole(const std::string& path, const lance::DataFile& recorded) const;

  const io::Storage& storage_;
  std::map<std::string, std::optional<Error>> known_;  // by path and recorded size
};

}  // namespace lancekeep::store
