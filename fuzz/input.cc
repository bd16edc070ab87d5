// SPDX-License-Identifier: Apache-2.0
#include "fuzz/input.h"

#include "io/descriptor.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <span>
#include <string>
#include <unordered_set>

namespace lancekeep::fuzz {
namespace {

constexpr std::uint64_t kEnoughOfATensor = 1 << 20;
constexpr std::uint64_t kEnoughOfAFile = 8 << 20;

void check_specs(std::span<const TensorSpec> specs) {
  std::unordered_set<std::string_view> names;
  for (std::size_t i = 0; i < specs.size(); ++i) {
    const TensorSpec& spec = specs[i];
    require(names.insert(spec.name).second, "names are unique");
    if (!spec.tied_to) continue;
    require(*spec.tied_to < i, "a tensor is tied to an earlier one");
    const TensorSpec& first = specs[*spec.tied_to];
    require(!first.tied_to, "a tensor is tied to an untied tensor");
    require(first.dtype == spec.dtype && first.shape == spec.shape && first.nbytes == spec.nbytes,
            "tied tensors have equal specs");
  }
}

// Returns the number of bytes read.
std::uint64_t read_start(TensorSource& source, std::size_t index) {
  const std::uint64_t nbytes = source.tensors()[index].nbytes;
  std::uint64_t taken = 0;
  bool stopped = false;
  source.read(index, [&](std::span<const std::byte> piece) {
    require(!stopped, "nothing follows after the sink returned false");
    taken += piece.size();
    require(taken <= nbytes, "a tensor has no more bytes than its spec says");
    stopped = taken >= kEnoughOfATensor;
    return !stopped;
  });
  require(stopped || taken == nbytes, "a tensor has as many bytes as its spec says");
  return taken;
}

}  // namespace

MemoryFile::MemoryFile(std::string_view content)
    : descriptor_(::memfd_create("input", MFD_CLOEXEC)) {
  if (descriptor_ < 0) io::throw_system_error(errno, "make a file in memory", "input");
  io::write_all(descriptor_, std::as_bytes(std::span(content)), "input");
}

MemoryFile::~MemoryFile() { ::close(descriptor_); }

io::InputFile MemoryFile::open() const {
  return io::InputFile(io::Descriptor(::fcntl(descriptor_, F_DUPFD_CLOEXEC, 0)), "input");
}

std::filesystem::path MemoryFile::path() const {
  return "/proc/self/fd/" + std::to_string(descriptor_);
}

void read_all(TensorSource& source) {
  check_specs(source.tensors());
  std::uint64_t taken = 0;
  for (std::size_t i = 0; i < source.tensors().size() && taken < kEnoughOfAFile; ++i) {
    taken += read_start(source, i);
  }
  (void)source.metadata();
  (void)source.notes();
}

}  // namespace lancekeep::fuzz
