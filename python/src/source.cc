// SPDX-License-Identifier: Apache-2.0
#include "python/src/source.h"

#include <span>

namespace lancekeep::python {
namespace {

// A contiguous buffer, held until destroyed. To be made and destroyed with the GIL held.
class Buffer {
 public:
  explicit Buffer(nb::handle object) {
    if (PyObject_GetBuffer(object.ptr(), &view_, PyBUF_SIMPLE) != 0) throw nb::python_error();
  }
  ~Buffer() { PyBuffer_Release(&view_); }
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;

  [[nodiscard]] std::span<const std::byte> bytes() const {
    return {static_cast<const std::byte*>(view_.buf), static_cast<std::size_t>(view_.len)};
  }

 private:
  Py_buffer view_ = {};
};

bool push(nb::handle object, const ByteSink& sink) {
  const Buffer buffer(object);
  const nb::gil_scoped_release release;
  return sink(buffer.bytes());
}

}  // namespace

PythonSource::~PythonSource() {
  const nb::gil_scoped_acquire gil;
  values_.clear();
}

void PythonSource::add(TensorSpec spec, nb::object values) {
  specs_.push_back(std::move(spec));
  values_.push_back(std::move(values));
}

void PythonSource::read(std::size_t index, const ByteSink& sink) {
  const nb::gil_scoped_acquire gil;
  const nb::object& values = values_[index];
  if (!PyCallable_Check(values.ptr())) {
    push(values, sink);
    return;
  }
  for (const nb::handle piece : values()) {
    if (!push(piece, sink)) return;
  }
}

void bind_source(nb::module_& module) {
  nb::class_<TensorSource>(module, "TensorSource",
                           "Where a save or an export takes its tensors from.")
      .def("tensors",
           [](const TensorSource& source) {
             nb::list list;
             for (const TensorSpec& spec : source.tensors()) {
               list.append(nb::make_tuple(spec.name, spec.dtype, nb::tuple(nb::cast(spec.shape)),
                                          spec.nbytes, spec.tied_to));
             }
             return list;
           })
      .def("metadata", &TensorSource::metadata)
      .def("notes", &TensorSource::notes);
  nb::class_<PythonSource, TensorSource>(module, "PythonSource")
      .def(nb::init<Metadata, std::vector<std::string>>(), nb::arg("metadata"), nb::arg("notes"))
      .def(
          "add",
          [](PythonSource& source, std::string name, std::string dtype, Shape shape,
             std::uint64_t nbytes, std::optional<std::size_t> tied_to, nb::object values) {
            source.add({.name = std::move(name),
                        .dtype = std::move(dtype),
                        .shape = std::move(shape),
                        .nbytes = nbytes,
                        .tied_to = tied_to},
                       std::move(values));
          },
          nb::arg("name"), nb::arg("dtype"), nb::arg("shape"), nb::arg("nbytes"),
          nb::arg("tied_to").none(), nb::arg("values"));
}

}  // namespace lancekeep::python
