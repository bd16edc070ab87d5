// SPDX-License-Identifier: Apache-2.0
// Implements write_sharded_safetensors() of <lancekeep/formats.h>:
//   1. Plan the export as for a single file. Shards take the tensors in model order; a shard is
//      full when the next tensor does not fit. Reading the shards in the order of their names
//      restores the model order.
//   2. Write each shard, then the index, under a temporary name and fsync it.
//   3. Rename all of them, the index last; src/io/atomic_file_set.cc describes the steps.
#include <lancekeep/formats.h>

#include "formats/safetensors/safetensors_writer.h"
#include "formats/safetensors/shard_index.h"
#include "io/atomic_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

namespace lancekeep {
namespace {

using formats::ExportPlan;
using Tensors = std::span<const ExportPlan::Tensor>;

std::vector<Tensors> split(Tensors tensors, std::uint64_t most) {
  std::vector<Tensors> shards;
  std::size_t start = 0;
  std::uint64_t bytes = 0;
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    if (i > start && tensors[i].nbytes > most - std::min(most, bytes)) {
      shards.push_back(tensors.subspan(start, i - start));
      start = i;
      bytes = 0;
    }
    bytes += tensors[i].nbytes;
  }
  shards.push_back(tensors.subspan(start));
  return shards;
}

std::string shard_name(const std::filesystem::path& path, std::size_t number, std::size_t count) {
  return fmt::format("{}-{:05}-of-{:05}{}", path.stem().string(), number, count,
                     path.extension().string());
}

bool is_five_digits(std::string_view text) {
  return text.size() == 5 && std::all_of(text.begin(), text.end(),
                                         [](unsigned char c) { return std::isdigit(c) != 0; });
}

// Whether `name` is a shard of `path`, as `model-00001-of-00002.safetensors` is one of
// `model.safetensors`.
bool is_shard_of(const std::filesystem::path& path, const std::string& name) {
  const std::string start = path.stem().string() + "-";
  const std::string end = path.extension().string();
  constexpr std::string_view kOf = "-of-";
  if (!name.starts_with(start) || !name.ends_with(end)) return false;
  if (name.size() != start.size() + 5 + kOf.size() + 5 + end.size()) return false;
  const std::string_view numbers = std::string_view(name).substr(start.size());
  return is_five_digits(numbers.substr(0, 5)) && numbers.substr(5, kOf.size()) == kOf &&
         is_five_digits(numbers.substr(5 + kOf.size(), 5));
}

// Ignores a folder that cannot be listed, because the model is already written.
void note_older_shards(const std::filesystem::path& path, ExportReport& report) {
  std::vector<std::string> names;
  std::error_code error;
  const auto folder = path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
  for (std::filesystem::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    if (is_shard_of(path, name) && std::find(report.files.begin(), report.files.end(),
                                             path.parent_path() / name) == report.files.end()) {
      names.push_back(name);
    }
  }
  if (names.empty()) return;
  const auto first = *std::min_element(names.begin(), names.end());
  report.notes.push_back(
      fmt::format("`{}`{} of an older model {} kept; no index refers to {} any longer", first,
                  names.size() > 1 ? fmt::format(" and {} more", names.size() - 1) : "",
                  names.size() > 1 ? "are" : "is", names.size() > 1 ? "them" : "it"));
}

// Writes and commits one sharded model.
class ShardWriter {
 public:
  ShardWriter(const std::filesystem::path& path, TensorSource& source, const ExportPlan& plan)
      : path_(path), source_(source), plan_(plan), files_(path.parent_path()) {}

  ExportReport write(const std::vector<Tensors>& shards) {
    const std::string index_name = path_.filename().string() + ".index.json";
    if (shards.size() == 1) {
      write_file(path_.filename().string(), shards.front());
      files_.commit({index_name});
    } else {
      for (const Tensors& shard : shards) {
        const std::string name = shard_name(path_, index_.shards.size() + 1, shards.size());
        write_file(name, shard);
        add_to_index(name, shard);
      }
      write_index(index_name);
      files_.commit({path_.filename().string()});
    }
    report_.tensors = plan_.tensors.size();
    report_.not_kept = plan_.not_kept;
    report_.notes = plan_.notes;
    note_older_shards(path_, report_);
    return std::move(report_);
  }

 private:
  void write_file(const std::string& name, Tensors tensors) {
    const std::filesystem::path path = path_.parent_path() / name;
    io::AtomicFile& file = files_.add(name);
    const auto write = [&](std::span<const std::byte> piece) { file.write(piece); };
    formats::write_tensors(write, tensors, plan_.metadata, source_, path);
    add_to_report(path, file.position());
  }

  void add_to_index(const std::string& name, Tensors tensors) {
    for (const ExportPlan::Tensor& tensor : tensors) {
      index_.tensors.push_back(
          {tensor.entry.name, static_cast<std::uint32_t>(index_.shards.size())});
      value_bytes_ += tensor.nbytes;
    }
    index_.shards.push_back(name);
  }

  void write_index(const std::string& name) {
    const std::string text = formats::encode_shard_index(index_, value_bytes_);
    io::AtomicFile& file = files_.add(name);
    file.write(std::as_bytes(std::span(text)));
    add_to_report(path_.parent_path() / name, file.position());
  }

  void add_to_report(const std::filesystem::path& path, std::uint64_t bytes) {
    report_.files.push_back(path);
    report_.bytes_written += bytes;
  }

  const std::filesystem::path& path_;
  TensorSource& source_;
  const ExportPlan& plan_;
  io::AtomicFileSet files_;
  formats::ShardIndex index_;
  std::uint64_t value_bytes_ = 0;
  ExportReport report_;
};

}  // namespace

ExportReport write_sharded_safetensors(const std::filesystem::path& path, TensorSource& source,
                                       std::uint64_t max_shard_bytes, const Metadata& metadata,
                                       TiedNames tied_names) {
  if (max_shard_bytes == 0) {
    throw Error(ErrorCode::invalid_argument, "max_shard_bytes must be at least 1", path.string());
  }
  const ExportPlan plan = formats::plan_export(path, source, metadata, {.tied_names = tied_names});
  return ShardWriter(path, source, plan).write(split(plan.tensors, max_shard_bytes));
}

}  // namespace lancekeep
