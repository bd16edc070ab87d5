// SPDX-License-Identifier: Apache-2.0
#include "tensor/strided_view.h"

#include "io/checked_math.h"
#include "tensor/shape.h"

#include <algorithm>
#include <cassert>
#include <cstring>
#include <vector>

namespace lancekeep {
namespace {

// Copies `count` elements, which are `step` bytes apart, to `out`. The width is a constant in each
// branch, so that the copy becomes a load and a store.
template <std::size_t width>
void copy_run(std::span<const std::byte> bytes, std::uint64_t at, std::uint64_t step,
              std::size_t count, std::byte* out) {
  for (std::size_t i = 0; i < count; ++i) {
    std::memcpy(out + i * width, bytes.data() + at + i * step, width);
  }
}

void copy_run(std::size_t itemsize, std::span<const std::byte> bytes, std::uint64_t at,
              std::uint64_t step, std::size_t count, std::byte* out) {
  if (step == itemsize) {
    std::memcpy(out, bytes.data() + at, count * itemsize);
    return;
  }
  switch (itemsize) {
    case 1:
      return copy_run<1>(bytes, at, step, count, out);
    case 2:
      return copy_run<2>(bytes, at, step, count, out);
    case 4:
      return copy_run<4>(bytes, at, step, count, out);
    case 8:
      return copy_run<8>(bytes, at, step, count, out);
    default:
      for (std::size_t i = 0; i < count; ++i) {
        std::memcpy(out + i * itemsize, bytes.data() + at + i * step, itemsize);
      }
  }
}

// Visits the rows (all dimensions but the last) in row-major order, with the byte position of each.
class RowWalk {
 public:
  explicit RowWalk(const StridedLayout& layout) : layout_(layout), index_(layout.shape.size()) {}

  [[nodiscard]] std::uint64_t position() const { return position_; }

  void next() {
    for (std::size_t d = layout_.shape.size() - 1; d-- > 0;) {
      const std::uint64_t step = static_cast<std::uint64_t>(layout_.strides[d]) * layout_.itemsize;
      if (++index_[d] < layout_.shape[d]) {
        position_ += step;
        return;
      }
      position_ -= step * static_cast<std::uint64_t>(layout_.shape[d] - 1);
      index_[d] = 0;
    }
  }

 private:
  const StridedLayout& layout_;
  Shape index_;
  std::uint64_t position_ = 0;
};

constexpr std::uint64_t kLargestRead = 32 << 20;
constexpr std::size_t kGatherPiece = 1 << 20;

// Not with read_pieces(), whose pieces need not be whole elements.
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

std::optional<std::uint64_t> reach(const StridedLayout& layout) noexcept {
  const auto count = element_count(layout.shape);
  if (!count || layout.strides.size() != layout.shape.size()) return std::nullopt;
  for (const std::int64_t stride : layout.strides) {
    if (stride < 0) return std::nullopt;
  }
  if (*count == 0) return 0;
  std::uint64_t last = 0;
  for (std::size_t d = 0; d < layout.shape.size(); ++d) {
    const auto steps = io::checked_mul(static_cast<std::uint64_t>(layout.shape[d] - 1),
                                       static_cast<std::uint64_t>(layout.strides[d]));
    const auto sum = steps ? io::checked_add(last, *steps) : std::nullopt;
    if (!sum) return std::nullopt;
    last = *sum;
  }
  const auto elements = io::checked_add<std::uint64_t>(last, 1);
  return elements ? io::checked_mul<std::uint64_t>(*elements, layout.itemsize) : std::nullopt;
}

bool is_contiguous(const StridedLayout& layout) noexcept {
  std::uint64_t expected = 1;
  for (std::size_t d = layout.shape.size(); d-- > 0;) {
    if (layout.shape[d] == 0) return true;
    if (layout.shape[d] == 1) continue;
    if (static_cast<std::uint64_t>(layout.strides[d]) != expected) return false;
    const auto next = io::checked_mul(expected, static_cast<std::uint64_t>(layout.shape[d]));
    if (!next) return false;
    expected = *next;
  }
  return true;
}

void gather(const StridedLayout& layout, std::span<const std::byte> bytes, std::size_t piece_bytes,
            const PieceSink& sink) {
  assert(reach(layout) && *reach(layout) <= bytes.size());
  const auto total = byte_count(layout.shape, layout.itemsize);
  if (!total || *total == 0) return;
  const std::size_t itemsize = layout.itemsize;
  const bool scalar = layout.shape.empty();
  const std::uint64_t row = scalar ? 1 : static_cast<std::uint64_t>(layout.shape.back());
  const std::uint64_t step =
      scalar ? itemsize : static_cast<std::uint64_t>(layout.strides.back()) * itemsize;
  const std::size_t room = std::max<std::size_t>(piece_bytes / itemsize, 1);  // elements
  std::vector<std::byte> piece(std::min<std::uint64_t>(*total, room * itemsize));

  RowWalk walk(layout);
  std::size_t filled = 0;
  std::uint64_t left = *total / itemsize;
  while (true) {
    for (std::uint64_t done = 0; done < row;) {
      const std::size_t count = std::min<std::uint64_t>(row - done, room - filled);
      copy_run(itemsize, bytes, walk.position() + done * step, step, count,
               piece.data() + filled * itemsize);
      filled += count;
      done += count;
      left -= count;
      if (filled < room && left > 0) continue;
      if (!sink(std::span(piece).first(filled * itemsize)) || left == 0) return;
      filled = 0;
    }
    walk.next();
  }
}

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
