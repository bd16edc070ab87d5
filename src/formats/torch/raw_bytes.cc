// SPDX-License-Identifier: Apache-2.0
#include "formats/torch/raw_bytes.h"

#include <lancekeep/error.h>

#include "formats/torch/callable.h"

#include <vector>

namespace lancekeep::formats {
namespace {

// Of a str, bytes or bytearray.
RawBytes place_of(const PickleDocument& document, PickleValue value) {
  const PickleText& text = *document.text(value);
  return {text.offset, text.length, value.kind == ValueKind::text};
}

// encode(text, 'latin1'), which bytearray() and NumPy's functions take too.
std::optional<RawBytes> encoded(const PickleDocument& document,
                                std::span<const PickleValue> arguments) {
  if (arguments.size() != 2) return std::nullopt;
  const auto encoding = document.short_text(arguments[1]);
  const bool is_latin1 = encoding == "latin1" || encoding == "latin-1";
  if (!is_latin1 || arguments[0].kind != ValueKind::text) return std::nullopt;
  return place_of(document, arguments[0]);
}

// Bytes, a call of encode(), or of bytes() without arguments; `call` is the value's.
std::optional<RawBytes> bytes_object(const PickleDocument& document, PickleValue value,
                                     const Call& call) {
  if (value.kind == ValueKind::bytes) return place_of(document, value);
  if (call.state) return std::nullopt;
  if (call.function == Callable::bytes && call.arguments.empty()) return RawBytes{};
  if (call.function == Callable::encode) return encoded(document, call.arguments);
  return std::nullopt;
}

// Turns UTF-8 of characters up to U+00FF into bytes; a character may be cut by the end of a piece.
class Latin1 {
 public:
  explicit Latin1(const io::InputFile& file) : file_(file) {}

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
  unsigned lead_ = 0;  // the first byte of a character of two, if it was the last one
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
  Latin1 latin1(file);
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
