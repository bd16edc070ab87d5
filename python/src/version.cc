// SPDX-License-Identifier: Apache-2.0
// A version, and the values of its tensors: memory-mapped bytes that a buffer or a DLPack capsule
// keeps alive.
#include "python/src/dlpack.h"
#include "python/src/module.h"

#include <nanobind/stl/filesystem.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/unique_ptr.h>

namespace lancekeep::python {
namespace {

// Memory that another object owns: a contiguous tensor that is being saved.
struct Memory {
  std::uintptr_t address = 0;
  std::size_t nbytes = 0;
  nb::object owner;
};

// A tensor's bytes, mapped copy-on-write: a page becomes private once it is written to.
struct Values {
  TensorView view;
};

int get_memory(PyObject* object, Py_buffer* buffer, int flags) {
  const Memory& memory = *nb::inst_ptr<Memory>(object);
  return PyBuffer_FillInfo(buffer, object, reinterpret_cast<void*>(memory.address),
                           static_cast<Py_ssize_t>(memory.nbytes), 1, flags);
}

int get_values(PyObject* object, Py_buffer* buffer, int flags) {
  const Values& values = *nb::inst_ptr<Values>(object);
  const std::span<const std::byte> bytes = values.view.bytes();
  void* memory = const_cast<std::byte*>(bytes.data());
  return PyBuffer_FillInfo(buffer, object, memory, static_cast<Py_ssize_t>(bytes.size()), 0, flags);
}

PyType_Slot kMemorySlots[] = {{Py_bf_getbuffer, reinterpret_cast<void*>(get_memory)}, {0, nullptr}};
PyType_Slot kValuesSlots[] = {{Py_bf_getbuffer, reinterpret_cast<void*>(get_values)}, {0, nullptr}};

// What rows() returns for the values of tensors: nothing, buffers, or DLPack capsules (buffers for
// dtypes that DLPack lacks). Both are writable, and writing never changes a file.
enum class Form { none, buffer, dlpack };

struct Row {
  const TensorInfo* info;
  std::optional<TensorView> view;  // unset if there are no bytes, or none were requested
};

std::vector<std::string_view> names_of(const Version& version) {
  std::vector<std::string_view> names;
  for (const TensorInfo& info : version.tensors()) {
    if (info.dtype != "tree") names.push_back(info.name);
  }
  return names;
}

// Call without the GIL: values of a plain dataset are decoded here, which takes time.
std::vector<Row> find_rows(const Version& version, std::span<const std::string_view> names,
                           Form form) {
  Interrupts interrupts;
  std::vector<Row> rows;
  rows.reserve(names.size());
  for (const std::string_view name : names) {
    interrupts.poll();
    const TensorInfo& info = version.find(name);
    Row& row = rows.emplace_back(Row{&info, std::nullopt});
    if (info.nbytes == 0 || (info.is_tensor() && form == Form::none)) continue;
    row.view = version.tensor(name, info.is_tensor() ? Access::copy_on_write : Access::read);
  }
  return rows;
}

nb::object values_of(const Row& row, Form form) {
  if (!row.view) return nb::none();
  const std::span<const std::byte> bytes = row.view->bytes();
  if (!row.info->is_tensor()) return nb::bytes(bytes.data(), bytes.size());
  if (form == Form::dlpack) {
    if (auto capsule = dlpack_of(*row.view)) return std::move(*capsule);
  }
  return nb::cast(Values{*row.view});
}

// Returns (name, dtype, shape, nbytes, tied_to, values, whether values is a capsule) for each name,
// or for all rows except the tree if no names are given. `values` is a `bytes` for a row that is
// not a tensor, and None if there is nothing to return.
nb::list rows_of(const Version& version, const std::optional<std::vector<std::string>>& wanted,
                 Form form) {
  std::vector<Row> rows;
  {
    const nb::gil_scoped_release release;
    const auto names =
        wanted ? std::vector<std::string_view>(wanted->begin(), wanted->end()) : names_of(version);
    rows = find_rows(version, names, form);
  }
  nb::list list;
  for (const Row& row : rows) {
    const TensorInfo& info = *row.info;
    nb::object values = values_of(row, form);
    const bool is_capsule = PyCapsule_CheckExact(values.ptr()) != 0;
    list.append(nb::make_tuple(info.name, info.dtype, nb::tuple(nb::cast(info.shape)), info.nbytes,
                               info.tied_to, std::move(values), is_capsule));
  }
  return list;
}

// Returns (name, text) of the row that records how the state was nested; None for a flat dict.
nb::object tree_of(const Version& version) {
  for (const TensorInfo& info : version.tensors()) {
    if (info.dtype != "tree") continue;
    const auto view = version.tensor(info.name);
    return nb::make_tuple(info.name, nb::bytes(view.bytes().data(), view.bytes().size()));
  }
  return nb::none();
}

void read_into(const Version& version, std::string_view name, std::uint64_t offset,
               std::uintptr_t address, std::uint64_t nbytes) {
  Interrupts::check();
  const nb::gil_scoped_release release;
  version.read(name, offset, {reinterpret_cast<std::byte*>(address), nbytes});
}

using Wanted = std::tuple<std::string, std::uintptr_t, std::size_t, std::string>;

// Requests are (name, address, nbytes, dtype). They are read in batches, with a check for Ctrl-C in
// between; a plain dataset reads them all at once, so that each file is decoded only once.
void read_all(const Version& version, const std::vector<Wanted>& wanted) {
  constexpr std::size_t kBatchBytes = 256 << 20;
  const nb::gil_scoped_release release;
  Interrupts interrupts;
  std::vector<ReadRequest> requests;
  std::size_t bytes = 0;
  for (const auto& [name, address, nbytes, dtype] : wanted) {
    requests.push_back({name, {reinterpret_cast<std::byte*>(address), nbytes}, dtype});
    bytes += nbytes;
    if (bytes < kBatchBytes || version.layout() == Layout::plain) continue;
    interrupts.poll();
    version.read(requests);
    requests.clear();
    bytes = 0;
  }
  if (!requests.empty()) version.read(requests);
}

Diff diff_versions(const Version& before, const Version& after, bool norms,
                   const nb::object& progress) {
  const DiffOptions options{.norms = norms, .progress = make_progress(progress)};
  const nb::gil_scoped_release release;
  return diff(before, after, options);
}

}  // namespace

void bind_version(nb::module_& module) {
  nb::class_<Memory>(module, "Memory", "Memory that `owner` keeps alive, as a read-only buffer.",
                     nb::type_slots(kMemorySlots))
      .def(
          "__init__",
          [](Memory* self, std::uintptr_t address, std::size_t nbytes, nb::object owner) {
            new (self) Memory{address, nbytes, std::move(owner)};
          },
          nb::arg("address"), nb::arg("nbytes"), nb::arg("owner"));
  nb::class_<Values>(module, "Values", "The mapped bytes of one tensor, as a buffer.",
                     nb::type_slots(kValuesSlots));
  nb::enum_<Form>(module, "Form", "What rows() returns for tensors.")
      .value("none", Form::none)
      .value("buffer", Form::buffer)
      .value("dlpack", Form::dlpack);
  nb::class_<Location>(module, "Location", "Where a tensor's bytes are.")
      .def_ro("path", &Location::path)
      .def_ro("offset", &Location::offset)
      .def_ro("length", &Location::length);
  nb::class_<Version>(module, "Version")
      .def_prop_ro("number", &Version::number)
      .def_prop_ro("info", &Version::info, nb::rv_policy::reference_internal)
      .def("tensors",
           [](const Version& version) {
             const auto infos = version.tensors();
             return std::vector<TensorInfo>(infos.begin(), infos.end());
           })
      .def("find", &Version::find, nb::arg("name"), nb::rv_policy::reference_internal)
      .def("locate", &Version::locate, nb::arg("name"))
      .def("rows", &rows_of, nb::arg("names").none(), nb::arg("form"),
           nb::sig("def rows(self, names: Sequence[str] | None, form: Form) -> list[tuple[str, "
                   "str, tuple[int, ...], int, str | None, typing.Any, bool]]"))
      .def("tree", &tree_of, nb::sig("def tree(self) -> tuple[str, bytes] | None"))
      .def("read_into", &read_into, nb::arg("name"), nb::arg("offset"), nb::arg("address"),
           nb::arg("nbytes"))
      .def("read_all", &read_all, nb::arg("requests"))
      .def("state_dicts", &Version::state_dicts,
           "The versions of modules that were saved with state dicts, as JSON; empty if none.")
      .def("source", &Version::source)
      .def("diff", &diff_versions, nb::arg("after"), nb::arg("norms"), nb::arg("progress").none());
}

}  // namespace lancekeep::python
