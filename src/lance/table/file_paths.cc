// SPDX-License-Identifier: Apache-2.0
// Where the files lie that a manifest names. Names from a manifest never lead out of their folder.
#include "io/utf8.h"
#include "lance/table/version_names.h"

#include <fmt/format.h>

namespace lancekeep::lance {
namespace {

// One component or several, none of them empty, "." or "..", and no NUL.
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
      fmt::format("{} lies in base path {}, outside of the store's folder (a shallow clone, "
                  "or files that were imported by reference); this build reads only what "
                  "lies in the folder. Copy the dataset with pylance to get it whole",
                  what, base_id));
}

}  // namespace

std::string data_path(const DataFile& file) {
  // Asked first: a message made for nothing, for each of a version's files, shows in opening it.
  if (file.base_id) {
    refuse_other_base(*file.base_id, fmt::format("data file `{}`", io::printable(file.path)));
  }
  if (!stays_inside(file.path)) {
    throw Error(ErrorCode::unsafe,
                fmt::format("a data-file path that leaves the store: `{}`; expected one below {}/",
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
    throw Error(ErrorCode::unsafe,
                fmt::format("a transaction-file path that leaves the store: `{}`; expected a "
                            "name in {}/",
                            io::printable(transaction_file), kTransactionsFolder));
  }
  return fmt::format("{}/{}", kTransactionsFolder, transaction_file);
}

}  // namespace lancekeep::lance
