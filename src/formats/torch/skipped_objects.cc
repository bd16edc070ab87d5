// SPDX-License-Identifier: Apache-2.0
#include "formats/torch/skipped_objects.h"

#include <lancekeep/error.h>

#include "formats/torch/globals.h"
#include "formats/torch/module_state.h"
#include "formats/torch/numpy_value.h"
#include "formats/torch/object_paths.h"
#include "formats/torch/path_notes.h"
#include "formats/torch/python_object.h"
#include "formats/torch/torch_tensor.h"

#include <fmt/format.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lancekeep::formats {
namespace {

constexpr std::size_t kDeepestObject = 400;
constexpr PickleValue kLeftOut{PickleValue::Kind::absent};
constexpr std::uint32_t kNoNote = UINT32_MAX;

class ObjectSkipper {
 public:
  explicit ObjectSkipper(TorchFile& torch)
      : torch_(torch), document_(torch.object), path_(torch), notes_(*torch.budget) {
    known_ = document_.nodes().size();
    torch.budget->take(known_ * (sizeof(PickleValue) + 1 + sizeof(std::uint32_t)),
                       "the file's objects");
    progress_.resize(known_, Progress::none);
    results_.resize(known_);
    left_out_in_.resize(known_, kNoNote);
  }

  std::vector<std::string> run() {
    const PickleValue root = convert(document_.root);
    if (root == kLeftOut) {
      document_.fail(ErrorCode::unsupported,
                     fmt::format("the file holds nothing but {}, of which nothing can be kept",
                                 document_.describe(document_.root)));
    }
    document_.root = root;
    return notes_.take();
  }

 private:
  enum class Progress : std::uint8_t { none, started, done };

  // Returns what replaces the value, or kLeftOut.
  PickleValue convert(PickleValue value) {
    const PickleNode* node = document_.node(value);
    if (!node || value.payload >= known_ || depth_ == kDeepestObject) return value;
    Progress& progress = progress_[value.payload];
    if (progress == Progress::done) {
      last_note_ = left_out_in_[value.payload];  // each path to a value that is left out is noted
      if (last_note_ != kNoNote) notes_.add_to(last_note_, path_.text());
      return results_[value.payload];
    }
    // An object inside itself is left out; a container inside itself is rejected later.
    if (progress == Progress::started) {
      last_note_ = kNoNote;
      return is_foreign(value) ? kLeftOut : value;
    }
    progress = Progress::started;
    ++depth_;
    const PickleValue result = convert_new(value, *node);
    --depth_;
    progress_[value.payload] = Progress::done;
    results_[value.payload] = result;
    if (result == kLeftOut) left_out_in_[value.payload] = last_note_;
    return result;
  }

  PickleValue convert_new(PickleValue value, const PickleNode& node) {
    const ObjectKind kind = object_kind(document_, value);
    if (kind == ObjectKind::foreign) return convert_foreign(value, node);
    if (is_numbers(kind) || kind == ObjectKind::numpy_scalar || kind == ObjectKind::numpy_dtype) {
      return can_be_read(value, kind) ? value : kLeftOut;
    }
    if (kind == ObjectKind::other) {
      leave_out(document_.describe(value));
      return kLeftOut;
    }
    if (!is_container(kind)) return value;
    if (node.is_dict()) {
      convert_entries(document_.change(value));
      if (const auto extra = document_.extra(value)) convert_extra(value, *extra);
    } else if (kind == ObjectKind::set || kind == ObjectKind::frozenset) {
      convert_members(document_.change(value));
    } else {
      convert_items(document_.change(value));
    }
    return value;
  }

  // The factory of a defaultdict, or the state of an OrderedDict.
  void convert_extra(PickleValue dict, PickleValue extra) {
    if (document_.node(dict)->kind == NodeKind::ordered_dict) {
      const PickleValue converted = convert(extra);
      if (converted == kLeftOut) document_.set_extra(dict, PickleValue{});
    } else if (is_foreign(extra)) {
      notes_.add(path_.text(), foreign_name(document_, extra),
                 "is a dict, without the factory of its defaultdict",
                 "are dicts, without the factory of their defaultdict");
    }
  }

