// SPDX-License-Identifier: Apache-2.0
#include "store/verify/check_tags.h"

#include "lance/table/file_names.h"
#include "lance/table/tags.h"
#include "store/read/store_state.h"

#include <fmt/format.h>

#include <algorithm>

namespace lancekeep::store {
namespace {

// A tag says for which version it stands, and how large that version's manifest is: a damaged
// number that happens to be another version's shows in that.
void check_tag(const io::Storage& storage, const lance::VersionList& list, const std::string& name,
               Findings& findings) {
  const lance::Tag tag = lance::read_tag(storage, name);
  if (tag.branch) {
    findings.note(
        fmt::format("the tag `{}` names a version of the branch `{}`: branches are not "
                    "covered",
                    name, *tag.branch));
    return;
  }
  const auto report = [&](std::string what) {
    findings.add({0, {}, storage.full_name(lance::tag_path(name)), {}, std::move(what)});
  };
  const auto entry = std::ranges::find(list.entries, tag.version, &lance::VersionEntry::version);
  if (entry == list.entries.end()) {
    report(fmt::format("the tag `{}` stands for version {}, which is not there; there are: {}",
                       name, tag.version, describe_versions(list)));
  } else if (!tag.manifest_size) {
    report(fmt::format("the tag `{}` has no \"manifestSize\" that is a whole number", name));
  } else if (const std::uint64_t size = storage.size(entry->path); *tag.manifest_size != size) {
    report(
        fmt::format("the tag `{}` stands for version {}, whose manifest has {} bytes; the tag "
                    "was set on one of {} bytes",
                    name, tag.version, size, *tag.manifest_size));
  }
}

}  // namespace

void check_tags(const io::Storage& storage, const lance::VersionList& list, Findings& findings) {
  try {
    for (const std::string& name : lance::list_tags(storage)) {
      try {
        check_tag(storage, list, name, findings);
      } catch (const Error& error) {
        findings.add(error, 0);
      }
    }
  } catch (const Error& error) {
    findings.add(error, 0);
  }
}

}  // namespace lancekeep::store
