// SPDX-License-Identifier: Apache-2.0
#include "store/save/native_save.h"

#include "lance/table/commit.h"
#include "lance/table/file_names.h"
#include "store/save/fragment_writer.h"
#include "store/save/referenced_files.h"
#include "store/table/digest.h"
#include "store/table/layout.h"
#include "store/table/properties.h"

#include <algorithm>
#include <map>

namespace lancekeep::store {
namespace {

// If there are more small files than this, they are closed before the commit, to save descriptors.
constexpr std::size_t kMaxOpenFiles = 200;

// The bytes of all tensors; tied tensors count once.
std::uint64_t untied_bytes(std::span<const TensorSpec> specs) {
  std::uint64_t bytes = 0;
  for (const TensorSpec& spec : specs) {
    if (!spec.tied_to) bytes += spec.nbytes;
  }
  return bytes;
}

}  // namespace

struct NativeSave::Attempt {
  explicit Attempt(const SaveBase& on) : base(on) {
    if (base.file) candidates.fragments = base.file->manifest.fragments;
    candidates.rows = base.table.rows;
    first_own = candidates.fragments.size();
  }
  [[nodiscard]] bool is_shared(const TensorRow& row) const { return row.fragment < first_own; }

  const SaveBase& base;
  Candidates candidates;        // the base's fragments, then own_fragments_
  std::size_t first_own = 0;    // index of the first own fragment in candidates.fragments
  std::vector<TensorRow> rows;  // for each spec, what its row will contain
  std::vector<lance::Field> schema;
};

NativeSave::NativeSave(io::Storage& storage, TensorSource& source, const SaveOptions& options)
    : storage_(storage),
      source_(source),
      options_(options),
      specs_(source.tensors()),
      bytes_total_(untied_bytes(specs_)),
      progress_(options.progress, bytes_total_),
      tensors_(specs_.size()),
      values_(storage) {}

void NativeSave::know_source_is(const SaveBase& base) {
  std::map<std::string_view, const TensorRow*> by_name;
  for (const TensorRow& row : base.table.rows) {
    if (row.damage.empty() && row.value->size > 0) by_name.emplace(*row.name, &row);
  }
  for (std::size_t i = 0; i < specs_.size(); ++i) {
    const auto found = by_name.find(specs_[i].name);
    if (found == by_name.end()) continue;
    const TensorRow& row = *found->second;
    tensors_[i].place = ValuePlace{base.table.paths.at(row.file), row.value->position};
  }
}

std::optional<lance::CommitResult> NativeSave::attempt(const SaveBase& base) {
  Attempt attempt(base);
  const RowMatches matches = find_rows(attempt);
  const SavePlan plan =
      plan_save({specs_, attempt.candidates.rows, matches.rows, attempt.first_own, abandoned_});
  label_rows(plan, matches, attempt);
  const bool shares = std::ranges::any_of(plan.keep, [&](const auto& row) {
    return row && attempt.is_shared(attempt.candidates.rows[*row]);
  });
  const auto fields = base.file ? base.file->manifest.fields : std::vector<lance::Field>();
  attempt.schema = shares ? completed_fields(fields) : native_fields(fields);
  write_values(plan.write, attempt);
  progress_.finish();
  return commit(attempt);
}

// For each tensor, the row with its bytes: one that this save has written, or one of the base.
RowMatches NativeSave::find_rows(Attempt& attempt) {
  const TensorTable& table = attempt.base.table;
  std::vector<KnownTensor> known;
  known.reserve(tensors_.size());
  for (const Tensor& tensor : tensors_) known.push_back({tensor.written.has_value(), tensor.place});
  RowMatches matches =
      find_unchanged(storage_, table, source_, known, attempt.base.trust_hashes, progress_);

  Candidates& candidates = attempt.candidates;
  candidates.fragments.insert(candidates.fragments.end(), own_fragments_.begin(),
                              own_fragments_.end());
  for (std::size_t i = 0; i < tensors_.size(); ++i) {
    if (tensors_[i].written) {
      matches.rows[i] = candidates.rows.size();
      matches.hashes[i] = *tensors_[i].written->hash;
      candidates.rows.push_back(*tensors_[i].written);
      candidates.rows.back().fragment += attempt.first_own;
    } else if (matches.rows[i]) {
      const TensorRow& row = table.rows[*matches.rows[i]];
      if (row.value->size == 0) continue;
      tensors_[i].place = ValuePlace{table.paths.at(row.file), row.value->position};
    }
    // A tensor that changes meanwhile can be found in one row, and its tie in another: then both
    // are written again, so that they have one value.
    const auto& target = specs_[i].tied_to;
    if (!target || !matches.rows[i]) continue;
    if (!matches.rows[*target] || matches.hashes[i] != matches.hashes[*target]) {
      matches.rows[i].reset();
    }
  }
  return matches;
}

// Rows that are still to be written get their value, hash and position later.
void NativeSave::label_rows(const SavePlan& plan, const RowMatches& matches,
                            Attempt& attempt) const {
  for (std::size_t i = 0; i < specs_.size(); ++i) {
    const TensorSpec& spec = specs_[i];
    TensorRow row{.name = spec.name, .dtype = spec.dtype, .shape = spec.shape};
    row.ordinal = plan.ordinals[i];
    if (spec.tied_to) row.tied_to = specs_[*spec.tied_to].name;
    if (plan.keep[i]) {
      const TensorRow& kept = attempt.candidates.rows[*plan.keep[i]];
      row.value = kept.value;
      row.hash = matches.hashes[i];
      row.fragment = kept.fragment;
      row.offset = kept.offset;
    }
    attempt.rows.push_back(std::move(row));
  }
}

void NativeSave::write_values(const std::vector<ValueGroup>& groups, Attempt& attempt) {
  const auto merged = merge_duplicates(groups);
  if (!merged.empty()) storage_.make_folder(lance::kDataFolder);
  for (const FilePlan& plan : plan_files(specs_, merged)) {
    const std::size_t own = own_fragments_.size();
    own_fragments_.push_back(
        write_fragment(storage_, values_, source_, plan, attempt.schema, attempt.rows, progress_));
    attempt.candidates.fragments.push_back(own_fragments_.back());
    for (const ValueGroup& group : plan) {
      for (const std::size_t i : group) add_written_row(i, own, attempt);
    }
  }
  values_.finish(options_.durable);
}

void NativeSave::add_written_row(std::size_t tensor, std::size_t own_fragment, Attempt& attempt) {
  TensorRow& row = attempt.rows[tensor];
  row.fragment = attempt.first_own + own_fragment;
  attempt.candidates.rows.push_back(row);
  tensors_[tensor].written = row;
  tensors_[tensor].written->fragment = own_fragment;
}

// Merges groups that seem to have the same value; the writer compares their bytes.
std::vector<ValueGroup> NativeSave::merge_duplicates(const std::vector<ValueGroup>& groups) {
  std::vector<std::size_t> heads;
  for (const ValueGroup& group : groups) heads.push_back(group.front());
  const auto duplicates = find_duplicates(source_, heads, progress_);
  std::vector<ValueGroup> merged;
  std::vector<std::size_t> place(groups.size());
  for (std::size_t g = 0; g < groups.size(); ++g) {
    if (duplicates[g]) {
      ValueGroup& group = merged[place[*duplicates[g]]];
      group.insert(group.end(), groups[g].begin(), groups[g].end());
    } else {
      place[g] = merged.size();
      merged.push_back(groups[g]);
    }
  }
  return merged;
}

std::optional<lance::CommitResult> NativeSave::commit(Attempt& attempt) {
  const SaveBase& base = attempt.base;
  const lance::Manifest* before = base.file ? &base.file->manifest : nullptr;
  // Fragment ids, and the field ids in the base's schema, can differ between attempts.
  const auto columns = find_leaf_ids(attempt.schema);
  std::uint64_t id = next_fragment_id(before);
  auto& fragments = attempt.candidates.fragments;
  for (std::size_t f = attempt.first_own; f < fragments.size(); ++f) {
    fragments[f].id = id++;
    fragments[f].files.front().fields = columns;
  }

  lance::UncommittedFiles small(storage_);  // files of labels and deletions
  lance::CommitRequest publication =
      next_version(before, attempt.schema,
                   fragments_of_next_version(storage_, small, attempt.candidates, attempt.rows,
                                             attempt.schema, base.version()));
  small.finish(options_.durable);
  if (options_.durable && base.file) {
    sync_shared_files(storage_, *base.file, publication.manifest.fragments);
  }
  if (small.count() > kMaxOpenFiles) small.close();

  const std::uint64_t number = base.newest + 1;
  publication.newest = base.newest;
  publication.durable = options_.durable;
  publication.tag = tag_request(options_);
  publication.transaction.properties = save_properties(options_, source_, bytes_total_, number);
  publication.transaction.properties[kDigestKey] =
      digest_property(table_digest(attempt.rows), number);
  publication.check = [&] { return files_exist(storage_, publication.manifest.fragments); };
  publication.on_commit = [&] {
    is_visible_ = true;
    values_.keep();
    small.keep();
  };
  auto published = lance::commit(storage_, publication);
  if (published) {
    report_.bytes_written = values_.bytes() + small.bytes();
    count_tensors(attempt);
  }
  return published;
}

void NativeSave::count_tensors(const Attempt& attempt) {
  for (std::size_t i = 0; i < specs_.size(); ++i) {
    const bool kept = attempt.is_shared(attempt.rows[i]);
    ++(kept ? report_.tensors_kept : report_.tensors_written);
    if (kept && !specs_[i].tied_to) report_.bytes_shared += specs_[i].nbytes;
  }
}

SaveReport NativeSave::report(const SaveBase& base, const lance::CommitResult& published) const {
  SaveReport report = report_;
  report.version = published.version;
  report.bytes_total = bytes_total_;
  report.bytes_written += published.manifest_size + published.transaction_size;
  report.notes = source_.notes();
  for (const auto& notes : {base.notes, published.notes}) {
    report.notes.insert(report.notes.end(), notes.begin(), notes.end());
  }
  return report;
}

}  // namespace lancekeep::store
