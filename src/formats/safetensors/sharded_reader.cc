// SPDX-License-Identifier: Apache-2.0
#include "formats/safetensors/sharded_reader.h"

#include "formats/safetensors/shard_index.h"
#include "io/checked_math.h"
#include "io/utf8.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>
#include <optional>
#include <set>

namespace lancekeep::formats {
namespace {

constexpr std::size_t kMostNamed = 10;
// What the allocator adds to a tensor's name and shape, and to a metadata entry.
constexpr std::uint64_t kShardTensorOverhead = 96;
constexpr std::uint64_t kShardMetadataOverhead =
    48 + 2 * sizeof(std::string) + kShardTensorOverhead;

struct ShardFile {
  std::filesystem::path path;
  std::size_t first = 0;  // index of its first tensor in ShardSet::specs
};

// Everything that is kept about the files after they have been checked.
struct ShardSet {
  std::vector<ShardFile> files;  // the files that have tensors, sorted by name
  std::vector<TensorSpec> specs;
  std::vector<std::uint32_t> places;  // of each spec, among the tensors of its file
  Metadata metadata;
  std::vector<std::string> notes;
  std::uint64_t budget_left = 0;
};

// Collects names for one message, which lists the first ten.
class NameList {
 public:
  void add(const std::string& name) {
    if (++count_ <= kMostNamed) names_.push_back("`" + io::printable(name) + "`");
  }
  void add(const std::string& tensor, const std::string& file) {
    add(tensor);
    if (count_ <= kMostNamed) names_.back() += " in `" + io::printable(file) + "`";
  }
  [[nodiscard]] bool empty() const { return count_ == 0; }
  [[nodiscard]] std::size_t count() const { return count_; }
  [[nodiscard]] std::string text() const {
    const std::size_t more = count_ - names_.size();
    return fmt::format("{}{}", fmt::join(names_, ", "),
                       more ? fmt::format(" and {} more", more) : "");
  }

 private:
  std::vector<std::string> names_;
  std::size_t count_ = 0;
};

// Returns the size of the index and the files together. Reports missing files before reading any.
std::uint64_t size_of_all(const io::InputFile& index, const std::filesystem::path& folder,
                          const ShardIndex& content) {
  NameList missing;
  std::uint64_t total = index.size();
  for (const std::string& name : content.shards) {
    try {
      total = io::checked_add(total, io::InputFile(folder / name).size()).value_or(total);
    } catch (const Error& error) {
      if (error.code() != ErrorCode::not_found) throw;
      missing.add(name);
    }
  }
  if (missing.empty()) return total;
  throw Error(
      ErrorCode::not_found,
      fmt::format("files of the index are missing: {}; was the download or the copy cut short?",
                  missing.text()),
      index.name());
}

// Compares the index with each file in turn.
class ShardCheck {
 public:
  ShardCheck(const io::InputFile& index, const ShardIndex& content, std::uint64_t limit,
             std::uint64_t used)
      : index_(index),
        content_(content),
        budget_(limit, index.name()),
        seen_(content.tensors.size()) {
    budget_.take(used, "the index");
    // This many specs are kept, because the files must have all tensors of the index, and others
    // are left out.
    constexpr std::uint64_t kEach = sizeof(TensorSpec) + sizeof(std::uint32_t);
    budget_.take(seen_.size() * kEach + seen_.size() / 8, "the index's tensors");
    set_.specs.reserve(seen_.size());
    set_.places.reserve(seen_.size());
    set_.metadata = content.metadata;
  }

  [[nodiscard]] std::uint64_t budget_left() const { return budget_.left(); }

  void add(std::uint32_t shard, const std::filesystem::path& path, const TensorSource& source) {
    const std::span<const TensorSpec> specs = source.tensors();
    const std::size_t first = set_.specs.size();
    budget_.take(sizeof(ShardFile) + path.native().size() + kShardTensorOverhead,
                 "the files' names");
    Places kept(specs.size());
    for (std::uint32_t i = 0; i < specs.size(); ++i) {
      require_no_tree(specs[i], path);
      if (is_expected(specs[i].name, shard)) keep(specs[i], i, kept);
    }
    if (set_.specs.size() > first) set_.files.push_back({path, first});
    for (const auto& [key, value] : source.metadata()) merge(key, value, shard);
    for (const std::string& note : source.notes()) {
      set_.notes.push_back("`" + io::printable(content_.shards[shard]) + "`: " + note);
    }
  }

