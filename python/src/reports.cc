// SPDX-License-Identifier: Apache-2.0
// The reports of save, diff, verify, gc and disk_usage: read-only values.
#include "python/src/record.h"

#include <fmt/format.h>
#include <nanobind/stl/filesystem.h>

namespace lancekeep::python {
namespace {

void bind_save(nb::module_& module) {
  nb::class_<SaveReport> type(module, "SaveReport",
                              "What a save did. Tied tensors are counted once in bytes.");
  add_fields(type, field("version", &SaveReport::version),
             field("tensors_written", &SaveReport::tensors_written),
             field("tensors_kept", &SaveReport::tensors_kept,
                   "Tensors shared with the previous version, not written again."),
             field("bytes_written", &SaveReport::bytes_written,
                   "Bytes that the save added to the disk, metadata included."),
             field("bytes_shared", &SaveReport::bytes_shared),
             field("bytes_total", &SaveReport::bytes_total), field("notes", &SaveReport::notes));
}

// The names of the tensors, the first few.
std::string some_names(const std::vector<std::string>& names) {
  constexpr std::size_t kMostNamed = 3;
  nb::list shown;
  for (std::size_t i = 0; i < names.size() && i < kMostNamed; ++i) shown.append(names[i]);
  std::string text = nb::repr(shown).c_str();
  if (names.size() > kMostNamed) {
    text.insert(text.size() - 1, fmt::format(", … {} more", names.size() - kMostNamed));
  }
  return text;
}

std::vector<std::string> names_in(const std::vector<TensorInfo>& infos) {
  std::vector<std::string> names;
  for (const TensorInfo& info : infos) names.push_back(info.name);
  return names;
}

std::string repr_of_diff(const Diff& diff) {
  std::vector<std::string> changed;
  for (const TensorChange& change : diff.changed) changed.push_back(change.after.name);
  return fmt::format("Diff(added={}, removed={}, changed={}, {} unchanged)",
                     some_names(names_in(diff.added)), some_names(names_in(diff.removed)),
                     some_names(changed), diff.unchanged.size());
}

void bind_norms(nb::module_& module) {
  nb::class_<ChangeNorms> type(module, "ChangeNorms", "How far a tensor moved, after − before.");
  add_fields(
      type, field("elements", &ChangeNorms::elements),
      field("differing", &ChangeNorms::differing, "Elements whose bytes differ."),
      field("non_finite", &ChangeNorms::non_finite,
            "Elements that are NaN or infinite on either side; the other figures exclude them."),
      field("l2", &ChangeNorms::l2), field("max_abs", &ChangeNorms::max_abs),
      field("l2_before", &ChangeNorms::l2_before), field("l2_after", &ChangeNorms::l2_after),
      field("cosine", &ChangeNorms::cosine));
  type.def_prop_ro("relative", &ChangeNorms::relative, "l2 / l2_before.");
}

void bind_diff(nb::module_& module) {
  bind_norms(module);
  nb::class_<TensorChange> change(module, "TensorChange",
                                  "A tensor that is in both versions, with different contents.");
  add_fields(change, field("before", &TensorChange::before), field("after", &TensorChange::after),
             field("norms", &TensorChange::norms,
                   "None unless requested, and both sides are floats of the same dtype and "
                   "shape."));
  nb::class_<Diff> diff(module, "Diff", "What differs between two versions, in model order.");
  add_attributes(diff, field("added", &Diff::added), field("removed", &Diff::removed),
                 field("changed", &Diff::changed), field("unchanged", &Diff::unchanged));
  diff.def(
          "__bool__", [](const Diff& self) { return !self.empty(); }, "Whether anything differs.")
      .def("__repr__", &repr_of_diff);
}

void add_count(nb::class_<VerifyReport>& report, const char* name, FindingKind kind,
               const char* doc) {
  report.def_prop_ro(name, [kind](const VerifyReport& self) { return self.count(kind); }, doc);
}

void bind_verify(nb::module_& module) {
  nb::class_<VerifyFinding> finding(
      module, "VerifyFinding", "Something that is not as recorded, or that could not be checked.");
  finding
      .def_prop_ro(
          "kind", [](const VerifyFinding& self) { return to_string(self.kind); },
          "'damaged', 'unchecked' (no permission, an I/O error) or 'not_read' (not a model, or "
          "not read by this build).")
      .def_ro("version", &VerifyFinding::version, "0 if it does not concern a single version.")
      .def_ro("tensor", &VerifyFinding::tensor)
      .def_ro("file", &VerifyFinding::file)
      .def_ro("offset", &VerifyFinding::offset)
      .def_ro("what", &VerifyFinding::what);
  const FieldNames names = {"kind", "version", "tensor", "file", "offset", "what"};
  add_record_methods(finding, names);
  add_repr(finding, names);
  add_pickle(finding, &VerifyFinding::kind, &VerifyFinding::version, &VerifyFinding::tensor,
             &VerifyFinding::file, &VerifyFinding::offset, &VerifyFinding::what);
  nb::class_<VerifyReport> report(module, "VerifyReport",
                                  "The bytes checked against what was recorded at save time.");
  add_attributes(
      report, field("versions", &VerifyReport::versions),
      field("newest", &VerifyReport::newest,
            "The newest version whose manifest can be read; 0 if none can."),
      field("tensors", &VerifyReport::tensors,
            "Number of tensors whose values were checked against their hashes."),
      field("bytes_read", &VerifyReport::bytes_read), field("findings", &VerifyReport::findings),
      field("notes", &VerifyReport::notes, "What is not covered, such as values without a hash."));
  report.def_prop_ro("ok", &VerifyReport::ok, "Everything was checked and is as recorded.");
  add_count(report, "damaged", FindingKind::damaged, "Number of findings that are damage.");
  add_count(report, "unchecked", FindingKind::unchecked,
            "Number of findings that could not be checked.");
  add_count(report, "not_read", FindingKind::not_read,
            "Number of findings that are not a model, or not read by this build.");
  add_repr(report, {"ok", "versions", "newest", "tensors", "bytes_read", "findings", "notes"});
}

void bind_gc(nb::module_& module) {
  nb::class_<GcReport> type(module, "GcReport",
                            "What a clean-up removed, or would remove (dry_run).");
  add_fields(type, field("versions_removed", &GcReport::versions_removed),
             field("files_removed", &GcReport::files_removed),
             field("bytes_freed", &GcReport::bytes_freed),
             field("orphans_kept", &GcReport::orphans_kept,
                   "Unreferenced files that were kept: too recent, or in use."),
             field("orphan_bytes_kept", &GcReport::orphan_bytes_kept),
             field("rewritten", &GcReport::rewritten), field("dry_run", &GcReport::dry_run),
             field("notes", &GcReport::notes));
}

void bind_usage(nb::module_& module) {
  nb::class_<DiskUsage> usage(module, "DiskUsage", "What a store occupies on disk, in bytes.");
  nb::class_<DiskUsage::OfVersion> version(module, "VersionUsage",
                                           "What one version occupies on disk, in bytes.");
  add_fields(version, field("number", &DiskUsage::OfVersion::number),
             field("bytes", &DiskUsage::OfVersion::bytes,
                   "All files that it references; 0 if its manifest is damaged."),
             field("exclusive", &DiskUsage::OfVersion::exclusive,
                   "Files that no other version references: what removing it alone would free."));
  add_fields(usage, field("bytes", &DiskUsage::bytes, "values + bookkeeping + unreachable."),
             field("values", &DiskUsage::values), field("bookkeeping", &DiskUsage::bookkeeping),
             field("unreachable", &DiskUsage::unreachable, "Files that no version references."),
             field("beside", &DiskUsage::beside,
                   "What killed replacements left beside the store; not part of bytes."),
             field("versions", &DiskUsage::versions, "Oldest first."),
             field("notes", &DiskUsage::notes));
}

}  // namespace

void bind_reports(nb::module_& module) {
  bind_save(module);
  bind_diff(module);
  bind_verify(module);
  bind_gc(module);
  bind_usage(module);
}

}  // namespace lancekeep::python
