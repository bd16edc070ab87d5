// SPDX-License-Identifier: Apache-2.0
// {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }
#include "formats/numpy/header_text.h"

#include "io/checked_math.h"
#include "io/utf8.h"

#include <fmt/format.h>

namespace lancekeep::formats {
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

// The next character that is no space; 0 at the end.
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
  if (end == text_.npos) fail(fmt::format("has no quote at the end of {}", what));
  const std::string_view found = text_.substr(position_ + 1, end - position_ - 1);
  if (found.find('\\') != found.npos) fail(fmt::format("has a backslash in {}", what));
  position_ = end + 1;
  return std::string(found);
}

std::string Parser::parse_descr() {
  if (peek() == '[') {
    fail(ErrorCode::unsupported,
         "is of a structured array, with named fields. Save each field as an array of its own, "
         "array['field']");
  }
  if (peek() == '(') {
    fail(ErrorCode::unsupported,
         "has a dtype that is itself an array. Save it with that dtype's base and more dimensions");
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
    if (!number) fail("has a dimension that does not fit 64 bits");
    ++position_;
  }
  const std::string_view digits = text_.substr(start, position_ - start);
  if (digits.empty() || (digits.size() > 1 && digits.front() == '0')) {
    fail("should have a whole number for a dimension here");
  }
  (void)accept_word("L");  // as Python 2 wrote long numbers
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
    fail("has a number in place of a shape; of one dimension it is (n,)");
  }
  expect(')', "where the shape ends");
  return shape;
}

void Parser::parse_entry(NpyHeaderText& header) {
  const std::string key = parse_text("a key");
  expect(':', "behind a key");
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
    fail(fmt::format("has the key `{}`; only descr, fortran_order and shape may be there",
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
  if (position_ != text_.size()) fail("goes on after its dict");
  if (!has_descr_ || !has_order_ || !has_shape_) {
    fail("lacks one of its keys; descr, fortran_order and shape must be there");
  }
  return header;
}

}  // namespace

NpyHeaderText parse_npy_header_text(const io::ByteView& text, const std::string& name) {
  return Parser(text, name).parse();
}

}  // namespace lancekeep::formats
