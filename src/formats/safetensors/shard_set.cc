// SPDX-License-Identifier: Apache-2.0
#include "formats/safetensors/shard_set.h"

#include "io/checked_math.h"
#include "io/utf8.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

namespace lancekeep::formats {
namespace {

constexpr std::size_t kMostNamed = 10;
// The allocator's own share of a tensor's name and shape, and of a metadata entry.
constexpr std::uint64_t kBytesAroundTexts = 96;
constexpr std::uint64_t kBytesPerMetadata = 48 + 2 * sizeof(std::string) + kBytesAroundTexts;

// The first few of many names, for one message.
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
  [[nodiscard]] std::string text() const {
    const std::size_t more = count_ - names_.size();
    return fmt::format("{}{}", fmt::join(names_, ", "),
                       more ? fmt::format(" and {} more", more) : "");
  }

 private:
  std::vector<std::string> names_;
  std::size_t count_ = 0;
};

// All files are there, and their sizes, before any of them is read.
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
  throw Error(ErrorCode::not_found,
              fmt::format("files that the index names are not there: {}; was the download or the "
                          "copy cut short?",
                          missing.text()),
              index.name());
}

class Check {
 public:
  Check(const io::InputFile& index, const ShardIndex& content, std::uint64_t limit,
        std::uint64_t used)
      : index_(index),
        content_(content),
        budget_(limit, index.name()),
        seen_(content.tensors.size()) {
    budget_.take(used, "the index");
    // As many tensors as the index names are kept, and no other.
    budget_.take(seen_.size() * sizeof(TensorSpec) + seen_.size() / 8, "the index's tensors");
    set_.specs.reserve(seen_.size());
    set_.metadata = content.metadata;
  }

  [[nodiscard]] std::uint64_t budget_left() const { return budget_.left(); }

  void add(std::uint32_t shard, const std::filesystem::path& path, const TensorSource& source) {
    const std::span<const TensorSpec> specs = source.tensors();
    const std::size_t first = set_.specs.size();
    budget_.take(sizeof(ShardFile) + path.native().size() + kBytesAroundTexts, "the files' names");
    if (!specs.empty()) set_.files.push_back({path, first});
    for (const TensorSpec& spec : specs) {
      require_no_tree(spec, path);
      if (is_expected(spec.name, shard)) keep(spec, first);
    }
    for (const auto& [key, value] : source.metadata()) merge(key, value, shard);
    for (const std::string& note : source.notes()) {
      set_.notes.push_back("`" + io::printable(content_.shards[shard]) + "`: " + note);
    }
  }

  ShardSet take() {
    for (std::size_t i = 0; i < seen_.size(); ++i) {
      const ShardIndex::Tensor& tensor = content_.tensors[i];
      if (!seen_[i]) lacking_.add(tensor.name, content_.shards[tensor.shard]);
    }
    refuse_if(lacking_, "the index names tensors that their files do not have");
    refuse_if(unnamed_, "files have tensors that the index does not name");
    refuse_if(elsewhere_, "files have tensors that the index has in another file");
    set_.budget_left = budget_.left();
    return std::move(set_);
  }

 private:
  void keep(const TensorSpec& spec, std::size_t first) {
    budget_.take(spec.name.size() + spec.shape.size() * sizeof(std::int64_t) + kBytesAroundTexts,
                 "the files' tensors");
    set_.specs.push_back(spec);
    if (spec.tied_to) set_.specs.back().tied_to = first + *spec.tied_to;
  }

  bool is_expected(const std::string& name, std::uint32_t shard) {
    const auto& tensors = content_.tensors;
    const auto found = std::lower_bound(
        tensors.begin(), tensors.end(), name,
        [](const ShardIndex::Tensor& tensor, const std::string& n) { return tensor.name < n; });
    const bool is_named = found != tensors.end() && found->name == name;
    if (!is_named || found->shard != shard) {
      (is_named ? elsewhere_ : unnamed_).add(name, content_.shards[shard]);
      return false;
    }
    seen_[static_cast<std::size_t>(found - tensors.begin())] = true;
    return true;
  }

  static void require_no_tree(const TensorSpec& spec, const std::filesystem::path& path) {
    if (spec.dtype != "tree") return;
    throw Error(ErrorCode::unsupported,
                "this file of several has nested values, where a flat state dict was expected; "
                "open it by itself",
                path.string());
  }

  void merge(const std::string& key, const std::string& value, std::uint32_t shard) {
    const auto known = set_.metadata.find(key);
    if (known == set_.metadata.end()) {
      budget_.take(kBytesPerMetadata + key.size() + value.size(), "the files' metadata");
      set_.metadata.emplace(key, value);
    } else if (known->second != value && !disputed_.contains(key)) {
      budget_.take(2 * kBytesPerMetadata + 2 * key.size(), "the files' metadata");
      disputed_.insert(key);
      set_.notes.push_back(fmt::format(
          "metadata `{}`: `{}` has another value than the index or an earlier file; the first is "
          "kept",
          io::printable(key), io::printable(content_.shards[shard])));
    }
  }

  void refuse_if(const NameList& names, const char* problem) const {
    if (names.empty()) return;
    throw Error(ErrorCode::corrupt, fmt::format("{}: {}", problem, names.text()), index_.name());
  }

  const io::InputFile& index_;
  const ShardIndex& content_;
  io::MemoryBudget budget_;
  ShardSet set_;
  std::vector<bool> seen_;
  std::set<std::string> disputed_;
  NameList lacking_;
  NameList unnamed_;
  NameList elsewhere_;
};

}  // namespace

ShardSet check_shards(const io::InputFile& index, const std::filesystem::path& folder,
                      const ShardIndex& content, std::uint64_t used, const OpenShard& open) {
  const std::uint64_t bytes = size_of_all(index, folder, content);
  Check check(index, content, io::MemoryBudget::limit_for(bytes), used);
  for (std::uint32_t shard = 0; shard < content.shards.size(); ++shard) {
    const std::filesystem::path path = folder / content.shards[shard];
    io::MemoryBudget budget(check.budget_left(), path.string());
    check.add(shard, path, *open(io::InputFile(path), budget));
  }
  return check.take();
}

}  // namespace lancekeep::formats