  ShardSet take() {
    for (std::size_t i = 0; i < seen_.size(); ++i) {
      const ShardIndex::Tensor& tensor = content_.tensors[i];
      if (!seen_[i]) missing_.add(tensor.name, content_.shards[tensor.shard]);
    }
    reject_if(missing_, "the index lists tensors that their files do not have");
    reject_if(misplaced_, "files have tensors that the index puts into another file");
    if (!unlisted_.empty()) {
      const bool one = unlisted_.count() == 1;
      set_.notes.push_back(
          fmt::format("{} of the files {} left out, because the index does not list {}: {}",
                      one ? "1 tensor" : fmt::format("{} tensors", unlisted_.count()),
                      one ? "is" : "are", one ? "it" : "them", unlisted_.text()));
    }
    set_.budget_left = budget_.left();
    return std::move(set_);
  }

 private:
  // For each tensor of one file, its index in ShardSet::specs; unset if it was left out.
  using Places = std::vector<std::optional<std::size_t>>;

  void keep(const TensorSpec& spec, std::uint32_t place, Places& kept) {
    budget_.take(spec.name.size() + spec.shape.size() * sizeof(std::int64_t) + kShardTensorOverhead,
                 "the files' tensors");
    kept[place] = set_.specs.size();
    set_.specs.push_back(spec);
    set_.places.push_back(place);
    if (spec.tied_to) set_.specs.back().tied_to = kept[*spec.tied_to];
  }

  bool is_expected(const std::string& name, std::uint32_t shard) {
    const auto& tensors = content_.tensors;
    const auto found = std::lower_bound(
        tensors.begin(), tensors.end(), name,
        [](const ShardIndex::Tensor& tensor, const std::string& n) { return tensor.name < n; });
    const bool is_listed = found != tensors.end() && found->name == name;
    if (!is_listed || found->shard != shard) {
      (is_listed ? misplaced_ : unlisted_).add(name, content_.shards[shard]);
      return false;
    }
    seen_[static_cast<std::size_t>(found - tensors.begin())] = true;
    return true;
  }

  static void require_no_tree(const TensorSpec& spec, const std::filesystem::path& path) {
    if (spec.dtype != "tree") return;
    throw Error(ErrorCode::unsupported,
                "expected a flat state dict in a file of a sharded model, but this file has nested "
                "values; open it by itself",
                path.string());
  }

  // What a store keeps about the state dict of one file does not hold for the whole model.
  void merge(const std::string& key, const std::string& value, std::uint32_t shard) {
    if (key.starts_with("lancekeep.")) return;
    const auto known = set_.metadata.find(key);
    if (known == set_.metadata.end()) {
      budget_.take(kShardMetadataOverhead + key.size() + value.size(), "the files' metadata");
      set_.metadata.emplace(key, value);
    } else if (known->second != value && !disputed_.contains(key)) {
      budget_.take(2 * kShardMetadataOverhead + 2 * key.size(), "the files' metadata");
      disputed_.insert(key);
      set_.notes.push_back(fmt::format(
          "metadata `{}`: `{}` has a different value from the index or an earlier file; the first "
          "value is kept",
          io::printable(key), io::printable(content_.shards[shard])));
    }
  }

  void reject_if(const NameList& names, const char* problem) const {
    if (names.empty()) return;
    throw Error(ErrorCode::corrupt, fmt::format("{}: {}", problem, names.text()), index_.name());
  }

  const io::InputFile& index_;
  const ShardIndex& content_;
  io::MemoryBudget budget_;
  ShardSet set_;
  std::vector<bool> seen_;
  std::set<std::string> disputed_;
  NameList missing_;    // listed, but not in their file
  NameList unlisted_;   // in a file, but not in the index: left out
  NameList misplaced_;  // not in the file that the index gives
};

// Opens each file once. The index uses `used` bytes of the budget.
ShardSet check_shards(const io::InputFile& index, const std::filesystem::path& folder,
                      const ShardIndex& content, std::uint64_t used, const OpenShard& open) {
  const std::uint64_t bytes = size_of_all(index, folder, content);
  ShardCheck check(index, content, io::MemoryBudget::limit_for(bytes), used);
  for (std::uint32_t shard = 0; shard < content.shards.size(); ++shard) {
    const std::filesystem::path path = folder / content.shards[shard];
    io::MemoryBudget budget(check.budget_left(), path.string());
    check.add(shard, path, *open(io::InputFile(path), budget));
  }
  return check.take();
}

class ShardedSource : public TensorSource {
 public:
  ShardedSource(ShardSet shards, OpenShard open)
      : shards_(std::move(shards)), open_shard_(std::move(open)) {}

  std::span<const TensorSpec> tensors() const override { return shards_.specs; }
  Metadata metadata() const override { return shards_.metadata; }
  std::vector<std::string> notes() const override { return shards_.notes; }

  void read(std::size_t index, const ByteSink& sink) override {
    const TensorSpec& spec = shards_.specs.at(index);
    const auto after =
        std::upper_bound(shards_.files.begin(), shards_.files.end(), index,
                         [](std::size_t i, const ShardFile& file) { return i < file.first; });
    const ShardFile& file = *std::prev(after);
    open(file);
    const std::size_t within = shards_.places[index];
    require_unchanged(file, within, spec);
    source_->read(within, sink);
  }

