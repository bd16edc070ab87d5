// SPDX-License-Identifier: Apache-2.0
#include "store/verify/check_native.h"

#include "lance/table/deletion_file.h"
#include "store/table/digest.h"
#include "store/table/model_columns.h"
#include "store/table/properties.h"
#include "store/verify/check_metadata.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <utility>

namespace lancekeep::store {
namespace {

bool has_hash(const TensorRow& row) { return row.hash && !row.hash->empty(); }

std::filesystem::path value_file(const TensorTable& table, const TensorRow& row) {
  return row.file < table.files.size() ? table.files[row.file].file() : std::string();
}

std::optional<std::uint64_t> value_offset(const TensorRow& row) {
  return row.value ? std::optional(row.value->position) : std::nullopt;
}

// What is wrong with a digest; empty if nothing is.
std::string digest_problem(const DigestCheck& digest) {
  if (digest.state == DigestState::right) return {};
  if (digest.state == DigestState::absent) {
    return "the table digest is missing: names, dtypes, shapes and hashes cannot be verified";
  }
  return fmt::format(
      "the tensor table is not the saved one: its digest is {}, but the save recorded {}; a name, "
      "dtype, "
      "shape, hash or tie, or a whole row, has changed",
      digest.found, digest.expected);
}

// What is wrong with the recorded sum of bytes; empty if it is right, or if a row cannot be
// counted.
std::string bytes_problem(const lance::ManifestFile& file, const TensorTable& table,
                          const std::vector<std::size_t>& targets) {
  if (!file.transaction || !file.transaction->properties.contains(kBytesKey)) return {};
  if (std::ranges::any_of(table.rows, [](const TensorRow& r) { return !r.damage.empty(); }))
    return {};
  const std::string recorded = property(file.transaction->properties, kBytesKey);
  const std::string found = std::to_string(total_bytes(table, targets));
  if (found == recorded) return {};
  return fmt::format("the tensors have {} bytes, but the save recorded {}", found, recorded);
}

}  // namespace

void NativeChecker::check(const lance::VersionEntry& entry, const lance::ManifestFile& file) {
  TensorTable table;
  const bool is_complete = read_table(file.manifest, table);
  check_positions(file.manifest, table);
  check_rows(entry.version, table);
  // If rows are missing, each of the following checks would fail without adding information.
  if (is_complete) {
    const std::vector<std::size_t> targets = tie_targets(table);
    check_ties(entry.version, table, targets);
    check_record(entry, file, table, targets);
  }
  fragments_.end_version();
}

NativeChecker::CheckedFragment NativeChecker::check_fragment(
    const lance::Fragment& fragment, const NativeColumns& columns,
    const std::vector<lance::Field>& known) const {
  CheckedFragment checked;
  DataFiles files(storage_);
  check_data_files(storage_, files, fragment, known, checked.damage);
  bool is_complete = true;
  FragmentColumns read(files, fragment, known, columns, [&](const Error& error) {
    checked.damage.push_back(error);
    is_complete = false;
  });
  if (is_complete) checked.columns = std::move(read);
  return checked;
}

// Reads the rows that can be read; returns whether these are all rows.
bool NativeChecker::read_table(const lance::Manifest& manifest, TensorTable& table) {
  const NativeColumns columns = require_native_columns(storage_, manifest);
  const std::vector<lance::Field> known = fields_with_items(manifest.fields, columns.ids);
  FragmentLimits limits(storage_, manifest.version);
  bool is_complete = true;
  for (std::size_t i = 0; i < manifest.fragments.size(); ++i) {
    const lance::Fragment& fragment = manifest.fragments[i];
    try {
      limits.check(fragment);
      const auto checked = fragments_.get(fragment_key(fragment, known),
                                          [&] { return check_fragment(fragment, columns, known); });
      for (const Error& error : checked->damage) findings_.add(error, manifest.version);
      if (checked->columns) {
        add_rows(storage_, manifest, i, *checked->columns, table);
      } else {
        is_complete = false;
        (void)lance::read_deletions(storage_, fragment);  // throws if the file is damaged itself
      }
    } catch (const Error& error) {
      findings_.add(error, manifest.version);
      is_complete = false;
    }
  }
  put_in_model_order(table.rows);
  return is_complete;
}

// Reports rows that cannot be loaded, and passes the values of the others to `values_`.
void NativeChecker::check_rows(std::uint64_t version, const TensorTable& table) {
  std::uint64_t without_hash = 0;
  for (const TensorRow& row : table.rows) {
    if (!row.damage.empty()) {
      findings_.add({version, row.name.value_or(""), value_file(table, row), value_offset(row),
                     "it cannot be loaded: " + row.damage});
    } else if (!has_hash(row)) {
      ++without_hash;
    } else if (!options_.select || options_.select(*row.name)) {
      // A value without bytes needs no file.
      const bool in_file = row.file < table.paths.size();
      if (in_file) values_.add(version, table.paths[row.file], row);
    }
  }
  if (without_hash == 0) return;
  findings_.note(fmt::format(
      "{} of version {} {} no hash (written by pylance): {} not covered",
      without_hash == 1 ? "1 tensor" : fmt::format("{} tensors", without_hash), version,
      without_hash == 1 ? "has" : "have", without_hash == 1 ? "its value is" : "their values are"));
}

// Lance's own scan and compaction require the values to be in row order.
void NativeChecker::check_positions(const lance::Manifest& manifest, const TensorTable& table) {
  std::vector<const TensorRow*> rows;
  for (const TensorRow& row : table.rows) {
    if (row.value && row.value->size > 0) rows.push_back(&row);
  }
  std::ranges::sort(rows, {}, [](const TensorRow* r) { return std::pair(r->fragment, r->offset); });
  std::optional<std::size_t> noted;  // the last fragment with a note
  for (std::size_t i = 1; i < rows.size(); ++i) {
    const TensorRow& row = *rows[i];
    if (rows[i - 1]->fragment != row.fragment || noted == row.fragment) continue;
    if (row.value->position >= rows[i - 1]->value->position) continue;
    noted = row.fragment;
    findings_.note(
        fmt::format("the value of tensor `{}` of version {} starts before that of the previous "
                    "row, in fragment "
                    "{}: pylance cannot scan or compact the fragment",
                    row.name.value_or(""), manifest.version, manifest.fragments[row.fragment].id));
  }
}

// Notes ties that are ignored.
void NativeChecker::check_ties(std::uint64_t version, const TensorTable& table,
                               const std::vector<std::size_t>& targets) {
  std::uint64_t count = 0;
  const TensorRow* first = nullptr;
  for (std::size_t i = 0; i < table.rows.size(); ++i) {
    const TensorRow& row = table.rows[i];
    if (!row.tied_to || targets[i] != i || !row.damage.empty()) continue;
    if (++count == 1) first = &row;
  }
  if (count == 0) return;
  const std::string more = count == 1 ? "" : fmt::format(" (and {} more like it)", count - 1);
  findings_.note(fmt::format(
      "tensor `{}` of version {} is marked as tied to `{}`, which does not exist or has "
      "other bytes; its own value is read{}",
      *first->name, version, *first->tied_to, more));
}

// The table digest, then the sum of bytes.
void NativeChecker::check_record(const lance::VersionEntry& entry, const lance::ManifestFile& file,
                                 const TensorTable& table,
                                 const std::vector<std::size_t>& targets) {
  const DigestCheck digest = check_digest(file, table.rows);
  std::string problem;
  if (digest.state == DigestState::absent && !is_ours(file)) {
    findings_.note(
        fmt::format("version {} was made by pylance: values are checked, its table is not covered",
                    entry.version));
  } else {
    problem = digest_problem(digest);
  }
  if (problem.empty()) problem = bytes_problem(file, table, targets);
  if (problem.empty()) return;
  findings_.add({entry.version, {}, storage_.full_name(entry.path), {}, std::move(problem)});
}

}  // namespace lancekeep::store
