// SPDX-License-Identifier: Apache-2.0
#include "store/plain/value_column.h"

#include <lancekeep/error.h>
#include <lancekeep/tensor.h>

#include "io/checked_math.h"
#include "tensor/convert.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <limits>
#include <mutex>
#include <new>
#include <optional>
#include <thread>

namespace lancekeep::store {
namespace {

constexpr std::size_t kAlignment = 64;
constexpr unsigned kMaxThreads = 4;

// A page of 8 MiB of zeros takes a hundred bytes of the file. This allows more than any writer
// packs into a file, and keeps a hostile file of a few bytes from asking for all memory.
constexpr std::uint64_t kMaxGrowth = std::uint64_t{1} << 16;
constexpr std::uint64_t kAlwaysAllowed = std::uint64_t{256} << 20;

std::uint64_t max_bytes(std::uint64_t file_size) {
  const auto grown = io::checked_mul(file_size, kMaxGrowth);
  const auto limit = grown ? io::checked_add(*grown, kAlwaysAllowed) : std::nullopt;
  return limit.value_or(std::numeric_limits<std::uint64_t>::max());
}

unsigned threads() { return std::clamp(std::thread::hardware_concurrency(), 1U, kMaxThreads); }

std::shared_ptr<std::byte> allocate(std::size_t size) {
  const std::size_t whole = (std::max<std::size_t>(size, 1) + kAlignment - 1) / kAlignment;
  std::shared_ptr<std::byte> memory(
      static_cast<std::byte*>(std::aligned_alloc(kAlignment, whole * kAlignment)), &std::free);
  if (!memory) throw std::bad_alloc();
  return memory;
}

template <typename Number>
std::optional<Number> convert_one(const std::string& dtype, std::span<const std::byte> value,
                                  std::string_view to_dtype) {
  Number number;
  const std::span<Number> one(&number, 1);
  if (lancekeep::convert(dtype, value, to_dtype, std::as_writable_bytes(one), Rounding::as_torch)) {
    return std::nullopt;
  }
  return number;
}

std::string number_text(const std::string& dtype, std::span<const std::byte> value) {
  const bool is_float = dtype.find("float") != std::string::npos;
  if (!is_float) {
    if (const auto number = convert_one<std::int64_t>(dtype, value, "int64"))
      return fmt::to_string(*number);
    if (const auto number = convert_one<std::uint64_t>(dtype, value, "uint64"))
      return fmt::to_string(*number);
  }
  return fmt::to_string(convert_one<double>(dtype, value, "float64").value_or(0));
}

// Converts the numbers of a column piece by piece and keeps the first unrepresentable number of
// each row. Any number of threads may convert pieces at once.
class PieceConverter {
 public:
  // `dtype` is that of the pieces.
  explicit PieceConverter(std::string dtype) : dtype_(std::move(dtype)) {}

  // Converts as many numbers of the piece as `into` has room for.
  void convert(const lance::ListPiece& piece, const std::string& dtype, std::span<std::byte> into);
  // Must not be called before all threads are done.
  [[nodiscard]] std::map<std::uint64_t, UnrepresentableNumber> take_unrepresentable() {
    return std::move(unrepresentable_);
  }

 private:
  const std::string dtype_;
  std::mutex mutex_;
  std::map<std::uint64_t, UnrepresentableNumber> unrepresentable_;
};

void PieceConverter::convert(const lance::ListPiece& piece, const std::string& dtype,
                             std::span<std::byte> into) {
  const std::size_t from_size = dtype_itemsize(dtype_).value_or(1);
  const std::size_t to_size = dtype_itemsize(dtype).value_or(1);
  const std::size_t count = std::min(piece.values.size() / from_size, into.size() / to_size);
  const auto from = piece.values.first(count * from_size);
  const auto failed =
      lancekeep::convert(dtype_, from, dtype, into.first(count * to_size), Rounding::as_torch);
  if (!failed) return;
  const std::uint64_t index = piece.first + *failed;
  const std::lock_guard lock(mutex_);
  const auto it = unrepresentable_.find(piece.row);
  if (it != unrepresentable_.end() && it->second.index <= index) return;
  unrepresentable_[piece.row] = {
      index, number_text(dtype_, from.subspan(*failed * from_size, from_size)), dtype};
}

}  // namespace

std::string ValueRows::corruption(std::uint64_t row, std::uint64_t count) const {
  if (!lists_.row_valid.empty() && lists_.row_valid[row] == 0) return "its value is null";
  const std::uint64_t first = lists_.offsets[row];
  const std::uint64_t end = lists_.offsets[row + 1];
  if (end - first != count) {
    return fmt::format("its value has {} number{}, but its shape needs {}", end - first,
                       end - first == 1 ? "" : "s", count);
  }
  if (lists_.value_valid.empty()) return {};
  const auto begin = lists_.value_valid.begin() + static_cast<std::ptrdiff_t>(first);
  const auto null = std::find(begin, begin + static_cast<std::ptrdiff_t>(count), 0);
  const auto index = static_cast<std::uint64_t>(null - begin);
  return index == count ? std::string() : fmt::format("number {} of its value is null", index);
}

const UnrepresentableNumber* ValueRows::unrepresentable(std::uint64_t row) const {
  const auto it = unrepresentable_.find(row);
  return it == unrepresentable_.end() ? nullptr : &it->second;
}

lance::ListColumn ValueColumn::open(std::size_t itemsize) const {
  const std::uint64_t own_size = dtype_itemsize(dtype_).value_or(1);
  const std::uint64_t limit =
      max_bytes(file_.bytes().size()) / std::max<std::uint64_t>(itemsize, own_size);
  lance::ListColumn column = lance::ListColumn::open(file_, column_, rows_, limit);
  if (column.values() > 0 && column.value_bits() != own_size * 8) {
    file_.bytes().fail(fmt::format("the values are numbers of {} bits, but the schema says {}",
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
  decoded.rows = ValueRows(std::move(lists), converter.take_unrepresentable());
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
  return {std::move(lists), converter.take_unrepresentable()};
}

}  // namespace lancekeep::store
