// SPDX-License-Identifier: Apache-2.0
#include "io/mapping.h"

#include "io/available_memory.h"
#include "io/descriptor.h"

#include <sys/mman.h>
#include <sys/vfs.h>

#include <algorithm>
#include <array>

namespace lancekeep::io {
namespace {

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
    if (is_there()) ::munmap(start_, length_);
  }
  [[nodiscard]] bool is_there() const noexcept { return start_ != MAP_FAILED; }
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
  if (!pages->is_there()) throw_system_error(errno, "find memory to read", file);
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
  if (!pages->is_there()) return read_into_pages(descriptor, file, mode);
  return ByteView(pages->bytes(), pages, file);
}

}  // namespace lancekeep::io
