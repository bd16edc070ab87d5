// SPDX-License-Identifier: Apache-2.0
#include "formats/safetensors/shards.h"

#include "formats/safetensors/shard_set.h"

#include <fmt/format.h>

#include <algorithm>

namespace lancekeep::formats {
namespace {

class ShardedSource : public TensorSource {
 public:
  ShardedSource(ShardSet shards, OpenShard open)
      : shards_(std::move(shards)), open_(std::move(open)) {}

  std::span<const TensorSpec> tensors() const override { return shards_.specs; }
  Metadata metadata() const override { return shards_.metadata; }
  std::vector<std::string> notes() const override { return shards_.notes; }

  void read(std::size_t index, const ByteSink& sink) override {
    const TensorSpec& spec = shards_.specs.at(index);
    const auto after =
        std::upper_bound(shards_.files.begin(), shards_.files.end(), index,
                         [](std::size_t i, const ShardFile& file) { return i < file.first; });
    const ShardFile& file = *std::prev(after);
    hold(file);
    const std::size_t within = index - file.first;
    require_unchanged(file, within, spec);
    source_->read(within, sink);
  }

 private:
  // What reading the file takes is given back with it, so each has all that is left.
  void hold(const ShardFile& file) {
    if (held_ == &file) return;
    held_ = nullptr;
    source_.reset();
    io::MemoryBudget budget(shards_.budget_left, file.path.string());
    source_ = open_(io::InputFile(file.path), budget);
    held_ = &file;
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
                fmt::format("tensor `{}` is not there any more: the file changed while it was read",
                            spec.name),
                file.path.string());
  }

  ShardSet shards_;
  OpenShard open_;
  std::unique_ptr<TensorSource> source_;
  const ShardFile* held_ = nullptr;
};

std::optional<ShardIndex> read_index(const io::InputFile& file, io::MemoryBudget& budget) {
  if (file.size() > kLongestShardIndex) {
    throw Error(ErrorCode::unsupported,
                fmt::format("JSON text of {} bytes; the index of a model in several files has at "
                            "most {}",
                            file.size(), kLongestShardIndex),
                file.name());
  }
  JsonStream json(file, 0, file.size(), "the index", budget);
  return decode_shard_index(json);
}

}  // namespace

std::unique_ptr<TensorSource> open_shards(const io::InputFile& index,
                                          const std::filesystem::path& folder, OpenShard open) {
  io::MemoryBudget budget(index);
  const std::optional<ShardIndex> content = read_index(index, budget);
  if (!content) return nullptr;
  if (content->tensors.empty()) {
    throw Error(ErrorCode::corrupt, "the index of a model in several files names no tensors",
                index.name());
  }
  const std::uint64_t used = io::MemoryBudget::limit_for(index.size()) - budget.left();
  ShardSet shards = check_shards(index, folder, *content, used, open);
  return std::make_unique<ShardedSource>(std::move(shards), std::move(open));
}

}  // namespace lancekeep::formats
