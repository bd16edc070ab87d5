// SPDX-License-Identifier: Apache-2.0
// lancekeep diff: shows what changed between two versions of a store, or of two stores.
#include <lancekeep/store.h>

#include "cli/arguments.h"
#include "cli/batch.h"
#include "cli/json.h"
#include "cli/output.h"
#include "cli/units.h"
#include "cli/versions.h"

#include <fmt/format.h>

#include <filesystem>
#include <memory>
#include <optional>
#include <system_error>
#include <utility>

namespace lancekeep::cli {
namespace {

struct DiffLine {
  std::string store;
  std::string a;
  std::string b;
  bool norms = false;
  bool all = false;
};

// One of the two versions.
struct Side {
  std::string store;
  Version version;
};

struct Sides {
  Side before;
  Side after;
  [[nodiscard]] bool are_of_one_store() const { return before.store == after.store; }
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

// Returns "version 1 → 2" or "version 1 of run1.lance → version 3 of run2.lance".
std::string title(const Sides& sides) {
  const auto& [before, after] = sides;
  if (sides.are_of_one_store()) {
    return fmt::format("version {} → {}", before.version.number(), after.version.number());
  }
  return escape_line(fmt::format("version {} of {} → version {} of {}", before.version.number(),
                                 before.store, after.version.number(), after.store));
}

void print_text(const DiffLine& line, const Diff& diff, const Sides& sides) {
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
        fmt::format("{}: {} added, {} removed, {} changed{}, {} unchanged\n", title(sides),
                    diff.added.size(), diff.removed.size(), diff.changed.size(), size,
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

Json to_json(const Diff& diff, const Sides& sides) {
  Json::Array changed;
  for (const TensorChange& change : diff.changed) changed.push_back(to_json(change));
  Json document = Json::object({{"store", sides.before.store},
                                {"before", sides.before.version.number()},
                                {"after", sides.after.version.number()}});
  if (!sides.are_of_one_store()) document.add("after_store", sides.after.store);
  return document.add(Json::object({{"bytes_changed", changed_bytes(diff)},
                                    {"added", cli::to_json(diff.added)},
                                    {"removed", cli::to_json(diff.removed)},
                                    {"changed", std::move(changed)},
                                    {"unchanged", cli::to_json(diff.unchanged)}}));
}

// --- which versions ---

bool is_there(const std::string& path) {
  std::error_code ignored;  // opening the store reports the error
  return std::filesystem::is_directory(path, ignored);
}

// What STORE, or STORE@REF, names.
struct Place {
  std::string store;
  std::optional<std::string> ref;
};

// Returns nothing if the text does not name a folder, with or without `@REF`.
std::optional<Place> find_place(const std::string& text) {
  if (is_there(text)) return Place{text, std::nullopt};
  const std::size_t at = text.rfind('@');
  if (at == text.npos || !is_there(text.substr(0, at))) return std::nullopt;
  return Place{text.substr(0, at), text.substr(at + 1)};
}

Side open_side(const std::string& store, const std::string& ref) {
  return {store, Store::open(store).at(Ref::parse(ref))};
}

// Opens A or B: a version of `store`, or, if the store has no such tag, another STORE or STORE@REF.
Side open_operand(const std::string& store, const std::string& text) {
  const bool is_version = Ref::parse(text).tag() == nullptr;  // a number, or latest
  const auto place = is_version ? std::nullopt : find_place(text);
  if (!place || Store::open(store).tags().contains(text)) return open_side(store, text);
  return open_side(place->store, place->ref.value_or("latest"));
}

// The line is STORE A [B], where A and B can be in other stores, or STORE[@REF] A.
Sides open_sides(const DiffLine& line) {
  const Place first = find_place(line.store).value_or(Place{line.store, std::nullopt});
  Side a = open_operand(first.store, line.a);
  if (first.ref && !line.b.empty()) {
    throw Error(ErrorCode::invalid_argument,
                fmt::format("`{}` names a version; expected one more, found two", line.store));
  }
  if (first.ref || (line.b.empty() && a.store != first.store)) {
    return {open_side(first.store, first.ref.value_or("latest")), std::move(a)};
  }
  const std::string b = line.b.empty() ? "latest" : line.b;
  Side after = open_operand(first.store, b);
  return {std::move(a), std::move(after)};
}

ExitCode run_diff(const DiffLine& line, bool json) {
  const Sides sides = open_sides(line);
  Batch batch(!json);
  const Diff diff = lancekeep::diff(sides.before.version, sides.after.version,
                                    {.norms = line.norms, .progress = batch.progress()});
  batch.clear_bar();
  if (json) {
    print_json(to_json(diff, sides));
  } else {
    print_text(line, diff, sides);
  }
  return diff.empty() ? ExitCode::ok : ExitCode::finding;
}

}  // namespace

void add_diff(CommandLine& command) {
  Verb verb = command.add_verb(
      "diff", "Show what changed between two versions of a store, or of two stores", R"(
  lancekeep diff model.lance 3               (from version 3 to the latest)
  lancekeep diff model.lance base best --norms
  lancekeep diff model.lance 1 2 --json
  lancekeep diff run1.lance run2.lance       (the latest versions of two stores)
  lancekeep diff run1.lance@best run2.lance@best

+ added, - removed, ~ changed, = unchanged. Exit status: 0 if nothing differs, 1 if something does.
)");
  auto line = std::make_shared<DiffLine>();
  verb.store(line->store);
  verb.positional("A", line->a,
                  "The earlier version: a number, a tag, or latest. A store, or STORE@REF, is "
                  "compared with the first one")
      .required();
  verb.positional("B", line->b, "The later version (default: latest), or STORE@REF");
  verb.flag("--norms", line->norms,
            "Read the values, and show how far each changed float tensor moved");
  verb.flag("--figures", line->norms, "The old name of --norms").hidden();
  verb.flag("--all", line->all, "Also list unchanged tensors");
  verb.runs([line](bool json) { return run_diff(*line, json); });
}

}  // namespace lancekeep::cli
