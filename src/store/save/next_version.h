// SPDX-License-Identifier: Apache-2.0
// What the next version consists of: its fragments, its manifest and its transaction.
#pragma once

#include <lancekeep/store.h>

#include "lance/table/commit.h"
#include "lance/table/manifest_file.h"
#include "store/table/tensor_table.h"

#include <vector>

namespace lancekeep::store {

/// Fragments that the next version can use, and all their live rows as the files have them.
struct Candidates {
  std::vector<lance::Fragment> fragments;
  std::vector<TensorRow> rows;  ///< TensorRow::fragment is an index into `fragments`
};

/// The fragments of a version with the rows `wanted`, one for each tensor: each says where the row
/// is (fragment, offset) and what it must contain. Rows that are not wanted are deleted, and rows
/// whose labels differ get a new label file; files of both kinds are written into `files`. A
/// fragment without a wanted row is left out. `read_version` is the version that the save builds
/// on.
[[nodiscard]] std::vector<lance::Fragment> fragments_of_next_version(
    io::Storage& storage, lance::UncommittedFiles& files, const Candidates& candidates,
    std::span<const TensorRow> wanted, const std::vector<lance::Field>& schema,
    std::uint64_t read_version);

/// Leaves out the data files none of whose fields is in the schema, as after a column was replaced:
/// pylance's validate() calls a version with such a file corrupt.
void drop_unused_files(std::vector<lance::Fragment>& fragments,
                       const std::vector<lance::Field>& schema);

/// The properties of a saved version, in either layout. `version` is the number it will have. Of the
/// source's own metadata only the state dicts are recorded (tensor/state_dicts_key.h).
[[nodiscard]] Metadata save_properties(const SaveOptions& options, const TensorSource& source,
                                       std::uint64_t bytes_total, std::uint64_t version);

/// The tag that these options ask for.
[[nodiscard]] lance::TagRequest tag_request(const SaveOptions& options);

/// Whether the version has indices or stable row ids, which pylance makes and a save may drop.
[[nodiscard]] bool has_what_a_save_drops(const lance::ManifestFile& before);
/// Remarks for the user: the indices and stable row ids of `before`, the version that was the
/// latest, that a version with `after`'s fragments does not have.
[[nodiscard]] std::vector<std::string> notes_on_dropped(const lance::ManifestFile& before,
                                                        const lance::Manifest& after);

/// Greater than every fragment id that was ever used in the dataset. `before` is the newest
/// manifest, or null if there is none.
[[nodiscard]] std::uint64_t next_fragment_id(const lance::Manifest* before);

/// A commit request with these columns and fragments. Everything else is carried over from
/// `before`, the manifest that the save builds on (null if there is none), even fields unknown to
/// this build. The transaction is an overwrite without properties. A pure function.
/// @throws Error unsupported if a fragment id does not fit.
[[nodiscard]] lance::CommitRequest next_version(const lance::Manifest* before,
                                                std::vector<lance::Field> schema,
                                                std::vector<lance::Fragment> fragments);

}  // namespace lancekeep::store
