// SPDX-License-Identifier: Apache-2.0
// The JSON documents that the verbs print. They are built as values; members keep the order in
// which they are added.
#pragma once

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace lancekeep::cli {

class Json {
 public:
  using Array = std::vector<Json>;
  using Object = std::vector<std::pair<std::string, Json>>;

  Json() = default;  ///< null
  Json(bool value) : value_(value) {}
  Json(std::unsigned_integral auto value) : value_(std::uint64_t{value}) {}
  Json(std::signed_integral auto value) : value_(std::int64_t{value}) {}
  Json(double value) : value_(value) {}  ///< NaN and infinity are written as null
  Json(std::string value) : value_(std::move(value)) {}
  Json(const char* value) : value_(std::string(value)) {}
  Json(Array values) : value_(std::move(values)) {}
  Json(Object members) : value_(std::move(members)) {}

  template <class T>
  Json(const std::vector<T>& values) : value_(Array(values.begin(), values.end())) {}
  template <class T>
  Json(const std::map<std::string, T>& members) : value_(Object(members.begin(), members.end())) {}
  /// Null if `value` is unset.
  template <class T>
  Json(const std::optional<T>& value) : Json(value ? Json(*value) : Json()) {}

  /// {"version": 3, "file": null}
  [[nodiscard]] static Json object(std::initializer_list<std::pair<std::string, Json>> members) {
    return Object(members);
  }

  /// Adds members to an object, which must not have them yet. Returns the object.
  Json& add(std::string name, Json value);
  Json& add(Json object);

  /// Returns the document in ASCII, indented by two spaces. Characters beyond ASCII are written as
  /// \uXXXX, and bytes that are not UTF-8 as \ufffd.
  [[nodiscard]] std::string text() const;

 private:
  void write(std::string& out, std::size_t indent) const;

  std::variant<std::monostate, bool, std::int64_t, std::uint64_t, double, std::string, Array,
               Object>
      value_;
};

/// Null for an empty text.
[[nodiscard]] Json text_or_null(const std::string& text);

}  // namespace lancekeep::cli
