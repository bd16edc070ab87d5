// SPDX-License-Identifier: Apache-2.0
#include "io/input_file.h"

#include "io/available_memory.h"
#include "io/descriptor.h"

#include <fcntl.h>
#include <fmt/format.h>

namespace lancekeep::io {

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

InputFile::InputFile(const std::filesystem::path& path) {
  require_no_nul(path);
  auto state = std::make_shared<State>();
  state->name = path.string();
  // O_NONBLOCK: opening a pipe that nobody writes to would wait for ever.
  state->descriptor = Descriptor(retry_interrupted(
      [&] { return ::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC); }));
  if (!state->descriptor.is_open()) throw_system_error(errno, "open", state->name);
  state->size = regular_file_size(state->descriptor.get(), state->name);
  state_ = std::move(state);
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

ByteView InputFile::map() const {
  return map_descriptor(state_->descriptor.get(), state_->name, MapMode::read_only);
}

}  // namespace lancekeep::io
