// SPDX-License-Identifier: Apache-2.0
#include "store/verify/fragment_cache.h"

#include "store/verify/check_data_file.h"

namespace lancekeep::store {
namespace {

// Two fragments that agree in this have the same columns; deletions are each version's own.
std::string key_of(const lance::Fragment& fragment, const std::vector<std::int32_t>& leaf_ids) {
  std::string key;
  for (const std::int32_t id : leaf_ids) key += std::to_string(id) + ",";
  lance::Fragment same = {.files = fragment.files, .physical_rows = fragment.physical_rows};
  return key + lance::encode_fragment(same);
}

CheckedFragment check(const io::Storage& storage, const lance::Fragment& fragment,
                      const std::vector<std::int32_t>& leaf_ids) {
  CheckedFragment checked;
  DataFiles files(storage);
  for (const lance::DataFile& file : fragment.files) {
    check_data_file(storage, files, file, fragment.physical_rows, native_columns(leaf_ids),
                    checked.damage);
  }
  bool complete = true;
  FragmentColumns columns(files, fragment, leaf_ids, [&](const Error& error) {
    checked.damage.push_back(error);
    complete = false;
  });
  if (complete) checked.columns = std::move(columns);
  return checked;
}

}  // namespace

std::shared_ptr<const CheckedFragment> FragmentCache::get(
    const lance::Fragment& fragment, const std::vector<std::int32_t>& leaf_ids) {
  const std::string key = key_of(fragment, leaf_ids);
  if (const auto here = now_.find(key); here != now_.end()) return here->second;
  const auto known = before_.find(key);
  auto checked = known != before_.end()
                     ? known->second
                     : std::make_shared<const CheckedFragment>(check(storage_, fragment, leaf_ids));
  now_.emplace(key, checked);
  return checked;
}

void FragmentCache::end_version() {
  before_ = std::move(now_);
  now_.clear();
}

}  // namespace lancekeep::store
