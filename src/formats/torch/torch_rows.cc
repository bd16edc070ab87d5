// SPDX-License-Identifier: Apache-2.0
#include "formats/torch/torch_rows.h"

#include <lancekeep/error.h>

#include "formats/torch/container_depths.h"
#include "formats/torch/json_value.h"
#include "formats/torch/key_name.h"
#include "formats/torch/numpy_value.h"
#include "formats/torch/path_notes.h"
#include "formats/torch/python_object.h"
#include "formats/torch/state_dicts.h"
#include "io/utf8.h"

#include <fmt/format.h>

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace lancekeep::formats {
namespace {

// What a set or a map takes for one entry.
constexpr std::uint64_t kNodeBytes = 48;

// Makes row names unique: a name that is taken gets `#2`, `#3` and so on.
class RowNames {
 public:
  RowNames(std::vector<TensorSpec>& specs, io::MemoryBudget& budget)
      : specs_(specs), budget_(budget), taken_(Less{&specs}) {}

  // Adds the spec under its name or, if that is taken, under the next free one. Returns this name,
  // which is valid until the next call.
  const std::string& add(TensorSpec spec);

 private:
  // Compares the names in the specs, so that they are stored only once.
  struct Less {
    const std::vector<TensorSpec>* specs;
    bool operator()(std::uint32_t a, std::uint32_t b) const {
      return (*specs)[a].name < (*specs)[b].name;
    }
  };

  std::vector<TensorSpec>& specs_;
  io::MemoryBudget& budget_;
  std::set<std::uint32_t, Less> taken_;
  std::map<std::string, std::uint32_t> next_number_;  // for names that occurred twice
};

const std::string& RowNames::add(TensorSpec spec) {
  budget_.take(spec.name.size() + kNodeBytes, "the names of the file's tensors");
  specs_.push_back(std::move(spec));
  const auto index = static_cast<std::uint32_t>(specs_.size() - 1);
  std::string& name = specs_.back().name;
  if (taken_.insert(index).second) return name;

  const std::string wanted = name;
  budget_.take(wanted.size() + kNodeBytes + sizeof(std::string), "the names of the file's tensors");
  std::uint32_t& number = next_number_.try_emplace(wanted, 2).first->second;
  do {
    name = fmt::format("{}#{}", wanted, number++);
  } while (!taken_.insert(index).second);
  return name;
}

constexpr std::uint64_t kRowBytes = sizeof(TensorSpec) + sizeof(RowValue);

class RowMaker {
 public:
  explicit RowMaker(const TorchFile& torch)
      : torch_(torch),
        document_(torch.object),
        depths_(torch),
        tree_(torch, "the checkpoint"),
        names_(rows_.specs, *torch.budget),
        states_(torch),
        notes_(*torch.budget) {}

  TorchRows make() {
    const PickleNode* dict = document_.node(document_.root);
    if (dict && is_flat(*dict)) {
      states_.add_flat_root(document_.root);
      for (std::uint32_t i = 0; i < dict->count; i += 2) {
        const std::string name = key_name(torch_, dict->items()[i]);
        (void)add_row(name, dict->items()[i + 1], name);
      }
    } else {
      add(std::nullopt, document_.root);
      add_text("__tree__", "tree", tree_.take());
    }
    rows_.notes = notes_.take();
    states_.take(rows_.metadata, rows_.notes);
    return std::move(rows_);
  }

 private:
  // Whether the rows describe the object without a tree: an empty dict, or a dict that holds a
  // tensor. An array needs a tree, because only the tree distinguishes it from a tensor.
  bool is_flat(const PickleNode& node) const {
    const bool is_plain =
        node.kind == PickleNode::Kind::dict || node.kind == PickleNode::Kind::ordered_dict;
    if (!is_plain || (node.count > 0 && !depths_.holds_numbers(document_.root))) return false;
    for (std::uint32_t i = 0; i < node.count; i += 2) {
      if (node.items()[i].kind != PickleValue::Kind::text) return false;
      const PickleValue value = node.items()[i + 1];
      const bool is_array = object_kind(document_, value) == ObjectKind::numpy_array;
      if (is_array || has_own_rows(value)) return false;
    }
    return true;
  }

  bool has_own_rows(PickleValue value) const {
    const ObjectKind kind = object_kind(document_, value);
    const bool may_have_rows = kind == ObjectKind::dict || kind == ObjectKind::list ||
                               kind == ObjectKind::tuple || kind == ObjectKind::deque;
    return may_have_rows && depths_.holds_numbers(value);
  }

  // Adds all rows of the value, and adds its nesting to the tree. The root has no path.
  void add(const std::optional<std::string>& path, PickleValue value) {
    if (!has_own_rows(value)) {
      const bool is_array = object_kind(document_, value) == ObjectKind::numpy_array;
      const char* root = is_numbers(object_kind(document_, value)) ? "tensor" : "value";
      const std::string& name = add_row(path.value_or(root), value, path.value_or(""));
      return tree_.write_reference(is_array ? "$ndarray" : "$row", name);
    }
    const PickleNode& node = *document_.node(value);
    states_.add(value);
    tree_.write_container(value, [&](std::uint32_t place) {
      states_.enter(node, place);
      const std::string part =
          node.is_dict() ? key_name(torch_, node.items()[place - 1]) : fmt::to_string(place);
      add(path ? *path + "." + part : part, node.items()[place]);
      states_.leave();
    });
  }

  // Returns the row's name, which can differ from `wanted`. `path` leads to the value; the root has
  // an empty one.
  const std::string& add_row(const std::string& wanted, PickleValue value,
                             const std::string& path) {
    const ObjectKind kind = object_kind(document_, value);
    if (kind == ObjectKind::tensor)
      return add_numbers(wanted, read_torch_tensor(torch_, value, wanted));
    if (kind == ObjectKind::numpy_array) {
      return add_numbers(wanted, read_numpy_array(torch_, value, entry(wanted)));
    }
    JsonValueWriter json(torch_, entry(wanted), path);
    json.write(value);
    return add_text(wanted, "json", json.take());
  }

  static std::string entry(const std::string& name) {
    return fmt::format("the entry `{}`", io::printable(name));
  }

  const std::string& add_numbers(const std::string& wanted, TorchTensor tensor) {
    const std::uint64_t dimensions = tensor.shape.size() + tensor.place.strides.size();
    torch_.budget->take(kRowBytes + dimensions * sizeof(std::int64_t), "the file's tensors");
    if (!tensor.own_class.empty()) {
      notes_.add(wanted, tensor.own_class, "is kept as a plain tensor",
                 "are kept as plain tensors");
    }
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
  const ContainerDepths depths_;
  JsonValueWriter tree_;
  TorchRows rows_;
  RowNames names_;
  StateDicts states_;
  PathNotes notes_;
};

}  // namespace

TorchRows make_rows(const TorchFile& torch) { return RowMaker(torch).make(); }

}  // namespace lancekeep::formats
