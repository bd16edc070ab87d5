// SPDX-License-Identifier: Apache-2.0
// A schema's flat list of fields as a tree, and its types in Arrow's notation. The fields must
// outlive the tree. Immutable, so any number of threads may read it.
//
// A field is left out of the tree if its parent does not come before it, or if it is nested more
// than 32 deep, so that walking the tree ends for any file. No writer makes such schemas.
#pragma once

#include "lance/proto/schema.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace lancekeep::lance {

class FieldTree {
 public:
  explicit FieldTree(const std::vector<Field>& fields);

  /// The top-level fields: indices into the list of fields, in its order.
  [[nodiscard]] const std::vector<std::size_t>& top() const { return top_; }
  [[nodiscard]] const Field& field(std::size_t index) const { return (*fields_)[index]; }
  /// The ids of the field and of all fields below it.
  [[nodiscard]] std::vector<std::int32_t> ids(std::size_t index) const;
  /// The names from the top level down: "value.item".
  [[nodiscard]] std::string path(std::size_t index) const;
  /// "list<item: double>", "timestamp[us, tz=UTC]"; Lance's name for types that Arrow does not
  /// have.
  [[nodiscard]] std::string type(std::size_t index) const;

 private:
  static constexpr std::size_t kNone = ~std::size_t{0};
  struct Node {
    std::size_t parent = kNone;
    std::size_t depth = 0;
    std::vector<std::size_t> children;
  };

  void collect_ids(std::size_t index, std::vector<std::int32_t>& ids) const;
  [[nodiscard]] std::string describe_children(std::size_t index) const;

  const std::vector<Field>* fields_;
  std::vector<Node> nodes_;  ///< parallel to the fields
  std::vector<std::size_t> top_;
};

/// A logical type without children, such as "decimal:128:10:2", in Arrow's notation.
[[nodiscard]] std::string arrow_type_name(const std::string& logical_type);

/// The field's extension type, such as "lance.blob.v2"; empty if it has none.
[[nodiscard]] std::string extension_of(const Field& field);

}  // namespace lancekeep::lance
