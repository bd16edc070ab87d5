// SPDX-License-Identifier: Apache-2.0
#include "formats/torch/rows.h"

#include "formats/torch/json_value.h"
#include "formats/torch/key_name.h"
#include "formats/torch/numpy_value.h"
#include "formats/torch/object.h"
#include "formats/torch/row_names.h"
#include "formats/torch/survey.h"
#include "io/utf8.h"

#include <fmt/format.h>

#include <optional>
#include <utility>

namespace lancekeep::formats {
namespace {

constexpr std::uint64_t kRowBytes = sizeof(TensorSpec) + sizeof(RowValue);

class RowMaker {
 public:
  explicit RowMaker(const TorchFile& torch)
      : torch_(torch),
        document_(torch.object),
        survey_(torch),
        tree_(torch, "the checkpoint"),
        names_(rows_.specs, *torch.budget) {}

  TorchRows make() {
    const PickleNode* dict = document_.node(document_.root);
    if (dict && is_flat(*dict)) {
      for (std::uint32_t i = 0; i < dict->count; i += 2) {
        (void)add_row(key_name(document_, dict->items()[i]), dict->items()[i + 1]);
      }
    } else {
      add(std::nullopt, document_.root);
      add_text("__tree__", "tree", tree_.take());
    }
    return std::move(rows_);
  }

 private:
  // The rows by themselves say what the object was; that a row was an array, only the tree says.
  bool is_flat(const PickleNode& node) const {
    const bool is_plain =
        node.kind == PickleNode::Kind::dict || node.kind == PickleNode::Kind::ordered_dict;
    if (!is_plain) return false;
    for (std::uint32_t i = 0; i < node.count; i += 2) {
      if (node.items()[i].kind != PickleValue::Kind::text) return false;
      const PickleValue value = node.items()[i + 1];
      const bool is_array = object_kind(document_, value) == ObjectKind::numpy_array;
      if (is_array || is_descended(value)) return false;
    }
    return true;
  }

  bool is_descended(PickleValue value) const {
    const ObjectKind kind = object_kind(document_, value);
    if (kind == ObjectKind::dict) return true;
    return (kind == ObjectKind::list || kind == ObjectKind::tuple) && survey_.holds_numbers(value);
  }

  // Adds all rows of the value, and what it is to the tree. The root has no path.
  void add(const std::optional<std::string>& path, PickleValue value) {
    if (!is_descended(value)) {
      const bool is_array = object_kind(document_, value) == ObjectKind::numpy_array;
      const char* root = is_numbers(object_kind(document_, value)) ? "tensor" : "value";
      const std::string& name = add_row(path.value_or(root), value);
      return tree_.write_reference(is_array ? "$ndarray" : "$row", name);
    }
    const PickleNode& node = *document_.node(value);
    tree_.write_container(node, [&](std::uint32_t place) {
      const std::string part =
          node.is_dict() ? key_name(document_, node.items()[place - 1]) : fmt::to_string(place);
      add(path ? *path + "." + part : part, node.items()[place]);
    });
  }

  // Gives the name that the row got.
  const std::string& add_row(const std::string& wanted, PickleValue value) {
    const ObjectKind kind = object_kind(document_, value);
    if (kind == ObjectKind::tensor)
      return add_numbers(wanted, read_torch_tensor(torch_, value, wanted));
    if (kind == ObjectKind::numpy_array) {
      return add_numbers(wanted, read_numpy_array(torch_, value, entry(wanted)));
    }
    JsonValueWriter json(torch_, entry(wanted));
    json.write(value);
    return add_text(wanted, "json", json.take());
  }

  static std::string entry(const std::string& name) {
    return fmt::format("the entry `{}`", io::printable(name));
  }

  const std::string& add_numbers(const std::string& wanted, TorchTensor tensor) {
    const std::uint64_t dimensions = tensor.shape.size() + tensor.place.strides.size();
    torch_.budget->take(kRowBytes + dimensions * sizeof(std::int64_t), "the file's tensors");
    rows_.values.emplace_back(std::move(tensor.place));
    return names_.add(
        {wanted, std::move(tensor.dtype), std::move(tensor.shape), tensor.nbytes, {}});
  }

  const std::string& add_text(const std::string& wanted, const char* dtype,
                              std::vector<char> text) {
    torch_.budget->take(kRowBytes, "the file's values");
    const std::uint64_t nbytes = text.size();
    rows_.values.emplace_back(std::move(text));
    return names_.add({wanted, dtype, {}, nbytes, {}});
  }

  const TorchFile& torch_;
  const PickleDocument& document_;
  const Survey survey_;
  JsonValueWriter tree_;
  TorchRows rows_;
  RowNames names_;
};

}  // namespace

TorchRows make_rows(const TorchFile& torch) { return RowMaker(torch).make(); }

}  // namespace lancekeep::formats
