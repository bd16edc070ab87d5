// SPDX-License-Identifier: Apache-2.0
#include "cli/save_summary.h"

#include "cli/escape.h"
#include "cli/units.h"

#include <fmt/format.h>

namespace lancekeep::cli {
namespace {

/// Exact where nothing was written. Else at most a manifest too little: bytes_written counts that,
/// too.
std::uint64_t bytes_shared(const SaveReport& report) {
  if (report.tensors_written == 0) return report.bytes_total;
  return report.bytes_written < report.bytes_total ? report.bytes_total - report.bytes_written : 0;
}

}  // namespace

std::string save_summary(const std::string& store, const SaveReport& report,
                         std::chrono::nanoseconds elapsed) {
  std::string line = fmt::format(
      "version {} of {}: {}, {}; wrote {} in {}", report.version, escape_line(store),
      counted(report.tensors_written + report.tensors_kept, "tensor"),
      human_bytes(report.bytes_total), human_bytes(report.bytes_written), human_duration(elapsed));
  if (report.tensors_kept == 0) return line;
  line += fmt::format("; shared {}", counted(report.tensors_kept, "tensor"));
  const std::uint64_t shared = bytes_shared(report);
  if (shared > 0) line += fmt::format(", {}", human_bytes(shared));
  return line;
}

}  // namespace lancekeep::cli
