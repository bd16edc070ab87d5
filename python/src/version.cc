// SPDX-License-Identifier: Apache-2.0
// A version, and the values of its tensors as buffers: the mapping itself, kept alive by whoever
// holds the buffer.
#include "python/src/bind.h"
#include "python/src/dlpack.h"

#include <nanobind/stl/filesystem.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/unique_ptr.h>

namespace lancekeep::python {
namespace {

// Bytes that something else owns: a plain tensor on its way into a store.
struct Memory {
  std::uintptr_t address = 0;
  std::size_t nbytes = 0;
  nb::object owner;
};

// A tensor's bytes, mapped; read-only or with pages of their own once they are written to.
struct Values {
  TensorView view;
  bool writable = false;
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
  return PyBuffer_FillInfo(buffer, object, memory, static_cast<Py_ssize_t>(bytes.size()),
                           values.writable ? 0 : 1, flags);
}

PyType_Slot kMemorySlots[] = {{Py_bf_getbuffer, reinterpret_cast<void*>(get_memory)}, {0, nullptr}};
PyType_Slot kValuesSlots[] = {{Py_bf_getbuffer, reinterpret_cast<void*>(get_values)}, {0, nullptr}};

Values values_of(const Version& version, std::string_view name, bool writable) {
  return {version.tensor(name, writable ? Access::copy_on_write : Access::read), writable};
}

// (name, dtype, shape, nbytes, tied_to, values) of each. Values are None where there are no bytes;
// a capsule where DLPack is wanted and has the dtype; else a buffer.
nb::tuple row_of(const Version& version, const TensorInfo& info, bool writable, bool dlpack) {
  nb::object values = nb::none();
  if (info.nbytes != 0 && info.is_tensor() && dlpack) {
    Values found = values_of(version, info.name, writable);
    if (auto capsule = dlpack_of(found.view)) {
      values = std::move(*capsule);
    } else {
      values = nb::cast(std::move(found));
    }
  } else if (info.nbytes != 0) {
    values = nb::cast(values_of(version, info.name, writable));
  }
  return nb::make_tuple(info.name, info.dtype, nb::tuple(nb::cast(info.shape)), info.nbytes,
                        info.tied_to, std::move(values));
}

// Of these names; None: of all rows but the tree's.
nb::list rows_of(const Version& version, const std::optional<std::vector<std::string>>& names,
                 bool writable, bool dlpack) {
  nb::list rows;
  if (names) {
    for (const std::string& name : *names) {
      rows.append(row_of(version, version.find(name), writable, dlpack));
    }
    return rows;
  }
  for (const TensorInfo& info : version.tensors()) {
    if (info.dtype != "tree")
      rows.append(row_of(version, version.find(info.name), writable, dlpack));
  }
  return rows;
}

std::optional<std::string> tree_of(const Version& version) {
  for (const TensorInfo& info : version.tensors()) {
    if (info.dtype == "tree") return info.name;
  }
  return std::nullopt;
}

void read_into(const Version& version, std::string_view name, std::uint64_t offset,
               std::uintptr_t address, std::uint64_t nbytes) {
  version.read(name, offset, {reinterpret_cast<std::byte*>(address), nbytes});
}

// Requests are (name, address, nbytes).
void read_all(const Version& version,
              const std::vector<std::tuple<std::string, std::uintptr_t, std::size_t>>& wanted) {
  std::vector<ReadRequest> requests;
  for (const auto& [name, address, nbytes] : wanted) {
    requests.push_back({name, {reinterpret_cast<std::byte*>(address), nbytes}});
  }
  version.read(requests);
}

}  // namespace

void bind_version(nb::module_& module) {
  nb::class_<Memory>(module, "Memory", "Bytes that `owner` keeps, as a read-only buffer.",
                     nb::type_slots(kMemorySlots))
      .def(
          "__init__",
          [](Memory* self, std::uintptr_t address, std::size_t nbytes, nb::object owner) {
            new (self) Memory{address, nbytes, std::move(owner)};
          },
          nb::arg("address"), nb::arg("nbytes"), nb::arg("owner"));
  nb::class_<Values>(module, "Values", "The mapped bytes of one tensor, as a buffer.",
                     nb::type_slots(kValuesSlots))
      .def_prop_ro("address", [](const Values& values) {
        return reinterpret_cast<std::uintptr_t>(values.view.bytes().data());
      });
  nb::class_<Location>(module, "Location", "Where a tensor's bytes lie.")
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
      .def("values", &values_of, nb::arg("name"), nb::arg("writable"))
      .def("rows", &rows_of, nb::arg("names").none(), nb::arg("writable"), nb::arg("dlpack"))
      .def("tree", &tree_of)
      .def("read_into", &read_into, nb::arg("name"), nb::arg("offset"), nb::arg("address"),
           nb::arg("nbytes"), nb::call_guard<nb::gil_scoped_release>())
      .def(
          "equal",
          [](const Version& version, std::string_view a, std::string_view b) {
            return std::ranges::equal(version.tensor(a).bytes(), version.tensor(b).bytes());
          },
          nb::arg("a"), nb::arg("b"), nb::call_guard<nb::gil_scoped_release>())
      .def("read_all", &read_all, nb::arg("requests"), nb::call_guard<nb::gil_scoped_release>())
      .def("source", &Version::source);
}

}  // namespace lancekeep::python
