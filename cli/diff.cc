// SPDX-License-Identifier: Apache-2.0
// lancekeep diff: what changed between two versions of a store.
#include <lancekeep/store.h>

#include "cli/interrupt.h"
#include "cli/output.h"
#include "cli/progress.h"
#include "cli/units.h"
#include "cli/verb.h"

#include <fmt/format.h>

namespace lancekeep::cli {
namespace {

constexpr const char* kExamples =
    "  lancekeep diff model.lance 3               (from version 3 to the latest)\n"
    "  lancekeep diff model.lance base best --figures\n"
    "  lancekeep diff model.lance 1 2 --json\n";

constexpr const char* kFooter =
    "\n+ added, - removed, ~ changed, = unchanged. Exit status: 0 no difference, 1 a difference.\n";

struct DiffLine {
  std::string store;
  std::string before;
  std::string after = "latest";
  bool figures = false;
  bool all = false;
};

std::string arrow(const std::string& before, const std::string& after) {
  return before == after ? after : before + " → " + after;
}

std::string shape_of(const TensorInfo& tensor) {
  return tensor.is_tensor() ? shape_text(tensor.shape) : "-";
}

// How much of a tensor differs; never rounded to none or all of it.
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
    for (std::string& cell : figure_cells(figures)) cells.push_back(std::move(cell));
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
  static std::vector<std::string> figure_cells(const std::optional<ChangeNorms>& figures) {
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

// Numbers that JSON has not, NaN and infinity, become null.
Json to_json(const ChangeNorms& figures) {
  return {{"elements", figures.elements},     {"differing", figures.differing},
          {"non_finite", figures.non_finite}, {"l2", figures.l2},
          {"max_abs", figures.max_abs},       {"l2_before", figures.l2_before},
          {"l2_after", figures.l2_after},     {"relative", figures.relative()},
          {"cosine", figures.cosine}};
}

Json to_json(const TensorChange& change) {
  return {{"before", cli::to_json(change.before)},
          {"after", cli::to_json(change.after)},
          {"figures", change.norms ? to_json(*change.norms) : Json()}};
}

Json to_json(const std::vector<TensorInfo>& tensors) {
  Json rows = Json::array();
  for (const TensorInfo& tensor : tensors) rows.push_back(cli::to_json(tensor));
  return rows;
}

Json as_json(const DiffLine& line, const Diff& diff, std::uint64_t before, std::uint64_t after) {
  Json changed = Json::array();
  for (const TensorChange& change : diff.changed) changed.push_back(to_json(change));
  return Json{{"store", line.store},
              {"before", before},
              {"after", after},
              {"bytes_changed", changed_bytes(diff)},
              {"added", to_json(diff.added)},
              {"removed", to_json(diff.removed)},
              {"changed", std::move(changed)},
              {"unchanged", to_json(diff.unchanged)}};
}

Diff compare(const DiffLine& line, const Version& before, const Version& after, bool json) {
  const InterruptScope interrupts;
  ProgressBar bar(!json);
  return diff(before, after,
              {.norms = line.figures,
               .progress = [&](std::uint64_t done, std::uint64_t total, std::string_view tensor) {
                 throw_if_interrupted();
                 bar.update(done, total, tensor);
               }});
}

ExitCode run(const DiffLine& line, bool json) {
  const Store store = Store::open(line.store);
  const Version before = store.at(Ref::parse(line.before));
  const Version after = store.at(Ref::parse(line.after));
  const Diff diff = compare(line, before, after, json);
  if (json) {
    print_json(as_json(line, diff, before.number(), after.number()));
  } else {
    print_text(line, diff, before.number(), after.number());
  }
  return diff.empty() ? ExitCode::ok : ExitCode::finding;
}

}  // namespace

void add_diff(CLI::App& app, Command& command) {
  CLI::App* verb = add_verb(app, command, "diff", "Say what changed between two versions",
                            std::string(kExamples) + kFooter);
  auto line = std::make_shared<DiffLine>();
  add_store(*verb, line->store);
  verb->add_option("A", line->before, "The earlier version: a number, a tag, or latest")
      ->required()
      ->type_name("");
  verb->add_option("B", line->after, "The later version (the default: latest)")->type_name("");
  verb->add_flag("--figures", line->figures,
                 "Read the values, and say how far each changed float tensor moved");
  verb->add_flag("--all", line->all, "List unchanged tensors, too");
  verb->callback(
      [line, &command] { command.run = [line, &command] { return run(*line, command.json); }; });
}

}  // namespace lancekeep::cli
