// SPDX-License-Identifier: Apache-2.0
// A schema's flat list of fields as the tree that it stands for, and its types in Arrow's words.
// Borrows the fields; immutable, so any number of threads may read it.
//
// A field whose parent does not stand before it, or that is nested more than 32 deep, is in no
// tree: no schema of a writer has such, and whatever a file says, walking the tree ends.
#pragma once

#include "lance/proto/schema.h"

#include <string>
#include <vector>

namespace lancekeep::lance {

class FieldTree {
 public:
  explicit FieldTree(const std::vector<Field>& fields);

  /// Indices into the fields, in their order.
  [[nodiscard]] const std::vector<std::size_t>& top() const { return top_; }
  [[nodiscard]] const Field& field(std::size_t index) const { return (*fields_)[index]; }
  /// Ids of the field and of all fields below it.
  [[nodiscard]] std::vector<std::int32_t> ids(std::size_t index) const;
  /// Names from the top on: "value.item".
  [[nodiscard]] std::string path(std::size_t index) const;
  /// "list<item: double>", "timestamp[us, tz=UTC]"; a type without such a word as Lance has it.
  [[nodiscard]] std::string type(std::size_t index) const;

 private:
  static constexpr std::size_t kNone = ~std::size_t{0};
  struct Node {
    std::size_t parent = kNone;
    std::size_t depth = 0;
    std::vector<std::size_t> children;
  };

  void collect_ids(std::size_t index, std::vector<std::int32_t>& ids) const;
  [[nodiscard]] std::string children_words(std::size_t index) const;

  const std::vector<Field>* fields_;
  std::vector<Node> nodes_;  ///< parallel to the fields
  std::vector<std::size_t> top_;
};

/// A logical type that stands alone, such as "decimal:128:10:2", in Arrow's words.
[[nodiscard]] std::string type_words(const std::string& logical_type);

/// The extension that a field is of, as "lance.blob.v2"; empty: none.
[[nodiscard]] std::string extension_of(const Field& field);

}  // namespace lancekeep::lance