  void convert_items(PickleNode& node) {
    for (std::uint32_t i = 0; i < node.count; ++i) {
      path_.push_index(i);
      const PickleValue item = convert(node.first[i]);
      node.first[i] = item == kLeftOut ? PickleValue{} : item;
      path_.pop();
    }
  }

  void convert_members(PickleNode& node) {
    std::uint32_t kept = 0;
    for (std::uint32_t i = 0; i < node.count; ++i) {
      if (is_foreign_key(node.first[i], 0)) {
        leave_out(foreign_name(document_, node.first[i]));
      } else {
        node.first[kept++] = node.first[i];
      }
    }
    node.count = kept;
  }

  void convert_entries(PickleNode& node) {
    std::uint32_t kept = 0;
    for (std::uint32_t i = 0; i + 1 < node.count; i += 2) {
      path_.push_key(node.first[i]);
      PickleValue item = kLeftOut;
      if (is_foreign_key(node.first[i], 0)) {
        leave_out(foreign_name(document_, node.first[i]) + " as a key");
      } else {
        item = convert(node.first[i + 1]);
      }
      path_.pop();
      if (item == kLeftOut) continue;
      node.first[kept] = node.first[i];
      node.first[kept + 1] = item;
      kept += 2;
    }
    node.count = kept;
  }

  [[nodiscard]] bool is_foreign(PickleValue value) const {
    return object_kind(document_, value) == ObjectKind::foreign;
  }

  // Whether a key is an object, or has one inside.
  [[nodiscard]] bool is_foreign_key(PickleValue key, int depth) const {
    constexpr int kDeepestKey = 16;
    const ObjectKind kind = object_kind(document_, key);
    if (kind == ObjectKind::foreign || kind == ObjectKind::other || is_numbers(kind)) return true;
    if (kind != ObjectKind::tuple && kind != ObjectKind::frozenset) return false;
    if (depth == kDeepestKey) return true;
    for (const PickleValue item : document_.node(key)->items()) {
      if (is_foreign_key(item, depth + 1)) return true;
    }
    return false;
  }

  // Leaves out tensors and arrays of kinds that are not supported.
  bool can_be_read(PickleValue value, ObjectKind kind) {
    const std::string where = "it";
    try {
      if (kind == ObjectKind::tensor) {
        (void)read_torch_tensor(torch_, value, path_.text());
      } else if (kind == ObjectKind::numpy_array) {
        (void)read_numpy_array(torch_, value, where);
      } else if (kind == ObjectKind::numpy_dtype) {
        (void)read_numpy_dtype(torch_, value, where);
      } else {
        (void)read_numpy_scalar(torch_, value, where);
      }
      return true;
    } catch (const Error& error) {
      if (error.code() != ErrorCode::unsupported) throw;
      leave_out(error.message());
      return false;
    }
  }

  PickleValue convert_foreign(PickleValue value, const PickleNode& node) {
    const std::string name = foreign_name(document_, value);
    if (node.kind == NodeKind::object) {
      if (is_module(document_, value)) return as_state_dict(value, name);
      if (is_optimizer(document_, value)) {
        return kept_as(make_optimizer_state(torch_, value), name, kState);
      }
      if (name.starts_with("omegaconf.")) {
        if (const auto found = held_by_config(value)) return kept_as(*found, name, kValue);
      }
      for (const ObjectPart part : {kObjectEntries, kObjectItems}) {
        const PickleValue items = node.items()[part];
        if (items.kind != PickleValue::Kind::absent) {
          return kept_as(items, name, part == kObjectEntries ? kDict : kList);
        }
      }
      if (const auto attributes = dict_of_attributes(node)) {
        return kept_as(*attributes, name, kAttributes);
      }
      if (const auto made_from = value_of_arguments(node, name)) {
        return kept_as(*made_from, name, kValue);
      }
    }
    leave_out(name);
    return kLeftOut;
  }

