// SPDX-License-Identifier: Apache-2.0
#include "formats/safetensors/header.h"

#include "io/utf8.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <set>

namespace lancekeep::formats {
namespace {

constexpr std::size_t kMostDimensions = 64;  // as torch
// The allocator's own share of a tensor's name and shape, and of a metadata entry.
constexpr std::uint64_t kBytesAroundTexts = 64;
constexpr std::uint64_t kBytesPerMetadata = 48 + 2 * sizeof(std::string) + kBytesAroundTexts;

// Takes the parser's events. The header is at most three levels deep, so where we are is one of
// these.
class HeaderParser : public JsonEvents {
 public:
  using JsonEvents::JsonEvents;

  SafetensorsHeader take() { return std::move(header_); }

  bool null() override {
    // The reference reader takes `"__metadata__": null` for none.
    if (place_ != Place::value || key_ != kSafetensorsMetadataKey) unexpected("null");
    return leave(Place::header);
  }
  bool boolean(bool) override { unexpected("a boolean"); }
  bool number_float(double, const std::string& text) override {
    unexpected("number " + io::printable(text));
  }
  bool number_integer(std::int64_t number) override {
    unexpected(fmt::format("number {}", number));
  }

  bool number_unsigned(std::uint64_t number) override {
    if (place_ != Place::numbers) unexpected(fmt::format("number {}", number));
    if (numbers_.size() == kMostDimensions) {
      stream().fail(ErrorCode::unsupported, fmt::format("{} has more than {} numbers; torch has "
                                                        "tensors of at most {} dimensions",
                                                        where(), kMostDimensions, kMostDimensions));
    }
    numbers_.push_back(number);
    return true;
  }

  bool string(std::string& text) override {
    if (place_ == Place::metadata) return take_metadata(text);
    if (place_ != Place::entry || field_ != "dtype") unexpected("a string");
    entry().dtype = safetensors_dtype(text);
    if (entry().dtype) return true;
    stream().fail(ErrorCode::unsupported,
                  fmt::format("tensor `{}` has the dtype `{}`, which safetensors 0.8 does not have",
                              io::printable(key_), io::printable(text)));
  }

  bool start_object(std::size_t) override {
    if (place_ == Place::start) return leave(Place::header);
    if (place_ != Place::value) unexpected("an object");
    if (key_ == kSafetensorsMetadataKey) return leave(Place::metadata);
    stream().budget().take(sizeof(SafetensorsEntry) + kBytesAroundTexts + key_.size(),
                           "the header's tensors");
    header_.entries.push_back({key_, nullptr, {}, 0, 0});
    fields_.clear();
    return leave(Place::entry);
  }

  bool key(std::string& text) override {
    switch (place_) {
      case Place::header:
        key_ = text;
        if (key_ == kSafetensorsMetadataKey && std::exchange(has_metadata_, true)) twice(text);
        return leave(Place::value);
      case Place::metadata:
        key_ = text;
        return true;
      default:
        return take_field(text);
    }
  }

  bool end_object() override {
    if (place_ == Place::entry && fields_.size() != 3) {
      refuse("tensor `" + io::printable(key_) + "` lacks one of dtype, shape and data_offsets");
    }
    return leave(place_ == Place::header ? Place::start : Place::header);
  }

  bool start_array(std::size_t) override {
    if (place_ != Place::entry || field_ == "dtype") unexpected("an array");
    numbers_.clear();
    return leave(Place::numbers);
  }

  bool end_array() override { return field_ == "shape" ? take_shape() : take_offsets(); }

 private:
  enum class Place { start, header, value, metadata, entry, numbers };

  SafetensorsEntry& entry() { return header_.entries.back(); }

  bool leave(Place to) {
    place_ = to;
    return true;
  }

  bool take_metadata(const std::string& text) {
    stream().budget().take(kBytesPerMetadata + key_.size() + text.size(), "the header's metadata");
    if (!header_.metadata.emplace(key_, text).second) twice(key_);
    return true;
  }

  bool take_field(const std::string& text) {
    if (text != "dtype" && text != "shape" && text != "data_offsets") {
      stream().fail(ErrorCode::unsupported, fmt::format("tensor `{}` has an unknown field `{}`",
                                                        io::printable(key_), io::printable(text)));
    }
    field_ = text;
    if (!fields_.insert(text).second) twice(text);
    return true;
  }

  bool take_shape() {
    stream().budget().take(numbers_.size() * sizeof(std::int64_t), "the header's shapes");
    entry().shape.reserve(numbers_.size());
    for (const std::uint64_t size : numbers_) {
      if (size > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
        refuse(fmt::format("tensor `{}` has a dimension of {}", io::printable(key_), size));
      }
      entry().shape.push_back(static_cast<std::int64_t>(size));
    }
    return leave(Place::entry);
  }

  bool take_offsets() {
    if (numbers_.size() != 2) {
      refuse(fmt::format("tensor `{}` has {} data_offsets instead of 2", io::printable(key_),
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

  [[noreturn]] void unexpected(const std::string& found) const {
    refuse(fmt::format("{} cannot be {}", where(), found));
  }
  [[noreturn]] void twice(const std::string& text) const {
    refuse("the header has `" + io::printable(text) + "` twice");
  }

  SafetensorsHeader header_;
  Place place_ = Place::start;
  std::string key_;    // of the header's, or of __metadata__'s, value at hand
  std::string field_;  // of the entry's value at hand
  bool has_metadata_ = false;
  std::set<std::string> fields_;
  std::vector<std::uint64_t> numbers_;
};

// Once all are there: a set of names besides would take as much memory again.
void require_unique_names(const JsonStream& json, const SafetensorsHeader& header) {
  json.budget().take(header.entries.size() * sizeof(std::string_view), "the header's tensors");
  std::vector<std::string_view> names;
  names.reserve(header.entries.size());
  for (const SafetensorsEntry& entry : header.entries) names.push_back(entry.name);
  std::sort(names.begin(), names.end());
  const auto twice = std::adjacent_find(names.begin(), names.end());
  if (twice == names.end()) return;
  json.fail(ErrorCode::corrupt, "the header has `" + io::printable(*twice) + "` twice");
}

}  // namespace

SafetensorsHeader decode_safetensors_header(JsonStream& json) {
  if (json.at_end() || json.peek() != '{') {
    json.fail(ErrorCode::corrupt, "the header does not start with `{`");
  }
  HeaderParser parser(json);
  parse_json_object(json, parser);
  SafetensorsHeader header = parser.take();
  require_unique_names(json, header);
  return header;
}

}  // namespace lancekeep::formats
