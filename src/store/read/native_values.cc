// SPDX-License-Identifier: Apache-2.0
#include "store/read/native_values.h"

#include "store/read/read_pieces.h"
#include "store/table/hash.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <cstring>
#include <map>
#include <new>
#include <utility>

namespace lancekeep::store {
namespace {

// The alignment that a value needs to be used in place: its element size up to what complex128 has.
std::size_t alignment_of(const std::string& dtype) {
  const std::size_t itemsize = dtype_itemsize(dtype).value_or(1);
  return std::min<std::size_t>(std::bit_floor(itemsize), 16);
}

// A copy in memory of its own, for a value that lies where its elements cannot be used in place.
TensorView aligned_copy(const TensorRow& row, std::span<const std::byte> bytes) {
  constexpr std::size_t kAlignment = 256;
  const std::size_t size = (bytes.size() + kAlignment - 1) / kAlignment * kAlignment;
  const std::shared_ptr<void> copy(std::aligned_alloc(kAlignment, size), &std::free);
  if (!copy) throw std::bad_alloc();
  std::memcpy(copy.get(), bytes.data(), bytes.size());
  return {*row.dtype, *row.shape, {static_cast<const std::byte*>(copy.get()), bytes.size()}, copy};
}

// A save keeps the bytes of tensors that happen to be equal once. Who writes to one of them must
// not change the others: only ties are one tensor.
std::vector<bool> repeats_of(const TensorTable& table) {
  const auto targets = tie_targets(table);
  std::map<std::pair<std::size_t, std::uint64_t>, const TensorRow*> owners;
  std::vector<bool> repeats;
  repeats.reserve(table.rows.size());
  for (const TensorRow& row : table.rows) {
    const TensorRow* target = targets[repeats.size()];
    const TensorRow* owner = target != nullptr ? target : &row;
    const bool has_place = row.damage.empty() && row.value && row.value->size > 0;
    repeats.push_back(has_place &&
                      owners.try_emplace({row.file, row.value->position}, owner).first->second !=
                          owner);
  }
  return repeats;
}

}  // namespace

NativeValues::NativeValues(std::shared_ptr<io::Storage> storage, TensorTable table)
    : storage_(std::move(storage)), table_(std::move(table)), repeats_(repeats_of(table_)) {}

const io::ByteView& NativeValues::file(std::size_t index, Access access) const {
  if (access == Access::read) return table_.files[index];
  const std::lock_guard lock(mutex_);
  auto it = writable_.find(index);
  if (it == writable_.end()) {
    io::ByteView mapped = storage_->map(table_.paths[index], io::MapMode::copy_on_write);
    it = writable_.emplace(index, std::move(mapped)).first;
  }
  return it->second;
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
  // A copy is one of what was saved, not of what others have written to.
  const bool is_copied = repeats_[index] && access == Access::copy_on_write;
  const io::ByteView& whole = file(row.file, is_copied ? Access::read : access);
  const io::ByteView bytes = whole.sub(row.value->position, row.value->size, "a tensor's value");
  const auto address = reinterpret_cast<std::uintptr_t>(bytes.bytes().data());
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
    // A clean-up took the file from its folder; this version's mapping still has it.
    const auto mapped = table_.files[row.file].sub(position, into.size(), "a tensor's value");
    std::memcpy(into.data(), mapped.bytes().data(), into.size());
  }
}

void NativeValues::read(std::span<const RowRequest> requests) const {
  read_pieces(requests, [this](std::size_t row, std::uint64_t offset, std::span<std::byte> into) {
    read(row, offset, into);
  });
}

std::uint64_t NativeValues::bytes_as(std::size_t index, const std::string& dtype) const {
  const TensorRow& row = table_.rows[index];
  if (dtype.empty() || dtype == *row.dtype) return row.value->size;
  throw Error(ErrorCode::invalid_argument,
              fmt::format("tensor `{}` is {}; only the numbers of a recipe dataset can be had as "
                          "another dtype, such as `{}`",
                          *row.name, *row.dtype, dtype),
              storage_->full_name(""));
}

Location NativeValues::locate(std::size_t index) const {
  const TensorRow& row = table_.rows[index];
  return {storage_->full_name(table_.paths.at(row.file)), row.value->position, row.value->size};
}

// Reads, and does not map: whoever copies a whole model should not have it all among his pages.
class NativeValues::Reader : public RowReader {
 public:
  explicit Reader(const NativeValues& values) : values_(values) {}

  void push(std::size_t index, const ByteSink& sink) override {
    const TensorRow& row = values_.table_.rows[index];
    if (row.value->size == 0) return;
    const io::InputFile file = values_.storage_->open(values_.table_.paths[row.file]);
    Hasher hasher;
    std::uint64_t seen = 0;
    file.read_pieces(row.value->position, row.value->size, "a tensor's value",
                     [&](std::span<const std::byte> piece) {
                       hasher.update(piece);
                       seen += piece.size();
                       return sink(piece);
                     });
    // All of it went through our hands: damage must not travel on.
    const bool checked = row.hash && !row.hash->empty() && seen == row.value->size;
    if (!checked || hasher.hex() == *row.hash) return;
    throw Error(
        ErrorCode::corrupt,
        fmt::format("the value of tensor `{}` is damaged: its {} bytes from here on have the hash "
                    "{}, the save recorded {}",
                    *row.name, row.value->size, hasher.hex(), *row.hash),
        file.name(), row.value->position);
  }

 private:
  const NativeValues& values_;
};

std::unique_ptr<RowReader> NativeValues::reader() const { return std::make_unique<Reader>(*this); }

}  // namespace lancekeep::store
