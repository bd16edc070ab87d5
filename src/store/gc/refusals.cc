// SPDX-License-Identifier: Apache-2.0
#include "store/gc/refusals.h"

#include "io/error_text.h"
#include "lance/table/compatibility.h"
#include "lance/table/file_names.h"
#include "lance/table/tags.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace lancekeep::store {
namespace {

constexpr const char* kNothing = "gc removes nothing: ";

[[noreturn]] void refuse(ErrorCode code, const std::string& why, const std::string& file) {
  throw Error(code, kNothing + why, file);
}

[[noreturn]] void refuse(const Error& error, const std::string& advice) {
  throw io::with_text(error, kNothing + io::text_of(error) + "; " + advice);
}

[[noreturn]] void refuse_link(const io::Storage& storage, const std::string& path) {
  refuse(ErrorCode::unsupported,
         "a version stands on this name, which is a link or no file at all; the file behind it "
         "would look as if nothing named it. Put the file itself here",
         storage.full_name(path));
}

// Both folders stay, empty, after pylance has deleted the last branch.
bool has_branches(const io::Storage& storage) {
  if (!storage.list(lance::kBranchesFolder).empty()) return true;
  const std::vector<io::FolderEntry> top = storage.list("");
  const auto tree = std::ranges::find(top, "tree", &io::FolderEntry::name);
  if (tree == top.end() || tree->is_file) return false;
  return !tree->is_folder || !storage.list("tree").empty();
}

}  // namespace

void require_only_listed_versions(const io::Storage& storage, const Files& files) {
  if (has_branches(storage)) {
    refuse(ErrorCode::unsupported,
           "the dataset has branches (in `_refs/branches` or `tree`), which stand on its files and "
           "which this build does not read; delete them with pylance, or clean up with it",
           storage.full_name(""));
  }
  for (const auto& [path, entry] : files) {
    if (entry.is_folder || !path.starts_with(lance::kVersionsFolder) ||
        !path.ends_with(".manifest") || lance::kind_of_file(path) == lance::FileKind::manifest) {
      continue;
    }
    refuse(ErrorCode::unsupported,
           "this manifest is of a detached version, or named in a way that this build does not "
           "know; what it stands on cannot be told. Clean up with pylance",
           storage.full_name(path));
  }
}

void require_known(const io::Storage& storage, const lance::VersionEntry& entry,
                   const lance::Manifest& manifest) {
  const std::string file = storage.full_name(entry.path);
  try {
    lance::check_writer_flags(manifest);
  } catch (const Error& error) {
    refuse(error.code(), fmt::format("version {}: {}", entry.version, io::text_of(error)), file);
  }
  const auto unknown = lance::first_unknown_field(manifest);
  if (!unknown) return;
  refuse(
      ErrorCode::unsupported,
      fmt::format("version {} has {}, which this build does not know and which may name files; a "
                  "newer Lancekeep or pylance may clean up",
                  entry.version, *unknown),
      file);
}

void require_no_link(const io::Storage& storage, const std::string& path, const Files& files) {
  for (std::size_t end = path.find('/'); end != std::string::npos; end = path.find('/', end + 1)) {
    const auto folder = files.find(path.substr(0, end));
    if (folder != files.end() && !folder->second.is_folder) refuse_link(storage, folder->first);
  }
  const auto file = files.find(path);
  if (file != files.end() && !file->second.is_file) refuse_link(storage, path);
}

std::map<std::uint64_t, std::vector<std::string>> read_all_tags(const io::Storage& storage) {
  std::map<std::uint64_t, std::vector<std::string>> tags;
  for (const std::string& name : lance::list_tags(storage)) {
    lance::Tag tag;
    try {
      tag = lance::read_tag(storage, name);
    } catch (const Error& error) {
      refuse(error,
             "this tag may stand for any version; set it anew, or delete it (lancekeep tag -d)");
    }
    if (tag.branch) {
      refuse(ErrorCode::unsupported,
             fmt::format("the tag `{}` names version {} of the branch `{}`; this build does not "
                         "read branches. Clean up with pylance",
                         name, tag.version, *tag.branch),
             storage.full_name(lance::tag_path(name)));
    }
    tags[tag.version].push_back(name);
  }
  return tags;
}

std::optional<VersionFiles> read_or_refuse(const io::Storage& storage,
                                           const lance::VersionEntry& entry) {
  try {
    return read_version_files(storage, entry);
  } catch (const Error& error) {
    if (error.code() == ErrorCode::not_found && !storage.exists(entry.path)) return std::nullopt;
    const std::string file = storage.full_name(entry.path);
    if (error.code() != ErrorCode::corrupt) {
      refuse(error,
             fmt::format("what version {} stands on cannot be told ({})", entry.version, file));
    }
    refuse(error, fmt::format("version {} may stand on any file; restore {} from a backup, or "
                              "delete it by hand to give the version up",
                              entry.version, file));
  }
}

void refuse_tagged_torn(const io::Storage& storage, const lance::VersionEntry& entry,
                        const std::vector<std::string>& tags) {
  refuse(ErrorCode::corrupt,
         fmt::format("version {} is tagged ({}), but its manifest is cut short; restore this file "
                     "from a backup, or delete the tag to give the version up",
                     entry.version, fmt::join(tags, ", ")),
         storage.full_name(entry.path));
}

void refuse_all_torn(const io::Storage& storage) {
  refuse(ErrorCode::corrupt,
         "every manifest of the store is cut short, so that all its files would look as if nothing "
         "named them; restore one from a backup",
         storage.full_name(lance::kVersionsFolder));
}

}  // namespace lancekeep::store
