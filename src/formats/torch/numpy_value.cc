// SPDX-License-Identifier: Apache-2.0
#include "formats/torch/numpy_value.h"

#include "formats/torch/globals.h"
#include "formats/torch/python_object.h"
#include "io/utf8.h"
#include "tensor/shape.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

namespace lancekeep::formats {
namespace {

// Reads one scalar or array. `where` and the value's offset are for messages.
class NumpyValueReader {
 public:
  NumpyValueReader(const TorchFile& torch, PickleValue value, const std::string& where)
      : torch_(torch), document_(torch.object), value_(value), where_(where) {}

  NumpyScalar scalar() const {
    const Call call = call_of(document_, value_);
    if (call.arguments.size() != 2 || call.state) corrupt("is a NumPy scalar with wrong arguments");
    const NamedDtype named = named_dtype(call.arguments[0]);
    if (named.order == '>') reject_big_endian(named.code);
    if (named.itemsize == 0 && !is_text(named.code)) reject_dtype(named.code);
    NumpyScalar scalar{named.descr(), named.number, bytes(call.arguments[1])};
    check_size(scalar.bytes, named.itemsize);
    return scalar;
  }

  std::string descr() const {
    const NamedDtype named = named_dtype(value_);
    if (named.itemsize == 0 && !is_text(named.code)) reject_dtype(named.code);
    return named.descr();
  }

  TorchTensor array() const {
    const Call call = call_of(document_, value_);
    return call.function == Callable::numpy_reconstruct ? reconstructed(call) : from_buffer(call);
  }

 private:
  // _reconstruct(numpy.ndarray, (0,), b'b') with the state (1, shape, dtype, is_fortran, bytes).
  TorchTensor reconstructed(const Call& call) const {
    if (call.arguments.empty() ||
        !is_global(document_, call.arguments[0], Callable::numpy_ndarray)) {
      corrupt("is not a numpy.ndarray, but another type of array");
    }
    const PickleNode* state =
        call.state ? document_.node(*call.state, PickleNode::Kind::tuple) : nullptr;
    if (!state || state->count != 5) corrupt("is a NumPy array without a state of five items");
    const auto fortran = document_.boolean(state->items()[3]);
    if (!fortran) corrupt("is a NumPy array of unknown order");
    const DtypeNames& type = dtype(state->items()[2]);
    return placed(type, shape(state->items()[1]), *fortran, bytes(state->items()[4]));
  }

  // Protocol 5 has _frombuffer(bytes, dtype, shape, order).
  TorchTensor from_buffer(const Call& call) const {
    if (call.arguments.size() != 4 || call.state) corrupt("is a NumPy array with wrong arguments");
    const auto order = document_.short_text(call.arguments[3]);
    if (order != "C" && order != "F") corrupt("is a NumPy array of unknown order");
    const DtypeNames& type = dtype(call.arguments[1]);
    return placed(type, shape(call.arguments[2]), order == "F", bytes(call.arguments[0]));
  }

  // A dtype as NumPy names it. Numbers, text, dates and durations have an itemsize.
  struct NamedDtype {
    std::string code;  // "f8", "U3", "M8"
    char order = '|';
    std::string unit;  // of a date or a duration: "[D]"
    const DtypeNames* number = nullptr;
    std::uint64_t itemsize = 0;

    [[nodiscard]] std::string descr() const { return order + code + unit; }
  };

  static bool is_text(std::string_view code) {
    return code.starts_with('U') || code.starts_with('S');
  }

  // dtype('f8', False, True) with the state (3, '<', None, None, None, -1, -1, 0).
  NamedDtype named_dtype(PickleValue value) const {
    constexpr std::uint64_t kCharacterBytes = 4;
    constexpr std::size_t kMostDigits = 5;
    const Call call = call_of(document_, value);
    const auto code = call.function == Callable::numpy_dtype && !call.arguments.empty()
                          ? document_.short_text(call.arguments[0])
                          : std::nullopt;
    const PickleNode* state =
        call.state ? document_.node(*call.state, PickleNode::Kind::tuple) : nullptr;
    if (!code || !state || state->count < 5)
      corrupt("has " + document_.describe(value) + " as its dtype");
    const auto order = document_.short_text(state->items()[1]);
    const bool plain = std::all_of(state->items().begin() + 2, state->items().begin() + 5,
                                   [](PickleValue item) { return item == PickleValue{}; });
    if (!plain) reject_dtype(*code);
    if (order != "<" && order != "=" && order != "|" && order != ">")
      corrupt("has a dtype of unknown byte order");
    if (code->empty()) reject_dtype(*code);
    NamedDtype named{std::string(*code), order == ">" ? '>' : '<'};
    named.number = find_dtype(&DtypeNames::numpy, *code);
    if (named.number) {
      named.itemsize = named.number->itemsize();
      if (named.number->number_size() == 1) named.order = '|';
      return named;
    }
    const std::string_view digits = std::string_view(named.code).substr(1);
    const bool has_length = !digits.empty() && digits.size() <= kMostDigits &&
                            digits.find_first_not_of("0123456789") == digits.npos;
    if (is_text(*code) && has_length) {
      const bool is_wide = code->front() == 'U';
      named.itemsize = std::stoull(std::string(digits)) * (is_wide ? kCharacterBytes : 1);
      if (!is_wide) named.order = '|';
    } else if (*code == "M8" || *code == "m8") {
      named.unit = unit_of(*state);
      named.itemsize = named.unit.empty() ? 0 : 8;
    }
    return named;
  }

