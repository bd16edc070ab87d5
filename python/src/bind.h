// SPDX-License-Identifier: Apache-2.0
// One bind_… function for each file of this folder, and what several of them need.
//
// The extension `lancekeep._native` is the C++ library as it is, without torch and without NumPy:
// values come as buffers. What Python users see is made of it in python/lancekeep/.
#pragma once

#include <lancekeep/store.h>

#include <nanobind/nanobind.h>
#include <nanobind/stl/map.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/string_view.h>
#include <nanobind/stl/vector.h>

#include <chrono>
#include <optional>
#include <string>
#include <variant>

namespace lancekeep::python {

namespace nb = nanobind;

void bind_errors(nb::module_& module);
void bind_values(nb::module_& module);
void bind_reports(nb::module_& module);
void bind_source(nb::module_& module);
void bind_version(nb::module_& module);
void bind_store(nb::module_& module);
void bind_formats(nb::module_& module);

/// None, an int, or text: the latest version, a number, or a tag.
using PythonRef = std::optional<std::variant<std::uint64_t, std::string>>;

/// What the library calls while it works: for each tensor, now and then while one takes long, and
/// at the end, it calls `callable(done, total, tensor)` where one is given; and Ctrl-C ends the
/// work by the exception that Python raises for it. Takes the GIL for that.
[[nodiscard]] Progress make_progress(const nb::object& callable);

}  // namespace lancekeep::python
