// SPDX-License-Identifier: Apache-2.0
#include "store/read/file_check.h"

#include "io/input_file.h"
#include "lance/file/footer.h"
#include "lance/table/dataset_columns.h"
#include "lance/table/deletion_file.h"
#include "lance/table/file_names.h"
#include "store/read/blob_files.h"

#include <fmt/format.h>

#include <array>
#include <cstddef>
#include <string_view>

namespace lancekeep::store {
namespace {

// The error that `check` throws; unset if it throws none.
template <typename Check>
std::optional<Error> error_of(Check check) {
  try {
    check();
  } catch (const Error& error) {
    return error;
  }
  return std::nullopt;
}

void require_magic(const io::InputFile& file, std::uint64_t size) {
  std::array<std::byte, lance::kLanceMagic.size()> end{};
  if (size >= end.size()) file.read_at(size - end.size(), end, "the end of a data file");
  const std::string_view found(reinterpret_cast<const char*>(end.data()), end.size());
  if (found == lance::kLanceMagic) return;
  throw Error(ErrorCode::corrupt,
              size == 0 ? "the data file is empty"
                        : "the data file does not end with \"LANC\": it was cut short, or never "
                          "reached the disk",
              file.name());
}

}  // namespace

std::optional<Error> FileCheck::find_damage(const lance::Manifest& manifest) {
  const bool has_blobs = may_have_blob_files(manifest);
  for (const lance::Fragment& fragment : manifest.fragments) {
    for (const lance::DataFile& file : fragment.files) {
      if (auto error = check_data(file, has_blobs)) return error;
    }
    if (!fragment.deletion) continue;
    if (auto error = check_deletion(fragment)) return error;
  }
  return std::nullopt;
}

std::optional<Error> FileCheck::check_data(const lance::DataFile& file, bool has_blobs) {
  std::string path;
  if (auto error = error_of([&] { path = lance::data_path(file); })) return error;
  const auto [known, is_new] = known_.try_emplace(fmt::format("{} {}", path, file.size));
  if (!is_new) return known->second;
  known->second = error_of([&] {
    require_whole(path, file);
    if (has_blobs) require_blob_files(path, file);
  });
  return known->second;
}

void FileCheck::require_blob_files(const std::string& path, const lance::DataFile& file) const {
  std::map<std::string, std::uint64_t> files;
  try {
    files = blob_files_of(lance::open_data_file(storage_, file), path);
  } catch (const Error& error) {
    if (error.code() != ErrorCode::unsupported) throw;  // nothing is known against the file
  }
  for (const auto& [blob, bytes] : files) {
    if (const std::uint64_t size = storage_.size(blob); size < bytes) {
      throw Error(
          ErrorCode::corrupt,
          fmt::format("the file of blobs has {} bytes, but {} refers to {}", size, path, bytes),
          storage_.full_name(blob));
    }
  }
}

// The manifest does not record a deletion file's size, but the file is small: it is decoded.
std::optional<Error> FileCheck::check_deletion(const lance::Fragment& fragment) {
  std::string path;
  if (auto error =
          error_of([&] { path = lance::deletion_path(fragment.id, *fragment.deletion); })) {
    return error;
  }
  const auto [known, is_new] = known_.try_emplace(path);
  if (!is_new) return known->second;
  known->second = error_of([&] { (void)lance::read_deletions(storage_, fragment); });
  // Too many deleted rows for this build: the file is there, and nothing is known against it.
  if (known->second && known->second->code() == ErrorCode::unsupported) known->second.reset();
  return known->second;
}

void FileCheck::require_whole(const std::string& path, const lance::DataFile& recorded) const {
  const io::InputFile file = storage_.open(path);
  lance::check_file_size(recorded, file.size(), storage_.full_name(path));
  require_magic(file, file.size());
}

}  // namespace lancekeep::store
