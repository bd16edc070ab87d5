// SPDX-License-Identifier: Apache-2.0
#include "store/read/version_state.h"

#include "store/rows/hash.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <cstring>

namespace lancekeep {

namespace {

using store::TensorRow;

[[noreturn]] void refuse(const Version::State& state, std::string_view name,
                         const std::string& damage) {
  throw Error(ErrorCode::corrupt, fmt::format("tensor `{}` cannot be loaded: {}", name, damage),
              state.storage->full_name(""));
}

const TensorRow& find_row(const Version::State& state, std::string_view name) {
  const auto it = state.by_name.find(name);
  if (it == state.by_name.end()) {
    throw Error(ErrorCode::not_found,
                fmt::format("version {} has no tensor `{}`", state.info.number, name),
                state.storage->full_name(""));
  }
  const TensorRow& row = state.table.rows[it->second];
  if (!row.damage.empty()) refuse(state, name, row.damage);
  return row;
}

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

}  // namespace

const io::ByteView& Version::State::file(std::size_t index, Access access) const {
  if (access == Access::read) return table.files[index];
  const std::lock_guard lock(mutex);
  auto it = writable.find(index);
  if (it == writable.end()) {
    it =
        writable.emplace(index, storage->map(table.paths[index], io::MapMode::copy_on_write)).first;
  }
  return it->second;
}

std::optional<io::InputFile> Version::State::open(std::size_t index) const {
  const std::lock_guard lock(mutex);
  if (const auto it = opened.find(index); it != opened.end()) return it->second;
  std::optional<io::InputFile> file;
  try {
    file = storage->open(table.paths[index]);
  } catch (const Error& error) {
    if (error.code() != ErrorCode::not_found) throw;
  }
  return opened.emplace(index, std::move(file)).first->second;
}

std::uint64_t Version::number() const { return state_->info.number; }
const VersionInfo& Version::info() const { return state_->info; }
std::span<const TensorInfo> Version::tensors() const { return state_->infos; }

const TensorInfo& Version::find(std::string_view name) const {
  (void)find_row(*state_, name);
  return state_->infos[state_->by_name.find(name)->second];
}

TensorView Version::tensor(std::string_view name, Access access) const {
  return state_->view(find_row(*state_, name), access);
}

TensorView Version::State::view(const TensorRow& row, Access access) const {
  if (row.value->size == 0) return {*row.dtype, *row.shape, {}, nullptr};
  const io::ByteView& whole = file(row.file, access);
  const io::ByteView bytes = whole.sub(row.value->position, row.value->size, "a tensor's value");
  const auto address = reinterpret_cast<std::uintptr_t>(bytes.bytes().data());
  if (address % alignment_of(*row.dtype) != 0) return aligned_copy(row, bytes.bytes());
  return {*row.dtype, *row.shape, bytes.bytes(), bytes.owner()};
}

void Version::read(std::string_view name, std::uint64_t offset, std::span<std::byte> into) const {
  const TensorRow& row = find_row(*state_, name);
  if (offset > row.value->size || into.size() > row.value->size - offset) {
    throw Error(ErrorCode::invalid_argument,
                fmt::format("{} bytes from byte {} on are wanted of tensor `{}`, which has {}",
                            into.size(), offset, name, row.value->size),
                state_->storage->full_name(""));
  }
  if (into.empty()) return;
  const std::uint64_t position = row.value->position + offset;
  if (const auto file = state_->open(row.file)) {
    file->read_at(position, into, "a tensor's value");
  } else {
    // A clean-up took the file from its folder; this version's mapping still has it.
    const auto mapped =
        state_->table.files[row.file].sub(position, into.size(), "a tensor's value");
    std::memcpy(into.data(), mapped.bytes().data(), into.size());
  }
}

Location Version::locate(std::string_view name) const {
  const TensorRow& row = find_row(*state_, name);
  return {state_->storage->full_name(state_->table.paths.at(row.file)), row.value->position,
          row.value->size};
}

namespace {

// A version as something to save or export: rows in model order, ties as they are.
class VersionSource : public TensorSource {
 public:
  explicit VersionSource(std::shared_ptr<const Version::State> state) : state_(std::move(state)) {
    std::map<std::string_view, std::size_t> index;
    for (const TensorInfo& info : state_->infos) {
      if (!info.damage.empty())
        refuse(*state_, info.name, info.damage);  // not passed over in silence
      TensorSpec spec{info.name, info.dtype, info.shape, info.nbytes, std::nullopt};
      const auto target = info.tied_to ? index.find(*info.tied_to) : index.end();
      if (target != index.end() && !specs_[target->second].tied_to) spec.tied_to = target->second;
      index.emplace(info.name, specs_.size());
      specs_.push_back(std::move(spec));
    }
  }

  std::span<const TensorSpec> tensors() const override { return specs_; }
  void read(std::size_t index, const ByteSink& sink) override {
    const TensorRow& row = state_->table.rows[index];
    if (row.value->size == 0) return;
    // Read, not mapped: whoever copies a whole model should not have it all among his pages.
    const io::InputFile file = state_->storage->open(state_->table.paths[row.file]);
    store::Hasher hasher;
    std::uint64_t seen = 0;
    file.read_pieces(row.value->position, row.value->size, "a tensor's value",
                     [&](std::span<const std::byte> piece) {
                       hasher.update(piece);
                       seen += piece.size();
                       return sink(piece);
                     });
    // All of it went through our hands: damage must not travel on.
    const bool checked = row.hash && !row.hash->empty() && seen == row.value->size;
    if (checked && hasher.hex() != *row.hash) {
      throw Error(
          ErrorCode::corrupt,
          fmt::format(
              "the value of tensor `{}` is damaged: its {} bytes from here on have the hash "
              "{}, the save recorded {}",
              *row.name, row.value->size, hasher.hex(), *row.hash),
          file.name(), row.value->position);
    }
  }
  Metadata metadata() const override { return state_->info.metadata; }

 private:
  std::shared_ptr<const Version::State> state_;
  std::vector<TensorSpec> specs_;
};

}  // namespace

std::unique_ptr<TensorSource> Version::source() const {
  return std::make_unique<VersionSource>(state_);
}

}  // namespace lancekeep
