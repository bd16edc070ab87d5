// SPDX-License-Identifier: Apache-2.0
// Model files of other formats, which import opens and export writes.
#include <lancekeep/formats.h>

#include "python/src/module.h"

#include <fmt/format.h>
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
  nb::class_<ExportReport>(module, "ExportReport",
                           "What an export wrote, and what the file format cannot hold.")
      .def_ro("tensors", &ExportReport::tensors)
      .def_ro("bytes_written", &ExportReport::bytes_written)
      .def_ro("not_kept", &ExportReport::not_kept)
      .def_ro("files", &ExportReport::files)
      .def_ro("notes", &ExportReport::notes)
      .def("__repr__", [](const ExportReport& report) {
        return fmt::format("ExportReport(tensors={}, bytes_written={}, {} not kept)",
                           report.tensors, report.bytes_written, report.not_kept.size());
      });
  module.def("safetensors_bytes", &safetensors_bytes, nb::arg("source"), nb::arg("metadata"),
             "The bytes of a safetensors file.");
  module.def(
      "open_model_file", [](const std::filesystem::path& path) { return open_model_file(path); },
      nb::arg("path"), nb::call_guard<nb::gil_scoped_release>(),
      nb::sig("def open_model_file(path: str | os.PathLike[str]) -> TensorSource"));
  module.def(
      "open_model",
      [](const std::filesystem::path& path, bool skip_objects, std::string void_dtype) {
        return open_model(path,
                          {.skip_objects = skip_objects, .void_dtype = std::move(void_dtype)});
      },
      nb::arg("path"), nb::arg("skip_objects"), nb::arg("void_dtype"),
      nb::call_guard<nb::gil_scoped_release>(),
      nb::sig("def open_model(path: str | os.PathLike[str], skip_objects: bool, void_dtype: str) "
              "-> TensorSource"));
  module.def(
      "write_model_file",
      [](const std::filesystem::path& path, TensorSource& source, Metadata metadata,
         std::uint64_t max_shard_bytes) {
        return write_model_file(
            path, source, {.metadata = std::move(metadata), .max_shard_bytes = max_shard_bytes});
      },
      nb::arg("path"), nb::arg("source"), nb::arg("metadata"), nb::arg("max_shard_bytes"),
      nb::call_guard<nb::gil_scoped_release>(),
      nb::sig("def write_model_file(path: str | os.PathLike[str], source: TensorSource, metadata: "
              "Mapping[str, str], max_shard_bytes: int) -> ExportReport"));
}

}  // namespace lancekeep::python
