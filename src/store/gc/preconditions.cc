// SPDX-License-Identifier: Apache-2.0
#include "store/gc/preconditions.h"

#include "lance/table/compatibility.h"
#include "lance/table/file_names.h"
#include "lance/table/tags.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace lancekeep::store {
namespace {

constexpr const char* kRemovesNothing = "gc removes nothing: ";

[[noreturn]] void refuse(ErrorCode code, const std::string& why, const std::string& file) {
  throw Error(code, kRemovesNothing + why, file);
}

[[noreturn]] void refuse(const Error& error, const std::string& advice) {
  throw error.with_message(kRemovesNothing + error.message() + "; " + advice);
}

[[noreturn]] void reject_link(const io::Storage& storage, const std::string& path) {
  refuse(ErrorCode::unsupported,
         "a version refers to this path, which is a link or not a file; the file it leads to would "
         "look unreferenced. Put the file itself here",
         storage.full_name(path));
}

// After pylance has deleted the last branch, both folders remain, but are empty.
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
           "the dataset has branches (in `_refs/branches` or `tree`), which refer to its files and "
           "which this build cannot read; delete them with pylance, or clean up with it",
           storage.full_name(""));
  }
  for (const auto& [path, entry] : files) {
    if (entry.is_folder || !path.starts_with(lance::kVersionsFolder) ||
        !path.ends_with(".manifest") || lance::kind_of_file(path) == lance::FileKind::manifest) {
      continue;
    }
    if (lance::kind_of_file(path) == lance::FileKind::detached) {
      refuse(ErrorCode::unsupported,
             "this manifest belongs to a detached version; the files it refers to are unknown. "
             "Clean up with pylance",
             storage.full_name(path));
    }
    refuse(ErrorCode::unsupported,
           "no version has a manifest of this name: macOS leaves `._*` files beside others, and "
           "tools that synchronise folders leave copies such as `3 (1).manifest`. Delete it if it "
           "is one of these",
           storage.full_name(path));
  }
}

void require_known(const io::Storage& storage, const lance::VersionEntry& entry,
                   const lance::Manifest& manifest) {
  const std::string file = storage.full_name(entry.path);
  try {
    lance::check_writer_flags(manifest);
  } catch (const Error& error) {
    refuse(error.code(), fmt::format("version {}: {}", entry.version, error.message()), file);
  }
  const auto unknown = lance::first_unknown_field(manifest);
  if (!unknown) return;
  refuse(
      ErrorCode::unsupported,
      fmt::format("version {} has {}, which this build does not know and which may refer to files; "
                  "clean up with a newer Lancekeep or with pylance",
                  entry.version, *unknown),
      file);
}

void require_no_link(const io::Storage& storage, const std::string& path, const Files& files) {
  for (std::size_t end = path.find('/'); end != std::string::npos; end = path.find('/', end + 1)) {
    const auto folder = files.find(path.substr(0, end));
    if (folder != files.end() && !folder->second.is_folder) reject_link(storage, folder->first);
  }
  const auto file = files.find(path);
  if (file != files.end() && !file->second.is_file) reject_link(storage, path);
}

std::map<std::uint64_t, std::vector<std::string>> read_all_tags(const io::Storage& storage) {
  std::map<std::uint64_t, std::vector<std::string>> tags;
  for (const std::string& name : lance::list_tags(storage)) {
    lance::Tag tag;
    try {
      tag = lance::read_tag(storage, name);
    } catch (const Error& error) {
      refuse(error, "this tag may point to any version; set it again or delete it");
    }
    if (tag.branch) {
      refuse(ErrorCode::unsupported,
             fmt::format("the tag `{}` points to version {} of the branch `{}`; this build cannot "
                         "read branches. Clean up with pylance",
                         name, tag.version, *tag.branch),
             storage.full_name(lance::tag_path(name)));
    }
    tags[tag.version].push_back(name);
  }
  return tags;
}

std::optional<ReferencedFiles> require_readable(const io::Storage& storage,
                                                const lance::VersionEntry& entry) {
  try {
    return read_referenced_files(storage, entry);
  } catch (const Error& error) {
    if (error.code() == ErrorCode::not_found && !storage.exists(entry.path)) return std::nullopt;
    const std::string file = storage.full_name(entry.path);
    if (error.code() != ErrorCode::corrupt) {
      refuse(error, fmt::format("the files of version {} are unknown ({})", entry.version, file));
    }
    refuse(error, fmt::format("version {} may refer to any file; restore {} from a backup, or "
                              "delete it by hand to give up the version",
                              entry.version, file));
  }
}

void reject_tagged_torn(const io::Storage& storage, const lance::VersionEntry& entry,
                        const std::vector<std::string>& tags) {
  refuse(ErrorCode::corrupt,
         fmt::format("version {} is tagged ({}), but its manifest is cut short; restore this file "
                     "from a backup, or delete the tag to give up the version",
                     entry.version, fmt::join(tags, ", ")),
         storage.full_name(entry.path));
}

void reject_all_torn(const io::Storage& storage) {
  refuse(ErrorCode::corrupt,
         "every manifest of the store is cut short, so that all its files would look unreferenced; "
         "restore one from a backup",
         storage.full_name(lance::kVersionsFolder));
}

}  // namespace lancekeep::store
