// SPDX-License-Identifier: Apache-2.0
#include <lancekeep/error.h>
#include <lancekeep/tensors.h>

#include "io/utf8.h"
#include "tensor/shape.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <optional>

namespace lancekeep {
namespace {

[[noreturn]] void reject(const std::string& what) {
  throw Error(ErrorCode::invalid_argument, what);
}

void check_name(const std::string& name) {
  if (name.empty()) reject("a tensor's name is empty");
  if (io::utf8_error(name)) {
    reject(fmt::format("a tensor's name is not valid UTF-8: `{}`", io::printable(name)));
  }
}

void check_size(const TensorSpec& spec) {
  const auto itemsize = dtype_itemsize(spec.dtype);
  const auto expected = byte_count(spec.shape, itemsize.value_or(1));
  if (!expected) reject(fmt::format("tensor `{}`: {}", spec.name, shape_problem(spec.shape)));
  if (itemsize && *expected != spec.nbytes) {
    reject(fmt::format("tensor `{}`: {} {} needs {} bytes, got {}", spec.name, spec.dtype,
                       to_string(spec.shape), *expected, spec.nbytes));
  }
}

// Some tensors of a source. If they are tied to one that is left out, the first of them becomes
// untied, and the others are tied to it.
class Selection {
 public:
  Selection(std::span<const TensorSpec> all, std::vector<TensorSpec>& specs,
            std::vector<std::size_t>& indices)
      : all_(all), specs_(specs), indices_(indices) {}

  TensorSpec& add(std::size_t index) {
    std::size_t target = index;
    while (all_[target].tied_to) target = *all_[target].tied_to;
    const auto [first, is_first] = first_of_.emplace(target, specs_.size());
    TensorSpec spec = all_[index];
    spec.tied_to = is_first ? std::nullopt : std::optional(first->second);
    indices_.push_back(index);
    return specs_.emplace_back(std::move(spec));
  }

 private:
  std::span<const TensorSpec> all_;
  std::vector<TensorSpec>& specs_;
  std::vector<std::size_t>& indices_;
  std::map<std::size_t, std::size_t> first_of_;  // a tie's target in the source → its first here
};

// Returns "`model.`, `optimizer.`": what names start with, up to their first dot.
std::string first_parts(std::span<const TensorSpec> specs) {
  constexpr std::size_t kMost = 5;
  std::vector<std::string> parts;
  for (const TensorSpec& spec : specs) {
    const std::size_t dot = spec.name.find('.');
    std::string part = dot == spec.name.npos ? spec.name : spec.name.substr(0, dot + 1);
    part = fmt::format("`{}`", io::printable(part));
    if (spec.dtype == "tree" || std::ranges::find(parts, part) != parts.end()) continue;
    if (parts.size() == kMost) return fmt::format("{} and others", fmt::join(parts, ", "));
    parts.push_back(std::move(part));
  }
  return fmt::format("{}", fmt::join(parts, ", "));
}

}  // namespace

Tensors& Tensors::add(std::string name, std::string dtype, Shape shape,
                      std::span<const std::byte> bytes, std::shared_ptr<const void> owner) {
  TensorSpec spec{.name = std::move(name),
                  .dtype = std::move(dtype),
                  .shape = std::move(shape),
                  .nbytes = bytes.size(),
                  .tied_to = std::nullopt};
  check_name(spec.name);
  if (spec.dtype.empty()) reject(fmt::format("tensor `{}`: its dtype is empty", spec.name));
  check_size(spec);
  append(std::move(spec), {bytes, std::move(owner)});
  return *this;
}

Tensors& Tensors::tie(std::string name, std::string_view target) {
  check_name(name);
  const auto found = index_.find(std::string(target));
  if (found == index_.end()) {
    reject(
        fmt::format("tensor `{}` cannot be tied to `{}`: there is no such tensor", name, target));
  }
  TensorSpec spec = specs_[found->second];
  spec.name = std::move(name);
  if (!spec.tied_to) spec.tied_to = found->second;
  append(std::move(spec), values_[found->second]);
  return *this;
}

void Tensors::append(TensorSpec spec, Value value) {
  if (index_.contains(spec.name)) reject(fmt::format("two tensors are named `{}`", spec.name));
  index_.emplace(spec.name, specs_.size());
  specs_.push_back(std::move(spec));
  values_.push_back(std::move(value));
}

std::span<const std::byte> Tensors::bytes(std::size_t index) const {
  return values_.at(index).bytes;
}

void Tensors::read(std::size_t index, const ByteSink& sink) {
  const std::span<const std::byte> whole = bytes(index);
  if (!whole.empty()) (void)sink(whole);
}

Subset::Subset(std::unique_ptr<TensorSource> source,
               const std::function<bool(std::string_view name)>& select)
    : source_(std::move(source)) {
  const std::span<const TensorSpec> all = source_->tensors();
  Selection selection(all, specs_, indices_);
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (select(all[i].name)) selection.add(i);
  }
}

void Subset::read(std::size_t index, const ByteSink& sink) {
  source_->read(indices_.at(index), sink);
}

WithoutPrefix::WithoutPrefix(std::shared_ptr<TensorSource> source, const std::string& prefix)
    : source_(std::move(source)) {
  if (prefix.empty()) reject("the prefix is empty");
  const std::span<const TensorSpec> all = source_->tensors();
  Selection selection(all, specs_, indices_);
  for (std::size_t i = 0; i < all.size(); ++i) {
    const std::string& name = all[i].name;
    if (all[i].dtype == "tree" || name.size() == prefix.size() || !name.starts_with(prefix)) {
      continue;
    }
    TensorSpec& spec = selection.add(i);
    spec.name = name.substr(prefix.size());
  }
  if (!specs_.empty()) return;
  throw Error(ErrorCode::not_found, fmt::format("no name starts with `{}`; names start with {}",
                                                io::printable(prefix), first_parts(all)));
}

void WithoutPrefix::read(std::size_t index, const ByteSink& sink) {
  source_->read(indices_.at(index), sink);
}

Watched::Watched(std::unique_ptr<TensorSource> source, Watch watch)
    : source_(std::move(source)), watch_(std::move(watch)) {}

void Watched::read(std::size_t index, const ByteSink& sink) {
  source_->read(index, [&](std::span<const std::byte> piece) {
    watch_(piece.size(), source_->tensors()[index].name);
    return sink(piece);
  });
}

}  // namespace lancekeep
