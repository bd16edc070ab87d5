// SPDX-License-Identifier: Apache-2.0
// The only place where an Error becomes a Python exception: a class of lancekeep._errors for each
// code, made with the message, and with the file and the offset as attributes. And how what Python
// raises while it is told of progress, Ctrl-C included, stops the work.
#include <lancekeep/error.h>

#include "python/src/interrupts.h"

namespace lancekeep::python {
namespace {

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

// What a file says may be no UTF-8; a message must be readable all the same.
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

}  // namespace

void bind_errors(nb::module_&) {
  nb::register_exception_translator([](const std::exception_ptr& pointer, void*) {
    try {
      std::rethrow_exception(pointer);
    } catch (const Error& error) {
      raise(error);
    }
  });
}

Progress make_progress(const nb::object& callable) {
  // The object must be let go of with the GIL held, wherever the last copy of the function dies.
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
