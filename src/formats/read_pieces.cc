// SPDX-License-Identifier: Apache-2.0
#include "formats/read_pieces.h"

#include <algorithm>
#include <memory>
#include <span>

namespace lancekeep::formats {
namespace {

constexpr std::uint64_t kPiece = 4 << 20;

}  // namespace

void read_pieces(const io::InputFile& file, std::uint64_t offset, std::uint64_t length,
                 const ByteSink& sink) {
  const std::uint64_t room = std::min(length, kPiece);
  const auto buffer = std::make_unique_for_overwrite<std::byte[]>(room);
  for (std::uint64_t done = 0; done < length;) {
    const std::span<std::byte> piece(buffer.get(), std::min(room, length - done));
    file.read_at(offset + done, piece, "a tensor's bytes");
    if (!sink(piece)) return;
    done += piece.size();
  }
}

}  // namespace lancekeep::formats
