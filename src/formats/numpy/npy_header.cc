// SPDX-License-Identifier: Apache-2.0
#include "formats/numpy/npy_header.h"

#include "io/checked_math.h"
#include "io/utf8.h"

#include <fmt/format.h>

#include <algorithm>

namespace lancekeep::formats {
namespace {

constexpr std::string_view kOrders = "<>|";

// Completes "the array `w` has the dtype `|O`: " with what the dtype is and what to do about it.
std::string advice(std::string_view kind) {
  switch (kind.empty() ? '\0' : kind.front()) {
    case 'O':
      return "Python objects, which the file holds as a pickle; a pickle can run code, so it is "
             "not read. Convert it to an array of numbers with numpy";
    case 'V':
      return "raw bytes (void), which numpy writes for dtypes that it does not know, such as the "
             "bfloat16 and float8 of ml_dtypes. Say which dtype it is, convert it to float32 "
             "before "
             "saving, or save it with safetensors";
    case 'U':
    case 'S':
    case 'a':
    case 'T':
      return "text, which is not a tensor. Leave it out, or keep it as metadata";
    case 'M':
    case 'm':
      return "dates or durations. Convert it with .astype('int64')";
    case 'f':
    case 'g':
    case 'c':
    case 'G':
      return "a floating-point type that depends on the machine (longdouble). Convert it with "
             ".astype('float64') or .astype('complex128')";
    default:
      return "an unsupported dtype; supported are b1, i1 to i8, u1 to u8, f2 to f8, c8 and c16 "
             "after <, > or |";
  }
}

}  // namespace

NumpyDescr read_numpy_descr(std::string_view descr, const std::string& name, const io::ByteView& at,
                            std::string_view void_dtype) {
  const char order = descr.empty() ? '\0' : descr.front();
  if (kOrders.find(order) != kOrders.npos) {
    const std::string_view kind = descr.substr(1);
    const DtypeNames* found = find_dtype(&DtypeNames::numpy, kind);
    const bool has_order = order != '|' || (found && found->number_size() == 1);
    if (found && has_order) return {found, order == '>'};
    const DtypeNames* given = find_dtype(&DtypeNames::dtype, void_dtype);
    if (given && kind == fmt::format("V{}", given->itemsize())) return {given, false};
  }
  at.fail(ErrorCode::unsupported,
          fmt::format("the array `{}` has the dtype `{}`: {}", io::printable(name),
                      io::printable(descr), advice(descr.empty() ? descr : descr.substr(1))));
}

const DtypeNames* numpy_dtype_of(std::string_view dtype) noexcept {
  const DtypeNames* found = find_dtype(&DtypeNames::dtype, dtype);
  return found && !found->numpy.empty() ? found : nullptr;
}

void swap_numbers(const DtypeNames& dtype, std::span<std::byte> elements) {
  const std::size_t size = dtype.number_size();
  for (; elements.size() >= size; elements = elements.subspan(size)) {
    std::reverse(elements.begin(), elements.begin() + static_cast<std::ptrdiff_t>(size));
  }
}

namespace {

class Parser {
 public:
  Parser(const io::ByteView& view, const std::string& name)
      : view_(view), text_(view.text()), name_(name) {}

  NpyHeaderText parse();

 private:
  [[noreturn]] void fail(ErrorCode code, const std::string& problem) const {
    view_.fail(code, fmt::format("the header of the array `{}` {}", io::printable(name_), problem),
               position_);
  }
  [[noreturn]] void fail(const std::string& problem) const { fail(ErrorCode::corrupt, problem); }

  char peek();
  bool accept(char wanted);
  void expect(char wanted, std::string_view what);
  bool accept_word(std::string_view word);
  std::string parse_text(std::string_view what);
  std::string parse_descr();
  bool parse_bool();
  std::int64_t parse_dimension();
  Shape parse_shape();
  void parse_entry(NpyHeaderText& header);

