// SPDX-License-Identifier: Apache-2.0
// The reports of save, diff, verify, gc and disk_usage: read-only values.
#include "python/src/module.h"

#include <fmt/format.h>
#include <nanobind/stl/filesystem.h>

namespace lancekeep::python {
namespace {

void bind_save(nb::module_& module) {
  nb::class_<SaveReport>(module, "SaveReport",
                         "What a save did. Tied tensors are counted once in bytes.")
      .def_ro("version", &SaveReport::version)
      .def_ro("tensors_written", &SaveReport::tensors_written)
      .def_ro("tensors_kept", &SaveReport::tensors_kept,
              "Tensors shared with the previous version, not written again.")
      .def_ro("bytes_written", &SaveReport::bytes_written,
              "Bytes that the save added to the disk, metadata included.")
      .def_ro("bytes_shared", &SaveReport::bytes_shared)
      .def_ro("bytes_total", &SaveReport::bytes_total)
      .def_ro("notes", &SaveReport::notes)
      .def("__repr__", [](const SaveReport& report) {
        return fmt::format(
            "SaveReport(version={}, tensors_written={}, tensors_kept={}, "
            "bytes_written={}, bytes_total={})",
            report.version, report.tensors_written, report.tensors_kept, report.bytes_written,
            report.bytes_total);
      });
}

void bind_diff(nb::module_& module) {
  nb::class_<ChangeNorms>(module, "ChangeNorms", "How far a tensor moved, after − before.")
      .def_ro("elements", &ChangeNorms::elements)
      .def_ro("differing", &ChangeNorms::differing, "Elements whose bytes differ.")
      .def_ro("non_finite", &ChangeNorms::non_finite,
              "Elements that are NaN or infinite on either side; the other figures exclude them.")
      .def_ro("l2", &ChangeNorms::l2)
      .def_ro("max_abs", &ChangeNorms::max_abs)
      .def_ro("l2_before", &ChangeNorms::l2_before)
      .def_ro("l2_after", &ChangeNorms::l2_after)
      .def_ro("cosine", &ChangeNorms::cosine)
      .def_prop_ro("relative", &ChangeNorms::relative, "l2 / l2_before.");
  nb::class_<TensorChange>(module, "TensorChange",
                           "A tensor that is in both versions, with different contents.")
      .def_ro("before", &TensorChange::before)
      .def_ro("after", &TensorChange::after)
      .def_ro("norms", &TensorChange::norms,
              "None unless requested, and both sides are floats of the same dtype and shape.");
  nb::class_<Diff>(module, "Diff", "What differs between two versions, in model order.")
      .def_ro("added", &Diff::added)
      .def_ro("removed", &Diff::removed)
      .def_ro("changed", &Diff::changed)
      .def_ro("unchanged", &Diff::unchanged)
      .def(
          "__bool__", [](const Diff& diff) { return !diff.empty(); }, "Whether anything differs.")
      .def("__repr__", [](const Diff& diff) {
        return fmt::format("Diff({} added, {} removed, {} changed, {} unchanged)",
                           diff.added.size(), diff.removed.size(), diff.changed.size(),
                           diff.unchanged.size());
      });
}

void bind_verify(nb::module_& module) {
  nb::class_<VerifyFinding>(module, "VerifyFinding",
                            "Something that is not as recorded, or that could not be checked.")
      .def_prop_ro(
          "kind", [](const VerifyFinding& finding) { return to_string(finding.kind); },
          "'damaged', 'unchecked' (no permission, an I/O error) or 'not_read' (not a model, or "
          "not read by this build).")
      .def_ro("version", &VerifyFinding::version, "0 if it does not concern a single version.")
      .def_ro("tensor", &VerifyFinding::tensor)
      .def_ro("file", &VerifyFinding::file)
      .def_ro("offset", &VerifyFinding::offset)
      .def_ro("what", &VerifyFinding::what)
      .def("__repr__", [](const VerifyFinding& finding) {
        return fmt::format("VerifyFinding(kind='{}', version={}, tensor={}, what={})",
                           to_string(finding.kind), finding.version,
                           nb::repr(nb::cast(finding.tensor)).c_str(),
                           nb::repr(nb::cast(finding.what)).c_str());
      });
  nb::class_<VerifyReport>(module, "VerifyReport",
                           "The bytes checked against what was recorded at save time.")
      .def_prop_ro("ok", &VerifyReport::ok, "Everything was checked and is as recorded.")
      .def_prop_ro(
          "damaged", [](const VerifyReport& report) { return report.count(FindingKind::damaged); },
          "Number of findings that are damage.")
      .def_prop_ro(
          "unchecked",
          [](const VerifyReport& report) { return report.count(FindingKind::unchecked); },
          "Number of findings that could not be checked.")
      .def_prop_ro(
          "not_read",
          [](const VerifyReport& report) { return report.count(FindingKind::not_read); },
          "Number of findings that are not a model, or not read by this build.")
      .def_ro("versions", &VerifyReport::versions)
      .def_ro("tensors", &VerifyReport::tensors,
              "Number of tensors whose values were checked against their hashes.")
      .def_ro("bytes_read", &VerifyReport::bytes_read)
      .def_ro("findings", &VerifyReport::findings)
      .def_ro("notes", &VerifyReport::notes, "What is not covered, such as values without a hash.")
      .def("__repr__", [](const VerifyReport& report) {
        return fmt::format("VerifyReport(ok={}, {} findings)", report.ok() ? "True" : "False",
                           report.findings.size());
      });
}

void bind_gc(nb::module_& module) {
  nb::class_<GcReport>(module, "GcReport", "What a clean-up removed, or would remove (dry_run).")
      .def_ro("versions_removed", &GcReport::versions_removed)
      .def_ro("files_removed", &GcReport::files_removed)
      .def_ro("bytes_freed", &GcReport::bytes_freed)
      .def_ro("orphans_kept", &GcReport::orphans_kept,
              "Unreferenced files that were kept: too recent, or in use.")
      .def_ro("orphan_bytes_kept", &GcReport::orphan_bytes_kept)
      .def_ro("rewritten", &GcReport::rewritten)
      .def_ro("dry_run", &GcReport::dry_run)
      .def_ro("notes", &GcReport::notes)
      .def("__repr__", [](const GcReport& report) {
        return fmt::format("GcReport({} versions, {} files, {} bytes{})",
                           report.versions_removed.size(), report.files_removed, report.bytes_freed,
                           report.dry_run ? ", dry run" : "");
      });
}

void bind_usage(nb::module_& module) {
  nb::class_<DiskUsage> usage(module, "DiskUsage", "What a store occupies on disk, in bytes.");
  nb::class_<DiskUsage::OfVersion>(module, "VersionUsage",
                                   "What one version occupies on disk, in bytes.")
      .def_ro("number", &DiskUsage::OfVersion::number)
      .def_ro("bytes", &DiskUsage::OfVersion::bytes,
              "All files that it references; 0 if its manifest is damaged.")
      .def_ro("exclusive", &DiskUsage::OfVersion::exclusive,
              "Files that no other version references: what removing it alone would free.");
  usage.def_ro("bytes", &DiskUsage::bytes, "values + bookkeeping + unreachable.")
      .def_ro("values", &DiskUsage::values)
      .def_ro("bookkeeping", &DiskUsage::bookkeeping)
      .def_ro("unreachable", &DiskUsage::unreachable, "Files that no version references.")
      .def_ro("versions", &DiskUsage::versions, "Oldest first.")
      .def_ro("notes", &DiskUsage::notes)
      .def("__repr__", [](const DiskUsage& figures) {
        return fmt::format("DiskUsage(bytes={}, values={}, bookkeeping={}, unreachable={})",
                           figures.bytes, figures.values, figures.bookkeeping, figures.unreachable);
      });
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
