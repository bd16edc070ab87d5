// SPDX-License-Identifier: Apache-2.0
// Tensors from Python as a TensorSource, for a save that runs without the GIL.
//
// An entry's values are either a buffer with all its bytes, or a callable that returns an iterable
// of buffers, in order; it may be called several times. The GIL is held while the next buffer is
// requested and released while the library uses it; the buffer stays locked meanwhile.
#include <lancekeep/error.h>
#include <lancekeep/tensor.h>

#include "python/src/module.h"

#include <algorithm>
#include <cstring>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace lancekeep::python {
namespace {

// A contiguous buffer, locked until destroyed. Construct and destroy it with the GIL held.
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

// Passes a buffer to the sink in pieces, so that Ctrl-C need not wait for the end of a large
// tensor. Returns whether the sink wants more.
bool push(nb::handle object, const ByteSink& sink) {
  constexpr std::size_t kPiece = 64 << 20;
  const Buffer buffer(object);
  std::span<const std::byte> left = buffer.bytes();
  bool wants_more = true;
  while (wants_more && !left.empty()) {
    Interrupts::check();
    const auto piece = left.first(std::min(kPiece, left.size()));
    left = left.subspan(piece.size());
    const nb::gil_scoped_release release;
    wants_more = sink(piece);
  }
  return wants_more;
}

// All bytes of an entry, as a bytearray.
nb::object read_entry(TensorSource& source, std::size_t index) {
  const TensorSpec& spec = source.tensors()[index];
  const nb::object values =
      nb::steal(PyByteArray_FromStringAndSize(nullptr, static_cast<Py_ssize_t>(spec.nbytes)));
  if (!values.is_valid()) throw nb::python_error();
  auto* const memory = reinterpret_cast<std::byte*>(PyByteArray_AsString(values.ptr()));
  const nb::gil_scoped_release release;
  std::span<std::byte> left(memory, spec.nbytes);
  source.read(index, [&](std::span<const std::byte> piece) {
    if (piece.size() > left.size()) return false;
    std::memcpy(left.data(), piece.data(), piece.size());
    left = left.subspan(piece.size());
    return true;
  });
  if (!left.empty()) {
    throw Error(ErrorCode::corrupt, "tensor `" + spec.name + "` has fewer bytes than it declares");
  }
  return values;
}

class PythonSource final : public TensorSource {
 public:
  PythonSource(Metadata metadata, std::vector<std::string> notes)
      : metadata_(std::move(metadata)), notes_(std::move(notes)) {}
  ~PythonSource() override {
    const nb::gil_scoped_acquire gil;
    values_.clear();
  }

  // Call with the GIL.
  void add(TensorSpec spec, nb::object values) {
    specs_.push_back(std::move(spec));
    values_.push_back(std::move(values));
  }

  [[nodiscard]] std::span<const TensorSpec> tensors() const override { return specs_; }

  void read(std::size_t index, const ByteSink& sink) override {
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

  [[nodiscard]] Metadata metadata() const override { return metadata_; }
  [[nodiscard]] std::vector<std::string> notes() const override { return notes_; }

 private:
  std::vector<TensorSpec> specs_;
  std::vector<nb::object> values_;
  Metadata metadata_;
  std::vector<std::string> notes_;
};

}  // namespace

void bind_source(nb::module_& module) {
  nb::class_<TensorSource>(module, "TensorSource",
                           "Where a save or an export reads its tensors from.")
      .def(
          "tensors",
          [](const TensorSource& source) {
            nb::list list;
            for (const TensorSpec& spec : source.tensors()) {
              list.append(nb::make_tuple(spec.name, spec.dtype, nb::tuple(nb::cast(spec.shape)),
                                         spec.nbytes, spec.tied_to));
            }
            return list;
          },
          nb::sig("def tensors(self) -> list[tuple[str, str, tuple[int, ...], int, int | None]]"))
      .def("read", &read_entry, nb::arg("index"),
           nb::sig("def read(self, index: int) -> bytearray"))
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
