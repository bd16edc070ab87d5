// SPDX-License-Identifier: Apache-2.0
#include "formats/torch/foreign_objects.h"

#include <lancekeep/error.h>

#include "formats/torch/globals.h"
#include "formats/torch/object_paths.h"
#include "formats/torch/path_notes.h"
#include "formats/torch/python_object.h"
#include "io/utf8.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lancekeep::formats {
namespace {

constexpr std::size_t kDeepestSearch = 400;
constexpr std::size_t kMostListed = 40;
constexpr std::uint64_t kClassBytes = 256;

struct ForeignClass {
  std::string name;
  PathList paths;
};

// Finds all foreign classes and functions, in the order in which they are met.
class ForeignFinder {
 public:
  explicit ForeignFinder(const TorchFile& torch)
      : torch_(torch), document_(torch.object), path_(torch) {
    torch.budget->take(document_.nodes().size() / 4, "the file's objects");
    seen_.resize(document_.nodes().size());
    visited_.resize(document_.nodes().size());
  }

  void run() {
    visit(document_.root);
    std::uint32_t index = 0;
    for (const PickleNode& node : document_.nodes()) {
      if (node.kind == NodeKind::foreign && !seen_[index]) (void)class_of(node);
      ++index;
    }
  }

  [[nodiscard]] const std::vector<ForeignClass>& classes() const { return classes_; }
  /// The path of the outermost module; unset if there is none.
  [[nodiscard]] const std::optional<std::string>& module_path() const { return module_; }
  /// The file offset of the first foreign class.
  [[nodiscard]] std::optional<std::uint64_t> offset() const { return offset_; }

 private:
  void visit(PickleValue value) {
    const PickleNode* node = document_.node(value);
    if (!node) return;
    seen_[value.payload] = true;
    if (node->kind == NodeKind::foreign) return class_of(*node).paths.add(path_.text());
    if (visited_[value.payload] || depth_ == kDeepestSearch) return;
    visited_[value.payload] = true;
    ++depth_;
    if (!module_ && is_module(document_, value)) module_ = path_.text();
    visit_inside(value, *node);
    --depth_;
  }

  void visit_inside(PickleValue value, const PickleNode& node) {
    if (node.is_dict()) {
      for (std::uint32_t i = 0; i + 1 < node.count; i += 2) {
        path_.push_key(node.items()[i]);
        visit(node.items()[i]);
        visit(node.items()[i + 1]);
        path_.pop();
      }
    } else if (node.kind == NodeKind::call) {
      visit_call(value, node);
    } else if (node.kind == NodeKind::object || node.kind == NodeKind::persistent_id) {
      visit_all(node);
    } else {
      for (std::uint32_t i = 0; i < node.count; ++i) {
        path_.push_index(i);
        visit(node.items()[i]);
        path_.pop();
      }
    }
    if (const auto extra = document_.extra(value)) visit(*extra);
  }

  // The parts of an object, or the arguments of a call, are at the path of the object itself.
  void visit_all(const PickleNode& node) {
    for (const PickleValue item : node.items()) {
      const PickleNode* tuple = document_.node(item, NodeKind::tuple);
      if (tuple && !visited_[item.payload]) {
        seen_[item.payload] = visited_[item.payload] = true;
        if (depth_ == kDeepestSearch) return;
        ++depth_;
        visit_all(*tuple);
        --depth_;
      } else {
        visit(item);
      }
    }
  }

  // The type of a tensor's subclass does not count, and neither do the attributes of a tensor that
  // has its bytes in another tensor.
  void visit_call(PickleValue value, const PickleNode& node) {
    const Call call = call_of(document_, value);
    const bool has_type =
        call.function == Callable::from_type || call.function == Callable::from_type_v2;
    if (!has_type || call.arguments.size() < 2) return visit_all(node);
    mark(call.arguments[1], 0);
    if (is_global(document_, call.arguments[0], Callable::wrapper)) return mark(value, 0);
    for (std::size_t i = 2; i < call.arguments.size(); ++i) visit(call.arguments[i]);
  }

  // Marks everything inside as seen, so that it is not reported.
  void mark(PickleValue value, std::size_t depth) {
    const PickleNode* node = document_.node(value);
    if (!node || depth == kDeepestSearch) return;
    if (seen_[value.payload] && depth > 0) return;
    seen_[value.payload] = true;
    if (node->kind == NodeKind::foreign || node->kind == NodeKind::global) return;
    for (const PickleValue item : node->items()) mark(item, depth + 1);
  }