  // The ninth item of the state is (metadata, (unit, how many, ...)). Returns "[D]"; empty for any
  // other unit.
  std::string unit_of(const PickleNode& state) const {
    constexpr std::size_t kAt = 8;
    const PickleNode* both =
        state.count > kAt ? document_.node(state.items()[kAt], NodeKind::tuple) : nullptr;
    const PickleNode* unit =
        both && both->count == 2 ? document_.node(both->items()[1], NodeKind::tuple) : nullptr;
    if (!unit || unit->count < 2) return {};
    const auto raw = raw_bytes(document_, unit->items()[0]);
    const auto count = document_.integer(unit->items()[1]);
    if (!raw || raw->length > 8 || !count || *count < 1) return {};
    const std::string name = read_raw_bytes(torch_.file, *raw);
    if (name.find_first_not_of("YMWDhmsnpfau") != name.npos) return {};
    return *count == 1 ? "[" + name + "]" : fmt::format("[{}{}]", *count, name);
  }

  [[noreturn]] void reject_dtype(std::string_view code) const {
    reject(fmt::format("has NumPy's dtype `{}`, which torch lacks; save numbers or text",
                       io::printable(code)));
  }
  [[noreturn]] void reject_big_endian(std::string_view code) const {
    reject(fmt::format("has NumPy's big-endian dtype `>{}`; save array.astype('<{}')", code, code));
  }

  // The dtype of an array: a number.
  const DtypeNames& dtype(PickleValue value) const {
    const NamedDtype named = named_dtype(value);
    if (!named.number) reject_dtype(named.code);
    if (named.order == '>') reject_big_endian(named.code);
    return *named.number;
  }

  Shape shape(PickleValue value) const {
    const PickleNode* tuple = document_.node(value, PickleNode::Kind::tuple);
    if (!tuple || tuple->count > kMostDimensions) corrupt("is a NumPy array without a valid shape");
    Shape shape;
    for (const PickleValue item : tuple->items()) {
      const auto number = document_.integer(item);
      if (!number) corrupt("has a shape with " + document_.describe(item));
      shape.push_back(*number);
    }
    return shape;
  }

  RawBytes bytes(PickleValue value) const {
    const auto raw = raw_bytes(document_, value);
    if (!raw) corrupt("has " + document_.describe(value) + " instead of its bytes");
    return *raw;
  }

  void check_size(const RawBytes& raw, std::uint64_t wanted) const {
    const std::uint64_t count = count_raw_bytes(torch_.file, raw);
    if (count != wanted) {
      corrupt(
          fmt::format("has {} bytes of values, but its shape and dtype take {}", count, wanted));
    }
  }

  TorchTensor placed(const DtypeNames& type, Shape shape, bool fortran, const RawBytes& raw) const {
    const auto wanted = byte_count(shape, type.itemsize());
    if (!wanted) corrupt("is a NumPy array: " + shape_problem(shape));
    check_size(raw, *wanted);
    if (raw.latin1 && fortran && *wanted > kLargestRead) {
      reject(
          fmt::format("is a NumPy array in Fortran order of {} bytes as text; save it with "
                      "pickle_protocol=4, or numpy.ascontiguousarray(array)",
                      *wanted));
    }
    Shape reversed(shape.rbegin(), shape.rend());
    Shape strides = row_major_strides(fortran ? reversed : shape).value_or(Shape());
    if (fortran) std::reverse(strides.begin(), strides.end());
    TensorPlace place{raw.offset, *wanted, std::move(strides)};
    place.text_bytes = raw.latin1 ? raw.length : 0;
    place.array_at = document_.offset_of(value_).value_or(0);
    return {std::string(type.dtype), std::move(shape), *wanted, std::move(place)};
  }

  [[noreturn]] void corrupt(const std::string& problem) const {
    fail_at(document_, value_, ErrorCode::corrupt, where_ + " " + problem);
  }
  [[noreturn]] void reject(const std::string& problem) const {
    fail_at(document_, value_, ErrorCode::unsupported, where_ + " " + problem);
  }

  const TorchFile& torch_;
  const PickleDocument& document_;
  const PickleValue value_;
  const std::string& where_;
};

}  // namespace

NumpyScalar read_numpy_scalar(const TorchFile& torch, PickleValue value, const std::string& where) {
  return NumpyValueReader(torch, value, where).scalar();
}

std::string read_numpy_dtype(const TorchFile& torch, PickleValue value, const std::string& where) {
  return NumpyValueReader(torch, value, where).descr();
}

TorchTensor read_numpy_array(const TorchFile& torch, PickleValue value, const std::string& where) {
  return NumpyValueReader(torch, value, where).array();
}

}  // namespace lancekeep::formats
