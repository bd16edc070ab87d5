// SPDX-License-Identifier: Apache-2.0
// Which files make one model: a folder with a model in it, and files of one model whose names are
// numbered, `model-00001-of-00003.safetensors`. One of several such files is never taken for the
// whole model. Only folders are listed; no file is opened. Any thread may call the functions.
#pragma once

#include <lancekeep/tensor.h>

#include <cstddef>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace lancekeep::formats {

/// The parts of a name such as `model-00001-of-00003.safetensors`.
struct ShardName {
  std::string start;  ///< "model"
  std::string end;    ///< ".safetensors"
  std::size_t digits = 0;
  std::uint64_t number = 0;  ///< from 1, or from 0, as some programs count
  std::uint64_t total = 0;
};
/// nullopt for any other name.
[[nodiscard]] std::optional<ShardName> parse_shard_name(const std::string& name);

struct WholeModel {
  std::filesystem::path path;       ///< the model's file or index, or the first of `shards`
  std::vector<std::string> shards;  ///< names of all files of a model without an index
  std::string note;                 ///< what else was found; empty: nothing
};

/// @throws Error invalid_argument for a folder without exactly one model, and for one of several
/// files that have an index; not_found, naming the missing ones of several files.
[[nodiscard]] WholeModel find_whole_model(const std::filesystem::path& path);

/// Returns one path for each model. @throws Error as find_whole_model().
[[nodiscard]] std::vector<std::filesystem::path> find_whole_models(
    std::span<const std::filesystem::path> paths);

/// A source with one more note.
class NotedSource : public TensorSource {
 public:
  NotedSource(std::unique_ptr<TensorSource> source, std::string note)
      : source_(std::move(source)), note_(std::move(note)) {}

  std::span<const TensorSpec> tensors() const override { return source_->tensors(); }
  void read(std::size_t index, const ByteSink& sink) override { source_->read(index, sink); }
  Metadata metadata() const override { return source_->metadata(); }
  std::vector<std::string> notes() const override {
    std::vector<std::string> notes = source_->notes();
    notes.insert(notes.begin(), note_);
    return notes;
  }

 private:
  std::unique_ptr<TensorSource> source_;
  std::string note_;
};

}  // namespace lancekeep::formats
