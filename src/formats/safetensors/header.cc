// SPDX-License-Identifier: Apache-2.0
#include "formats/safetensors/header.h"
#include "io/printable.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <limits>
#include <set>

namespace lancekeep::formats {
namespace {

using Json = nlohmann::ordered_json;

// Takes the parser's events. The header is at most three levels deep, so where we are is one of
// these.
class HeaderParser : public nlohmann::json_sax<nlohmann::json> {
 public:
  explicit HeaderParser(const io::ByteView& json) : json_(json) {}

  SafetensorsHeader take() { return std::move(header_); }

  bool null() override {
    // The reference reader takes `"__metadata__": null` for none.
    return place_ == Place::value && key_ == kSafetensorsMetadataKey ? leave(Place::header)
                                                                     : unexpected("null");
  }
  bool boolean(bool) override { return unexpected("a boolean"); }
  bool number_float(double, const std::string& text) override {
    return unexpected("number " + io::printable(text));
  }
  bool binary(binary_t&) override { return unexpected("a binary value"); }
  bool number_integer(std::int64_t number) override {
    return unexpected(fmt::format("number {}", number));
  }

  bool number_unsigned(std::uint64_t number) override {
    if (place_ != Place::numbers) return unexpected(fmt::format("number {}", number));
    numbers_.push_back(number);
    return true;
  }

  bool string(std::string& text) override {
    if (place_ == Place::metadata) {
      if (!header_.metadata.emplace(key_, text).second) return twice(key_);
      return true;
    }
    if (place_ != Place::entry || field_ != "dtype") return unexpected("a string");
    entry().dtype = text;
    return true;
  }

  bool start_object(std::size_t) override {
    if (place_ == Place::start) return leave(Place::header);
    if (place_ != Place::value) return unexpected("an object");
    if (key_ == kSafetensorsMetadataKey) return leave(Place::metadata);
    header_.entries.push_back({key_, {}, {}, 0, 0});
    fields_.clear();
    return leave(Place::entry);
  }

  bool key(std::string& text) override {
    switch (place_) {
      case Place::header:
        key_ = text;
        return names_.insert(text).second ? leave(Place::value) : twice(text);
      case Place::metadata:
        key_ = text;
        return true;
      default:
        field_ = text;
        return fields_.insert(text).second ? known_field() : twice(text);
    }
  }

  bool end_object() override {
    if (place_ == Place::entry && fields_.size() != 3) {
      return refuse("tensor `" + io::printable(key_) +
                    "` lacks one of dtype, shape and data_offsets");
    }
    return leave(place_ == Place::header ? Place::start : Place::header);
  }

  bool start_array(std::size_t) override {
    if (place_ != Place::entry || field_ == "dtype") return unexpected("an array");
    numbers_.clear();
    return leave(Place::numbers);
  }

  bool end_array() override { return field_ == "shape" ? take_shape() : take_offsets(); }

  bool parse_error(std::size_t position, const std::string& token,
                   const nlohmann::json::exception& error) override {
    // The library's text starts with its own error number in brackets.
    const std::string_view text = error.what();
    const std::size_t start = text.find("] ");
    fail(fmt::format(
             "the header is no JSON near `{}`: {}", io::printable(token),
             start == text.npos ? io::printable(text) : io::printable(text.substr(start + 2))),
         position);
  }

 private:
  enum class Place { start, header, value, metadata, entry, numbers };

  SafetensorsEntry& entry() { return header_.entries.back(); }

  bool leave(Place to) {
    place_ = to;
    return true;
  }

  bool known_field() {
    if (field_ == "dtype" || field_ == "shape" || field_ == "data_offsets") return true;
    json_.fail(ErrorCode::unsupported, fmt::format("tensor `{}` has an unknown field `{}`",
                                                   io::printable(key_), io::printable(field_)));
  }

  bool take_shape() {
    for (const std::uint64_t size : numbers_) {
      if (size > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
        return refuse(fmt::format("tensor `{}` has a dimension of {}", io::printable(key_), size));
      }
      entry().shape.push_back(static_cast<std::int64_t>(size));
    }
    return leave(Place::entry);
  }

  bool take_offsets() {
    if (numbers_.size() != 2) {
      return refuse(fmt::format("tensor `{}` has {} data_offsets instead of 2", io::printable(key_),
                                numbers_.size()));
    }
    entry().begin = numbers_[0];
    entry().end = numbers_[1];
    return leave(Place::entry);
  }

  [[nodiscard]] std::string where() const {
    switch (place_) {
      case Place::start:
        return "the header";
      case Place::metadata:
        return fmt::format("__metadata__ key `{}`", io::printable(key_));
      case Place::header:
      case Place::value:
        return fmt::format("key `{}`", io::printable(key_));
      default:
        return fmt::format("{} of tensor `{}`", io::printable(field_), io::printable(key_));
    }
  }

  bool unexpected(const std::string& found) {
    return refuse(fmt::format("{} cannot be {}", where(), found));
  }
  bool twice(const std::string& text) {
    return refuse("the header has `" + io::printable(text) + "` twice");
  }
  bool refuse(const std::string& problem) { fail(problem, 0); }
  [[noreturn]] void fail(const std::string& problem, std::uint64_t position) {
    json_.fail(problem, position);
  }

  const io::ByteView& json_;
  SafetensorsHeader header_;
  Place place_ = Place::start;
  std::string key_;    // of the header's, or of __metadata__'s, value at hand
  std::string field_;  // of the entry's value at hand
  std::set<std::string> names_;
  std::set<std::string> fields_;
  std::vector<std::uint64_t> numbers_;
};

}  // namespace

SafetensorsHeader decode_safetensors_header(const io::ByteView& json) {
  const std::string_view text = json.text();
  if (!text.starts_with('{')) json.fail("the header does not start with `{`");
  HeaderParser parser(json);
  (void)nlohmann::json::sax_parse(text.begin(), text.end(), &parser);
  return parser.take();
}

std::string encode_safetensors_header(const SafetensorsHeader& header) {
  Json json = Json::object();
  // ordered_json looks keys up one by one; many tensors are appended at their end instead.
  auto& members = json.get_ref<Json::object_t&>();
  if (!header.metadata.empty()) {
    members.emplace_back(std::string(kSafetensorsMetadataKey), Json(header.metadata));
  }
  for (const SafetensorsEntry& entry : header.entries) {
    members.emplace_back(entry.name, Json{{"dtype", entry.dtype},
                                          {"shape", entry.shape},
                                          {"data_offsets", {entry.begin, entry.end}}});
  }
  std::string text = json.dump();
  text.append((8 - text.size() % 8) % 8, ' ');
  return text;
}

}  // namespace lancekeep::formats
