// SPDX-License-Identifier: Apache-2.0
// Parses JSON text while reading it from a file, so that a whole header or index is never in
// memory. The parser keeps two copies of the current string; their memory is taken from the file's
// budget. One thread at a time.
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
  /// Reads `length` bytes at `offset`, which must be within the file. `what` describes these bytes
  /// in messages: "the header". The budget must outlive the stream.
  JsonStream(io::InputFile file, std::uint64_t offset, std::uint64_t length, std::string what,
             io::MemoryBudget& budget);

  [[nodiscard]] const std::string& what() const noexcept { return what_; }
  [[nodiscard]] io::MemoryBudget& budget() const noexcept { return *budget_; }
  /// Throws an error at the offset of the next byte.
  [[noreturn]] void fail(ErrorCode code, const std::string& problem) const;

  [[nodiscard]] bool at_end() const noexcept { return position_ == length_; }
  /// Returns the next byte. A run of white space between tokens is returned as one byte, because a
  /// file can have 100 MB of it, and the parser would keep it all.
  [[nodiscard]] char peek();
  void advance();
  void skip_space();

 private:
  void step() noexcept { ++position_; }
  void track(char c);
  void refill();

  io::InputFile file_;
  std::uint64_t offset_;
  std::uint64_t length_;
  std::string what_;
  io::MemoryBudget* budget_;
  std::vector<char> piece_;
  std::uint64_t piece_start_ = 0;
  std::uint64_t position_ = 0;
  std::uint64_t token_length_ = 0;  // since the parser last cleared its buffers
  std::uint64_t longest_paid_ = 0;  // token length that the budget already covers
  bool in_string_ = false;
  bool is_escaped_ = false;
  bool in_number_ = false;
};

/// Handles the parser's events. A handler rejects its value by throwing an error.
class JsonEvents : public nlohmann::json_sax<nlohmann::json> {
 public:
  explicit JsonEvents(JsonStream& stream) : stream_(&stream) {}

  bool binary(binary_t&) override { return false; }  // does not occur in JSON text
  bool parse_error(std::size_t position, const std::string& token,
                   const nlohmann::json::exception& error) override;

 protected:
  [[noreturn]] void reject(const std::string& problem) const {
    stream_->fail(ErrorCode::corrupt, problem);
  }
  [[nodiscard]] JsonStream& stream() const noexcept { return *stream_; }

 private:
  JsonStream* stream_;
};

/// Parses one object. Only white space may precede or follow it.
/// @throws Error corrupt, at the byte where the parser stopped.
void parse_json_object(JsonStream& stream, JsonEvents& events);

/// Returns UTF-8 text as a JSON string, with its quotes.
[[nodiscard]] std::string json_string(std::string_view text);

}  // namespace lancekeep::formats
