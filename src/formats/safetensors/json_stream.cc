// SPDX-License-Identifier: Apache-2.0
#include "formats/safetensors/json_stream.h"

#include "io/utf8.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace lancekeep::formats {
namespace {

constexpr std::uint64_t kPieceBytes = 64 << 10;
// The parser keeps a text twice, each with room to grow; an error has it some more times in it.
constexpr std::uint64_t kCopiesOfText = 8;
constexpr std::uint64_t kPaidAtOnce = 4 << 10;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_of_number(char c) {
  return is_digit(c) || std::string_view("+-.eE").find(c) != std::string_view::npos;
}
bool is_space(char c) { return c == ' ' || c == '\n' || c == '\t' || c == '\r'; }

// What the parser takes its bytes from.
class JsonIterator {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = char;

  JsonIterator() = default;  // the end
  explicit JsonIterator(JsonStream& stream) : stream_(&stream) {}

  char operator*() const { return stream_->peek(); }
  JsonIterator& operator++() {
    stream_->advance();
    return *this;
  }
  bool operator==(const JsonIterator& other) const { return is_end() == other.is_end(); }

 private:
  [[nodiscard]] bool is_end() const { return stream_ == nullptr || stream_->at_end(); }

  JsonStream* stream_ = nullptr;
};

}  // namespace

JsonStream::JsonStream(io::InputFile file, std::uint64_t offset, std::uint64_t length,
                       std::string what, io::MemoryBudget& budget)
    : file_(std::move(file)),
      offset_(offset),
      length_(length),
      what_(std::move(what)),
      budget_(&budget) {}

void JsonStream::fail(ErrorCode code, const std::string& problem) const {
  throw Error(code, problem, file_.name(), offset_ + position_);
}

void JsonStream::refill() {
  piece_.resize(std::min(kPieceBytes, length_ - position_));
  file_.read_at(offset_ + position_, std::as_writable_bytes(std::span(piece_)), what_);
  piece_start_ = position_;
}

char JsonStream::peek() {
  if (position_ - piece_start_ >= piece_.size()) refill();
  const char c = piece_[position_ - piece_start_];
  // The parser would take it for the end of the text.
  if (c == '\0') fail(ErrorCode::corrupt, fmt::format("{} is no JSON: it has a NUL byte", what_));
  return c;
}

void JsonStream::advance() {
  const char c = peek();
  follow(c);
  step();
  if (!in_string_ && is_space(c)) skip_space();
}

void JsonStream::skip_space() {
  while (!at_end() && is_space(peek())) step();
}

// Where texts and numbers start, the parser empties its buffers; they keep their room.
void JsonStream::follow(char c) {
  if (in_string_) {
    in_string_ = is_escaped_ || c != '"';
    is_escaped_ = !is_escaped_ && c == '\\';
  } else if (c == '"') {
    in_string_ = true;
    text_length_ = 0;
  } else {
    if (!in_number_ && (c == '-' || is_digit(c))) text_length_ = 0;
    in_number_ = is_of_number(c);
  }
  if (++text_length_ <= longest_paid_) return;
  budget_->take(kPaidAtOnce * kCopiesOfText, fmt::format("a text of {}", what_));
  longest_paid_ += kPaidAtOnce;
}

bool JsonEvents::parse_error(std::size_t, const std::string& token,
                             const nlohmann::json::exception& error) {
  // In front of its reason the library has its own error number in brackets, and a line and column
  // of what it was given, which is not the file's.
  std::string_view text = error.what();
  for (const std::string_view end : {"] ", "column "}) {
    if (const std::size_t at = text.find(end); at != text.npos) text.remove_prefix(at + end.size());
  }
  text.remove_prefix(std::min(text.find_first_not_of("0123456789: "), text.size()));
  refuse(fmt::format("{} is no JSON near `{}`: {}", stream_->what(), io::printable(token),
                     io::printable(text)));
}

void parse_json_object(JsonStream& stream, JsonEvents& events) {
  stream.skip_space();
  if (stream.at_end() || stream.peek() != '{') {
    stream.fail(ErrorCode::corrupt, fmt::format("{} does not start with `{{`", stream.what()));
  }
  (void)nlohmann::json::sax_parse(JsonIterator(stream), JsonIterator(), &events);
}

}  // namespace lancekeep::formats
