// SPDX-License-Identifier: Apache-2.0
#include "cli/output.h"

#include "cli/escape.h"
#include "cli/units.h"

#include <fmt/format.h>

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <system_error>

namespace lancekeep::cli {

void print(std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(STDOUT_FILENO, text.data(), text.size());
    if (written >= 0) {
      text.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno == EPIPE) {
      return;
    } else if (errno != EINTR) {
      throw Error(ErrorCode::io, fmt::format("the result could not be written to stdout: {}",
                                             std::generic_category().message(errno)));
    }
  }
}

void print_json(const Json& document) {
  // Escaped beyond ASCII: terminals obey some control characters above 0x7F, too.
  print(document.dump(2, ' ', true, Json::error_handler_t::replace) + "\n");
}

void print_error_line(const std::string& line) { std::fputs((line + "\n").c_str(), stderr); }

void print_note(std::string_view text) { print_error_line("note: " + escape_line(text)); }

void Table::add(std::vector<std::string> cells) {
  for (std::string& cell : cells) cell = escape_line(cell);
  rows_.push_back(std::move(cells));
}

std::string Table::text() const {
  std::vector<std::size_t> widths(columns_.size(), 0);
  for (const auto& row : rows_) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      widths[i] = std::max(widths[i], display_width(row[i]));
    }
  }
  std::string out;
  const auto add_line = [&](const auto& cell_at) {
    std::string line;
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      if (widths[i] == 0) continue;
      const std::string& cell = cell_at(i);
      const std::size_t width = std::max(widths[i], display_width(columns_[i].title));
      const std::string padding(width - display_width(cell), ' ');
      if (!line.empty()) line += "  ";
      line += columns_[i].align == Align::right ? padding + cell : cell + padding;
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out += line + "\n";
  };
  add_line([&](std::size_t i) -> const std::string& { return columns_[i].title; });
  for (const auto& row : rows_) {
    add_line([&](std::size_t i) -> const std::string& { return row[i]; });
  }
  return out;
}

Json to_json(const TensorInfo& tensor) {
  return {{"name", tensor.name},
          {"dtype", tensor.dtype},
          {"shape", Json(tensor.shape)},
          {"nbytes", tensor.nbytes},
          {"hash", tensor.hash.empty() ? Json() : Json(tensor.hash)},
          {"tied_to", tensor.tied_to ? Json(*tensor.tied_to) : Json()},
          {"damage", tensor.damage.empty() ? Json() : Json(tensor.damage)}};
}

Json to_json(const VersionInfo& version) {
  return {{"number", version.number},
          {"layout", layout_name(version.layout)},
          {"time", utc_time(version.time, TimePrecision::microseconds)},
          {"message", version.message},
          {"metadata", Json(version.metadata)},
          {"tags", Json(version.tags)},
          {"tensors", version.tensors},
          {"bytes_total", version.bytes_total},
          {"bytes_added", version.bytes_added},
          {"damage", version.damage.empty() ? Json() : Json(version.damage)},
          {"warning", version.warning.empty() ? Json() : Json(version.warning)}};
}

const char* layout_name(Layout layout) { return layout == Layout::plain ? "plain" : "native"; }

Json warning_of(const Version& version) {
  return version.info().warning.empty() ? Json() : Json(version.info().warning);
}

}  // namespace lancekeep::cli
