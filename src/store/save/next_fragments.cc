// SPDX-License-Identifier: Apache-2.0
#include "store/save/next_fragments.h"

#include "lance/table/deletion_file.h"
#include "lance/table/file_names.h"
#include "store/save/fragment_writer.h"
#include "store/save/save_plan.h"

#include <algorithm>

namespace lancekeep::store {
namespace {

// One fragment's rows as they stand, and what becomes of them.
struct Fate {
  std::vector<const TensorRow*> standing;  // live ones
  std::vector<const TensorRow*> wanted;    // by offset; null: not there any more
  bool is_used = false;
};

std::vector<Fate> fates_of(const Standing& standing, std::span<const TensorRow> wanted) {
  std::vector<Fate> fates(standing.fragments.size());
  for (std::size_t f = 0; f < fates.size(); ++f) {
    fates[f].wanted.resize(standing.fragments[f].physical_rows);
  }
  for (const TensorRow& row : standing.rows) fates[row.fragment].standing.push_back(&row);
  for (const TensorRow& row : wanted) {
    fates[row.fragment].wanted.at(row.offset) = &row;
    fates[row.fragment].is_used = true;
  }
  return fates;
}

// Every row of the fragment that is deleted, where this save deletes any; else nothing.
std::vector<std::uint32_t> deletions_of(const io::Storage& storage, const lance::Fragment& fragment,
                                        const Fate& fate) {
  std::vector<std::uint32_t> deleted;
  for (const TensorRow* row : fate.standing) {
    if (fate.wanted[row->offset] == nullptr) {
      deleted.push_back(static_cast<std::uint32_t>(row->offset));
    }
  }
  if (deleted.empty()) return deleted;
  const auto before = lance::read_deletions(storage, fragment);
  deleted.insert(deleted.end(), before.begin(), before.end());
  std::ranges::sort(deleted);
  return deleted;
}

}  // namespace

std::vector<lance::Fragment> next_fragments(io::Storage& storage, lance::UncommittedFiles& files,
                                            const Standing& standing,
                                            std::span<const TensorRow> wanted,
                                            const std::vector<lance::Field>& schema,
                                            std::uint64_t read_version) {
  const std::vector<Fate> fates = fates_of(standing, wanted);
  std::vector<lance::Fragment> fragments;
  for (std::size_t f = 0; f < fates.size(); ++f) {
    const Fate& fate = fates[f];
    if (!fate.is_used) continue;
    lance::Fragment fragment = standing.fragments[f];
    const bool relabel = std::ranges::any_of(fate.standing, [&](const TensorRow* row) {
      const TensorRow* now = fate.wanted[row->offset];
      return now != nullptr && must_relabel(*row, *now);
    });
    if (relabel) fragment = relabel_fragment(files, fragment, schema, fate.wanted);
    const auto deleted = deletions_of(storage, fragment, fate);
    if (!deleted.empty()) {
      storage.make_folder(lance::kDeletionsFolder);
      fragment.deletion = lance::write_deletions(files, fragment.id, read_version, deleted);
    }
    fragments.push_back(std::move(fragment));
  }
  return fragments;
}

}  // namespace lancekeep::store
