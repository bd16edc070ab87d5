// SPDX-License-Identifier: Apache-2.0
#include "store/verify/check_table.h"

#include "lance/table/deletion_file.h"
#include "lance/table/file_names.h"
#include "store/table/native_layout.h"
#include "store/verify/check_manifest.h"
#include "store/verify/check_rows.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_set>

namespace lancekeep::store {
namespace {

// Reads what can be read of a version's rows.
class TableReader {
 public:
  TableReader(Verification& verification, std::uint64_t version,
              const std::vector<lance::Field>& fields)
      : verification_(verification), version_(version), leaf_ids_(find_leaf_ids(fields)) {}

  void read(const lance::Fragment& fragment);
  // The rows so far, in model order.
  TensorTable take() {
    put_in_model_order(table_.rows);
    return std::move(table_);
  }
  // Whether all rows were read.
  [[nodiscard]] bool is_complete() const { return complete_; }

 private:
  void require_new_files(const lance::Fragment& fragment);
  void add_rows(const lance::Fragment& fragment, const FragmentColumns& columns);
  void check_positions(std::size_t first_row, const lance::Fragment& fragment);

  Verification& verification_;
  std::uint64_t version_;
  std::vector<std::int32_t> leaf_ids_;
  TensorTable table_;
  std::unordered_set<std::string> seen_;  // data files
  std::uint64_t rows_ = 0;
  bool complete_ = true;
};

void TableReader::read(const lance::Fragment& fragment) {
  try {
    require_new_files(fragment);
    const auto checked = verification_.fragments.get(fragment, leaf_ids_);
    for (const Error& error : checked->damage) verification_.findings.add(error, version_);
    if (checked->columns) {
      add_rows(fragment, *checked->columns);
    } else {
      complete_ = false;
      (void)lance::read_deletions(verification_.storage, fragment);
    }
  } catch (const Error& error) {
    verification_.findings.add(error, version_);
    complete_ = false;
  }
}

// Else a small manifest and a small file could ask for any number of rows.
void TableReader::require_new_files(const lance::Fragment& fragment) {
  const io::Storage& storage = verification_.storage;
  for (const lance::DataFile& file : fragment.files) {
    if (!seen_.insert(lance::data_path(file)).second) {
      throw Error(ErrorCode::corrupt, "the manifest names this data file twice",
                  storage.full_name(lance::data_path(file)));
    }
  }
  if (fragment.physical_rows > kMaxRows - rows_) {
    throw Error(ErrorCode::corrupt, fmt::format("the version claims more than {} rows", kMaxRows),
                storage.full_name(lance::kVersionsFolder));
  }
  rows_ += fragment.physical_rows;
}

void TableReader::add_rows(const lance::Fragment& fragment, const FragmentColumns& columns) {
  const auto deleted = lance::read_deletions(verification_.storage, fragment);
  if (columns.value_file() != nullptr) {
    table_.files.push_back(*columns.value_file());
    table_.paths.push_back(columns.value_path());
  }
  const std::size_t first_row = table_.rows.size();
  auto next_deleted = deleted.begin();
  for (std::uint64_t offset = 0; offset < fragment.physical_rows; ++offset) {
    if (next_deleted != deleted.end() && *next_deleted == offset) {
      ++next_deleted;
      continue;
    }
    table_.rows.push_back(read_row(columns, offset));
    if (columns.value_file() != nullptr) table_.rows.back().file = table_.files.size() - 1;
  }
  check_positions(first_row, fragment);
}

// Lance's own scan and compaction want values in the order of the rows.
void TableReader::check_positions(std::size_t first_row, const lance::Fragment& fragment) {
  std::uint64_t before = 0;
  for (std::size_t i = first_row; i < table_.rows.size(); ++i) {
    const TensorRow& row = table_.rows[i];
    if (!row.value || row.value->size == 0) continue;
    if (row.value->position < before) {
      verification_.findings.note(fmt::format(
          "the value of tensor `{}` of version {} lies before that of the row before it, in "
          "fragment {}: pylance cannot scan or compact that",
          row.name.value_or(""), version_, fragment.id));
      return;
    }
    before = row.value->position;
  }
}

}  // namespace

void check_table(Verification& verification, const lance::VersionEntry& entry,
                 const lance::ManifestFile& file) {
  TableReader reader(verification, entry.version, file.manifest.fields);
  for (const lance::Fragment& fragment : file.manifest.fragments) reader.read(fragment);
  const TensorTable table = reader.take();
  check_rows(verification, entry.version, table);
  // Of a table with holes each of the following would be wrong, and say nothing new.
  if (reader.is_complete()) {
    check_ties(verification, entry.version, table);
    check_recorded_figures(verification, entry, file, table);
  }
}

}  // namespace lancekeep::store
