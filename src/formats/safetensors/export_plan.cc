// SPDX-License-Identifier: Apache-2.0
#include "formats/safetensors/export_plan.h"

#include "formats/export/tensor_export.h"
#include "io/utf8.h"

#include <fmt/format.h>

#include <optional>

namespace lancekeep::formats {
namespace {

[[noreturn]] void fail(const std::filesystem::path& path, ErrorCode code,
                       const std::string& problem) {
  throw Error(code, problem, path.string());
}

std::string read_text(TensorSource& source, std::size_t index) {
  std::string text;
  source.read(index, [&](std::span<const std::byte> piece) {
    text.append(reinterpret_cast<const char*>(piece.data()), piece.size());
    return text.size() <= kSafetensorsLongestHeader;
  });
  return text;
}

void add_json_row(ExportPlan& plan, TensorSource& source, std::size_t index) {
  const std::string& name = source.tensors()[index].name;
  if (plan.metadata.contains(name)) {
    plan.not_kept.push_back("`" + name + "`, a value that is no tensor: the metadata has that key");
    return;
  }
  plan.metadata.emplace(name, read_text(source, index));
}

// What the format has no place for, e.g. "`a` (complex128)"; nothing if the tensor was taken in.
std::optional<std::string> add_tensor(ExportPlan& plan, const TensorSpec& spec, std::size_t index,
                                      const std::filesystem::path& path) {
  const SafetensorsDtype* dtype = safetensors_dtype_of(spec.dtype);
  auto shape = dtype ? shape_to_safetensors(*dtype, spec.shape) : std::nullopt;
  if (!shape) return describe(spec);
  require_byte_count(path, spec, safetensors_byte_count(*dtype, *shape));
  plan.tensors.push_back({{spec.name, dtype, std::move(*shape), 0, 0}, index, spec.nbytes});
  return std::nullopt;
}

void require_text(const ExportPlan& plan, const std::filesystem::path& path) {
  const auto require = [&](std::string_view what, const std::string& text) {
    if (!io::utf8_error(text)) return;
    fail(path, ErrorCode::invalid_argument,
         fmt::format("{} is not UTF-8, which a safetensors header must be", what));
  };
  for (const auto& [key, value] : plan.metadata) {
    require("a metadata key", key);
    require("the metadata value of `" + key + "`", value);
  }
  for (const auto& tensor : plan.tensors) require("a tensor's name", tensor.entry.name);
}

}  // namespace

ExportPlan plan_export(const std::filesystem::path& path, TensorSource& source,
                       const Metadata& metadata) {
  ExportPlan plan;
  plan.metadata = metadata;
  plan.metadata.merge(source.metadata());  // what the caller gave wins
  const std::span<const TensorSpec> specs = source.tensors();
  std::vector<std::string> refused;
  for (std::size_t i = 0; i < specs.size(); ++i) {
    const TensorSpec& spec = specs[i];
    if (spec.dtype == "json") {
      add_json_row(plan, source, i);
    } else if (spec.dtype == "tree") {
      plan.not_kept.push_back(nesting_not_kept());
    } else if (spec.name == kSafetensorsMetadataKey) {
      fail(path, ErrorCode::invalid_argument,
           "a tensor is named `__metadata__`, which safetensors keeps for its metadata; rename it");
    } else if (auto problem = add_tensor(plan, spec, i, path)) {
      refused.push_back(*problem);
    } else if (spec.tied_to) {
      plan.not_kept.push_back(tie_not_kept(spec, specs));
    }
  }
  require_none_refused(path, "safetensors", std::move(refused));
  require_text(plan, path);
  return plan;
}

}  // namespace lancekeep::formats
