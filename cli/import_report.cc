// SPDX-License-Identifier: Apache-2.0
#include "cli/import_report.h"

#include "cli/natural_order.h"
#include "cli/save_summary.h"
#include "cli/units.h"

#include <fmt/format.h>

namespace lancekeep::cli {
namespace {

Json figures(const SaveReport& report) {
  return {{"tensors_written", report.tensors_written},
          {"tensors_kept", report.tensors_kept},
          {"bytes_written", report.bytes_written},
          {"bytes_shared", report.bytes_shared},
          {"bytes_total", report.bytes_total}};
}

double seconds(std::chrono::nanoseconds elapsed) {
  return std::chrono::duration<double>(elapsed).count();
}

Json one_as_json(const ImportPlan& plan, const ImportedFile& done) {
  Json document = {{"store", plan.store},
                   {"version", done.report.version},
                   {"tag", plan.tag.empty() ? Json() : Json(plan.tag)}};
  document.update(figures(done.report));
  document.update(Json{{"seconds", seconds(done.elapsed)}, {"notes", Json(done.report.notes)}});
  return document;
}

Json several_as_json(const ImportPlan& plan, const std::vector<ImportedFile>& all) {
  Json versions = Json::array();
  for (const ImportedFile& done : all) {
    Json version = {
        {"version", done.report.version}, {"file", done.file}, {"message", done.message}};
    version.update(figures(done.report));
    version.update(Json{{"seconds", seconds(done.elapsed)}, {"notes", Json(done.report.notes)}});
    versions.push_back(std::move(version));
  }
  const std::string warning = order_note(plan.files);
  return {{"store", plan.store},
          {"versions", std::move(versions)},
          {"warning", warning.empty() ? Json() : Json(warning)}};
}

}  // namespace

Json as_json(const ImportPlan& plan, const std::vector<ImportedFile>& all) {
  return plan.files.size() == 1 ? one_as_json(plan, all.front()) : several_as_json(plan, all);
}

Json as_json(const DatasetImport& plan, const std::vector<ImportedVersion>& all) {
  Json versions = Json::array();
  for (const ImportedVersion& done : all) {
    Json version = {{"version", done.report.version},
                    {"source_version", done.source.number},
                    {"message", done.message},
                    {"metadata", Json(done.metadata)},
                    {"tags", Json(done.source.tags)}};
    version.update(figures(done.report));
    version.update(Json{{"seconds", seconds(done.elapsed)}, {"notes", Json(done.report.notes)}});
    versions.push_back(std::move(version));
  }
  return {{"store", plan.store}, {"dataset", plan.dataset}, {"versions", std::move(versions)}};
}

void print_text(const ImportPlan& plan, const ImportedFile& done) {
  print(save_summary(plan.store, done.report, done.elapsed) + "\n");
  for (const std::string& note : done.report.notes) print_note(note);
}

void print_text(const DatasetImport& plan, const ImportedVersion& done) {
  print(fmt::format("{}; from version {} of {}\n",
                    save_summary(plan.store, done.report, done.elapsed), done.source.number,
                    utc_time(done.source.time, TimePrecision::seconds)));
  for (const std::string& note : done.report.notes) print_note(note);
}

}  // namespace lancekeep::cli
