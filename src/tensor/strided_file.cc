// SPDX-License-Identifier: Apache-2.0
#include "tensor/strided_file.h"

#include <algorithm>
#include <vector>

namespace lancekeep {
namespace {

constexpr std::uint64_t kLargestRead = 32 << 20;
constexpr std::size_t kGatherPiece = 1 << 20;

// Pieces of read_pieces() need not be whole elements, so these have a size of their own.
void push_changed(const io::InputFile& file, std::uint64_t offset, std::uint64_t length,
                  std::size_t itemsize, const ElementChange& change, const ByteSink& sink) {
  const std::uint64_t room = std::max<std::size_t>(kGatherPiece / itemsize, 1) * itemsize;
  std::vector<std::byte> piece(std::min(room, length));
  for (std::uint64_t done = 0; done < length;) {
    const std::span<std::byte> part =
        std::span(piece).first(std::min<std::uint64_t>(piece.size(), length - done));
    file.read_at(offset + done, part, "a tensor's bytes");
    change(part);
    if (!sink(part)) return;
    done += part.size();
  }
}

io::ByteView bytes_of(const io::InputFile& file, std::uint64_t offset, std::uint64_t length) {
  if (length <= kLargestRead) return file.read(offset, length, "a tensor's storage");
  return file.map().sub(offset, length, "a tensor's storage");
}

}  // namespace

void push_strided(const io::InputFile& file, std::uint64_t offset, const StridedLayout& layout,
                  const ElementChange& change, const ByteSink& sink) {
  const std::uint64_t length = reach(layout).value();
  if (length == 0) return;
  if (is_contiguous(layout)) {
    if (change) return push_changed(file, offset, length, layout.itemsize, change, sink);
    return file.read_pieces(offset, length, "a tensor's bytes", sink);
  }
  const io::ByteView bytes = bytes_of(file, offset, length);
  gather(layout, bytes.bytes(), kGatherPiece, [&](std::span<std::byte> piece) {
    if (change) change(piece);
    return sink(piece);
  });
}

}  // namespace lancekeep
