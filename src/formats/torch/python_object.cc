// SPDX-License-Identifier: Apache-2.0
#include "formats/torch/python_object.h"

#include <lancekeep/error.h>
#include <lancekeep/tensor.h>

#include "formats/torch/globals.h"

#include <vector>

namespace lancekeep::formats {
namespace {

ObjectKind kind_of_call(const Call& call) {
  if (!call.function) return ObjectKind::other;
  switch (*call.function) {
    case Callable::bytes:
    case Callable::encode:
      return ObjectKind::bytes;
    case Callable::bytearray:
      return ObjectKind::bytearray;
    case Callable::complex:
      return ObjectKind::complex;
    case Callable::size:
      return ObjectKind::size;
    case Callable::device:
      return ObjectKind::device;
    case Callable::layout:
      return ObjectKind::layout;
    case Callable::path:
      return ObjectKind::path;
    case Callable::date:
      return ObjectKind::date;
    case Callable::time:
      return ObjectKind::time;
    case Callable::datetime:
      return ObjectKind::datetime;
    case Callable::timedelta:
      return ObjectKind::timedelta;
    case Callable::decimal:
      return ObjectKind::decimal;
    case Callable::fraction:
      return ObjectKind::fraction;
    case Callable::uuid:
      return ObjectKind::uuid;
    case Callable::range:
      return ObjectKind::range;
    case Callable::slice:
      return ObjectKind::slice;
    case Callable::numpy_dtype:
      return ObjectKind::numpy_dtype;
    case Callable::numpy_scalar:
      return ObjectKind::numpy_scalar;
    case Callable::numpy_reconstruct:
    case Callable::numpy_frombuffer:
      return ObjectKind::numpy_array;
    case Callable::tensor:
    case Callable::tensor_v2:
    case Callable::tensor_v3:
    case Callable::parameter:
    case Callable::parameter_with_state:
    case Callable::from_type:
    case Callable::from_type_v2:
      return ObjectKind::tensor;
    default:
      return ObjectKind::other;
  }
}

ObjectKind kind_of_global(std::string_view module, std::string_view name) {
  if (module == "torch" && dtype_itemsize(name)) return ObjectKind::dtype;
  return constant_json(module, name) ? ObjectKind::constant : ObjectKind::other;
}

ObjectKind kind_of_node(const PickleDocument& document, PickleValue value, const PickleNode& node) {
  switch (node.kind) {
    case PickleNode::Kind::tuple:
      return ObjectKind::tuple;
    case PickleNode::Kind::list:
      return ObjectKind::list;
    case PickleNode::Kind::set:
      return ObjectKind::set;
    case PickleNode::Kind::frozenset:
      return ObjectKind::frozenset;
    case PickleNode::Kind::deque:
      return ObjectKind::deque;
    case PickleNode::Kind::dict:
    case PickleNode::Kind::ordered_dict:
    case PickleNode::Kind::counter:
    case PickleNode::Kind::default_dict:
      return ObjectKind::dict;
    case PickleNode::Kind::global:
      return kind_of_global(document.global_module(node), document.global_name(node));
    case PickleNode::Kind::foreign:
    case PickleNode::Kind::object:
      return ObjectKind::foreign;
    case PickleNode::Kind::call:
      return kind_of_call(call_of(document, value));
    case PickleNode::Kind::persistent_id:
      return ObjectKind::other;
  }
  return ObjectKind::other;
}

}  // namespace

ObjectKind object_kind(const PickleDocument& document, PickleValue value) {
  switch (value.kind) {
    case ValueKind::absent:
      return ObjectKind::other;
    case ValueKind::none:
      return ObjectKind::none;
    case ValueKind::boolean:
      return ObjectKind::boolean;
    case ValueKind::small_integer:
    case ValueKind::integer:
    case ValueKind::big_integer:
      return ObjectKind::integer;
    case ValueKind::real:
      return ObjectKind::real;
    case ValueKind::text:
      return ObjectKind::text;
    case ValueKind::bytes:
      return ObjectKind::bytes;
    case ValueKind::bytearray:
      return ObjectKind::bytearray;
    case ValueKind::node:
      return kind_of_node(document, value, *document.node(value));
  }
  return ObjectKind::other;
}

std::string_view dtype_name(const PickleDocument& document, PickleValue dtype) {
  return document.global_name(*document.node(dtype, PickleNode::Kind::global));
}

void fail_at(const PickleDocument& document, const PickleNode& node, ErrorCode code,
             const std::string& problem) {
  document.fail(code, problem, node.offset);
}

void fail_at(const PickleDocument& document, PickleValue value, ErrorCode code,
             const std::string& problem) {
  document.fail(code, problem, document.offset_of(value));
}

namespace {

// The content of a str, bytes or bytearray.
RawBytes place_of(const PickleDocument& document, PickleValue value) {
  const PickleText& text = *document.text(value);
  return {text.offset, text.length, value.kind == ValueKind::text};
}

// Reads the arguments (text, 'latin1') of encode() and of bytearray().
std::optional<RawBytes> encoded(const PickleDocument& document,
                                std::span<const PickleValue> arguments) {
  if (arguments.size() != 2) return std::nullopt;
  const auto encoding = document.short_text(arguments[1]);
  const bool is_latin1 = encoding == "latin1" || encoding == "latin-1";
  if (!is_latin1 || arguments[0].kind != ValueKind::text) return std::nullopt;
  return place_of(document, arguments[0]);
}

// Handles bytes, a call of encode(), and a call of bytes() without arguments. `call` is
// call_of(value).
std::optional<RawBytes> bytes_object(const PickleDocument& document, PickleValue value,
                                     const Call& call) {
  if (value.kind == ValueKind::bytes) return place_of(document, value);
  if (call.state) return std::nullopt;
  if (call.function == Callable::bytes && call.arguments.empty()) return RawBytes{};
  if (call.function == Callable::encode) return encoded(document, call.arguments);
  return std::nullopt;
}

// Decodes UTF-8 of characters up to U+00FF into bytes. A piece can end within a character.
class Latin1Decoder {
 public:
  explicit Latin1Decoder(const io::InputFile& file) : file_(file) {}

