// SPDX-License-Identifier: Apache-2.0
#include "store/save/fragment_writer.h"

#include "lance/file/data_file_writer.h"
#include "lance/table/file_names.h"
#include "store/table/layout.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

namespace lancekeep::store {
namespace {

// Which columns a data file has: all of them, or all but the values, which another file of the same
// fragment then has.
enum class FileColumns { all, labels };

using Rows = std::span<const TensorRow* const>;

// One cell for each row; a deleted row's cell is empty.
template <typename Cell>
std::vector<Cell> cells_of(Rows rows, std::optional<Cell> TensorRow::* member) {
  std::vector<Cell> cells;
  cells.reserve(rows.size());
  for (const TensorRow* row : rows) cells.push_back(row == nullptr ? Cell() : *(row->*member));
  return cells;
}

void write_one(lance::DataFileWriter& writer, std::size_t index, Column column, Rows rows) {
  const auto text = [&](std::optional<std::string> TensorRow::* member) {
    lance::add_pages(writer, index, cells_of(rows, member), lance::encode_strings);
  };
  switch (column) {
    case kName:
      return text(&TensorRow::name);
    case kDtype:
      return text(&TensorRow::dtype);
    case kHash:
      return text(&TensorRow::hash);
    case kShape:
      return lance::add_pages(writer, index, cells_of(rows, &TensorRow::shape),
                              lance::encode_int64_lists);
    case kValue:
      return lance::add_pages(writer, index, cells_of(rows, &TensorRow::value),
                              lance::encode_blobs);
    case kOrdinal:
      return lance::add_pages(writer, index, cells_of(rows, &TensorRow::ordinal),
                              lance::encode_int64);
    case kTiedTo: {
      std::vector<lance::OptionalText> cells;
      for (const TensorRow* row : rows) cells.push_back(row ? row->tied_to : std::nullopt);
      return lance::add_pages(writer, index, cells, lance::encode_optional_strings);
    }
    case kColumns:
      break;
  }
}

// Writes the columns and the footer after the values, and returns the entry for the manifest.
// `schema` is the dataset's. A null row was deleted, and all its cells are empty.
lance::DataFile write_columns(lance::DataFileWriter& writer, const std::string& name,
                              FileColumns columns, const std::vector<lance::Field>& schema,
                              Rows rows) {
  const std::vector<std::int32_t> ids = find_leaf_ids(schema);
  lance::DataFile file{.path = name, .version = lance::kWrittenFormat};
  std::vector<Column> written;
  for (std::size_t i = 0; i < kColumns; ++i) {
    const auto column = static_cast<Column>(i);
    if (columns == FileColumns::labels && column == kValue) continue;
    file.fields.push_back(ids[column]);
    file.column_indices.push_back(static_cast<std::int32_t>(written.size()));
    write_one(writer, written.size(), column, rows);
    written.push_back(column);
  }
  file.size = writer.finish({.fields = fields_of(schema, written), .rows = rows.size()});
  return file;
}

// Values are copied, hashed and written in pieces of this size, which stay in the cache meanwhile.
// A program may change a tensor while it is saved; only the hash of a copy that is then written is
// sure to be the hash of what is in the file.
constexpr std::size_t kPieceBytes = 1 << 20;

// The values of one new data file.
class ValueWriter {
 public:
  ValueWriter(const io::Storage& storage, const std::string& path, lance::DataFileWriter& writer,
              TensorSource& source, std::vector<TensorRow>& rows, SaveProgress& progress)
      : storage_(storage),
        path_(path),
        writer_(writer),
        source_(source),
        rows_(rows),
        progress_(progress) {}

  void write(const ValueGroup& group) {
    // A value can only be shared with the last one that was written: positions must not decrease
    // from row to row.
    std::size_t last = group.front();
    for (const std::size_t entry : group) {
      const auto target = source_.tensors()[entry].tied_to;
      if (target) {
        share(entry, *target);
      } else if (entry != last && is_same(entry, last)) {
        share(entry, last);
        progress_.add(source_.tensors()[entry].nbytes, source_.tensors()[entry].name);
      } else {
        write_value(entry);
        last = entry;
      }
    }
  }

 private:
  void share(std::size_t entry, std::size_t with) {
    rows_[entry].hash = rows_[with].hash;
    rows_[entry].value = rows_[with].value;
  }

