// SPDX-License-Identifier: Apache-2.0
#include <lancekeep/tensor.h>
#include <lancekeep/version.h>

#include "python/src/bind.h"

NB_MODULE(_native, module) {
  using namespace lancekeep::python;
  // Tensors that are still there when the interpreter ends are no leak.
  nanobind::set_leak_warnings(false);
  module.doc() = "The C++ library, without torch and NumPy; use the package `lancekeep` instead.";
  module.def("version", [] { return lancekeep::kLibraryVersion; });
  module.def("dtype_itemsize", &lancekeep::dtype_itemsize, nb::arg("dtype"));
  bind_errors(module);
  bind_values(module);
  bind_reports(module);
  bind_source(module);
  bind_version(module);
  bind_store(module);
  bind_formats(module);
}
