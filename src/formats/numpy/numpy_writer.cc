// SPDX-License-Identifier: Apache-2.0
// Implements write_npz() and write_npy() of <lancekeep/formats.h>:
//   1. Plan: list the tensors to write and everything that NumPy cannot keep. Reject unsupported
//      dtypes, naming the tensors. All checks are done before a byte is written.
//   2. Write to a temporary file and fsync it; then rename it to the final name.
#include <lancekeep/formats.h>

#include "formats/export/tensor_export.h"
#include "formats/numpy/npy_header.h"
#include "formats/zip/zip_entry.h"
#include "formats/zip/zip_writer.h"
#include "io/atomic_file.h"
#include "tensor/shape.h"
#include "tensor/state_dicts_key.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <optional>
#include <set>
#include <string_view>

namespace lancekeep {
namespace {

constexpr std::uint64_t kMostBytes = std::uint64_t{1} << 62;  // leaves room for a header

struct Plan {
  std::vector<std::size_t> tensors;  // indexes in the source
  std::vector<std::string> not_kept;
};

[[noreturn]] void fail(const std::filesystem::path& path, ErrorCode code,
                       const std::string& problem) {
  throw Error(code, problem, path.string());
}

std::span<const std::byte> bytes_of(const std::string& text) {
  return std::as_bytes(std::span(text));
}

std::string header_of(const TensorSpec& spec) {
  return formats::encode_npy_header(*formats::numpy_dtype_of(spec.dtype), spec.shape);
}

// Adds the tensor to the plan, or returns its description if NumPy lacks its dtype.
std::optional<std::string> add_tensor(Plan& plan, const TensorSpec& spec, std::size_t index,
                                      const std::filesystem::path& path) {
  const DtypeNames* dtype = formats::numpy_dtype_of(spec.dtype);
  if (!dtype) return formats::describe(spec);
  if (spec.shape.size() > formats::kNumpyMostDimensions) {
    fail(path, ErrorCode::unsupported,
         fmt::format(
             "tensor `{}` has {} dimensions, but NumPy supports at most {}; nothing was written",
             spec.name, spec.shape.size(), formats::kNumpyMostDimensions));
  }
  formats::require_byte_count(path, spec, byte_count(spec.shape, dtype->itemsize()));
  if (spec.nbytes > kMostBytes) {
    fail(path, ErrorCode::invalid_argument,
         fmt::format("tensor `{}` has {} bytes, more than a file can have; nothing was written",
                     spec.name, spec.nbytes));
  }
  plan.tensors.push_back(index);
  return std::nullopt;
}

void note_metadata(Plan& plan, const Metadata& metadata) {
  std::vector<std::string> keys;
  for (const auto& [key, value] : metadata) {
    if (key != kStateDictsKey) keys.push_back("`" + key + "`");
  }
  if (keys.empty()) return;
  plan.not_kept.push_back(fmt::format("the metadata: {}", fmt::join(keys, ", ")));
}

Plan make_plan(const std::filesystem::path& path, TensorSource& source) {
  Plan plan;
  const std::span<const TensorSpec> specs = source.tensors();
  std::vector<std::string> rejected;
  for (std::size_t i = 0; i < specs.size(); ++i) {
    const TensorSpec& spec = specs[i];
    if (spec.dtype == "json") {
      plan.not_kept.push_back("`" + spec.name + "`, a value that is not a tensor");
    } else if (spec.dtype == "tree") {
      plan.not_kept.push_back(formats::nesting_not_kept());
    } else if (auto problem = add_tensor(plan, spec, i, path)) {
      rejected.push_back(*problem);
    } else if (spec.tied_to) {
      plan.not_kept.push_back(formats::tie_not_kept(spec, specs));
    }
  }
  formats::require_none_rejected(path, "NumPy", std::move(rejected));
  note_metadata(plan, source.metadata());
  return plan;
}

std::string entry_name(const TensorSpec& spec) { return spec.name + ".npy"; }

void require_names(const Plan& plan, std::span<const TensorSpec> specs,
                   const std::filesystem::path& path) {
  std::set<std::string_view> names;
  for (const std::size_t index : plan.tensors) names.insert(specs[index].name);
  for (const std::size_t index : plan.tensors) {
    const TensorSpec& spec = specs[index];
    formats::require_zip_entry_name(entry_name(spec), path);
    if (names.contains(entry_name(spec))) {
      fail(path, ErrorCode::invalid_argument,
           fmt::format("numpy.load would find only one of the tensors `{}` and `{}`; rename one of "
                       "them. Nothing was written",
                       spec.name, entry_name(spec)));
    }
  }
}

}  // namespace

ExportReport write_npz(const std::filesystem::path& path, TensorSource& source) {
  Plan plan = make_plan(path, source);
  const std::span<const TensorSpec> specs = source.tensors();
  require_names(plan, specs, path);
  formats::ZipWriter archive(path);
  for (const std::size_t index : plan.tensors) {
    const std::string header = header_of(specs[index]);
    archive.begin_entry(entry_name(specs[index]), header.size() + specs[index].nbytes);
    archive.write(bytes_of(header));
    formats::copy_tensor(path, source, index,
                         [&](std::span<const std::byte> piece) { archive.write(piece); });
    archive.end_entry();
  }
  archive.commit();
  return {plan.tensors.size(), archive.position(), std::move(plan.not_kept), {path}};
}

ExportReport write_npy(const std::filesystem::path& path, TensorSource& source) {
  Plan plan = make_plan(path, source);
  if (plan.tensors.size() != 1) {
    fail(path, ErrorCode::invalid_argument,
         fmt::format("an .npy file holds one tensor, but the source has {}{}. Nothing was written",
                     plan.tensors.size(),
                     plan.tensors.empty() ? "" : "; write an .npz file, which holds any number"));
  }
  const std::size_t index = plan.tensors.front();
  io::AtomicFile file(path);
  file.write(bytes_of(header_of(source.tensors()[index])));
  formats::copy_tensor(path, source, index,
                       [&](std::span<const std::byte> piece) { file.write(piece); });
  const std::uint64_t bytes = file.position();
  file.commit();
  return {1, bytes, std::move(plan.not_kept), {path}};
}

}  // namespace lancekeep
