// SPDX-License-Identifier: Apache-2.0
// What all read-only values of the extension (reports, infos) have, as a Python namedtuple has it:
// a repr with the fields, ==, _asdict(), pickle and copy. A class lists its fields once.
#pragma once

#include "python/src/module.h"

#include <cstddef>
#include <new>
#include <string>
#include <tuple>
#include <type_traits>
#include <vector>

namespace lancekeep::python {

template <class T, class M>
struct Field {
  const char* name;
  M T::* member;
  const char* doc;
};

template <class T, class M>
Field<T, M> field(const char* name, M T::* member, const char* doc = "") {
  return {name, member, doc};
}

using FieldNames = std::vector<const char*>;

/// The text of a repr: the class and its fields, without empty ones, long lists cut.
[[nodiscard]] std::string repr_of(nb::handle self, const FieldNames& names);
[[nodiscard]] nb::dict dict_of(nb::handle self, const FieldNames& names);
/// Whether both are of one class, and all fields are equal.
[[nodiscard]] bool is_equal(nb::handle self, nb::handle other, const FieldNames& names);
/// Throws TypeError unless a pickled state has so many fields.
void require_fields(const nb::tuple& state, std::size_t count);

/// Adds the repr to a class that has attributes of these names.
template <class T>
void add_repr(nb::class_<T>& type, const FieldNames& names) {
  type.def("__repr__", [names](nb::handle self) { return repr_of(self, names); });
}

/// Adds == and _asdict() to a class that has attributes of these names.
template <class T>
void add_record_methods(nb::class_<T>& type, const FieldNames& names) {
  type.def(
          "_asdict", [names](nb::handle self) { return dict_of(self, names); },
          nb::sig("def _asdict(self) -> dict[str, typing.Any]"), "The fields by name.")
      .def(
          "__eq__",
          [names](nb::handle self, nb::handle other) { return is_equal(self, other, names); },
          nb::arg("other").none(), nb::sig("def __eq__(self, other: object, /) -> bool"))
      .def("__hash__", [](nb::handle self) { return nb::hash(nb::type_name(self.type())); });
}

inline const nb::sig kGetStateSignature("def __getstate__(self) -> tuple[typing.Any, ...]");
inline const nb::sig kSetStateSignature(
    "def __setstate__(self, state: tuple[typing.Any, ...], /) -> None");

/// A member as it is pickled: an enum as its number, a time as its count since 1970.
template <class M>
nb::object pickled(const M& member) {
  if constexpr (std::is_enum_v<M>) {
    return nb::cast(static_cast<int>(member));
  } else if constexpr (requires { member.time_since_epoch(); }) {
    return nb::cast(member.time_since_epoch().count());
  } else {
    return nb::cast(member, nb::rv_policy::copy);
  }
}

template <class M>
M unpickled(nb::handle value) {
  if constexpr (std::is_enum_v<M>) {
    return static_cast<M>(nb::cast<int>(value));
  } else if constexpr (requires(M member) { member.time_since_epoch(); }) {
    return M(typename M::duration(nb::cast<typename M::rep>(value)));
  } else {
    return nb::cast<M>(value);
  }
}

/// Makes a class picklable by these members.
template <class T, class... M>
void add_pickle(nb::class_<T>& type, M T::*... members) {
  type.def(
          "__getstate__",
          [members...](const T& self) { return nb::make_tuple(pickled(self.*members)...); },
          kGetStateSignature)
      .def(
          "__setstate__",
          [members...](T& self, const nb::tuple& state) {
            require_fields(state, sizeof...(M));
            new (&self) T();
            std::size_t next = 0;
            ((self.*members = unpickled<M>(state[next++])), ...);
          },
          nb::arg("state"), kSetStateSignature);
}

/// Adds the fields as read-only attributes, with ==, _asdict() and pickle, but without a repr.
template <class T, class... M>
void add_attributes(nb::class_<T>& type, const Field<T, M>&... fields) {
  (type.def_ro(fields.name, fields.member, fields.doc), ...);
  add_record_methods(type, {fields.name...});
  add_pickle(type, fields.member...);
}

template <class T, class... M>
void add_fields(nb::class_<T>& type, const Field<T, M>&... fields) {
  add_attributes(type, fields...);
  add_repr(type, {fields.name...});
}

}  // namespace lancekeep::python
