// SPDX-License-Identifier: Apache-2.0
#include "store/verify/check_rows.h"

#include "store/table/properties.h"
#include "store/table/table_digest.h"
#include "store/verify/check_manifest.h"

#include <fmt/format.h>

#include <algorithm>

namespace lancekeep::store {
namespace {

bool has_hash(const TensorRow& row) { return row.hash && !row.hash->empty(); }

bool is_selected(const VerifyOptions& options, const TensorRow& row) {
  return !options.select || options.select(*row.name);
}

std::filesystem::path value_file(const TensorTable& table, const TensorRow& row) {
  return row.file < table.files.size() ? table.files[row.file].file() : std::string();
}

std::optional<std::uint64_t> value_offset(const TensorRow& row) {
  return row.value ? std::optional(row.value->position) : std::nullopt;
}

// Returns whether the table is the one that the save recorded, as far as it recorded one.
bool is_as_saved(Verification& verification, const lance::VersionEntry& entry,
                 const lance::ManifestFile& file, const TensorTable& table) {
  const DigestCheck digest = check_digest(file, table.rows);
  if (digest.state == DigestState::right) return true;
  if (digest.state == DigestState::absent && !is_ours(file)) {
    verification.findings.note(
        fmt::format("version {} was made by pylance: values are checked, its table is not covered",
                    entry.version));
    return true;
  }
  verification.findings.add(
      {entry.version,
       {},
       verification.storage.full_name(entry.path),
       {},
       digest.state == DigestState::absent
           ? std::string("the save's table digest is not there: whether names, dtypes, shapes and "
                         "hashes are the saved ones cannot be told")
           : fmt::format("the tensor table is not the saved one: its digest is {}, the save "
                         "recorded {}; a name, dtype, shape, hash or tie, or a whole row, has "
                         "changed",
                         digest.found, digest.expected)});
  return false;
}

void check_bytes_total(Verification& verification, const lance::VersionEntry& entry,
                       const lance::ManifestFile& file, const TensorTable& table) {
  if (!file.transaction || !file.transaction->properties.contains(kBytesKey)) return;
  if (std::ranges::any_of(table.rows, [](const TensorRow& r) { return !r.damage.empty(); })) return;
  const std::string recorded = property(file.transaction->properties, kBytesKey);
  const std::string found = std::to_string(total_bytes(table));
  if (found == recorded) return;
  verification.findings.add(
      {entry.version,
       {},
       verification.storage.full_name(entry.path),
       {},
       fmt::format("the tensors have {} bytes, the save recorded {}", found, recorded)});
}

}  // namespace

void check_rows(Verification& verification, std::uint64_t version, const TensorTable& table) {
  std::uint64_t without_hash = 0;
  for (const TensorRow& row : table.rows) {
    if (!row.damage.empty()) {
      verification.findings.add({version, row.name.value_or(""), value_file(table, row),
                                 value_offset(row), "it cannot be loaded: " + row.damage});
    } else if (!has_hash(row)) {
      ++without_hash;
    } else if (is_selected(verification.options, row)) {
      // A value without a byte lies in no file that matters.
      const bool in_file = row.file < table.paths.size();
      if (in_file) verification.values.add(version, table.paths[row.file], row);
    }
  }
  if (without_hash == 0) return;
  verification.findings.note(fmt::format(
      "{} of version {} {} no hash (written by pylance): {} not covered",
      without_hash == 1 ? "1 tensor" : fmt::format("{} tensors", without_hash), version,
      without_hash == 1 ? "has" : "have", without_hash == 1 ? "its value is" : "their values are"));
}

void check_ties(Verification& verification, std::uint64_t version, const TensorTable& table) {
  const auto targets = tie_targets(table);
  std::uint64_t count = 0;
  const TensorRow* first = nullptr;
  for (std::size_t i = 0; i < table.rows.size(); ++i) {
    const TensorRow& row = table.rows[i];
    if (!row.tied_to || targets[i] != nullptr || !row.damage.empty()) continue;
    if (++count == 1) first = &row;
  }
  if (count == 0) return;
  const std::string more = count == 1 ? "" : fmt::format(" (and {} more are like it)", count - 1);
  verification.findings.note(
      fmt::format("tensor `{}` of version {} says that it is tied to `{}`, which is not there or "
                  "has other bytes; it is read from its own{}",
                  *first->name, version, *first->tied_to, more));
}

void check_recorded_figures(Verification& verification, const lance::VersionEntry& entry,
                            const lance::ManifestFile& file, const TensorTable& table) {
  if (is_as_saved(verification, entry, file, table)) {
    check_bytes_total(verification, entry, file, table);
  }
}

}  // namespace lancekeep::store
