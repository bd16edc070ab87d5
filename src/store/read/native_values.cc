// SPDX-License-Identifier: Apache-2.0
#include "store/read/native_values.h"

#include "io/parallel.h"
#include "lance/table/version_list.h"
#include "store/table/digest.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <map>
#include <new>
#include <thread>
#include <utility>

namespace lancekeep::store {
namespace {

// The alignment that a value needs to be used in place: its element size, at most that of
// complex128.
std::size_t alignment_of(const std::string& dtype) {
  const std::size_t itemsize = dtype_itemsize(dtype).value_or(1);
  return std::min<std::size_t>(std::bit_floor(itemsize), 16);
}

// A copy in its own memory, for a value that is not aligned for its elements.
TensorView aligned_copy(const TensorRow& row, std::span<const std::byte> bytes) {
  constexpr std::size_t kAlignment = 256;
  const std::size_t size = (bytes.size() + kAlignment - 1) / kAlignment * kAlignment;
  const std::shared_ptr<void> copy(std::aligned_alloc(kAlignment, size), &std::free);
  if (!copy) throw std::bad_alloc();
  std::memcpy(copy.get(), bytes.data(), bytes.size());
  return {*row.dtype, *row.shape, {static_cast<const std::byte*>(copy.get()), bytes.size()}, copy};
}

// Which rows repeat the bytes of an earlier row that they are not tied to. A save stores equal
// tensors once, but writing to one must not change the others: only tied tensors share memory.
std::vector<bool> repeats_of(const TensorTable& table, const std::vector<std::size_t>& targets) {
  std::map<std::pair<std::size_t, std::uint64_t>, std::size_t> owners;  // first row of each place
  std::vector<bool> repeats(table.rows.size());
  for (std::size_t i = 0; i < table.rows.size(); ++i) {
    const TensorRow& row = table.rows[i];
    if (!row.damage.empty() || !row.value || row.value->size == 0) continue;
    const auto owner = owners.try_emplace({row.file, row.value->position}, targets[i]).first;
    repeats[i] = owner->second != targets[i];
  }
  return repeats;
}

constexpr std::size_t kPieceBytes = 4 << 20;
constexpr std::size_t kMaxThreads = 4;

struct Piece {
  std::size_t row;
  std::uint64_t offset;
  std::span<std::byte> into;
};

std::vector<Piece> cut_into_pieces(std::span<const RowRequest> requests) {
  std::vector<Piece> pieces;
  for (const RowRequest& request : requests) {
    for (std::size_t at = 0; at < request.into.size(); at += kPieceBytes) {
      const std::size_t length = std::min(kPieceBytes, request.into.size() - at);
      pieces.push_back({request.row, at, request.into.subspan(at, length)});
    }
  }
  return pieces;
}

}  // namespace

std::vector<TensorInfo> tensor_infos(const TensorTable& table,
                                     const std::vector<std::size_t>& targets) {
  std::vector<TensorInfo> infos;
  infos.reserve(table.rows.size());
  for (const TensorRow& row : table.rows) {
    TensorInfo info{.name = row.name.value_or(""),
                    .dtype = row.dtype.value_or(""),
                    .shape = row.shape.value_or(Shape()),
                    .nbytes = row.value ? row.value->size : 0,
                    .hash = row.hash.value_or(""),
                    .damage = row.damage};
    if (targets[infos.size()] != infos.size()) info.tied_to = row.tied_to;
    infos.push_back(std::move(info));
  }
  return infos;
}

NativeValues::NativeValues(std::shared_ptr<io::Storage> storage, TensorTable table,
                           const std::vector<std::size_t>& targets)
    : storage_(std::move(storage)),
      table_(std::move(table)),
      repeats_(repeats_of(table_, targets)) {}

const io::ByteView* NativeValues::file(std::size_t index, Access access) const {
  if (access == Access::read) return &table_.files[index];
  const std::lock_guard lock(mutex_);
  auto it = writable_.find(index);
  if (it == writable_.end()) {
    std::optional<io::ByteView> mapped;
    try {
      mapped = storage_->map(table_.paths[index], io::MapMode::copy_on_write);
    } catch (const Error& error) {
      if (error.code() != ErrorCode::not_found) throw;
    }
    it = writable_.emplace(index, std::move(mapped)).first;
  }
  return it->second ? &*it->second : nullptr;
}

// A gc or a replacement has removed the file, but this version's mapping keeps its bytes. All views
// of a value share the copy, as they would share its pages.
TensorView NativeValues::view_of_copy(const TensorRow& row,
                                      std::span<const std::byte> bytes) const {
  const std::lock_guard lock(mutex_);
  const auto key = std::pair(row.file, row.value->position);
  auto it = copies_.find(key);
  if (it == copies_.end()) it = copies_.emplace(key, aligned_copy(row, bytes)).first;
  return {*row.dtype, *row.shape, it->second.bytes(), it->second.owner()};
}

std::optional<io::InputFile> NativeValues::open(std::size_t index) const {
  const std::lock_guard lock(mutex_);
  if (const auto it = opened_.find(index); it != opened_.end()) return it->second;
  std::optional<io::InputFile> file;
  try {
    file = storage_->open(table_.paths[index]);
  } catch (const Error& error) {
    if (error.code() != ErrorCode::not_found) throw;
  }
  return opened_.emplace(index, std::move(file)).first->second;
}

TensorView NativeValues::view(std::size_t index, Access access) const {
  const TensorRow& row = table_.rows[index];
  if (row.value->size == 0) return {*row.dtype, *row.shape, {}, nullptr};
  // Copy the saved bytes, not pages that someone may have written to.
  const bool is_copied = repeats_[index] && access == Access::copy_on_write;
  const io::ByteView* whole = file(row.file, is_copied ? Access::read : access);
  const bool is_gone = whole == nullptr;
  if (is_gone) whole = &table_.files[row.file];
  const io::ByteView bytes = whole->sub(row.value->position, row.value->size, "a tensor's value");
  const auto address = reinterpret_cast<std::uintptr_t>(bytes.bytes().data());
  if (is_gone) return view_of_copy(row, bytes.bytes());
  if (is_copied || address % alignment_of(*row.dtype) != 0) return aligned_copy(row, bytes.bytes());
  return {*row.dtype, *row.shape, bytes.bytes(), bytes.owner()};
}

void NativeValues::read(std::size_t index, std::uint64_t offset, std::span<std::byte> into) const {
  if (into.empty()) return;
  const TensorRow& row = table_.rows[index];
  const std::uint64_t position = row.value->position + offset;
  if (const auto file = open(row.file)) {
    file->read_at(position, into, "a tensor's value");
  } else {
    // A gc has removed the file, but this version's mapping keeps its bytes.
    const auto mapped = table_.files[row.file].sub(position, into.size(), "a tensor's value");
    std::memcpy(into.data(), mapped.bytes().data(), into.size());
  }
}

void NativeValues::read(std::span<const RowRequest> requests) const {
  const std::vector<Piece> pieces = cut_into_pieces(requests);
  const std::size_t cores = std::max(1u, std::thread::hardware_concurrency());
  // One thread does not fill the memory's bandwidth; more than a few gain nothing.
  io::for_each_part(pieces.size(), std::min({kMaxThreads, cores, pieces.size() / 2 + 1}),
                    [&](std::size_t i) { read(pieces[i].row, pieces[i].offset, pieces[i].into); });
}

std::uint64_t NativeValues::nbytes_as(std::size_t index, const std::string& dtype) const {
  const TensorRow& row = table_.rows[index];
  if (dtype.empty() || dtype == *row.dtype) return row.value->size;
  throw Error(ErrorCode::invalid_argument,
              fmt::format("tensor `{}` is {}; only tensors of a plain dataset can be converted to "
                          "another dtype, such as `{}`",
                          *row.name, *row.dtype, dtype),
              storage_->full_name(""));
}

Location NativeValues::locate(std::size_t index) const {
  const TensorRow& row = table_.rows[index];
  const std::string& path = table_.paths.at(row.file);
  if (!storage_->is_current() || !storage_->exists(path)) {
    lance::require_current(*storage_);
    throw Error(ErrorCode::not_found,
                "the version was removed, and its file with it; the bytes that are mapped can "
                "still be read",
                storage_->full_name(path));
  }
  return {storage_->full_name(table_.paths.at(row.file)), row.value->position, row.value->size};
}

// Reads files instead of mapping them: copying a whole model must not add its pages to the process.
class NativeValues::Reader : public RowReader {
 public:
  explicit Reader(const NativeValues& values) : values_(values) {}

