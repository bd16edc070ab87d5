// SPDX-License-Identifier: Apache-2.0
#include "formats/safetensors/safetensors_header.h"

#include "io/checked_math.h"
#include "io/utf8.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>
#include <limits>
#include <set>

namespace lancekeep::formats {

const DtypeNames* safetensors_dtype(std::string_view name) noexcept {
  return find_dtype(&DtypeNames::safetensors, name);
}

const DtypeNames* safetensors_dtype_of(std::string_view dtype) noexcept {
  const DtypeNames* found = find_dtype(&DtypeNames::dtype, dtype);
  return found && !found->safetensors.empty() ? found : nullptr;
}

std::optional<std::uint64_t> safetensors_byte_count(const DtypeNames& dtype,
                                                    const Shape& shape) noexcept {
  std::optional<std::uint64_t> bits = 1;
  for (const std::int64_t size : shape) {
    if (size < 0) return std::nullopt;
    bits = io::checked_mul(*bits, static_cast<std::uint64_t>(size));
    if (!bits) return std::nullopt;
  }
  bits = io::checked_mul<std::uint64_t>(*bits, dtype.bits);
  if (!bits || *bits % 8 != 0) return std::nullopt;
  return *bits / 8;
}

std::optional<Shape> shape_from_safetensors(const DtypeNames& dtype, Shape shape) {
  if (dtype.bits != 4) return shape;
  if (shape.empty() || shape.back() % 2 != 0) return std::nullopt;
  shape.back() /= 2;
  return shape;
}

std::optional<Shape> shape_to_safetensors(const DtypeNames& dtype, Shape shape) {
  if (dtype.bits != 4) return shape;
  if (shape.empty()) return std::nullopt;
  const auto doubled = io::checked_mul<std::int64_t>(shape.back(), 2);
  if (!doubled) return std::nullopt;
  shape.back() = *doubled;
  return shape;
}

namespace {

constexpr std::size_t kMostTorchDimensions = 64;
// What the allocator adds to a tensor's name and shape, and to a metadata entry.
constexpr std::uint64_t kHeaderTensorOverhead = 64;
// What one tensor takes here and in the reader, besides its name.
constexpr std::uint64_t kGrantPerTensor =
    sizeof(SafetensorsEntry) + kHeaderTensorOverhead + sizeof(TensorSpec) + 128;
constexpr std::uint64_t kHeaderMetadataOverhead =
    48 + 2 * sizeof(std::string) + kHeaderTensorOverhead;

// Handles the parser's events. A header has at most three levels; `Place` says where the parser is.
class HeaderParser : public JsonEvents {
 public:
  using JsonEvents::JsonEvents;

  SafetensorsHeader take() { return std::move(header_); }

  bool null() override {
    // The reference reader accepts `"__metadata__": null` and treats it as no metadata.
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
    if (numbers_.size() == kMostTorchDimensions) {
      stream().fail(ErrorCode::unsupported,
                    fmt::format("{} has more than {} numbers; torch supports at most {} dimensions",
                                where(), kMostTorchDimensions, kMostTorchDimensions));
    }
    numbers_.push_back(number);
    return true;
  }

  bool string(std::string& text) override {
    if (place_ == Place::metadata) return take_metadata(text);
    if (place_ != Place::entry || field_ != "dtype") unexpected("a string");
    entry().dtype = safetensors_dtype(text);
    if (entry().dtype) return true;
    stream().fail(
        ErrorCode::unsupported,
        fmt::format("tensor `{}` has the dtype `{}`, which safetensors 0.8 does not define",
                    io::printable(key_), io::printable(text)));
  }

  bool start_object(std::size_t) override {
    if (place_ == Place::start) return leave(Place::header);
    if (place_ != Place::value) unexpected("an object");
    if (key_ == kSafetensorsMetadataKey) return leave(Place::metadata);
    stream().budget().take(sizeof(SafetensorsEntry) + kHeaderTensorOverhead + key_.size(),
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
      reject("tensor `" + io::printable(key_) + "` lacks dtype, shape or data_offsets");
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
    stream().budget().take(kHeaderMetadataOverhead + key_.size() + text.size(),
                           "the header's metadata");
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
        reject(fmt::format("tensor `{}` has a dimension of {}", io::printable(key_), size));
      }
      entry().shape.push_back(static_cast<std::int64_t>(size));
    }
    return leave(Place::entry);
  }

  bool take_offsets() {
    if (numbers_.size() != 2) {
      reject(fmt::format("tensor `{}` has {} data_offsets, expected 2", io::printable(key_),
                         numbers_.size()));
    }
    entry().begin = numbers_[0];
    entry().end = numbers_[1];
    grant_memory();
    return leave(Place::entry);
  }

  // A tensor with values takes more of the file than of memory; empty ones take almost nothing, and
  // so do those that claim values which others have claimed.
  void grant_memory() {
    if (entry().end <= entry().begin) return;
    furthest_ = std::max(furthest_, entry().end);
    if (entry().end - entry().begin > furthest_ - std::min(furthest_, claimed_)) return;
    claimed_ += entry().end - entry().begin;
    stream().budget().grant(kGrantPerTensor + 3 * key_.size());
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
    reject(fmt::format("{} cannot be {}", where(), found));
  }
  [[noreturn]] void twice(const std::string& text) const {
    reject("the header has the key `" + io::printable(text) + "` twice");
  }

  SafetensorsHeader header_;
  Place place_ = Place::start;
  std::string key_;    // the current value's key in the header or in __metadata__
  std::string field_;  // the current value's field in an entry
  bool has_metadata_ = false;
  std::uint64_t furthest_ = 0;  // end of the values that tensors have claimed
  std::uint64_t claimed_ = 0;   // bytes of them
  std::set<std::string> fields_;
  std::vector<std::uint64_t> numbers_;
};

// Runs after parsing, because a set of names would double the memory.
void require_unique_names(const JsonStream& json, const SafetensorsHeader& header) {
  json.budget().take(header.entries.size() * sizeof(std::string_view), "the header's tensors");
  std::vector<std::string_view> names;
  names.reserve(header.entries.size());
  for (const SafetensorsEntry& entry : header.entries) names.push_back(entry.name);
  std::sort(names.begin(), names.end());
  const auto twice = std::adjacent_find(names.begin(), names.end());
  if (twice == names.end()) return;
  json.fail(ErrorCode::corrupt, "the header has the key `" + io::printable(*twice) + "` twice");
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

// Does not use nlohmann::json, because its tree takes ten times the memory of the text.
std::string encode_safetensors_header(const SafetensorsHeader& header) {
  std::string text = "{";
  if (!header.metadata.empty()) {
    text += json_string(kSafetensorsMetadataKey) + ":" + nlohmann::json(header.metadata).dump();
  }
  for (const SafetensorsEntry& entry : header.entries) {
    fmt::format_to(std::back_inserter(text),
                   R"({}{}:{{"dtype":"{}","shape":[{}],"data_offsets":[{},{}]}})",
                   text.size() > 1 ? "," : "", json_string(entry.name), entry.dtype->safetensors,
                   fmt::join(entry.shape, ","), entry.begin, entry.end);
  }
  text += "}";
  text.append((8 - text.size() % 8) % 8, ' ');
  return text;
}

}  // namespace lancekeep::formats
