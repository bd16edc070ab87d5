// SPDX-License-Identifier: Apache-2.0
// lancekeep diff: shows what changed between two versions of a store.
#include <lancekeep/store.h>

#include "cli/arguments.h"
#include "cli/batch.h"
#include "cli/json.h"
#include "cli/output.h"
#include "cli/units.h"
#include "cli/versions.h"

#include <fmt/format.h>

#include <memory>
#include <optional>

namespace lancekeep::cli {
namespace {

struct DiffLine {
  std::string store;
  std::string before;
  std::string after = "latest";
  bool norms = false;
  bool all = false;
};

std::string arrow(const std::string& before, const std::string& after) {
  return before == after ? after : before + " → " + after;
}

std::string shape_of(const TensorInfo& tensor) {
  return tensor.is_tensor() ? to_string(tensor.shape) : "-";
}

// Returns the share of a tensor that differs, never rounded to 0% or 100%.
std::string share_text(std::uint64_t part, std::uint64_t whole) {
  if (part == 0) return "0%";
  if (part == whole) return "100%";
  const double percent = 100.0 * static_cast<double>(part) / static_cast<double>(whole);
  if (percent < 0.01) return "<0.01%";
  if (percent > 99.99) return ">99.99%";
  return fmt::format("{:.2f}%", percent);
}

class DiffTable {
 public:
  DiffTable() : table_(columns()) {}

  void add(const char* sign, const TensorInfo& tensor) {
    table_.add({sign, tensor.name, tensor.dtype, shape_of(tensor), human_bytes(tensor.nbytes), "",
                "", "", "", "", ""});
  }
  void add(const TensorChange& change) {
    const auto& [before, after, figures] = change;
    std::vector<std::string> cells = {"~", after.name, arrow(before.dtype, after.dtype),
                                      arrow(shape_of(before), shape_of(after)),
                                      arrow(human_bytes(before.nbytes), human_bytes(after.nbytes))};
    for (std::string& cell : norm_cells(figures)) cells.push_back(std::move(cell));
    table_.add(std::move(cells));
  }
  [[nodiscard]] std::string text() const { return table_.text(); }

 private:
  static std::vector<Table::Column> columns() {
    using Align = Table::Align;
    return {{"", Align::left},        {"name", Align::left},       {"dtype", Align::left},
            {"shape", Align::left},   {"size", Align::right},      {"l2", Align::right},
            {"max", Align::right},    {"relative", Align::right},  {"cosine", Align::right},
            {"differ", Align::right}, {"non-finite", Align::right}};
  }
  static std::vector<std::string> norm_cells(const std::optional<ChangeNorms>& figures) {
    if (!figures) return std::vector<std::string>(6);
    return {fmt::format("{:.4g}", figures->l2),
            fmt::format("{:.4g}", figures->max_abs),
            fmt::format("{:.4g}", figures->relative()),
            fmt::format("{:.6f}", figures->cosine),
            share_text(figures->differing, figures->elements),
            figures->non_finite == 0 ? "" : std::to_string(figures->non_finite)};
  }

  Table table_;
};

std::uint64_t changed_bytes(const Diff& diff) {
  std::uint64_t bytes = 0;
  for (const TensorChange& change : diff.changed) bytes += change.after.nbytes;
  return bytes;
}

void print_text(const DiffLine& line, const Diff& diff, std::uint64_t before, std::uint64_t after) {
  DiffTable table;
  for (const TensorInfo& tensor : diff.added) table.add("+", tensor);
  for (const TensorInfo& tensor : diff.removed) table.add("-", tensor);
  for (const TensorChange& change : diff.changed) table.add(change);
  if (line.all) {
    for (const TensorInfo& tensor : diff.unchanged) table.add("=", tensor);
  }
  const bool has_rows = !diff.empty() || (line.all && !diff.unchanged.empty());
  const std::string size =
      diff.changed.empty() ? "" : fmt::format(" ({})", human_bytes(changed_bytes(diff)));
  print((has_rows ? table.text() : "") +
        fmt::format("version {} → {}: {} added, {} removed, {} changed{}, {} unchanged\n", before,
                    after, diff.added.size(), diff.removed.size(), diff.changed.size(), size,
                    diff.unchanged.size()));
}

Json to_json(const ChangeNorms& figures) {
  return Json::object({{"elements", figures.elements},
                       {"differing", figures.differing},
                       {"non_finite", figures.non_finite},
                       {"l2", figures.l2},
                       {"max_abs", figures.max_abs},
                       {"l2_before", figures.l2_before},
                       {"l2_after", figures.l2_after},
                       {"relative", figures.relative()},
                       {"cosine", figures.cosine}});
}

Json to_json(const TensorChange& change) {
  return Json::object({{"before", cli::to_json(change.before)},
                       {"after", cli::to_json(change.after)},
                       {"figures", change.norms ? to_json(*change.norms) : Json()}});
}

Json to_json(const DiffLine& line, const Diff& diff, std::uint64_t before, std::uint64_t after) {
  Json::Array changed;
  for (const TensorChange& change : diff.changed) changed.push_back(to_json(change));
  return Json::object({{"store", line.store},
                       {"before", before},
                       {"after", after},
                       {"bytes_changed", changed_bytes(diff)},
                       {"added", cli::to_json(diff.added)},
                       {"removed", cli::to_json(diff.removed)},
                       {"changed", std::move(changed)},
                       {"unchanged", cli::to_json(diff.unchanged)}});
}

Diff compare(const DiffLine& line, const Version& before, const Version& after, bool json) {
  Batch batch(!json);
  return diff(before, after, {.norms = line.norms, .progress = batch.progress()});
}

ExitCode run_diff(const DiffLine& line, bool json) {
  const Store store = Store::open(line.store);
  const Version before = store.at(Ref::parse(line.before));
  const Version after = store.at(Ref::parse(line.after));
  const Diff diff = compare(line, before, after, json);
  if (json) {
    print_json(to_json(line, diff, before.number(), after.number()));
  } else {
    print_text(line, diff, before.number(), after.number());
  }
  return diff.empty() ? ExitCode::ok : ExitCode::finding;
}

}  // namespace

void add_diff(CommandLine& command) {
  Verb verb = command.add_verb("diff", "Show what changed between two versions", R"(
  lancekeep diff model.lance 3               (from version 3 to the latest)
  lancekeep diff model.lance base best --norms
  lancekeep diff model.lance 1 2 --json

+ added, - removed, ~ changed, = unchanged. Exit status: 0 if nothing differs, 1 if something does.
)");
  auto line = std::make_shared<DiffLine>();
  verb.store(line->store);
  verb.positional("A", line->before, "The earlier version: a number, a tag, or latest").required();
  verb.positional("B", line->after, "The later version (default: latest)");
  verb.flag("--norms", line->norms,
            "Read the values, and show how far each changed float tensor moved");
  verb.flag("--figures", line->norms, "The old name of --norms").hidden();
  verb.flag("--all", line->all, "Also list unchanged tensors");
  verb.runs([line](bool json) { return run_diff(*line, json); });
}

}  // namespace lancekeep::cli
