// SPDX-License-Identifier: Apache-2.0
#include "io/input_file.h"

#include "io/descriptor.h"
#include "io/memory_budget.h"

#include <fmt/format.h>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/vfs.h>

#include <algorithm>
#include <array>

namespace lancekeep::io {
namespace {

constexpr std::uint64_t kPieceBytes = 4 << 20;

// From the manual page statfs(2) and the file systems' own sources.
constexpr std::array<std::uint64_t, 12> kNetworkFileSystems = {
    0x6969,      // NFS
    0x517b,      // SMB
    0xff534d42,  // CIFS
    0xfe534d42,  // SMB 2
    0x65735546,  // FUSE
    0x0bd00bd0,  // Lustre
    0x01021997,  // 9p
    0x00c36400,  // Ceph
    0x5346414f,  // OpenAFS
    0x6b414653,  // AFS
    0x47504653,  // GPFS
    0x19830326,  // BeeGFS
};

class Pages {
 public:
  Pages(void* start, std::size_t length) noexcept : start_(start), length_(length) {}
  Pages(const Pages&) = delete;
  Pages& operator=(const Pages&) = delete;
  ~Pages() {
    if (is_mapped()) ::munmap(start_, length_);
  }
  [[nodiscard]] bool is_mapped() const noexcept { return start_ != MAP_FAILED; }
  [[nodiscard]] std::span<std::byte> bytes() const noexcept {
    return {static_cast<std::byte*>(start_), length_};
  }

 private:
  void* start_;
  std::size_t length_;
};

bool is_on_network(int descriptor) {
  struct statfs status = {};
  if (::fstatfs(descriptor, &status) != 0) return false;
  // f_type is signed on some machines; the magic numbers have 32 bits.
  return is_network_file_system(static_cast<std::uint32_t>(status.f_type));
}

}  // namespace

bool is_network_file_system(std::uint64_t type) noexcept {
  return std::find(kNetworkFileSystems.begin(), kNetworkFileSystems.end(), type) !=
         kNetworkFileSystems.end();
}

ByteView read_into_pages(int descriptor, const std::string& file, MapMode mode) {
  const std::uint64_t size = regular_file_size(descriptor, file);
  if (size == 0) return ByteView({}, nullptr, file);
  require_memory(size, file);
  const auto pages = std::make_shared<const Pages>(
      ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), size);
  if (!pages->is_mapped()) throw_system_error(errno, "allocate memory to read", file);
  read_exactly(descriptor, 0, pages->bytes(), file);
  if (mode == MapMode::read_only && ::mprotect(pages->bytes().data(), size, PROT_READ) != 0) {
    throw_system_error(errno, "protect the memory", file);
  }
  return ByteView(pages->bytes(), pages, file);
}

ByteView map_descriptor(int descriptor, const std::string& file, MapMode mode) {
  const std::uint64_t size = regular_file_size(descriptor, file);
  if (size == 0) return ByteView({}, nullptr, file);
  if (is_on_network(descriptor)) return read_into_pages(descriptor, file, mode);
  const int protection = mode == MapMode::copy_on_write ? PROT_READ | PROT_WRITE : PROT_READ;
  const auto pages = std::make_shared<const Pages>(
      ::mmap(nullptr, size, protection, MAP_PRIVATE | MAP_NORESERVE, descriptor, 0), size);
  if (!pages->is_mapped()) return read_into_pages(descriptor, file, mode);
  return ByteView(pages->bytes(), pages, file);
}

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
  // O_NONBLOCK: opening a pipe without a writer would wait forever.
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
