// SPDX-License-Identifier: Apache-2.0
#include "store/read/plain_values.h"

#include "tensor/convert.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

namespace lancekeep::store {

void require_number(const std::string& dtype, const std::string& place) {
  if (is_number(dtype)) return;
  throw Error(
      ErrorCode::invalid_argument,
      fmt::format("numbers of a plain dataset cannot be converted to `{}`; expected a real "
                  "float type such as float32 or bfloat16, an integer type of 8 to 64 bits, "
                  "or bool",
                  dtype),
      place);
}

std::vector<TensorInfo> tensor_infos(const PlainTable& table, const std::string& dtype) {
  const std::size_t itemsize = dtype_itemsize(dtype).value_or(1);
  std::vector<TensorInfo> infos;
  infos.reserve(table.rows.size());
  for (const PlainRow& row : table.rows) {
    infos.push_back({.name = row.name,
                     .dtype = dtype,
                     .shape = row.shape,
                     .nbytes = row.elements * itemsize,
                     .damage = row.damage});
  }
  return infos;
}

PlainValues::PlainValues(PlainTable table, std::string dtype, std::string place)
    : rows_(std::move(table.rows)), dtype_(std::move(dtype)), place_(std::move(place)) {
  for (auto& column : table.values) {
    fragments_.push_back(std::make_unique<Fragment>());
    fragments_.back()->column = std::move(column);
  }
}

PlainValues::Decoded PlainValues::kept(std::size_t index) const {
  Fragment& fragment = *fragments_[index];
  const std::lock_guard lock(fragment.mutex);
  if (!fragment.decoded) {
    fragment.decoded = std::make_shared<const DecodedValues>(fragment.column->decode(dtype_));
  }
  return fragment.decoded;
}

PlainValues::Decoded PlainValues::kept_if_decoded(std::size_t index) const {
  Fragment& fragment = *fragments_[index];
  const std::lock_guard lock(fragment.mutex);
  return fragment.decoded;
}

void PlainValues::require_intact(const PlainRow& row, const ValueRows& rows) const {
  const std::string& file = fragments_[row.fragment]->column->file().file();
  const std::string corruption = rows.corruption(row.offset, row.elements);
  if (!corruption.empty()) {
    throw Error(ErrorCode::corrupt,
                fmt::format("tensor `{}` cannot be loaded: {}", row.name, corruption), file);
  }
  if (const UnrepresentableNumber* number = rows.unrepresentable(row.offset)) {
    throw Error(ErrorCode::invalid_argument,
                fmt::format("tensor `{}` cannot be converted to {}: its number {} is {}", row.name,
                            number->dtype, number->index, number->text),
                file);
  }
}

std::span<std::byte> PlainValues::bytes_of(const PlainRow& row,
                                           const DecodedValues& decoded) const {
  require_intact(row, decoded.rows);
  const std::size_t itemsize = dtype_itemsize(dtype_).value_or(1);
  return {decoded.memory.get() + decoded.rows.first(row.offset) * itemsize,
          row.elements * itemsize};
}

TensorView PlainValues::view(std::size_t index, Access /*access*/) const {
  const PlainRow& row = rows_[index];
  const Decoded decoded = kept(row.fragment);
  const std::span<const std::byte> bytes = bytes_of(row, *decoded);
  if (bytes.empty()) return {dtype_, row.shape, {}, nullptr};
  return {dtype_, row.shape, bytes, decoded->memory};
}

void PlainValues::read(std::size_t index, std::uint64_t offset, std::span<std::byte> into) const {
  const PlainRow& row = rows_[index];
  const Decoded decoded = kept(row.fragment);
  const std::span<const std::byte> bytes = bytes_of(row, *decoded);
  if (!into.empty()) std::memcpy(into.data(), bytes.data() + offset, into.size());
}

void PlainValues::read(std::span<const RowRequest> requests) const {
  std::vector<std::vector<RowRequest>> by_fragment(fragments_.size());
  for (const RowRequest& request : requests) {
    by_fragment[rows_[request.row].fragment].push_back(request);
  }
  for (std::size_t i = 0; i < by_fragment.size(); ++i) {
    if (!by_fragment[i].empty()) read_fragment(i, by_fragment[i]);
  }
}

void PlainValues::read_fragment(std::size_t index, std::span<const RowRequest> requests) const {
  const ValueColumn& column = *fragments_[index]->column;
  const Decoded decoded = kept_if_decoded(index);
  RowTargets targets;
  for (const RowRequest& request : requests) {
    const PlainRow& row = rows_[request.row];
    const std::string& dtype = request.dtype.empty() ? dtype_ : request.dtype;
    if (decoded && dtype == dtype_) {
      const std::span<const std::byte> bytes = bytes_of(row, *decoded);
      if (!bytes.empty()) std::memcpy(request.into.data(), bytes.data(), bytes.size());
    } else {
      targets.emplace(row.offset, RowTarget{request.into, dtype});
    }
  }
  if (targets.empty()) return;
  const ValueRows rows = column.decode_into(targets);
  for (const RowRequest& request : requests) {
    const PlainRow& row = rows_[request.row];
    if (targets.contains(row.offset)) require_intact(row, rows);
  }
}

std::uint64_t PlainValues::nbytes_as(std::size_t index, const std::string& dtype) const {
  const std::string& wanted = dtype.empty() ? dtype_ : dtype;
  require_number(wanted, place_);
  return rows_[index].elements * dtype_itemsize(wanted).value_or(1);
}

Location PlainValues::locate(std::size_t index) const {
  throw Error(ErrorCode::unsupported,
              fmt::format("tensor `{}` cannot be located: a plain dataset stores values encoded; "
                          "read the tensor, or import the dataset into a native store",
                          rows_[index].name),
              place_);
}

class PlainValues::Reader : public RowReader {
 public:
  explicit Reader(const PlainValues& values) : values_(values) {}

  void push(std::size_t index, const ByteSink& sink) override {
    const PlainRow& row = values_.rows_[index];
    const std::span<const std::byte> bytes = values_.bytes_of(row, decoded(row.fragment));
    for (std::size_t at = 0; at < bytes.size(); at += kPieceBytes) {
      if (!sink(bytes.subspan(at, std::min(kPieceBytes, bytes.size() - at)))) return;
    }
  }

 private:
  static constexpr std::size_t kPieceBytes = 4 << 20;

  const DecodedValues& decoded(std::size_t fragment) {
    if (!decoded_ || fragment_ != fragment) {
      decoded_ = nullptr;  // freed before the next fragment needs memory
      decoded_ = values_.kept_if_decoded(fragment);
      if (!decoded_) {
        const ValueColumn& column = *values_.fragments_[fragment]->column;
        decoded_ = std::make_shared<const DecodedValues>(column.decode(values_.dtype_));
      }
      fragment_ = fragment;
    }
    return *decoded_;
  }

  const PlainValues& values_;
  std::size_t fragment_ = 0;
  Decoded decoded_;
};

std::unique_ptr<RowReader> PlainValues::reader() const { return std::make_unique<Reader>(*this); }

}  // namespace lancekeep::store
