// SPDX-License-Identifier: Apache-2.0
// Writes values of a checkpoint as JSON, as docs/format/tensors.md defines it. Recursion is
// bounded, because ContainerDepths has checked the containers. One thread.
#pragma once

#include "formats/torch/json_writer.h"
#include "formats/torch/object_paths.h"
#include "formats/torch/python_object.h"
#include "formats/torch/torch_file.h"

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace lancekeep::formats {

class JsonValueWriter {
 public:
  /// `where` names the value in errors: "the entry `a`"; a value inside it has the path `base` and
  /// its keys. `torch` must outlive the writer.
  JsonValueWriter(const TorchFile& torch, std::string where, std::string base = {});

  /// @throws Error unsupported for a value that has no JSON form; corrupt.
  void write(PickleValue value);
  /// Writes a dict, list, tuple or deque; calls `write_item` for each value in it, with the value's
  /// index among the node's items.
  void write_container(PickleValue container,
                       const std::function<void(std::uint32_t place)>& write_item);
  /// Writes `{"$row":"name"}` or `{"$ndarray":"name"}`.
  void write_reference(const char* tag, const std::string& name);
  /// Writes the comma between two values.
  void separate() { json_.raw(","); }
  [[nodiscard]] std::vector<char> take() { return json_.take(); }

 private:
  void write_pairs(const PickleNode& node,
                   const std::function<void(std::uint32_t place)>& write_item);
  void write_object(const PickleNode& node,
                    const std::function<void(std::uint32_t place)>& write_item);
  void write_sequence(const PickleNode& node,
                      const std::function<void(std::uint32_t place)>& write_item);
  void write_deque(PickleValue deque, const std::function<void(std::uint32_t place)>& write_item);
  void write_default_dict(PickleValue dict,
                          const std::function<void(std::uint32_t place)>& write_item);
  void write_set(const PickleNode& node, const char* tag);
  void write_text(const PickleText& text);
  void write_bytes(PickleValue value, const char* tag);
  void write_integer(PickleValue value);
  void write_complex(PickleValue value);
  void write_size(PickleValue value);
  void write_device(PickleValue value);
  void write_layout(PickleValue value);
  void write_numpy_scalar(PickleValue value);
  void write_python_value(ObjectKind kind, PickleValue value);
  void write_path(PickleValue value);
  void write_time(ObjectKind kind, PickleValue value);
  void write_arguments(const char* tag, PickleValue value);
  void write_constant(const PickleNode& node);
  void write_digits(const std::string& digits);
  /// Names the current value.
  [[nodiscard]] std::string where() const;
  [[nodiscard]] bool has_plain_keys(const PickleNode& node) const;
  [[noreturn]] void reject(PickleValue value) const;
  [[noreturn]] void fail_call(PickleValue value) const;

  const TorchFile& torch_;
  const PickleDocument& document_;
  const std::string where_;
  const std::string base_;
  ObjectPath path_;  ///< to the current value, from the one that `where_` names
  JsonWriter json_;
};

}  // namespace lancekeep::formats
