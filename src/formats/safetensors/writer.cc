// SPDX-License-Identifier: Apache-2.0
// write_safetensors() of <lancekeep/formats.h>:
//   1. Sort the source's entries into tensors, json rows and what cannot be kept; refuse, by name,
//   what
//      has no place at all. Nothing is written before all of this is known to fit.
//   2. Lay the tensors out by decreasing width, so that each starts at a multiple of its own width
//   and can
//      be mapped; the header lists them in the source's order.
//   3. Write to a temporary file, which takes the final name once it is complete and on the disk.
#include <lancekeep/formats.h>

#include "formats/export/tensor_export.h"
#include "formats/safetensors/dtype.h"
#include "formats/safetensors/header.h"
#include "io/atomic_file.h"
#include "io/checked_math.h"
#include "io/utf8.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace lancekeep {
namespace {

using formats::SafetensorsDtype;
using formats::SafetensorsHeader;

struct Plan {
  SafetensorsHeader header;
  std::vector<std::size_t> sources;  // of each header entry, its index in the source
  std::vector<std::size_t> layout;   // header entries in the order of their bytes
  std::vector<std::string> not_kept;
};

[[noreturn]] void fail(const std::filesystem::path& path, ErrorCode code,
                       const std::string& problem) {
  throw Error(code, problem, path.string());
}

std::string read_text(TensorSource& source, std::size_t index) {
  std::string text;
  source.read(index, [&](std::span<const std::byte> piece) {
    text.append(reinterpret_cast<const char*>(piece.data()), piece.size());
    return text.size() <= formats::kSafetensorsLongestHeader;
  });
  return text;
}

void add_json_row(Plan& plan, TensorSource& source, std::size_t index) {
  const std::string& name = source.tensors()[index].name;
  if (plan.header.metadata.contains(name)) {
    plan.not_kept.push_back("`" + name + "`, a value that is no tensor: the metadata has that key");
    return;
  }
  plan.header.metadata.emplace(name, read_text(source, index));
}

// What the format has no place for, e.g. "`a` (complex128)"; nothing if the tensor was taken in.
std::optional<std::string> add_tensor(Plan& plan, const TensorSpec& spec, std::size_t index,
                                      const std::filesystem::path& path) {
  const SafetensorsDtype* dtype = formats::safetensors_dtype_of(spec.dtype);
  auto shape = dtype ? formats::shape_to_safetensors(*dtype, spec.shape) : std::nullopt;
  if (!shape) return formats::describe(spec);
  formats::require_byte_count(path, spec, formats::safetensors_byte_count(*dtype, *shape));
  plan.header.entries.push_back({spec.name, std::string(dtype->name), std::move(*shape), 0, 0});
  plan.sources.push_back(index);
  return std::nullopt;
}

void lay_out(Plan& plan, const std::filesystem::path& path, std::span<const TensorSpec> specs) {
  plan.layout.resize(plan.header.entries.size());
  for (std::size_t i = 0; i < plan.layout.size(); ++i) plan.layout[i] = i;
  const auto width = [&](std::size_t i) {
    return formats::safetensors_dtype(plan.header.entries[i].dtype)->bits;
  };
  std::stable_sort(plan.layout.begin(), plan.layout.end(),
                   [&](std::size_t a, std::size_t b) { return width(a) > width(b); });
  std::uint64_t end = 0;
  for (const std::size_t i : plan.layout) {
    const auto next = io::checked_add(end, specs[plan.sources[i]].nbytes);
    if (!next) fail(path, ErrorCode::invalid_argument, "the tensors take more than 2^64 bytes");
    plan.header.entries[i].begin = end;
    plan.header.entries[i].end = end = *next;
  }
}

void require_text(const Plan& plan, const std::filesystem::path& path) {
  const auto require = [&](std::string_view what, const std::string& text) {
    if (!io::utf8_error(text)) return;
    fail(path, ErrorCode::invalid_argument,
         fmt::format("{} is not UTF-8, which a safetensors header must be", what));
  };
  for (const auto& [key, value] : plan.header.metadata) {
    require("a metadata key", key);
    require("the metadata value of `" + key + "`", value);
  }
  for (const auto& entry : plan.header.entries) require("a tensor's name", entry.name);
}

Plan make_plan(const std::filesystem::path& path, TensorSource& source, const Metadata& metadata) {
  Plan plan;
  plan.header.metadata = metadata;
  plan.header.metadata.merge(source.metadata());  // what the caller gave wins
  const std::span<const TensorSpec> specs = source.tensors();
  std::vector<std::string> refused;
  for (std::size_t i = 0; i < specs.size(); ++i) {
    const TensorSpec& spec = specs[i];
    if (spec.dtype == "json") {
      add_json_row(plan, source, i);
    } else if (spec.dtype == "tree") {
      plan.not_kept.push_back(formats::nesting_not_kept());
    } else if (spec.name == formats::kSafetensorsMetadataKey) {
      fail(path, ErrorCode::invalid_argument,
           "a tensor is named `__metadata__`, which safetensors keeps for its metadata; rename it");
    } else if (auto problem = add_tensor(plan, spec, i, path)) {
      refused.push_back(*problem);
    } else if (spec.tied_to) {
      plan.not_kept.push_back(formats::tie_not_kept(spec, specs));
    }
  }
  formats::require_none_refused(path, "safetensors", std::move(refused));
  require_text(plan, path);
  lay_out(plan, path, specs);
  return plan;
}

void write_tensor(io::AtomicFile& file, TensorSource& source, std::size_t index,
                  const std::filesystem::path& path) {
  formats::copy_tensor(path, source, index,
                       [&](std::span<const std::byte> piece) { file.write(piece); });
}

}  // namespace

ExportReport write_safetensors(const std::filesystem::path& path, TensorSource& source,
                               const Metadata& metadata) {
  Plan plan = make_plan(path, source, metadata);
  const std::string header = formats::encode_safetensors_header(plan.header);
  if (header.size() > formats::kSafetensorsLongestHeader) {
    fail(path, ErrorCode::unsupported,
         fmt::format(
             "the header would have {} bytes, but safetensors allows {}; shorten the metadata "
             "or export fewer tensors",
             header.size(), formats::kSafetensorsLongestHeader));
  }
  std::array<std::byte, 8> length;
  for (std::size_t i = 0; i < length.size(); ++i) {
    length[i] = static_cast<std::byte>(header.size() >> (8 * i));
  }
  io::AtomicFile file(path);
  file.write(length);
  file.write(std::as_bytes(std::span(header.data(), header.size())));
  for (const std::size_t i : plan.layout) write_tensor(file, source, plan.sources[i], path);
  const ExportReport report{plan.header.entries.size(), file.position(), std::move(plan.not_kept)};
  file.commit();
  return report;
}

}  // namespace lancekeep