  ForeignClass& class_of(const PickleNode& node) {
    if (!offset_ || node.offset < *offset_) offset_ = node.offset;
    const std::string name = document_.full_name(node);
    const auto [known, is_new] = places_.try_emplace(name, classes_.size());
    if (is_new) {
      torch_.budget->take(kClassBytes + 2 * name.size(), "the file's classes");
      classes_.push_back({name, {}});
    }
    return classes_[known->second];
  }

  const TorchFile& torch_;
  const PickleDocument& document_;
  ObjectPath path_;
  std::size_t depth_ = 0;
  std::vector<bool> seen_;     // by node
  std::vector<bool> visited_;  // by node
  std::vector<ForeignClass> classes_;
  std::map<std::string, std::size_t> places_;  // of each class
  std::optional<std::string> module_;
  std::optional<std::uint64_t> offset_;
};

// Whether a name is that of a function or class for tensors that are more than an array.
bool is_tensor_kind(std::string_view name) {
  return name.starts_with("torch._utils._rebuild_") || name.starts_with("torch.nested") ||
         name.starts_with("torch.distributed") || name.starts_with("torch.sparse");
}

std::string advice_for_tensors(const std::vector<ForeignClass>& classes) {
  const auto has = [&](std::string_view part) {
    return std::ranges::any_of(classes, [&](const ForeignClass& each) {
      return each.name.find(part) != std::string::npos;
    });
  };
  if (has("_rebuild_qtensor")) {
    return "Quantized tensors are not supported: save tensor.dequantize(), or its int_repr(), "
           "scales and zero points as separate tensors";
  }
  if (has("_rebuild_sparse")) {
    return "Sparse tensors are not supported: save tensor.to_dense(), or its indices and values as "
           "separate tensors";
  }
  if (has("torch.distributed")) {
    return "Of a tensor that is spread over processes, save tensor.full_tensor()";
  }
  return "Tensors of this kind are not supported: save it as a plain, dense tensor";
}

std::string advice_for_objects(const ForeignFinder& found) {
  const auto starts = [&](std::string_view start) {
    return std::ranges::any_of(
        found.classes(), [&](const ForeignClass& each) { return each.name.starts_with(start); });
  };
  if (const auto& module = found.module_path()) {
    return (module->empty() ? "The file holds a whole module"
                            : "`" + io::printable(*module) + "` is a whole module") +
           ": save model.state_dict() instead";
  }
  if (starts("torch.optim.")) return "Of an optimizer or a scheduler, save its state_dict()";
  if (starts("argparse.Namespace")) return "Save vars(args), a dict, instead of a Namespace";
  if (starts("omegaconf.")) {
    return "Save OmegaConf.to_container(config), which is dicts and lists, instead of a config";
  }
  if (starts("numpy.")) return "From NumPy, arrays and scalars of numbers are supported";
  return "Save dicts, lists, numbers, strings and tensors instead";
}

std::string listed(const std::vector<ForeignClass>& classes) {
  std::string text;
  for (std::size_t i = 0; i < std::min(classes.size(), kMostListed); ++i) {
    const ForeignClass& each = classes[i];
    text += fmt::format("{}`{}`{}", i == 0 ? "" : "; ", io::printable(each.name),
                        each.paths.count() == 0 ? std::string(", which no value uses")
                                                : " at " + each.paths.text());
  }
  if (classes.size() > kMostListed)
    text += fmt::format("; and {} more", classes.size() - kMostListed);
  return text;
}

}  // namespace

void reject_foreign_objects(const TorchFile& torch) {
  ForeignFinder found(torch);
  found.run();
  const std::vector<ForeignClass>& classes = found.classes();
  if (classes.empty()) return;
  const bool are_tensors = std::ranges::all_of(
      classes, [](const ForeignClass& each) { return is_tensor_kind(each.name); });
  torch.object.fail(
      are_tensors ? ErrorCode::unsupported : ErrorCode::unsafe,
      fmt::format("the pickle names classes or functions that are not on the list of what a "
                  "checkpoint of data needs: {}; nothing was run. {}",
                  listed(classes),
                  are_tensors ? advice_for_tensors(classes) : advice_for_objects(found)),
      found.offset());
}

}  // namespace lancekeep::formats
