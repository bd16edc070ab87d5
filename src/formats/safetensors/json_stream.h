// SPDX-License-Identifier: Apache-2.0
// JSON text of a file, parsed as it is read, piece by piece, so that a header or an index of any
// size is never held whole. What the parser keeps of it (the text at hand, twice) is taken from the
// file's budget. One thread at a time.
#pragma once

#include "io/input_file.h"
#include "io/memory_budget.h"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace lancekeep::formats {

class JsonStream {
 public:
  /// `length` bytes from `offset` on, which must lie within the file; `what` they are ("the
  /// header") is for messages. The budget must outlive the stream.
  JsonStream(io::InputFile file, std::uint64_t offset, std::uint64_t length, std::string what,
             io::MemoryBudget& budget);

  [[nodiscard]] const std::string& what() const noexcept { return what_; }
  [[nodiscard]] io::MemoryBudget& budget() const noexcept { return *budget_; }
  /// Throws at the next byte that is to be read.
  [[noreturn]] void fail(ErrorCode code, const std::string& problem) const;

  [[nodiscard]] bool at_end() const noexcept { return position_ == length_; }
  /// The next byte. Of white space between tokens only the first is given out: it may be 100 MB
  /// long, and the parser would keep all of it.
  [[nodiscard]] char peek();
  void advance();
  void skip_space();

 private:
  void step() noexcept { ++position_; }
  void follow(char c);
  void refill();

  io::InputFile file_;
  std::uint64_t offset_;
  std::uint64_t length_;
  std::string what_;
  io::MemoryBudget* budget_;
  std::vector<char> piece_;
  std::uint64_t piece_start_ = 0;
  std::uint64_t position_ = 0;
  std::uint64_t text_length_ = 0;  // since the parser last emptied its buffers
  std::uint64_t longest_paid_ = 0;
  bool in_string_ = false;
  bool is_escaped_ = false;
  bool in_number_ = false;
};

/// What takes the parser's events. Each of them throws what it refuses.
class JsonEvents : public nlohmann::json_sax<nlohmann::json> {
 public:
  explicit JsonEvents(JsonStream& stream) : stream_(&stream) {}

  bool binary(binary_t&) override { return false; }  // JSON text has none
  bool parse_error(std::size_t position, const std::string& token,
                   const nlohmann::json::exception& error) override;

 protected:
  [[noreturn]] void refuse(const std::string& problem) const {
    stream_->fail(ErrorCode::corrupt, problem);
  }
  [[nodiscard]] JsonStream& stream() const noexcept { return *stream_; }

 private:
  JsonStream* stream_;
};

/// One object, with nothing but white space around it.
/// @throws Error corrupt, at the byte where the parser stood.
void parse_json_object(JsonStream& stream, JsonEvents& events);

}  // namespace lancekeep::formats
