// SPDX-License-Identifier: Apache-2.0
#include "formats/safetensors/json_stream.h"

#include "io/utf8.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace lancekeep::formats {
namespace {

constexpr std::uint64_t kPieceBytes = 64 << 10;
// The parser keeps two copies of a string, each with spare capacity; an error has a few more
// copies.
constexpr std::uint64_t kCopiesOfString = 8;
constexpr std::uint64_t kPaidAtOnce = 4 << 10;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_of_number(char c) {
  return is_digit(c) || std::string_view("+-.eE").find(c) != std::string_view::npos;
}
bool is_space(char c) { return c == ' ' || c == '\n' || c == '\t' || c == '\r'; }

// Passes the stream's bytes to the parser.
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
  // The parser would treat a NUL byte as the end of the text.
  if (c == '\0') {
    fail(ErrorCode::corrupt, fmt::format("invalid JSON in {}: it contains a NUL byte", what_));
  }
  return c;
}

void JsonStream::advance() {
  const char c = peek();
  track(c);
  step();
  if (!in_string_ && is_space(c)) skip_space();
}

void JsonStream::skip_space() {
  while (!at_end() && is_space(peek())) step();
}

// The parser clears its buffers at the start of strings and numbers; they keep their capacity.
void JsonStream::track(char c) {
  if (in_string_) {
    in_string_ = is_escaped_ || c != '"';
    is_escaped_ = !is_escaped_ && c == '\\';
  } else if (c == '"') {
    in_string_ = true;
    token_length_ = 0;
  } else {
    if (!in_number_ && (c == '-' || is_digit(c))) token_length_ = 0;
    in_number_ = is_of_number(c);
  }
  if (++token_length_ <= longest_paid_) return;
  budget_->take(kPaidAtOnce * kCopiesOfString, fmt::format("a string of {}", what_));
  longest_paid_ += kPaidAtOnce;
}

bool JsonEvents::parse_error(std::size_t, const std::string& token,
                             const nlohmann::json::exception& error) {
  // Removes the error number that the library writes in brackets, and its line and column, which
  // are not those of the file.
  std::string_view text = error.what();
  for (const std::string_view end : {"] ", "column "}) {
    if (const std::size_t at = text.find(end); at != text.npos) text.remove_prefix(at + end.size());
  }
  text.remove_prefix(std::min(text.find_first_not_of("0123456789: "), text.size()));
  reject(fmt::format("invalid JSON in {} near `{}`: {}", stream_->what(), io::printable(token),
                     io::printable(text)));
}

void parse_json_object(JsonStream& stream, JsonEvents& events) {
  stream.skip_space();
  if (stream.at_end() || stream.peek() != '{') {
    stream.fail(ErrorCode::corrupt, fmt::format("{} does not start with `{{`", stream.what()));
  }
  (void)nlohmann::json::sax_parse(JsonIterator(stream), JsonIterator(), &events);
}

std::string json_string(std::string_view text) { return nlohmann::json(text).dump(); }

}  // namespace lancekeep::formats
