// SPDX-License-Identifier: Apache-2.0
// Also implements write_safetensors() of <lancekeep/formats.h>.
#include "formats/safetensors/safetensors_writer.h"

#include <lancekeep/formats.h>

#include "formats/export/tensor_export.h"
#include "io/atomic_file.h"
#include "io/checked_math.h"
#include "io/utf8.h"
#include "tensor/state_dicts_key.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <numeric>
#include <optional>

namespace lancekeep::formats {
namespace {

using Tensors = std::span<const ExportPlan::Tensor>;
using Write = std::function<void(std::span<const std::byte>)>;

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
    plan.not_kept.push_back("`" + name +
                            "`, a value that is not a tensor: the metadata already has that key");
    return;
  }
  plan.metadata.emplace(name, read_text(source, index));
}

// Adds the tensor to the plan, or returns its description if safetensors lacks its dtype.
std::optional<std::string> add_tensor(ExportPlan& plan, const TensorSpec& spec, std::size_t index,
                                      const std::filesystem::path& path) {
  const DtypeNames* dtype = safetensors_dtype_of(spec.dtype);
  auto shape = dtype ? shape_to_safetensors(*dtype, spec.shape) : std::nullopt;
  if (!shape) return describe(spec);
  require_byte_count(path, spec, safetensors_byte_count(*dtype, *shape));
  plan.tensors.push_back({{spec.name, dtype, std::move(*shape), 0, 0}, index, spec.nbytes});
  return std::nullopt;
}

// Whether a tensor can be left out, because it has the same dtype, shape and values as the one to
// which it is tied.
bool has_the_values_of(const TensorSpec& spec, const TensorSpec& target) {
  return spec.dtype == target.dtype && spec.shape == target.shape && spec.nbytes == target.nbytes;
}

// Keeps tied names as metadata, as safetensors' save_model does: {"head.weight": "embed.weight"}.
void add_tied_names(ExportPlan& plan, const std::vector<std::size_t>& tied,
                    std::span<const TensorSpec> specs) {
  if (tied.empty()) return;
  for (const std::size_t i : tied) {
    const TensorSpec& target = specs[*specs[i].tied_to];
    if (plan.metadata.emplace(specs[i].name, target.name).second) continue;
    plan.not_kept.push_back(
        fmt::format("the tied name `{}` of `{}`: the metadata already has a key of that name",
                    specs[i].name, target.name));
  }
  const TensorSpec& first = specs[tied.front()];
  plan.notes.push_back(fmt::format(
      "tied tensors are written once, and their other names are in the metadata: `{}` is `{}`{}",
      first.name, specs[*first.tied_to].name,
      tied.size() > 1 ? fmt::format(", and {} more", tied.size() - 1) : ""));
}

// Where the other programs look for it, in any file that has metadata.
void add_format(Metadata& metadata) {
  if (!metadata.empty()) metadata.emplace("format", "pt");
}

void require_utf8(const ExportPlan& plan, const std::filesystem::path& path) {
  const auto require = [&](std::string_view what, const std::string& text) {
    if (!io::utf8_error(text)) return;
    throw Error(ErrorCode::invalid_argument,
                fmt::format("{} is not UTF-8, which a safetensors header must be", what),
                path.string());
  };
  for (const auto& [key, value] : plan.metadata) {
    require("a metadata key", key);
    require("the metadata value of `" + key + "`", value);
  }
  for (const auto& tensor : plan.tensors) require("a tensor's name", tensor.entry.name);
}

// Returns the tensors' positions in the order of their bytes.
std::vector<std::size_t> order_by_width(Tensors tensors) {
  std::vector<std::size_t> order(tensors.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return tensors[a].entry.dtype->bits > tensors[b].entry.dtype->bits;
  });
  return order;
}

SafetensorsHeader make_header(Tensors tensors, const std::vector<std::size_t>& order,
                              const Metadata& metadata, const std::filesystem::path& path) {
  SafetensorsHeader header;
  header.metadata = metadata;
  for (const auto& tensor : tensors) header.entries.push_back(tensor.entry);
  std::uint64_t end = 0;
  for (const std::size_t i : order) {
    const auto next = io::checked_add(end, tensors[i].nbytes);
    if (!next) {
      throw Error(ErrorCode::invalid_argument, "the tensors take more than 2^64 bytes",
                  path.string());
    }
    header.entries[i].begin = end;
    header.entries[i].end = end = *next;
  }
  return header;
}

