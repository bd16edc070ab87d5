// SPDX-License-Identifier: Apache-2.0
#include "store/verify/check_plain.h"

#include <lancekeep/tensor.h>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>
#include <unordered_set>

namespace lancekeep::store {

// What is known about the version that is being checked.
struct PlainChecker::VersionCheck {
  std::uint64_t number = 0;
  const std::vector<lance::Field>& fields;
  PlainColumns columns;
  FragmentLimits limits;
  std::unordered_set<std::string> names;
  std::uint64_t decoded = 0;  // number of tensors
  std::uint64_t repeated_names = 0;
};

namespace {

// The three columns and the items of their lists, which can be separate columns.
std::vector<lance::Field> plain_fields(const std::vector<lance::Field>& fields,
                                       const PlainColumns& columns) {
  return fields_with_items(fields, std::array{columns.name, columns.value, columns.shape});
}

}  // namespace

void PlainChecker::check(const lance::VersionEntry& entry, const lance::ManifestFile& file) {
  const auto columns = find_plain_columns(file.manifest.fields);
  if (!columns) return;
  VersionCheck version{.number = entry.version,
                       .fields = file.manifest.fields,
                       .columns = *columns,
                       .limits = {storage_, entry.version}};
  for (const lance::Fragment& fragment : file.manifest.fragments) check_fragment(fragment, version);
  note_what_is_not_covered(version);
  fragments_.end_version();
}

void PlainChecker::check_fragment(const lance::Fragment& fragment, VersionCheck& version) {
  if (options_.progress) options_.progress(0, 0, {});
  try {
    version.limits.check(fragment);
    const PlainFragment rows =
        read_plain_fragment(storage_, version.fields, version.columns, fragment);
    const bool wanted =
        std::ranges::any_of(rows.rows, [this](const PlainRow& row) { return is_selected(row); });
    const ValueColumn* values = wanted ? rows.values.get() : nullptr;
    const std::vector<lance::Field> known = plain_fields(version.fields, version.columns);
    const std::string key = (values != nullptr ? "decoded," : "") + fragment_key(fragment, known);
    const auto checked = fragments_.get(key, [&] { return decode(fragment, known, values); });
    for (const Error& error : checked->damage) findings_.add(error, version.number);
    check_rows(rows, *checked, version);
  } catch (const Error& error) {
    findings_.add(error, version.number);
  }
}

// `values` is null if the fragment has no values, or if none of them was selected.
PlainChecker::CheckedFragment PlainChecker::decode(const lance::Fragment& fragment,
                                                   const std::vector<lance::Field>& known,
                                                   const ValueColumn* values) {
  CheckedFragment checked;
  DataFiles files(storage_);
  check_data_files(storage_, files, fragment, known, checked.damage);
  if (values == nullptr || !checked.damage.empty()) return checked;
  try {
    checked.values = values->check();
    bytes_read_ += checked.values->numbers() * dtype_itemsize(values->dtype()).value_or(1);
  } catch (const Error& error) {
    checked.damage.push_back(error);
  }
  return checked;
}

void PlainChecker::check_rows(const PlainFragment& fragment, const CheckedFragment& checked,
                              VersionCheck& version) {
  for (const PlainRow& row : fragment.rows) {
    if (!version.names.insert(row.name).second) ++version.repeated_names;
    std::string damage = row.damage;
    if (damage.empty() && checked.values && is_selected(row)) {
      damage = checked.values->corruption(row.offset, row.elements);
      if (damage.empty()) ++version.decoded;
    }
    if (damage.empty()) continue;
    const std::string file = fragment.values ? fragment.values->file().file() : std::string();
    findings_.add({version.number, row.name, file, {}, "it cannot be loaded: " + damage});
  }
}

void PlainChecker::note_what_is_not_covered(const VersionCheck& version) {
  const auto count = [](std::uint64_t number, const std::string& thing) {
    return fmt::format("{} {}{}", number, thing, number == 1 ? "" : "s");
  };
  if (version.decoded > 0) {
    findings_.note(fmt::format(
        "no hashes were recorded for version {} (plain layout): {} {} decoded and counted, but a "
        "changed number would not be noticed",
        version.number, count(version.decoded, "tensor"), version.decoded == 1 ? "was" : "were"));
  }
  if (version.repeated_names > 0) {
    findings_.note(
        fmt::format("{} of version {} {} a name that an earlier row has: the last one is read",
                    count(version.repeated_names, "row"), version.number,
                    version.repeated_names == 1 ? "has" : "have"));
  }
}

}  // namespace lancekeep::store
