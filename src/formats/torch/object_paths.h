// SPDX-License-Identifier: Apache-2.0
// For the code that looks for foreign objects: the path of keys to the current value, and what a
// pickle says about an object. Pure functions, and a path that belongs to one thread.
#pragma once

#include "formats/torch/torch_file.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace lancekeep::formats {

/// The keys and indices on the way from the file's object to a value.
class ObjectPath {
 public:
  explicit ObjectPath(const TorchFile& torch) : torch_(torch) {}

  void push_key(PickleValue key) { parts_.emplace_back(key, 0); }
  void push_index(std::uint32_t index) {
    parts_.emplace_back(PickleValue{PickleValue::Kind::absent}, index);
  }
  /// Pushes the item at `place` of a container, of a dict the key before it.
  void push(const PickleNode& container, std::uint32_t place) {
    if (container.is_dict()) return push_key(container.items()[place - 1]);
    push_index(place);
  }
  void pop() { parts_.pop_back(); }
  [[nodiscard]] std::size_t depth() const { return parts_.size(); }
  /// The parts joined with dots. A long path is cut at the front.
  [[nodiscard]] std::string text() const;

 private:
  [[nodiscard]] std::string text_of(const std::pair<PickleValue, std::uint32_t>& part) const;

  const TorchFile& torch_;
  std::vector<std::pair<PickleValue, std::uint32_t>> parts_;
};

/// Returns the full name of the class or function that a foreign node is, or that makes an object.
[[nodiscard]] std::string foreign_name(const PickleDocument& document, PickleValue value);

/// Returns the value of a key among the first of a dict; nullopt if it is not there, or if `dict` is
/// not a dict.
[[nodiscard]] std::optional<PickleValue> entry_of(const PickleDocument& document, PickleValue dict,
                                                  std::string_view key);

/// Returns the attributes that the pickle gives to an object: a dict node, and a second one for
/// those in __slots__; null if it has none.
struct Attributes {
  const PickleNode* dict = nullptr;
  const PickleNode* slots = nullptr;
};
[[nodiscard]] Attributes attributes_of(const PickleDocument& document, const PickleNode& object);

/// Whether the object is a torch.nn.Module: its attributes have `_parameters`, `_buffers` and
/// `_modules`.
[[nodiscard]] bool is_module(const PickleDocument& document, PickleValue value);
/// Whether the object is a torch.optim.Optimizer: its attributes have `state` and `param_groups`.
[[nodiscard]] bool is_optimizer(const PickleDocument& document, PickleValue value);
/// Returns an attribute of an object; nullopt if it is not an object or has no such attribute.
[[nodiscard]] std::optional<PickleValue> attribute_of(const PickleDocument& document,
                                                      PickleValue object, std::string_view name);

}  // namespace lancekeep::formats
