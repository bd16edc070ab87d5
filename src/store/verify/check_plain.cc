// SPDX-License-Identifier: Apache-2.0
#include "store/verify/check_plain.h"

#include "store/plain/plain_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_set>

namespace lancekeep::store {
namespace {

class PlainChecker {
 public:
  PlainChecker(Verification& verification, std::uint64_t version,
               const std::vector<lance::Field>& fields, const PlainColumns& columns)
      : verification_(verification), version_(version), fields_(fields), columns_(columns) {}

  void check(const lance::Fragment& fragment);
  void note_what_is_not_covered() const;

 private:
  void require_new_files(const lance::Fragment& fragment);
  void check_rows(const PlainFragment& fragment, const CheckedValues& checked);
  [[nodiscard]] bool is_selected(const PlainRow& row) const {
    const auto& select = verification_.options.select;
    return !select || select(row.name);
  }

  Verification& verification_;
  const std::uint64_t version_;
  const std::vector<lance::Field>& fields_;
  const PlainColumns& columns_;
  std::unordered_set<std::string> seen_;  // data files
  std::unordered_set<std::string> names_;
  std::uint64_t decoded_ = 0;  // tensors
  std::uint64_t double_names_ = 0;
};

// Else a small manifest and a small file could ask for any number of rows.
void PlainChecker::require_new_files(const lance::Fragment& fragment) {
  for (const lance::DataFile& file : fragment.files) {
    if (!seen_.insert(lance::data_path(file)).second) {
      throw Error(ErrorCode::corrupt, "the manifest names this data file twice",
                  verification_.storage.full_name(lance::data_path(file)));
    }
  }
}

void PlainChecker::check(const lance::Fragment& fragment) {
  if (verification_.options.progress) verification_.options.progress(0, 0, {});
  try {
    require_new_files(fragment);
    PlainFragment rows = read_plain_fragment(verification_.storage, fields_, columns_, fragment);
    const bool wanted =
        std::ranges::any_of(rows.rows, [this](const PlainRow& row) { return is_selected(row); });
    const auto checked = verification_.plain_fragments.get(fields_, columns_, fragment,
                                                           wanted ? rows.values.get() : nullptr);
    for (const Error& error : checked->damage) verification_.findings.add(error, version_);
    check_rows(rows, *checked);
  } catch (const Error& error) {
    verification_.findings.add(error, version_);
  }
}

void PlainChecker::check_rows(const PlainFragment& fragment, const CheckedValues& checked) {
  for (const PlainRow& row : fragment.rows) {
    if (!names_.insert(row.name).second) ++double_names_;
    std::string damage = row.damage;
    if (damage.empty() && checked.rows && is_selected(row)) {
      damage = checked.rows->damage(row.offset, row.elements);
      if (damage.empty()) ++decoded_;
    }
    if (damage.empty()) continue;
    const std::string file = fragment.values ? fragment.values->file().file() : std::string();
    verification_.findings.add({version_, row.name, file, {}, "it cannot be loaded: " + damage});
  }
}

void PlainChecker::note_what_is_not_covered() const {
  if (decoded_ > 0) {
    verification_.findings.note(fmt::format(
        "no hashes were recorded for version {} (recipe layout): {} decoded and counted, but a "
        "changed number would not be noticed",
        version_, decoded_ == 1 ? "1 tensor was" : fmt::format("{} tensors were", decoded_)));
  }
  if (double_names_ > 0) {
    verification_.findings.note(
        fmt::format("{} of version {} ha{} a name that an earlier row has: the last one is read",
                    double_names_ == 1 ? "1 row" : fmt::format("{} rows", double_names_), version_,
                    double_names_ == 1 ? "s" : "ve"));
  }
}

}  // namespace

void check_plain(Verification& verification, const lance::VersionEntry& entry,
                 const lance::ManifestFile& file) {
  const auto columns = find_plain_columns(file.manifest.fields);
  if (!columns) return;
  PlainChecker checker(verification, entry.version, file.manifest.fields, *columns);
  for (const lance::Fragment& fragment : file.manifest.fragments) checker.check(fragment);
  checker.note_what_is_not_covered();
}

}  // namespace lancekeep::store
