// SPDX-License-Identifier: Apache-2.0
#include "formats/torch/path_notes.h"

#include "io/utf8.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

namespace lancekeep::formats {
namespace {

constexpr std::size_t kMostPaths = 5;
constexpr std::size_t kMostGroups = 200;
constexpr std::uint64_t kGroupBytes = 256;

}  // namespace

void PathList::add(std::string_view path) {
  if (++count_ > kMostPaths) return;
  first_.push_back(path.empty() ? "the file's object" : "`" + io::printable(path) + "`");
}

std::string PathList::text() const {
  const std::uint64_t more = count_ - first_.size();
  return fmt::format("{}{}", fmt::join(first_, ", "),
                     more ? fmt::format(" and {} more", more) : "");
}

std::size_t PathNotes::add(std::string_view path, const std::string& type, const char* one,
                           const char* many) {
  auto group = std::ranges::find_if(groups_, [&](const Group& each) {
    return each.type == type && std::string_view(each.one) == one;
  });
  if (group == groups_.end()) {
    if (groups_.size() == kMostGroups) {
      ++beyond_;
      return kMostGroups;
    }
    budget_->take(kGroupBytes + type.size(), "notes on the file's values");
    groups_.push_back({type, one, many, {}});
    group = std::prev(groups_.end());
  }
  const auto note = static_cast<std::size_t>(group - groups_.begin());
  add_to(note, path);
  return note;
}

void PathNotes::add_to(std::size_t note, std::string_view path) {
  if (note == kMostGroups) {
    ++beyond_;
    return;
  }
  PathList& paths = groups_.at(note).paths;
  if (paths.count() < kMostPaths) budget_->take(kGroupBytes, "notes on the file's values");
  paths.add(path);
}

std::vector<std::string> PathNotes::take() {
  std::vector<std::string> notes;
  for (const Group& group : groups_) {
    notes.push_back(fmt::format("{} ({}) {}", group.paths.text(), io::printable(group.type),
                                group.paths.count() == 1 ? group.one : group.many));
  }
  if (beyond_ > 0)
    notes.push_back(fmt::format("{} values of other classes are treated alike", beyond_));
  groups_.clear();
  beyond_ = 0;
  return notes;
}

}  // namespace lancekeep::formats