  void push(std::size_t index, const ByteSink& sink) override {
    const TensorRow& row = values_.table_.rows[index];
    if (row.value->size == 0) return;
    Hasher hasher;
    std::uint64_t seen = 0;
    const auto pass_on = [&](std::span<const std::byte> piece) {
      hasher.update(piece);
      seen += piece.size();
      return sink(piece);
    };
    read_pieces(row, pass_on);
    // The whole value was read, so its hash can be checked: damage must not be copied.
    const bool checked = row.hash && !row.hash->empty() && seen == row.value->size;
    if (!checked || hasher.hex() == *row.hash) return;
    throw Error(
        ErrorCode::corrupt,
        fmt::format("the value of tensor `{}` is damaged: its {} bytes from here on have the hash "
                    "{}, but the save recorded {}",
                    *row.name, row.value->size, hasher.hex(), *row.hash),
        values_.table_.files[row.file].file(), row.value->position);
  }

 private:
  // From the mapping if a gc or a replacement has removed the file.
  void read_pieces(const TensorRow& row,
                   const std::function<bool(std::span<const std::byte>)>& sink) const {
    const auto [position, size] = *row.value;
    std::optional<io::InputFile> file;
    try {
      file = values_.storage_->open(values_.table_.paths[row.file]);
    } catch (const Error& error) {
      if (error.code() != ErrorCode::not_found) throw;
    }
    if (file) return file->read_pieces(position, size, "a tensor's value", sink);
    const io::ByteView value =
        values_.table_.files[row.file].sub(position, size, "a tensor's value");
    for (std::uint64_t at = 0; at < size; at += kPieceBytes) {
      const std::uint64_t length = std::min<std::uint64_t>(kPieceBytes, size - at);
      if (!sink(value.bytes().subspan(at, length))) return;
    }
  }

  const NativeValues& values_;
};

std::unique_ptr<RowReader> NativeValues::reader() const { return std::make_unique<Reader>(*this); }

}  // namespace lancekeep::store