 private:
  // A file's memory is given back when the next file is opened, so each can use all that is left.
  void open(const ShardFile& file) {
    if (opened_ == &file) return;
    opened_ = nullptr;
    source_.reset();
    io::MemoryBudget budget(shards_.budget_left, file.path.string());
    source_ = open_shard_(io::InputFile(file.path), budget);
    opened_ = &file;
  }

  void require_unchanged(const ShardFile& file, std::size_t within, const TensorSpec& spec) const {
    if (within < source_->tensors().size()) {
      const TensorSpec& found = source_->tensors()[within];
      if (found.name == spec.name && found.dtype == spec.dtype && found.shape == spec.shape &&
          found.nbytes == spec.nbytes) {
        return;
      }
    }
    throw Error(ErrorCode::corrupt,
                fmt::format("tensor `{}` is no longer there: the file changed while it was read",
                            spec.name),
                file.path.string());
  }

  ShardSet shards_;
  OpenShard open_shard_;
  std::unique_ptr<TensorSource> source_;
  const ShardFile* opened_ = nullptr;
};

std::optional<ShardIndex> read_index(const io::InputFile& file, io::MemoryBudget& budget) {
  if (file.size() > kLongestShardIndex) {
    throw Error(ErrorCode::unsupported,
                fmt::format("JSON text of {} bytes; the index of a sharded model has at most {}",
                            file.size(), kLongestShardIndex),
                file.name());
  }
  JsonStream json(file, 0, file.size(), "the index", budget);
  return decode_shard_index(json);
}

// Lists the tensors of the files, as an index would.
ShardIndex index_of_files(const std::filesystem::path& folder,
                          const std::vector<std::string>& files, io::MemoryBudget& budget,
                          const OpenShard& open) {
  ShardIndex index;
  index.shards = files;
  std::sort(index.shards.begin(), index.shards.end());
  for (std::uint32_t shard = 0; shard < index.shards.size(); ++shard) {
    const std::filesystem::path path = folder / index.shards[shard];
    io::MemoryBudget own(budget.left(), path.string());
    const std::unique_ptr<TensorSource> source = open(io::InputFile(path), own);
    for (const TensorSpec& spec : source->tensors()) {
      budget.take(sizeof(ShardIndex::Tensor) + spec.name.size() + kShardTensorOverhead,
                  "the files' tensors");
      index.tensors.push_back({spec.name, shard});
    }
  }
  std::ranges::stable_sort(index.tensors, {}, &ShardIndex::Tensor::name);
  const auto twice = std::ranges::adjacent_find(index.tensors, {}, &ShardIndex::Tensor::name);
  if (twice == index.tensors.end()) return index;
  throw Error(ErrorCode::corrupt,
              fmt::format("tensor `{}` is in `{}` and in `{}`, but the files of one model have "
                          "different tensors. If each file is a model of its own, rename them: a "
                          "name that ends in `-00001-of-00002` marks the first of two files",
                          io::printable(twice->name), io::printable(index.shards[twice->shard]),
                          io::printable(index.shards[std::next(twice)->shard])),
              (folder / index.shards.front()).string());
}

std::uint64_t size_of_files(const std::filesystem::path& folder,
                            const std::vector<std::string>& files) {
  std::uint64_t total = 0;
  for (const std::string& file : files) {
    const std::uint64_t size = io::InputFile(folder / file).size();
    total = io::checked_add(total, size).value_or(total);
  }
  return total;
}

}  // namespace

std::unique_ptr<TensorSource> open_shards_without_index(const std::filesystem::path& folder,
                                                        const std::vector<std::string>& files,
                                                        OpenShard open) {
  const std::string first = (folder / files.front()).string();
  io::MemoryBudget budget(io::MemoryBudget::limit_for(size_of_files(folder, files)), first);
  const std::uint64_t before = budget.left();
  const ShardIndex content = index_of_files(folder, files, budget, open);
  ShardSet shards =
      check_shards(io::InputFile(first), folder, content, before - budget.left(), open);
  return std::make_unique<ShardedSource>(std::move(shards), std::move(open));
}

std::unique_ptr<TensorSource> open_shards(const io::InputFile& index,
                                          const std::filesystem::path& folder, OpenShard open) {
  io::MemoryBudget budget(index);
  const std::optional<ShardIndex> content = read_index(index, budget);
  if (!content) return nullptr;
  if (content->tensors.empty()) {
    throw Error(ErrorCode::corrupt, "the index of a sharded model lists no tensors", index.name());
  }
  const std::uint64_t used = io::MemoryBudget::limit_for(index.size()) - budget.left();
  ShardSet shards = check_shards(index, folder, *content, used, open);
  return std::make_unique<ShardedSource>(std::move(shards), std::move(open));
}

}  // namespace lancekeep::formats