void write_header(const Write& write, const SafetensorsHeader& header,
                  const std::filesystem::path& path) {
  const std::string text = encode_safetensors_header(header);
  if (text.size() > kSafetensorsLongestHeader) {
    throw Error(ErrorCode::unsupported,
                fmt::format("the header would have {} bytes, but safetensors allows {}; shorten "
                            "the metadata or export fewer tensors into a file",
                            text.size(), kSafetensorsLongestHeader),
                path.string());
  }
  std::array<std::byte, 8> length;
  for (std::size_t i = 0; i < length.size(); ++i) {
    length[i] = static_cast<std::byte>(text.size() >> (8 * i));
  }
  write(length);
  write(std::as_bytes(std::span(text)));
}

}  // namespace

ExportPlan plan_export(const std::filesystem::path& path, TensorSource& source,
                       const Metadata& metadata, const ExportForm& form) {
  ExportPlan plan;
  plan.metadata = metadata;
  plan.metadata.merge(source.metadata());  // keeps the caller's values of keys in both
  plan.metadata.erase(kStateDictsKey);
  const std::span<const TensorSpec> specs = source.tensors();
  std::vector<std::string> rejected;
  std::vector<std::size_t> tied;
  for (std::size_t i = 0; i < specs.size(); ++i) {
    const TensorSpec& spec = specs[i];
    if (spec.dtype == "json") {
      add_json_row(plan, source, i);
    } else if (spec.dtype == "tree") {
      plan.not_kept.push_back(nesting_not_kept());
    } else if (spec.name == kSafetensorsMetadataKey) {
      throw Error(ErrorCode::invalid_argument,
                  "a tensor is named `__metadata__`, a name that safetensors reserves; rename it",
                  path.string());
    } else if (spec.tied_to && form.tied_names == TiedNames::one &&
               has_the_values_of(spec, specs[*spec.tied_to])) {
      tied.push_back(i);
    } else if (auto description = add_tensor(plan, spec, i, path)) {
      rejected.push_back(*description);
    } else if (spec.tied_to) {
      plan.not_kept.push_back(tie_not_kept(spec, specs));
    }
  }
  add_tied_names(plan, tied, specs);
  if (form.add_format) add_format(plan.metadata);
  require_none_rejected(path, "safetensors", std::move(rejected));
  require_utf8(plan, path);
  return plan;
}

void write_tensors(const Write& write, Tensors tensors, const Metadata& metadata,
                   TensorSource& source, const std::filesystem::path& path) {
  const std::vector<std::size_t> order = order_by_width(tensors);
  write_header(write, make_header(tensors, order, metadata, path), path);
  for (const std::size_t i : order) copy_tensor(path, source, tensors[i].source, write);
}

}  // namespace lancekeep::formats

namespace lancekeep {

ExportReport write_safetensors(const std::filesystem::path& path, TensorSource& source,
                               const Metadata& metadata, TiedNames tied_names) {
  formats::ExportPlan plan =
      formats::plan_export(path, source, metadata, {.tied_names = tied_names});
  io::AtomicFile file(path);
  const auto write = [&](std::span<const std::byte> piece) { file.write(piece); };
  formats::write_tensors(write, plan.tensors, plan.metadata, source, path);
  ExportReport report{plan.tensors.size(),
                      file.position(),
                      std::move(plan.not_kept),
                      {path},
                      std::move(plan.notes)};
  file.commit();
  return report;
}

ExportReport write_safetensors(const std::function<void(std::span<const std::byte>)>& write,
                               TensorSource& source, const Metadata& metadata) {
  formats::ExportPlan plan = formats::plan_export(
      {}, source, metadata, {.tied_names = TiedNames::all, .add_format = false});
  std::uint64_t written = 0;
  const auto count_and_write = [&](std::span<const std::byte> piece) {
    written += piece.size();
    write(piece);
  };
  formats::write_tensors(count_and_write, plan.tensors, plan.metadata, source, {});
  return {plan.tensors.size(), written, std::move(plan.not_kept), {}, {}};
}

}  // namespace lancekeep
