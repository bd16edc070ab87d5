// SPDX-License-Identifier: Apache-2.0
// Model files of other formats, in and out.
#include "python/src/bind.h"

#include <lancekeep/formats.h>

#include <nanobind/stl/filesystem.h>
#include <nanobind/stl/unique_ptr.h>

namespace lancekeep::python {

void bind_formats(nb::module_& module) {
  nb::class_<ExportReport>(module, "ExportReport", "What an export wrote.")
      .def_ro("tensors", &ExportReport::tensors)
      .def_ro("bytes_written", &ExportReport::bytes_written)
      .def_ro("not_kept", &ExportReport::not_kept)
      .def_ro("files", &ExportReport::files);
  module.def("open_model_file", &open_model_file, nb::arg("path"),
             nb::call_guard<nb::gil_scoped_release>());
  module.def(
      "write_model_file",
      [](const std::filesystem::path& path, TensorSource& source, Metadata metadata,
         std::uint64_t max_shard_bytes) {
        return write_model_file(
            path, source, {.metadata = std::move(metadata), .max_shard_bytes = max_shard_bytes});
      },
      nb::arg("path"), nb::arg("source"), nb::arg("metadata"), nb::arg("max_shard_bytes"),
      nb::call_guard<nb::gil_scoped_release>());
}

}  // namespace lancekeep::python
