// SPDX-License-Identifier: Apache-2.0
// Model files of other formats, which import opens and export writes.
#include <lancekeep/formats.h>

#include "python/src/record.h"

#include <nanobind/stl/filesystem.h>
#include <nanobind/stl/unique_ptr.h>

namespace lancekeep::python {
namespace {

nb::bytes safetensors_bytes(TensorSource& source, const Metadata& metadata) {
  std::string bytes;
  {
    const nb::gil_scoped_release release;
    (void)write_safetensors(
        [&](std::span<const std::byte> piece) {
          bytes.append(reinterpret_cast<const char*>(piece.data()), piece.size());
        },
        source, metadata);
  }
  return nb::bytes(bytes.data(), bytes.size());
}

}  // namespace

void bind_formats(nb::module_& module) {
  nb::class_<ExportReport> report(module, "ExportReport",
                                  "What an export wrote, and what the file format cannot hold.");
  add_fields(report, field("tensors", &ExportReport::tensors),
             field("bytes_written", &ExportReport::bytes_written),
             field("not_kept", &ExportReport::not_kept), field("files", &ExportReport::files),
             field("notes", &ExportReport::notes));
  module.def("safetensors_bytes", &safetensors_bytes, nb::arg("source"), nb::arg("metadata"),
             "The bytes of a safetensors file.");
  module.def(
      "open_model_file", [](const std::filesystem::path& path) { return open_model_file(path); },
      nb::arg("path"), nb::call_guard<nb::gil_scoped_release>(),
      nb::sig("def open_model_file(path: str | os.PathLike[str]) -> TensorSource"));
  module.def(
      "open_model",
      [](const std::filesystem::path& path, bool skip_objects, std::string void_dtype,
         const std::string& hint) {
        const ImportOptions options{.skip_objects = skip_objects,
                                    .void_dtype = std::move(void_dtype)};
        try {
          return open_model(path, options);
        } catch (const Error& error) {
          if (!can_skip_objects(path, options, error)) throw;
          throw error.with_message(error.message() + "; " + hint);
        }
      },
      nb::arg("path"), nb::arg("skip_objects"), nb::arg("void_dtype"), nb::arg("hint"),
      nb::call_guard<nb::gil_scoped_release>(),
      nb::sig("def open_model(path: str | os.PathLike[str], skip_objects: bool, void_dtype: str, "
              "hint: str) -> TensorSource"),
      "Errors end with the hint if the file can be read without its objects.");
  module.def(
      "write_model_file",
      [](const std::filesystem::path& path, TensorSource& source, Metadata metadata,
         std::uint64_t max_shard_bytes, bool all_names, std::string strip_prefix) {
        return write_model_file(path, source,
                                {.metadata = std::move(metadata),
                                 .max_shard_bytes = max_shard_bytes,
                                 .tied_names = all_names ? TiedNames::all : TiedNames::one,
                                 .strip_prefix = std::move(strip_prefix)});
      },
      nb::arg("path"), nb::arg("source"), nb::arg("metadata"), nb::arg("max_shard_bytes"),
      nb::arg("all_names"), nb::arg("strip_prefix"), nb::call_guard<nb::gil_scoped_release>(),
      nb::sig("def write_model_file(path: str | os.PathLike[str], source: TensorSource, metadata: "
              "Mapping[str, str], max_shard_bytes: int, all_names: bool, strip_prefix: str) -> "
              "ExportReport"));
}

}  // namespace lancekeep::python