  struct Outcome {
    const char* one;
    const char* many;
  };
  static constexpr Outcome kDict{"is kept as a dict", "are kept as dicts"};
  static constexpr Outcome kList{"is kept as a list", "are kept as lists"};
  static constexpr Outcome kAttributes{"is kept as a dict of its attributes",
                                       "are kept as dicts of their attributes"};
  static constexpr Outcome kValue{"is kept as its plain value", "are kept as their plain values"};
  static constexpr Outcome kState{"is kept as its state dict", "are kept as their state dicts"};

  // Notes the object before what is inside it.
  PickleValue kept_as(PickleValue plain, const std::string& name, Outcome outcome) {
    notes_.add(path_.text(), name, outcome.one, outcome.many);
    return convert_made(plain);
  }

  // Converts a value, or the items of a container that was made for an object.
  PickleValue convert_made(PickleValue value) {
    if (value.kind != PickleValue::Kind::node || value.payload < known_) return convert(value);
    PickleNode& node = document_.change(value);
    if (node.is_dict()) {
      convert_entries(node);
    } else {
      convert_items(node);
    }
    return value;
  }

  void leave_out(const std::string& name) {
    const std::size_t note = notes_.add(path_.text(), name, "is left out", "are left out");
    last_note_ = static_cast<std::uint32_t>(note);
  }

  PickleValue as_state_dict(PickleValue module, const std::string& name) {
    notes_.add(path_.text(), name, kState.one, kState.many);
    const PickleValue made = make_state_dict(torch_, module);
    convert_entries(document_.change(made));
    return made;
  }

  // Returns what a container or a node of OmegaConf holds.
  [[nodiscard]] std::optional<PickleValue> held_by_config(PickleValue config) const {
    const auto content = attribute_of(document_, config, "_content");
    return content ? content : attribute_of(document_, config, "_val");
  }

  [[nodiscard]] std::optional<PickleValue> dict_of_attributes(const PickleNode& object) {
    const Attributes found = attributes_of(document_, object);
    if ((!found.dict || found.dict->count == 0) && (!found.slots || found.slots->count == 0)) {
      return std::nullopt;
    }
    const PickleValue made = document_.add_node(NodeKind::dict, object.offset);
    for (const PickleNode* part : {found.dict, found.slots}) {
      if (part) document_.append(document_.change(made), part->items());
    }
    return made;
  }

  // A class, whose name starts with a capital letter by convention, is made from values that it
  // then holds: an enum, a namedtuple, a subclass of str. A function is not.
  [[nodiscard]] std::optional<PickleValue> value_of_arguments(const PickleNode& object,
                                                              const std::string& name) {
    const std::string_view last = std::string_view(name).substr(name.rfind('.') + 1);
    const bool is_class = !last.empty() && last.front() >= 'A' && last.front() <= 'Z';
    const PickleNode* arguments = document_.node(object.items()[kArguments], NodeKind::tuple);
    if (!is_class || !arguments || arguments->count == 0) return std::nullopt;
    if (arguments->count == 1) return arguments->items()[0];
    return document_.add_node(NodeKind::tuple, object.offset, arguments->items());
  }

  TorchFile& torch_;
  PickleDocument& document_;
  ObjectPath path_;
  PathNotes notes_;
  std::size_t known_ = 0;  // nodes of the file; those after them were made here
  std::size_t depth_ = 0;
  std::vector<Progress> progress_;          // by node
  std::vector<PickleValue> results_;        // by node
  std::vector<std::uint32_t> left_out_in_;  // by node: the note that says so, or kNoNote
  std::uint32_t last_note_ = kNoNote;       // of the value that was left out last
};

}  // namespace

std::vector<std::string> skip_foreign_objects(TorchFile& torch) {
  return ObjectSkipper(torch).run();
}

}  // namespace lancekeep::formats
