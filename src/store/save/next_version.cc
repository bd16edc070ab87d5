// SPDX-License-Identifier: Apache-2.0
#include "store/save/next_version.h"

#include <lancekeep/error.h>

#include "lance/file/data_file_writer.h"
#include "lance/table/compatibility.h"
#include "lance/table/deletion_file.h"
#include "lance/table/file_names.h"
#include "store/save/fragment_writer.h"
#include "store/save/save_plan.h"
#include "store/table/layout.h"
#include "store/table/properties.h"
#include "tensor/state_dicts_key.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <string>
#include <utility>

namespace lancekeep::store {
namespace {

constexpr auto kStableRowIds = static_cast<std::uint64_t>(lance::FeatureFlag::stable_row_ids);

// One fragment's rows before and after the save.
struct FragmentChange {
  std::vector<const TensorRow*> live;    // before
  std::vector<const TensorRow*> wanted;  // after, by offset; null: deleted
  bool is_used = false;
};

std::vector<FragmentChange> changes_of(const Candidates& candidates,
                                       std::span<const TensorRow> wanted) {
  std::vector<FragmentChange> changes(candidates.fragments.size());
  for (std::size_t f = 0; f < changes.size(); ++f) {
    changes[f].wanted.resize(candidates.fragments[f].physical_rows);
  }
  for (const TensorRow& row : candidates.rows) changes[row.fragment].live.push_back(&row);
  for (const TensorRow& row : wanted) {
    changes[row.fragment].wanted.at(row.offset) = &row;
    changes[row.fragment].is_used = true;
  }
  return changes;
}

bool deletes_rows(const FragmentChange& change) {
  return std::ranges::any_of(
      change.live, [&](const TensorRow* row) { return change.wanted[row->offset] == nullptr; });
}

bool changes_labels(const FragmentChange& change) {
  return std::ranges::any_of(change.live, [&](const TensorRow* row) {
    const TensorRow* after = change.wanted[row->offset];
    return after != nullptr && must_relabel(*row, *after);
  });
}

// All deleted rows of the fragment. This includes rows that were deleted before: they are not live,
// and so cannot be wanted.
std::vector<std::uint32_t> deleted_rows(const FragmentChange& change) {
  std::vector<std::uint32_t> deleted;
  for (std::size_t offset = 0; offset < change.wanted.size(); ++offset) {
    if (change.wanted[offset] == nullptr) deleted.push_back(static_cast<std::uint32_t>(offset));
  }
  return deleted;
}

// Whether new rows of the schema have text or a number where the fragment's files have no column, as
// after someone else gave the column another type: the column of that type is not in the schema.
bool lacks_labels(const lance::Fragment& fragment, const FragmentChange& change,
                  const std::vector<std::int32_t>& leaf_ids) {
  const auto has = [&](std::int32_t id) {
    return std::ranges::any_of(fragment.files, [&](const lance::DataFile& file) {
      return std::ranges::count(file.fields, id) > 0;
    });
  };
  constexpr Column kLabels[] = {kName, kDtype, kShape, kOrdinal, kHash};
  if (!std::ranges::all_of(kLabels, [&](Column label) { return has(leaf_ids[label]); }))
    return true;
  const bool has_ties = std::ranges::any_of(
      change.wanted, [](const TensorRow* row) { return row != nullptr && row->tied_to; });
  return has_ties && !has(leaf_ids[kTiedTo]);
}

void carry_over(const lance::Manifest& before, lance::Manifest& manifest) {
  manifest.seconds = before.seconds;
  manifest.nanos = before.nanos;
  manifest.writer_flags = before.writer_flags;  // publish() rejects unknown ones
  manifest.schema_metadata = before.schema_metadata;
  manifest.config = before.config;
  manifest.table_metadata = before.table_metadata;
  manifest.max_fragment_id = before.max_fragment_id;
  manifest.next_row_id = before.next_row_id;
  manifest.base_paths = before.base_paths;
  manifest.branch = before.branch;
  manifest.unknown = before.unknown;
}

std::uint32_t highest_id(const lance::Manifest& manifest,
                         const std::vector<lance::Fragment>& fragments) {
  std::uint64_t highest = manifest.max_fragment_id.value_or(0);
  for (const lance::Fragment& fragment : fragments) highest = std::max(highest, fragment.id);
  if (highest > std::numeric_limits<std::uint32_t>::max()) {
    throw Error(ErrorCode::unsupported,
                "the dataset has used all of its 2^32 fragment ids; import this version into a new "
                "store");
  }
  return static_cast<std::uint32_t>(highest);
}

}  // namespace

std::vector<lance::Fragment> fragments_of_next_version(io::Storage& storage,
                                                       lance::UncommittedFiles& files,
                                                       const Candidates& candidates,
                                                       std::span<const TensorRow> wanted,
                                                       const std::vector<lance::Field>& schema,
                                                       std::uint64_t read_version) {
  const std::vector<FragmentChange> changes = changes_of(candidates, wanted);
  const std::vector<std::int32_t> leaf_ids = find_leaf_ids(schema);
  std::vector<lance::Fragment> fragments;
  for (std::size_t f = 0; f < changes.size(); ++f) {
    const FragmentChange& change = changes[f];
    if (!change.is_used) continue;
    lance::Fragment fragment = candidates.fragments[f];
    if (changes_labels(change) || lacks_labels(fragment, change, leaf_ids)) {
      fragment = relabel_fragment(files, fragment, schema, change.wanted);
    }
    if (deletes_rows(change)) {
      storage.make_folder(lance::kDeletionsFolder);
      fragment.deletion =
          lance::write_deletions(files, fragment.id, read_version, deleted_rows(change));
    }
    fragments.push_back(std::move(fragment));
  }
  drop_unused_files(fragments, schema);
  return fragments;
}

void drop_unused_files(std::vector<lance::Fragment>& fragments,
                       const std::vector<lance::Field>& schema) {
  const auto is_used = [&](std::int32_t id) {
    return std::ranges::find(schema, id, &lance::Field::id) != schema.end();
  };
  for (lance::Fragment& fragment : fragments) {
    std::erase_if(fragment.files, [&](const lance::DataFile& file) {
      return std::ranges::none_of(file.fields, is_used);
    });
  }
}

bool has_what_a_save_drops(const lance::ManifestFile& before) {
  return !before.indices || !before.indices->empty() ||
         (before.manifest.reader_flags & kStableRowIds) != 0;
}

std::vector<std::string> notes_on_dropped(const lance::ManifestFile& before,
                                          const lance::Manifest& after) {
  std::vector<std::string> notes;
  const std::size_t indices = before.indices ? before.indices->size() : 1;
  if (indices > 0) {
    notes.push_back(fmt::format(
        "the new version has no index: {} of version {} {} not carried over; make new ones with "
        "pylance if you need them",
        indices == 1 ? "the index" : fmt::format("the {} indices", indices),
        before.manifest.version, indices == 1 ? "was" : "were"));
  }
  lance::Manifest flagged = after;
  lance::set_flags_from_content(flagged);
  if ((before.manifest.reader_flags & ~flagged.reader_flags & kStableRowIds) != 0) {
    notes.push_back(fmt::format(
        "version {} had stable row ids; the new version has none, because its new rows lack them",
        before.manifest.version));
  }
  return notes;
}

Metadata save_properties(const SaveOptions& options, const TensorSource& source,
                         std::uint64_t bytes_total, std::uint64_t version) {
  Metadata properties = options.metadata;
  if (std::string text = property(source.metadata(), kStateDictsKey); is_state_dicts(text)) {
    properties[kStateDictsKey] = std::move(text);
  }
  if (!options.message.empty()) properties[kMessageKey] = options.message;
  properties[kBytesKey] = std::to_string(bytes_total);
  if (options.durable) properties[kSyncedKey] = std::to_string(version);
  return properties;
}

lance::TagRequest tag_request(const SaveOptions& options) {
  return {.name = options.tag, .move = options.move_tag};
}

std::uint64_t next_fragment_id(const lance::Manifest* before) {
  return before != nullptr && before->max_fragment_id ? *before->max_fragment_id + 1ull : 0;
}

lance::CommitRequest next_version(const lance::Manifest* before, std::vector<lance::Field> schema,
                                  std::vector<lance::Fragment> fragments) {
  lance::CommitRequest publication;
  lance::Manifest& manifest = publication.manifest;
  if (before != nullptr) {
    publication.read_version = before->version;
    carry_over(*before, manifest);
  }
  manifest.fields = std::move(schema);
  manifest.data_format = "lance";
  manifest.data_format_version =
      fmt::format("{}.{}", lance::kWrittenFormat.major, lance::kWrittenFormat.minor);
  if (!fragments.empty()) manifest.max_fragment_id = highest_id(manifest, fragments);
  manifest.fragments = std::move(fragments);
  publication.transaction.operation = lance::Operation::overwrite;
  publication.transaction.operation_bytes =
      lance::encode_overwrite(manifest.fragments, manifest.fields, manifest.schema_metadata);
  return publication;
}

}  // namespace lancekeep::store