  // The plan knows only that the hashes are equal, so compare the bytes, which are now in the file.
  bool is_same(std::size_t entry, std::size_t with) {
    writer_.flush();
    return has_same_bytes(source_, entry, storage_.open(path_), rows_[with].value->position,
                          progress_);
  }

  void write_value(std::size_t entry) {
    const TensorSpec& spec = source_.tensors()[entry];
    Hasher hasher;
    const std::uint64_t start = spec.nbytes == 0 ? 0 : writer_.align(kValueAlignment);
    std::uint64_t written = 0;
    source_.read(entry, [&](std::span<const std::byte> piece) {
      if (piece.size() > spec.nbytes - written) written = spec.nbytes + 1;
      while (!piece.empty() && written <= spec.nbytes) {
        const auto part = std::span(copy_).first(std::min(piece.size(), copy_.size()));
        std::memcpy(copy_.data(), piece.data(), part.size());
        piece = piece.subspan(part.size());
        hasher.update(part);
        writer_.write(part);
        written += part.size();
        progress_.add(part.size(), spec.name);
      }
      return written <= spec.nbytes;
    });
    if (written != spec.nbytes) {
      throw Error(ErrorCode::invalid_argument,
                  fmt::format("tensor `{}` gave {} than the {} bytes it announced", spec.name,
                              written > spec.nbytes ? "more" : "fewer", spec.nbytes));
    }
    rows_[entry].hash = hasher.hex();
    rows_[entry].value = lance::BlobDescriptor{start, spec.nbytes};
  }

  const io::Storage& storage_;
  const std::string& path_;
  lance::DataFileWriter& writer_;
  TensorSource& source_;
  std::vector<TensorRow>& rows_;
  SaveProgress& progress_;
  std::vector<std::byte> copy_ = std::vector<std::byte>(kPieceBytes);
};

}  // namespace

lance::Fragment write_fragment(const io::Storage& storage, lance::UncommittedFiles& files,
                               TensorSource& source, const FilePlan& plan,
                               const std::vector<lance::Field>& schema,
                               std::vector<TensorRow>& rows, SaveProgress& progress) {
  const std::string name = lance::new_data_file_name();
  const std::string path = lance::data_path({.path = name});
  lance::DataFileWriter writer(files.create(path));
  ValueWriter values(storage, path, writer, source, rows, progress);
  std::vector<const TensorRow*> in_file;
  for (const ValueGroup& group : plan) {
    values.write(group);
    for (const std::size_t entry : group) {
      rows[entry].offset = in_file.size();
      in_file.push_back(&rows[entry]);
    }
  }
  lance::Fragment fragment;
  fragment.files.push_back(write_columns(writer, name, FileColumns::all, schema, in_file));
  fragment.physical_rows = in_file.size();
  return fragment;
}

namespace {

// The fields and those that they are inside of: in format 2.0, lists have columns of their own.
std::vector<std::int32_t> with_parents(std::vector<std::int32_t> ids,
                                       const std::vector<lance::Field>& schema) {
  for (std::size_t i = 0; i < ids.size(); ++i) {
    const auto field = std::ranges::find(schema, ids[i], &lance::Field::id);
    if (field != schema.end() && field->parent_id >= 0) ids.push_back(field->parent_id);
  }
  return ids;
}

}  // namespace

lance::Fragment relabel_fragment(lance::UncommittedFiles& files, const lance::Fragment& fragment,
                                 const std::vector<lance::Field>& schema,
                                 std::span<const TensorRow* const> rows) {
  const std::string name = lance::new_data_file_name();
  lance::DataFileWriter writer(files.create(lance::data_path({.path = name})));
  const lance::DataFile labels = write_columns(writer, name, FileColumns::labels, schema, rows);
  const std::vector<std::int32_t> replaced = with_parents(labels.fields, schema);
  lance::Fragment relabelled = fragment;
  for (lance::DataFile& file : relabelled.files) {
    lance::DataFile without = file;
    without.fields.clear();
    without.column_indices.clear();
    for (std::size_t i = 0; i < file.column_indices.size(); ++i) {
      if (std::ranges::count(replaced, file.fields[i]) > 0) continue;
      without.fields.push_back(file.fields[i]);
      without.column_indices.push_back(file.column_indices[i]);
    }
    file = std::move(without);
  }
  std::erase_if(relabelled.files, [](const lance::DataFile& file) { return file.fields.empty(); });
  relabelled.files.push_back(labels);
  return relabelled;
}

}  // namespace lancekeep::store