  io::ByteView view_;
  std::string_view text_;
  const std::string& name_;
  std::size_t position_ = 0;
  bool has_descr_ = false;
  bool has_order_ = false;
  bool has_shape_ = false;
};

// Returns the next character that is not a space, or 0 at the end.
char Parser::peek() {
  const std::size_t next = text_.find_first_not_of(" \t\r\n", position_);
  position_ = next == text_.npos ? text_.size() : next;
  return position_ == text_.size() ? '\0' : text_[position_];
}

bool Parser::accept(char wanted) {
  if (peek() != wanted || position_ == text_.size()) return false;
  ++position_;
  return true;
}

void Parser::expect(char wanted, std::string_view what) {
  if (accept(wanted)) return;
  fail(fmt::format("should have `{}` here, {}", wanted, what));
}

bool Parser::accept_word(std::string_view word) {
  (void)peek();
  if (!text_.substr(position_).starts_with(word)) return false;
  position_ += word.size();
  return true;
}

std::string Parser::parse_text(std::string_view what) {
  const char quote = peek();
  if (quote != '\'' && quote != '"') fail(fmt::format("should have {} in quotes here", what));
  const std::size_t end = text_.find(quote, position_ + 1);
  if (end == text_.npos) fail(fmt::format("has no closing quote after {}", what));
  const std::string_view found = text_.substr(position_ + 1, end - position_ - 1);
  if (found.find('\\') != found.npos) fail(fmt::format("has a backslash in {}", what));
  position_ = end + 1;
  return std::string(found);
}

std::string Parser::parse_descr() {
  if (peek() == '[') {
    fail(ErrorCode::unsupported,
         "belongs to a structured array, which has named fields. Save each field as an array of "
         "its own, array['field']");
  }
  if (peek() == '(') {
    fail(ErrorCode::unsupported,
         "has a dtype that is itself an array. Save it with the base dtype and more dimensions");
  }
  return parse_text("the dtype");
}

bool Parser::parse_bool() {
  if (accept_word("True")) return true;
  if (accept_word("False")) return false;
  fail("should have True or False for fortran_order here");
}

std::int64_t Parser::parse_dimension() {
  if (peek() == '-') fail("has a negative dimension");
  const std::size_t start = position_;
  std::optional<std::int64_t> number = 0;
  while (position_ < text_.size() && text_[position_] >= '0' && text_[position_] <= '9') {
    number = io::checked_mul<std::int64_t>(*number, 10);
    if (number) number = io::checked_add<std::int64_t>(*number, text_[position_] - '0');
    if (!number) fail("has a dimension that does not fit in 64 bits");
    ++position_;
  }
  const std::string_view digits = text_.substr(start, position_ - start);
  if (digits.empty() || (digits.size() > 1 && digits.front() == '0')) {
    fail("should have an integer for a dimension here");
  }
  (void)accept_word("L");  // Python 2 wrote this suffix of long numbers
  return *number;
}

Shape Parser::parse_shape() {
  Shape shape;
  expect('(', "where the shape starts");
  bool has_comma = true;
  while (peek() != ')') {
    if (!has_comma) fail("should have `,` or `)` here, in the shape");
    if (shape.size() == kNumpyMostDimensions) {
      fail(ErrorCode::unsupported,
           fmt::format("has a shape of more than {} dimensions", kNumpyMostDimensions));
    }
    shape.push_back(parse_dimension());
    has_comma = accept(',');
  }
  if (shape.size() == 1 && !has_comma) {
    fail("has a number instead of a shape; a shape of one dimension is (n,)");
  }
  expect(')', "where the shape ends");
  return shape;
}

void Parser::parse_entry(NpyHeaderText& header) {
  const std::string key = parse_text("a key");
  expect(':', "after a key");
  const auto once = [&](bool& had) {
    if (had) fail(fmt::format("has the key `{}` twice", key));
    had = true;
  };
  if (key == "descr") {
    once(has_descr_);
    header.descr = parse_descr();
  } else if (key == "fortran_order") {
    once(has_order_);
    header.fortran_order = parse_bool();
  } else if (key == "shape") {
    once(has_shape_);
    header.shape = parse_shape();
  } else {
    fail(fmt::format("has the key `{}`; expected only descr, fortran_order and shape",
                     io::printable(key)));
  }
}

NpyHeaderText Parser::parse() {
  NpyHeaderText header;
  expect('{', "where the dict starts");
  bool has_comma = true;
  while (peek() != '}') {
    if (!has_comma) fail("should have `,` or `}` here");
    parse_entry(header);
    has_comma = accept(',');
  }
  expect('}', "where the dict ends");
  (void)peek();
  if (position_ != text_.size()) fail("continues after its dict");
  if (!has_descr_ || !has_order_ || !has_shape_) {
    fail("lacks a key; expected descr, fortran_order and shape");
  }
  return header;
}

}  // namespace

NpyHeaderText parse_npy_header_text(const io::ByteView& text, const std::string& name) {
  return Parser(text, name).parse();
}

std::string encode_npy_header(const DtypeNames& dtype, const Shape& shape) {
  // Like NumPy, leaves room for the first dimension to grow in place, and writes at least one space
  // before the line feed.
  constexpr std::size_t kAlignment = 64;
  constexpr std::size_t kLongestDimension = 21;
  std::string dimensions;
  for (const std::int64_t size : shape) {
    dimensions += (dimensions.empty() ? "" : ", ") + std::to_string(size);
  }
  if (shape.size() == 1) dimensions += ',';
  std::string text = fmt::format("{{'descr': '{}', 'fortran_order': False, 'shape': ({}), }}",
                                 dtype.numpy_descr(), dimensions);
  if (!shape.empty()) text.append(kLongestDimension - std::to_string(shape[0]).size(), ' ');
  const std::size_t start = kNpyMagic.size() + 4;
  text.append(kAlignment - (start + text.size() + 1) % kAlignment, ' ');
  text += '\n';
  std::string header(kNpyMagic);
  header +=
      {'\x01', '\0', static_cast<char>(text.size() & 0xFF), static_cast<char>(text.size() >> 8)};
  return header + text;
}

}  // namespace lancekeep::formats
