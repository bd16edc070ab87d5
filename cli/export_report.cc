// SPDX-License-Identifier: Apache-2.0
#include "cli/export_report.h"

#include "cli/escape.h"
#include "cli/units.h"

#include <fmt/format.h>

#include <set>

namespace lancekeep::cli {
namespace {

// "m.safetensors: 3 tensors of version 1; wrote 20.0 kB in 3 ms"; of shards, the index, and the
// shards below it.
std::string text_of(const ExportedVersion& done) {
  const auto& files = done.report.files;
  const std::string main = files.empty() ? done.file : files.back().string();
  std::string text = escape_line(fmt::format(
      "{}: {} of version {}; wrote {} in {}", main, counted(done.report.tensors, "tensor"),
      done.version.number(), human_bytes(done.report.bytes_written), human_duration(done.elapsed)));
  for (const auto& file : files) {
    if (&file != &files.back()) text += "\n  " + escape_line(file.string());
  }
  return text + "\n";
}

Json files_of(const ExportReport& report) {
  Json files = Json::array();
  for (const auto& file : report.files) files.push_back(file.string());
  return files;
}

double seconds(std::chrono::nanoseconds elapsed) {
  return std::chrono::duration<double>(elapsed).count();
}

std::uint64_t bytes_written(const ExportedDataset& done) {
  std::uint64_t bytes = 0;
  for (const auto& version : done.versions) bytes += version.report.bytes_written;
  return bytes;
}

std::uint64_t tensors(const SaveReport& report) {
  return report.tensors_written + report.tensors_kept;
}

// "3 tensors of version 2", "versions 1–3".
std::string what_is_in(const ExportedDataset& done) {
  if (done.versions.size() == 1) {
    const auto& [source, report] = done.versions.front();
    return fmt::format("{} of version {}", counted(tensors(report), "tensor"), source.number);
  }
  std::vector<std::uint64_t> numbers;
  for (const auto& version : done.versions) numbers.push_back(version.source.number);
  return "versions " + number_runs(numbers);
}

}  // namespace

Json as_json(const ExportedVersion& done) {
  return {{"file", done.file},
          {"files", files_of(done.report)},
          {"version", done.version.number()},
          {"tensors", done.report.tensors},
          {"bytes_written", done.report.bytes_written},
          {"seconds", seconds(done.elapsed)},
          {"not_kept", Json(done.report.not_kept)},
          {"notes", Json(done.report.notes)}};
}

Json as_json(const ExportedDataset& done, const std::string& store, Layout layout) {
  Json versions = Json::array();
  for (const auto& [source, report] : done.versions) {
    versions.push_back({{"version", report.version},
                        {"source_version", source.number},
                        {"tags", Json(source.tags)},
                        {"tensors", tensors(report)},
                        {"bytes_written", report.bytes_written},
                        {"notes", Json(report.notes)}});
  }
  return {{"store", store},
          {"file", done.folder},
          {"layout", layout_name(layout)},
          {"bytes_written", bytes_written(done)},
          {"seconds", seconds(done.elapsed)},
          {"versions", std::move(versions)},
          {"notes", Json(done.notes)}};
}

void print_text(const ExportedVersion& done, bool quiet) {
  const std::string& warning = done.version.info().warning;
  if (!warning.empty()) print_note(warning);
  if (quiet) return;
  print(text_of(done));
  for (const std::string& line : done.report.not_kept) print_note("not kept: " + line);
  for (const std::string& note : done.report.notes) print_note(note);
}

void print_text(const ExportedDataset& done, Layout layout, bool quiet) {
  for (const auto& [source, report] : done.versions) {
    if (!source.warning.empty()) print_note(source.warning);
  }
  if (quiet) return;
  print(escape_line(fmt::format("{}: {} in the {} layout; wrote {} in {}", done.folder,
                                what_is_in(done), layout_name(layout),
                                human_bytes(bytes_written(done)), human_duration(done.elapsed))) +
        "\n");
  std::set<std::string> said;  // each version repeats what is so of all
  for (const auto& [source, report] : done.versions) {
    for (const std::string& note : report.notes) {
      if (said.insert(note).second) print_note(note);
    }
  }
  for (const std::string& note : done.notes) print_note(note);
}

}  // namespace lancekeep::cli
