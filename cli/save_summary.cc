// SPDX-License-Identifier: Apache-2.0
#include "cli/save_summary.h"

#include "cli/escape.h"
#include "cli/units.h"

#include <fmt/format.h>

namespace lancekeep::cli {

std::string save_summary(const std::string& store, const SaveReport& report,
                         std::chrono::nanoseconds elapsed) {
  std::string line = fmt::format(
      "version {} of {}: {}, {}; wrote {} in {}", report.version, escape_line(store),
      counted(report.tensors_written + report.tensors_kept, "tensor"),
      human_bytes(report.bytes_total), human_bytes(report.bytes_written), human_duration(elapsed));
  if (report.tensors_kept == 0) return line;
  line += fmt::format("; shared {}", counted(report.tensors_kept, "tensor"));
  return line + fmt::format(", {}", human_bytes(report.bytes_shared));
}

}  // namespace lancekeep::cli
