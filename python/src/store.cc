// SPDX-License-Identifier: Apache-2.0
// The Store class. Everything that touches the disk releases the GIL.
#include <lancekeep/error.h>

#include "python/src/module.h"

#include <fmt/format.h>
#include <nanobind/stl/filesystem.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/variant.h>

#include <algorithm>

namespace lancekeep::python {
namespace {

using Release = nb::gil_scoped_release;
using Nanoseconds = std::chrono::nanoseconds;

Ref ref_of(const PythonRef& ref) {
  if (!ref) return {};
  if (const auto* number = std::get_if<std::uint64_t>(&*ref)) return {*number};
  return Ref::parse(std::get<std::string>(*ref));
}

std::optional<Layout> layout_of(const std::optional<std::string>& name) {
  if (!name) return std::nullopt;
  if (*name == "native") return Layout::native;
  if (*name == "plain") return Layout::plain;
  throw Error(ErrorCode::invalid_argument,
              fmt::format("there is no layout `{}`; the layouts are `native` and `plain`", *name));
}

SaveOptions options_of(std::string message, Metadata metadata, std::string tag, bool move_tag,
                       const std::optional<std::string>& layout, bool durable,
                       const nb::object& progress) {
  return {.message = std::move(message),
          .metadata = std::move(metadata),
          .tag = std::move(tag),
          .move_tag = move_tag,
          .layout = layout_of(layout),
          .durable = durable,
          .progress = make_progress(progress)};
}

SaveReport save(Store& store, TensorSource& source, const SaveOptions& options) {
  const Writing writing;
  return store.save(source, options);
}

SaveReport replace(const std::filesystem::path& path, TensorSource& source,
                   const SaveOptions& options) {
  const Writing writing;
  return Store::replace(path, source, options);
}

VerifyReport verify(const Store& store, const PythonRef& ref, bool all,
                    const nb::object& progress) {
  const VerifyOptions options{.progress = make_progress(progress)};
  const Release release;
  return all ? store.verify_all(options) : store.verify(ref_of(ref), options);
}

std::optional<Nanoseconds> duration_of(std::optional<double> seconds) {
  if (!seconds) return std::nullopt;
  // A count of nanoseconds overflows after 292 years, and nothing is that old.
  constexpr double kMost = 9.2e9;
  return std::chrono::duration_cast<Nanoseconds>(
      std::chrono::duration<double>(std::clamp(*seconds, 0.0, kMost)));
}

GcReport gc(Store& store, std::optional<std::uint64_t> keep_last, std::optional<double> older_than,
            std::optional<double> orphans_older_than, bool dry_run) {
  GcOptions options{.keep_last = keep_last, .older_than = duration_of(older_than)};
  if (orphans_older_than) options.orphans_older_than = *duration_of(orphans_older_than);
  options.dry_run = dry_run;
  const Writing writing;
  return store.gc(options);
}

void bind_writing(nb::class_<Store>& store) {
  store.def("save", &save, nb::arg("source"), nb::arg("options"));
  store.def_static("replace", &replace, nb::arg("path"), nb::arg("source"), nb::arg("options"),
                   nb::sig("def replace(path: str | os.PathLike[str], source: TensorSource, "
                           "options: SaveOptions) -> SaveReport"));
  store.def(
      "tag",
      [](Store& self, const std::string& name, const PythonRef& ref, bool force,
         std::optional<std::uint64_t> expected) {
        return self.tag(name, ref_of(ref), force, expected);
      },
      nb::arg("name"), nb::arg("ref").none(), nb::arg("force"), nb::arg("expected").none(),
      nb::call_guard<Writing>());
  store.def("untag", &Store::untag, nb::arg("name"), nb::call_guard<Writing>());
  store.def(
      "restore",
      [](Store& self, const PythonRef& ref) {
        std::vector<std::string> notes;
        const std::uint64_t version = self.restore(ref_of(ref), &notes);
        return std::pair(version, notes);
      },
      nb::arg("ref").none(), nb::call_guard<Writing>());
  store.def("gc", &gc, nb::arg("keep_last").none(), nb::arg("older_than").none(),
            nb::arg("orphans_older_than").none(), nb::arg("dry_run"));
}

void bind_reading(nb::class_<Store>& store) {
  store.def_prop_ro("path", &Store::path);
  store.def(
      "at",
      [](const Store& self, const PythonRef& ref, std::string dtype) {
        return self.at(ref_of(ref), {.dtype = std::move(dtype)});
      },
      nb::arg("ref").none(), nb::arg("dtype"), nb::call_guard<Release>());
  store.def("versions", &Store::versions, nb::call_guard<Release>());
  store.def("tags", &Store::tags, nb::call_guard<Release>());
  store.def("disk_usage", &Store::disk_usage, nb::call_guard<Release>());
  store.def("verify", &verify, nb::arg("ref").none(), nb::arg("all"), nb::arg("progress").none());
}

}  // namespace

void bind_store(nb::module_& module) {
  nb::class_<SaveOptions>(module, "SaveOptions")
      .def(
          "__init__",
          [](SaveOptions* self, std::string message, Metadata metadata, std::string tag,
             bool move_tag, const std::optional<std::string>& layout, bool durable,
             const nb::object& progress) {
            new (self) SaveOptions(options_of(std::move(message), std::move(metadata),
                                              std::move(tag), move_tag, layout, durable, progress));
          },
          nb::arg("message"), nb::arg("metadata"), nb::arg("tag"), nb::arg("move_tag"),
          nb::arg("layout").none(), nb::arg("durable"), nb::arg("progress").none());
  nb::class_<Store> store(module, "Store");
  store.def_static("open", &Store::open, nb::arg("path"), nb::call_guard<Release>(),
                   nb::sig("def open(path: str | os.PathLike[str]) -> Store"));
  store.def_static("create", &Store::create, nb::arg("path"), nb::call_guard<Release>(),
                   nb::sig("def create(path: str | os.PathLike[str]) -> Store"));
  bind_reading(store);
  bind_writing(store);
}

}  // namespace lancekeep::python
