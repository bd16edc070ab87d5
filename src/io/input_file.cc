// SPDX-License-Identifier: Apache-2.0
#include "io/input_file.h"

#include "io/available_memory.h"
#include "io/descriptor.h"

#include <fmt/format.h>

#include <fcntl.h>

#include <algorithm>

namespace lancekeep::io {
namespace {

constexpr std::uint64_t kPieceBytes = 4 << 20;

}  // namespace

struct InputFile::State {
  Descriptor descriptor;
  std::string name;
  std::uint64_t size = 0;
};

void InputFile::require_range(const State& state, std::uint64_t offset, std::uint64_t length,
                              std::string_view what) {
  if (offset <= state.size && length <= state.size - offset) return;
  throw Error(ErrorCode::corrupt,
              fmt::format("{} needs {} bytes from here on, but the file has only {} bytes", what,
                          length, state.size),
              state.name, offset);
}

InputFile::InputFile(Descriptor descriptor, std::string name) {
  const std::uint64_t size = regular_file_size(descriptor.get(), name);
  state_ = std::make_shared<State>(State{std::move(descriptor), std::move(name), size});
}

InputFile::InputFile(const std::filesystem::path& path) {
  require_no_nul(path);
  // O_NONBLOCK: opening a pipe that nobody writes to would wait for ever.
  Descriptor descriptor(retry_interrupted(
      [&] { return ::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC); }));
  if (!descriptor.is_open()) throw_system_error(errno, "open", path.string());
  *this = InputFile(std::move(descriptor), path.string());
}

const std::string& InputFile::name() const noexcept { return state_->name; }

std::uint64_t InputFile::size() const noexcept { return state_->size; }

void InputFile::read_at(std::uint64_t offset, std::span<std::byte> out,
                        std::string_view what) const {
  require_range(*state_, offset, out.size(), what);
  read_exactly(state_->descriptor.get(), offset, out, state_->name);
}

ByteView InputFile::read(std::uint64_t offset, std::uint64_t length, std::string_view what) const {
  require_range(*state_, offset, length, what);
  require_memory(length, state_->name);
  const auto buffer = std::make_shared_for_overwrite<std::byte[]>(length);
  const std::span<std::byte> bytes(buffer.get(), length);
  read_exactly(state_->descriptor.get(), offset, bytes, state_->name);
  return ByteView(bytes, buffer, state_->name, offset);
}

void InputFile::read_pieces(std::uint64_t offset, std::uint64_t length, std::string_view what,
                            const std::function<bool(std::span<const std::byte>)>& sink) const {
  require_range(*state_, offset, length, what);
  const std::uint64_t room = std::min(length, kPieceBytes);
  const auto buffer = std::make_unique_for_overwrite<std::byte[]>(room);
  for (std::uint64_t done = 0; done < length;) {
    const std::span<std::byte> piece(buffer.get(), std::min(room, length - done));
    read_exactly(state_->descriptor.get(), offset + done, piece, state_->name);
    if (!sink(piece)) return;
    done += piece.size();
  }
}

ByteView InputFile::map() const {
  return map_descriptor(state_->descriptor.get(), state_->name, MapMode::read_only);
}

}  // namespace lancekeep::io
