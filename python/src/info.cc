// SPDX-License-Identifier: Apache-2.0
// TensorInfo and VersionInfo: read-only descriptions of a tensor and a version.
#include "python/src/record.h"

#include <nanobind/stl/filesystem.h>

namespace lancekeep::python {
namespace {

// Rounded down to microseconds, because datetime has no nanoseconds.
nb::object datetime_of(std::chrono::sys_time<std::chrono::nanoseconds> time) {
  const nb::module_ datetime = nb::module_::import_("datetime");
  const nb::object utc = datetime.attr("timezone").attr("utc");
  const nb::object epoch = datetime.attr("datetime")(1970, 1, 1, nb::arg("tzinfo") = utc);
  const auto micros = std::chrono::floor<std::chrono::microseconds>(time).time_since_epoch();
  return epoch + datetime.attr("timedelta")(nb::arg("microseconds") = micros.count());
}

using Sizes = nb::typed<nb::tuple, int, nb::ellipsis>;

Sizes tuple_of(const Shape& shape) { return Sizes(nb::tuple(nb::cast(shape))); }

void bind_tensor_info(nb::module_& module) {
  nb::class_<TensorInfo> type(module, "TensorInfo",
                              "A tensor's row in a version, without its values.");
  type.def_ro("name", &TensorInfo::name)
      .def_ro(
          "dtype", &TensorInfo::dtype,
          "torch's name without the prefix, such as 'bfloat16'; 'json' and 'tree' are not tensors.")
      .def_prop_ro("shape", [](const TensorInfo& info) { return tuple_of(info.shape); })
      .def_ro("nbytes", &TensorInfo::nbytes)
      .def_ro("hash", &TensorInfo::hash,
              "XXH3-128 of the bytes, 32 hex digits; empty if pylance wrote the row.")
      .def_ro("tied_to", &TensorInfo::tied_to,
              "Name of the tensor whose storage this one shares, or None.")
      .def_ro("damage", &TensorInfo::damage, "Why it cannot be loaded; empty if it can.")
      .def_prop_ro("is_tensor", &TensorInfo::is_tensor);
  add_record_methods(type, {"name", "dtype", "shape", "nbytes", "hash", "tied_to", "damage"});
  add_repr(type, {"name", "dtype", "shape", "tied_to", "damage"});
  add_pickle(type, &TensorInfo::name, &TensorInfo::dtype, &TensorInfo::shape, &TensorInfo::nbytes,
             &TensorInfo::hash, &TensorInfo::tied_to, &TensorInfo::damage);
}

void bind_version_info(nb::module_& module) {
  nb::class_<VersionInfo> type(module, "VersionInfo", "A version, without its tensors.");
  type.def_ro("number", &VersionInfo::number)
      .def_ro("id", &VersionInfo::id,
              "Identifies the version for good; numbers start at 1 again when a store is replaced.")
      .def_prop_ro(
          "layout", [](const VersionInfo& info) { return to_string(info.layout); },
          "'native', or 'plain' (lists of float64).")
      .def_prop_ro(
          "time", [](const VersionInfo& info) { return datetime_of(info.time); },
          nb::for_getter(nb::sig("def time(self) -> datetime.datetime")),
          "When the version was committed, in UTC.")
      .def_ro("message", &VersionInfo::message)
      .def_ro("metadata", &VersionInfo::metadata)
      .def_ro("tags", &VersionInfo::tags)
      .def_ro("tensors", &VersionInfo::tensors, "Number of rows.")
      .def_ro("bytes_total", &VersionInfo::bytes_total,
              "Bytes of all tensors; tied tensors count once.")
      .def_ro("bytes_added", &VersionInfo::bytes_added,
              "Bytes of the files that this version added.")
      .def_ro("damage", &VersionInfo::damage,
              "What of its manifest, table or files is damaged or missing; empty if nothing is "
              "known to be.")
      .def_ro("unchecked", &VersionInfo::unchecked,
              "Why they could not be read, such as a missing permission; empty if they could.")
      .def_ro("not_read", &VersionInfo::not_read,
              "Why it is not a model, or what of it this build does not read; empty if it does.")
      .def_ro("warning", &VersionInfo::warning);
  const FieldNames names = {"number",   "id",        "layout",   "time",        "message",
                            "metadata", "tags",      "tensors",  "bytes_total", "bytes_added",
                            "damage",   "unchecked", "not_read", "warning"};
  add_record_methods(type, names);
  add_repr(type, names);
  add_pickle(type, &VersionInfo::number, &VersionInfo::id, &VersionInfo::layout, &VersionInfo::time,
             &VersionInfo::message, &VersionInfo::metadata, &VersionInfo::tags,
             &VersionInfo::tensors, &VersionInfo::bytes_total, &VersionInfo::bytes_added,
             &VersionInfo::damage, &VersionInfo::unchecked, &VersionInfo::not_read,
             &VersionInfo::warning);
}

}  // namespace

void bind_info(nb::module_& module) {
  bind_tensor_info(module);
  bind_version_info(module);
}

}  // namespace lancekeep::python
