// SPDX-License-Identifier: Apache-2.0
// The extension module, and the one place where an Error becomes a Python exception: a class from
// lancekeep._errors for each code, with the message, and `code`, `file` and `offset` as attributes.
#include "python/src/module.h"

#include <lancekeep/error.h>
#include <lancekeep/tensor.h>
#include <lancekeep/version.h>

#include <exception>
#include <memory>
#include <string>
#include <string_view>

namespace lancekeep::python {
namespace {

// The class in lancekeep._errors. Only ErrorCode::io has a different name there: StorageError.
const char* class_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::not_found:
      return "NotFoundError";
    case ErrorCode::already_exists:
      return "AlreadyExistsError";
    case ErrorCode::invalid_argument:
      return "InvalidArgumentError";
    case ErrorCode::corrupt:
      return "CorruptError";
    case ErrorCode::unsupported:
      return "UnsupportedError";
    case ErrorCode::unsafe:
      return "UnsafeError";
    case ErrorCode::conflict:
      return "ConflictError";
    case ErrorCode::out_of_space:
      return "OutOfSpaceError";
    case ErrorCode::io:
      return "StorageError";
  }
  return "Error";
}

// Text from a file may be invalid UTF-8; a message must be readable all the same.
nb::object readable(std::string_view text) {
  return nb::steal(
      PyUnicode_DecodeUTF8(text.data(), static_cast<Py_ssize_t>(text.size()), "backslashreplace"));
}

void raise(const Error& error) {
  const nb::object type = nb::module_::import_("lancekeep._errors").attr(class_of(error.code()));
  const nb::object raised = type(readable(error.what()));
  raised.attr("code") = to_string(error.code());
  raised.attr("file") = error.file().empty() ? nb::none() : readable(error.file());
  raised.attr("offset") = nb::cast(error.offset());
  PyErr_SetObject(type.ptr(), raised.ptr());
}

void bind_errors() {
  nb::register_exception_translator([](const std::exception_ptr& pointer, void*) {
    try {
      std::rethrow_exception(pointer);
    } catch (const Error& error) {
      raise(error);
    }
  });
}

}  // namespace

WaitHooks wait_hooks() {
  return {.check =
              [] {
                const nb::gil_scoped_acquire gil;
                Interrupts::check();
              },
          .notice =
              [](const std::string& line) {
                const nb::gil_scoped_acquire gil;
                nb::module_::import_("logging")
                    .attr("getLogger")("lancekeep")
                    .attr("warning")("%s", readable(line));
              }};
}

Progress make_progress(const nb::object& callable) {
  // The last copy of the callback may be destroyed in any thread, and releasing the object needs
  // the GIL.
  const std::shared_ptr<nb::object> shared(new nb::object(callable), [](nb::object* object) {
    const nb::gil_scoped_acquire gil;
    delete object;
  });
  const auto interrupts = std::make_shared<Interrupts>();
  if (callable.is_none()) {
    return [interrupts](std::uint64_t, std::uint64_t, std::string_view) { interrupts->poll(); };
  }
  const auto last = std::make_shared<std::string>();
  return [=](std::uint64_t done, std::uint64_t total, std::string_view tensor) {
    if (!interrupts->due() && done != total && tensor == *last) return;
    const nb::gil_scoped_acquire gil;
    Interrupts::check();
    *last = tensor;
    (*shared)(done, total, readable(tensor));
  };
}

}  // namespace lancekeep::python

NB_MODULE(_native, module) {
  using namespace lancekeep::python;
  // Tensors that still exist when the interpreter exits are not leaks.
  nanobind::set_leak_warnings(false);
  module.doc() = "The C++ library, without torch and NumPy; use the package `lancekeep` instead.";
  module.def("version", [] { return lancekeep::kLibraryVersion; });
  module.def("dtype_itemsize", &lancekeep::dtype_itemsize, nb::arg("dtype"));
  bind_errors();
  bind_info(module);
  bind_reports(module);
  bind_source(module);
  bind_version(module);
  bind_store(module);
  bind_formats(module);
}