  std::span<const std::byte> decode(std::span<const std::byte> piece) {
    decoded_.clear();
    for (const std::byte byte : piece) add(std::to_integer<unsigned>(byte));
    return decoded_;
  }
  void end() const {
    if (lead_ != 0) fail();
  }

 private:
  void add(unsigned byte) {
    if (lead_ != 0) {
      if ((byte & 0xC0u) != 0x80) fail();
      decoded_.push_back(std::byte((lead_ & 3u) << 6 | (byte & 0x3Fu)));
      lead_ = 0;
    } else if (byte < 0x80) {
      decoded_.push_back(std::byte(byte));
    } else if (byte == 0xC2 || byte == 0xC3) {
      lead_ = byte;
    } else {
      fail();
    }
  }
  [[noreturn]] void fail() const {
    throw Error(ErrorCode::corrupt, "a bytes object of the pickle is a str that is not Latin-1",
                file_.name());
  }

  const io::InputFile& file_;
  std::vector<std::byte> decoded_;
  unsigned lead_ = 0;  // the first byte of an unfinished character, or 0
};

}  // namespace

std::optional<RawBytes> raw_bytes(const PickleDocument& document, PickleValue value) {
  if (value.kind == ValueKind::bytearray) return place_of(document, value);
  const Call call = call_of(document, value);
  if (call.function != Callable::bytearray) return bytes_object(document, value, call);
  if (call.state) return std::nullopt;
  if (call.arguments.empty()) return RawBytes{};
  if (call.arguments.size() == 2) return encoded(document, call.arguments);
  return bytes_object(document, call.arguments[0], call_of(document, call.arguments[0]));
}

void push_raw_bytes(const io::InputFile& file, const RawBytes& raw, const ByteSink& sink) {
  if (!raw.latin1) return file.read_pieces(raw.offset, raw.length, "a bytes object", sink);
  Latin1Decoder latin1(file);
  bool enough = false;
  file.read_pieces(raw.offset, raw.length, "a bytes object", [&](auto piece) {
    enough = !sink(latin1.decode(piece));
    return !enough;
  });
  if (!enough) latin1.end();
}

std::uint64_t count_raw_bytes(const io::InputFile& file, const RawBytes& raw) {
  if (!raw.latin1) return raw.length;
  std::uint64_t count = 0;
  push_raw_bytes(file, raw, [&](std::span<const std::byte> piece) {
    count += piece.size();
    return true;
  });
  return count;
}

std::string read_raw_bytes(const io::InputFile& file, const RawBytes& raw) {
  std::string bytes;
  push_raw_bytes(file, raw, [&](std::span<const std::byte> piece) {
    bytes.append(reinterpret_cast<const char*>(piece.data()), piece.size());
    return true;
  });
  return bytes;
}

}  // namespace lancekeep::formats
