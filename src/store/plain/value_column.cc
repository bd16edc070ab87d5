// SPDX-License-Identifier: Apache-2.0
#include "store/plain/value_column.h"

#include <lancekeep/error.h>
#include <lancekeep/tensor.h>

#include "io/checked_math.h"
#include "store/plain/piece_converter.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <limits>
#include <new>
#include <thread>

namespace lancekeep::store {
namespace {

constexpr std::size_t kAlignment = 64;
constexpr unsigned kMostThreads = 4;

// A page of 8 MiB that is all zeros is a hundred bytes of the file: this is more than any writer
// makes of a file, and keeps a hostile one of a few bytes from asking for all there is.
constexpr std::uint64_t kMostGrowth = std::uint64_t{1} << 16;
constexpr std::uint64_t kAlwaysAllowed = std::uint64_t{256} << 20;

std::uint64_t most_bytes(std::uint64_t file_size) {
  const auto grown = io::checked_mul(file_size, kMostGrowth);
  const auto most = grown ? io::checked_add(*grown, kAlwaysAllowed) : std::nullopt;
  return most.value_or(std::numeric_limits<std::uint64_t>::max());
}

unsigned threads() { return std::clamp(std::thread::hardware_concurrency(), 1U, kMostThreads); }

std::shared_ptr<std::byte> allocate(std::size_t size) {
  const std::size_t whole = (std::max<std::size_t>(size, 1) + kAlignment - 1) / kAlignment;
  std::shared_ptr<std::byte> memory(
      static_cast<std::byte*>(std::aligned_alloc(kAlignment, whole * kAlignment)), &std::free);
  if (!memory) throw std::bad_alloc();
  return memory;
}

}  // namespace

lance::ListColumn ValueColumn::open(std::size_t itemsize) const {
  const std::uint64_t own_size = dtype_itemsize(dtype_).value_or(1);
  const std::uint64_t most =
      most_bytes(file_.bytes().size()) / std::max<std::uint64_t>(itemsize, own_size);
  lance::ListColumn column = lance::ListColumn::open(file_, column_, rows_, most);
  if (column.values() > 0 && column.value_bits() != own_size * 8) {
    file_.bytes().fail(
        fmt::format("the values are numbers of {} bits, but the schema says that they are {}",
                    column.value_bits(), dtype_));
  }
  return column;
}

DecodedValues ValueColumn::decode(const std::string& dtype) const {
  const std::size_t itemsize = dtype_itemsize(dtype).value_or(1);
  const lance::ListColumn column = open(itemsize);
  DecodedValues decoded{.dtype = dtype, .size = column.values() * itemsize};
  decoded.memory = allocate(decoded.size);
  const std::span<std::byte> all(decoded.memory.get(), decoded.size);
  if (dtype == dtype_) {
    decoded.rows = ValueRows(column.decode(all, threads()), {});
    return decoded;
  }
  PieceConverter converter(dtype_);
  lance::ListRows lists = column.decode_pieces(threads(), [&](const lance::ListPiece& piece) {
    converter.convert(piece, dtype, all.subspan(piece.at * itemsize));
  });
  decoded.rows = ValueRows(std::move(lists), converter.take_unfit());
  return decoded;
}

ValueRows ValueColumn::decode_into(const RowTargets& targets) const {
  PieceConverter converter(dtype_);
  const auto give = [&](const lance::ListPiece& piece) {
    const auto [begin, end] = targets.equal_range(piece.row);
    for (auto it = begin; it != end; ++it) {
      const RowTarget& target = it->second;
      const std::size_t itemsize = dtype_itemsize(target.dtype).value_or(1);
      if (piece.first > target.into.size() / itemsize) continue;
      converter.convert(piece, target.dtype, target.into.subspan(piece.first * itemsize));
    }
  };
  lance::ListRows lists = open(1).decode_pieces(threads(), give);
  return {std::move(lists), converter.take_unfit()};
}

}  // namespace lancekeep::store
