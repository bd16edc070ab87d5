// SPDX-License-Identifier: Apache-2.0
#include "store/save/find_unchanged.h"

#include <map>
#include <unordered_map>

namespace lancekeep::store {
namespace {

// How many rows with the same first bytes are compared in full for one tensor. Without a limit, a
// model of masks that all begin with zeros would be read again and again.
constexpr int kMaxComparisons = 8;

class Matcher {
 public:
  Matcher(const io::Storage& storage, const TensorTable& table, TensorSource& source,
          std::span<const KnownTensor> known, bool trust_hashes, SaveProgress& progress)
      : storage_(storage),
        table_(table),
        source_(source),
        known_(known),
        trust_hashes_(trust_hashes),
        progress_(progress),
        taken_(table.rows.size()) {
    matches_.rows.resize(source.tensors().size());
    matches_.hashes.resize(source.tensors().size());
  }

  RowMatches match() {
    match_by_name();
    match_by_value();
    return std::move(matches_);
  }

 private:
  void match_by_name() {
    std::unordered_map<std::string_view, std::size_t> by_name;
    for (std::size_t row = 0; row < table_.rows.size(); ++row) {
      if (table_.rows[row].damage.empty()) by_name.emplace(*table_.rows[row].name, row);
    }
    const auto specs = source_.tensors();
    for (std::size_t spec = 0; spec < specs.size(); ++spec) {
      const auto found = known_[spec].is_written ? by_name.end() : by_name.find(specs[spec].name);
      if (found != by_name.end() && is_of_type(specs[spec], found->second)) {
        (void)take_if_same(spec, found->second);
      }
    }
  }

  // The rows that no tensor has taken belong to tensors that were removed or changed, and one of
  // them may be this tensor under another name.
  void match_by_value() {
    std::map<std::pair<std::string, Shape>, std::vector<std::size_t>> free;
    for (std::size_t i = 0; i < table_.rows.size(); ++i) {
      const TensorRow& row = table_.rows[i];
      if (taken_[i] || !row.damage.empty() || row.value->size == 0) continue;
      free[{*row.dtype, *row.shape}].push_back(i);
    }
    const auto specs = source_.tensors();
    for (std::size_t spec = 0; spec < specs.size() && !free.empty(); ++spec) {
      if (known_[spec].is_written || matches_.rows[spec]) continue;
      const auto rows = free.find({specs[spec].dtype, specs[spec].shape});
      if (rows != free.end()) take_one_of(spec, rows->second);
    }
  }

  void take_one_of(std::size_t spec, const std::vector<std::size_t>& rows) {
    std::optional<std::string> prefix;
    int comparisons = 0;
    for (const std::size_t row : rows) {
      const TensorSpec& wanted = source_.tensors()[spec];
      // The row of the same name has been compared already.
      if (taken_[row] || *table_.rows[row].name == wanted.name) continue;
      if (!is_of_type(wanted, row)) continue;
      if (!prefix) prefix = prefix_hash(source_, spec);
      if (prefix_of(row) != *prefix) continue;
      if (take_if_same(spec, row) || ++comparisons == kMaxComparisons) return;
    }
  }

  bool is_of_type(const TensorSpec& spec, std::size_t index) const {
    const TensorRow& row = table_.rows[index];
    return row.dtype == spec.dtype && row.shape == spec.shape && row.value->size == spec.nbytes;
  }

  bool take_if_same(std::size_t spec, std::size_t index) {
    const TensorRow& row = table_.rows[index];
    Hasher hasher;
    const bool hash_is_known = trust_hashes_ && row.hash && !row.hash->empty();
    const ValuePlace place{row.value->size > 0 ? table_.paths.at(row.file) : "",
                           row.value->position};
    const bool is_known = hash_is_known && known_[spec].place == place;
    if (row.value->size > 0 && !is_known) {
      const io::InputFile* file = open(row.file);
      if (file == nullptr || !has_same_bytes(source_, spec, *file, row.value->position, progress_,
                                             hash_is_known ? nullptr : &hasher)) {
        return false;
      }
    }
    taken_[index] = true;
    matches_.rows[spec] = index;
    matches_.hashes[spec] = hash_is_known ? *row.hash : hasher.hex();
    return true;
  }

  const std::string& prefix_of(std::size_t index) {
    auto it = prefixes_.find(index);
    if (it == prefixes_.end()) {
      const TensorRow& row = table_.rows[index];
      const io::InputFile* file = open(row.file);
      std::string prefix;  // stays empty, and so matches nothing, if the file cannot be read
      try {
        if (file != nullptr) prefix = prefix_hash(*file, row.value->position, row.value->size);
      } catch (const Error&) {
      }
      it = prefixes_.emplace(index, std::move(prefix)).first;
    }
    return it->second;
  }

  // A data file of the table, opened once; null if that fails. It is read, not mapped: a save must
  // neither keep the whole model in its pages nor crash if a file is cut short.
  const io::InputFile* open(std::size_t file) {
    auto it = files_.find(file);
    if (it == files_.end()) {
      std::optional<io::InputFile> opened;
      try {
        opened = storage_.open(table_.paths.at(file));
      } catch (const Error&) {
      }
      it = files_.emplace(file, std::move(opened)).first;
    }
    return it->second ? &*it->second : nullptr;
  }

  const io::Storage& storage_;
  const TensorTable& table_;
  TensorSource& source_;
  const std::span<const KnownTensor> known_;
  const bool trust_hashes_;
  SaveProgress& progress_;
  std::vector<bool> taken_;
  std::unordered_map<std::size_t, std::string> prefixes_;
  std::unordered_map<std::size_t, std::optional<io::InputFile>> files_;
  RowMatches matches_;
};

}  // namespace

RowMatches find_unchanged(const io::Storage& storage, const TensorTable& table,
                          TensorSource& source, std::span<const KnownTensor> known,
                          bool trust_hashes, SaveProgress& progress) {
  return Matcher(storage, table, source, known, trust_hashes, progress).match();
}

std::vector<std::optional<std::size_t>> find_duplicates(TensorSource& source,
                                                        std::span<const std::size_t> entries,
                                                        SaveProgress& progress) {
  // Each step compares more of fewer entries: first sizes, then the first few KiB, then whole
  // values.
  const auto specs = source.tensors();
  std::map<std::uint64_t, std::vector<std::size_t>> by_size;  // indices into `entries`
  for (std::size_t place = 0; place < entries.size(); ++place) {
    if (specs[entries[place]].nbytes > 0) by_size[specs[entries[place]].nbytes].push_back(place);
  }
  std::vector<std::optional<std::size_t>> duplicates(entries.size());
  for (const auto& [size, alike] : by_size) {
    if (alike.size() < 2) continue;
    std::unordered_map<std::string, std::vector<std::size_t>> by_prefix;
    for (const std::size_t place : alike) {
      by_prefix[prefix_hash(source, entries[place])].push_back(place);
    }
    for (const auto& [prefix, places] : by_prefix) {
      if (places.size() < 2) continue;
      std::unordered_map<std::string, std::size_t> first;
      for (const std::size_t place : places) {
        const auto [it, is_first] =
            first.emplace(value_hash(source, entries[place], progress), place);
        if (!is_first) duplicates[place] = it->second;
      }
    }
  }
  return duplicates;
}

}  // namespace lancekeep::store
