// SPDX-License-Identifier: Apache-2.0
#include "store/save/fragment_writer.h"

#include "lance/file/data_file_name.h"
#include "lance/file/data_file_writer.h"
#include "lance/table/dataset.h"
#include "store/rows/hash.h"
#include "store/rows/native_layout.h"

#include <fmt/format.h>

#include <algorithm>

namespace lancekeep::store {

namespace {

constexpr std::uint64_t kFileBytes = 128ull << 20;
constexpr std::uint64_t kMaxFiles = 512;
// Hashing and writing go piece by piece, so that the second finds the bytes in the cache.
constexpr std::size_t kPieceBytes = 1 << 20;

// Streams one value; returns where it lies.
lance::BlobDescriptor write_value(lance::DataFileWriter& writer, TensorSource& source,
                                  std::size_t index, TensorRow& row, SaveProgress& progress) {
  const TensorSpec& spec = source.tensors()[index];
  Hasher hasher;
  const std::uint64_t start = spec.nbytes == 0 ? 0 : writer.align(kValueAlignment);
  std::uint64_t written = 0;
  source.read(index, [&](std::span<const std::byte> piece) {
    if (piece.size() > spec.nbytes - written) written = spec.nbytes + 1;
    while (!piece.empty() && written <= spec.nbytes) {
      const auto part = piece.first(std::min(piece.size(), kPieceBytes));
      piece = piece.subspan(part.size());
      hasher.update(part);
      writer.write(part);
      written += part.size();
      progress.done += part.size();
      if (progress.callback) progress.callback(progress.done, progress.total, spec.name);
    }
    return written <= spec.nbytes;
  });
  if (written != spec.nbytes) {
    throw Error(ErrorCode::invalid_argument,
                fmt::format("tensor `{}` gave {} than the {} bytes it announced", spec.name,
                            written > spec.nbytes ? "more" : "fewer", spec.nbytes));
  }
  row.hash = hasher.hex();
  return {start, spec.nbytes};
}

// Appends one small column: page after page, until all rows are in.
template <typename Cell, typename Encode>
void write_column(lance::DataFileWriter& writer, Column column, const std::vector<Cell>& cells,
                  Encode encode) {
  for (std::span<const Cell> left(cells); !left.empty();) {
    const lance::EncodedPage page = encode(left);
    writer.add_page(column, page);
    left = left.subspan(page.rows);
  }
}

template <typename Cell, typename Get>
std::vector<Cell> gather(const FilePlan& plan, const std::vector<TensorRow>& rows, Get get) {
  std::vector<Cell> cells;
  cells.reserve(plan.size());
  for (const std::size_t index : plan) cells.push_back(get(rows[index]));
  return cells;
}

void write_small_columns(lance::DataFileWriter& writer, const FilePlan& plan,
                         const std::vector<TensorRow>& rows) {
  const auto text = [&](Column column, auto member) {
    const auto cells =
        gather<std::string>(plan, rows, [&](const TensorRow& r) { return *(r.*member); });
    write_column(writer, column, cells, lance::encode_strings);
  };
  text(kName, &TensorRow::name);
  text(kDtype, &TensorRow::dtype);
  write_column(writer, kShape,
               gather<Shape>(plan, rows, [](const TensorRow& r) { return *r.shape; }),
               lance::encode_int64_lists);
  write_column(
      writer, kValue,
      gather<lance::BlobDescriptor>(plan, rows, [](const TensorRow& r) { return *r.value; }),
      lance::encode_blobs);
  write_column(writer, kOrdinal,
               gather<std::int64_t>(plan, rows, [](const TensorRow& r) { return *r.ordinal; }),
               lance::encode_int64);
  text(kHash, &TensorRow::hash);
  write_column(
      writer, kTiedTo,
      gather<lance::OptionalText>(plan, rows, [](const TensorRow& r) { return r.tied_to; }),
      lance::encode_optional_strings);
}

}  // namespace

std::vector<FilePlan> plan_files(std::span<const TensorSpec> specs) {
  std::vector<std::vector<std::size_t>> ties(specs.size());
  std::uint64_t total = 0;
  for (std::size_t i = 0; i < specs.size(); ++i) {
    if (specs[i].tied_to) {
      ties[*specs[i].tied_to].push_back(i);
    } else {
      total += specs[i].nbytes;
    }
  }
  // Of two files that follow each other, only together need they be larger than the limit.
  const std::uint64_t limit = std::max(kFileBytes, total / (kMaxFiles / 2));
  std::vector<FilePlan> plans;
  std::uint64_t bytes = 0;
  for (std::size_t i = 0; i < specs.size(); ++i) {
    if (specs[i].tied_to) continue;
    if (plans.empty() || (bytes > 0 && specs[i].nbytes > limit - std::min(bytes, limit))) {
      plans.emplace_back();
      bytes = 0;
    }
    plans.back().push_back(i);
    plans.back().insert(plans.back().end(), ties[i].begin(), ties[i].end());
    bytes += specs[i].nbytes;
  }
  return plans;
}

UnpublishedFiles::~UnpublishedFiles() {
  for (const OpenFile& open : files_) {
    try {
      storage_.remove(open.path);
    } catch (...) {
      // The save has failed for a reason of its own, which the caller hears; gc takes the orphan
      // later.
    }
  }
}

io::WritableFile& UnpublishedFiles::create(const std::string& path) {
  files_.push_back({path, storage_.create(path)});
  return *files_.back().file;
}

void UnpublishedFiles::finish(bool durable) {
  for (const OpenFile& open : files_) durable ? open.file->sync() : open.file->flush();
  if (durable) storage_.sync_folder("data");
}

void UnpublishedFiles::release() { files_.clear(); }

lance::Fragment write_fragment(UnpublishedFiles& files, TensorSource& source, const FilePlan& plan,
                               std::vector<TensorRow>& rows, SaveProgress& progress) {
  lance::DataFile file{.path = lance::new_data_file_name(), .fields = native_leaf_ids()};
  lance::DataFileWriter writer(files.create(lance::data_path(file)));
  for (const std::size_t index : plan) {
    const auto target = source.tensors()[index].tied_to;
    if (target) {
      rows[index].hash = rows[*target].hash;
      rows[index].value = rows[*target].value;
    } else {
      rows[index].value = write_value(writer, source, index, rows[index], progress);
    }
  }
  write_small_columns(writer, plan, rows);
  file.size = writer.finish({.fields = native_fields({}), .rows = plan.size()});
  file.version = lance::kWrittenFormat;
  for (std::size_t column = 0; column < kColumns; ++column) {
    file.column_indices.push_back(static_cast<std::int32_t>(column));
  }
  lance::Fragment fragment;
  fragment.files.push_back(std::move(file));
  fragment.physical_rows = plan.size();
  return fragment;
}

}  // namespace lancekeep::store
