// SPDX-License-Identifier: Apache-2.0
#include "store/verify/plain_fragment_cache.h"

#include <lancekeep/tensor.h>

#include "store/verify/check_data_file.h"

namespace lancekeep::store {
namespace {

// The three columns, with the items of lists, which may be columns of their own.
std::vector<KnownColumn> columns_of(const std::vector<lance::Field>& fields,
                                    const PlainColumns& columns) {
  std::vector<KnownColumn> known;
  for (const lance::Field& field : fields) {
    for (const std::int32_t id : {columns.name, columns.value, columns.shape}) {
      if (field.id == id || field.parent_id == id) known.push_back({field.id, {}});
    }
  }
  return known;
}

// Two fragments that agree in this have the same values; deletions are each version's own.
std::string key_of(const std::vector<KnownColumn>& columns, const lance::Fragment& fragment,
                   bool is_decoded) {
  std::string key = is_decoded ? "decoded," : "";
  for (const KnownColumn& column : columns) key += std::to_string(column.field_id) + ",";
  lance::Fragment same = {.files = fragment.files, .physical_rows = fragment.physical_rows};
  return key + lance::encode_fragment(same);
}

CheckedValues check(const io::Storage& storage, const std::vector<KnownColumn>& columns,
                    const lance::Fragment& fragment, const ValueColumn* values) {
  CheckedValues checked;
  DataFiles files(storage);
  for (const lance::DataFile& file : fragment.files) {
    check_data_file(storage, files, file, fragment.physical_rows, columns, checked.damage);
  }
  if (values == nullptr || !checked.damage.empty()) return checked;
  try {
    checked.rows = values->check();
  } catch (const Error& error) {
    checked.damage.push_back(error);
  }
  return checked;
}

}  // namespace

std::shared_ptr<const CheckedValues> PlainFragmentCache::get(
    const std::vector<lance::Field>& fields, const PlainColumns& columns,
    const lance::Fragment& fragment, const ValueColumn* values) {
  const std::vector<KnownColumn> known_columns = columns_of(fields, columns);
  const std::string key = key_of(known_columns, fragment, values != nullptr);
  if (const auto here = now_.find(key); here != now_.end()) return here->second;
  const auto known = before_.find(key);
  auto checked =
      known != before_.end()
          ? known->second
          : std::make_shared<const CheckedValues>(check(storage_, known_columns, fragment, values));
  if (known == before_.end() && checked->rows) {
    bytes_read_ += checked->rows->numbers() * dtype_itemsize(columns.value_dtype).value_or(1);
  }
  now_.emplace(key, checked);
  return checked;
}

void PlainFragmentCache::end_version() {
  before_ = std::move(now_);
  now_.clear();
}

}  // namespace lancekeep::store
