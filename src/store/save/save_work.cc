// SPDX-License-Identifier: Apache-2.0
#include "store/save/save_work.h"

#include "lance/table/commit.h"
#include "lance/table/file_names.h"
#include "store/save/files_there.h"
#include "store/save/fragment_writer.h"
#include "store/save/next_fragments.h"
#include "store/save/next_manifest.h"
#include "store/save/save_plan.h"
#include "store/table/native_layout.h"
#include "store/table/properties.h"
#include "store/table/table_digest.h"

#include <algorithm>
#include <map>

namespace lancekeep::store {
namespace {

// Small files beyond this number are closed before they are published, for want of descriptors.
constexpr std::size_t kMaxOpenFiles = 200;

std::uint64_t bytes_of(std::span<const TensorSpec> specs) {
  std::uint64_t bytes = 0;
  for (const TensorSpec& spec : specs) {
    if (!spec.tied_to) bytes += spec.nbytes;
  }
  return bytes;
}

}  // namespace

SaveWork::SaveWork(io::Storage& storage, TensorSource& source, const SaveOptions& options)
    : storage_(storage),
      source_(source),
      options_(options),
      specs_(source.tensors()),
      progress_(options.progress, bytes_of(specs_)),
      values_(storage),
      own_rows_(specs_.size()),
      known_(specs_.size()),
      rows_(specs_.size()) {
  report_.notes = source.notes();
  report_.bytes_total = bytes_of(specs_);
}

std::optional<lance::CommitResult> SaveWork::attempt(const SaveBase& base,
                                                     const std::set<std::size_t>& abandoned) {
  standing_ = {};
  if (base.file) standing_.fragments = base.file->manifest.fragments;
  standing_.rows = base.table.rows;
  first_own_ = standing_.fragments.size();
  const SavePlan plan = plan_upon(base, abandoned);
  label_rows(plan);
  const bool shares = std::ranges::any_of(
      plan.keep, [&](const auto& row) { return row && is_shared(standing_.rows[*row]); });
  const auto fields = base.file ? base.file->manifest.fields : std::vector<lance::Field>();
  const auto schema = shares ? completed_fields(fields) : native_fields(fields);
  write_values(plan.write, schema);
  progress_.finish();
  return publish(base, schema);
}

void SaveWork::know_source_is(const SaveBase& base) {
  std::map<std::string_view, const TensorRow*> by_name;
  for (const TensorRow& row : base.table.rows) {
    if (row.damage.empty() && row.value->size > 0) by_name.emplace(*row.name, &row);
  }
  for (std::size_t i = 0; i < specs_.size(); ++i) {
    const auto found = by_name.find(specs_[i].name);
    if (found == by_name.end()) continue;
    const TensorRow& row = *found->second;
    known_[i].place = ValuePlace{base.table.paths.at(row.file), row.value->position};
  }
}

SavePlan SaveWork::plan_upon(const SaveBase& base, const std::set<std::size_t>& abandoned) {
  RowMatches matches =
      match_rows(storage_, base.table, source_, known_, base.trust_hashes, progress_);
  standing_.fragments.insert(standing_.fragments.end(), own_fragments_.begin(),
                             own_fragments_.end());
  for (std::size_t i = 0; i < specs_.size(); ++i) {
    if (own_rows_[i]) {
      matches.rows[i] = standing_.rows.size();
      matches.hashes[i] = *own_rows_[i]->hash;
      standing_.rows.push_back(*own_rows_[i]);
      standing_.rows.back().fragment += first_own_;
    } else if (matches.rows[i]) {
      const TensorRow& row = base.table.rows[*matches.rows[i]];
      if (row.value->size == 0) continue;
      known_[i].place = ValuePlace{base.table.paths.at(row.file), row.value->position};
    }
  }
  hashes_ = std::move(matches.hashes);
  return plan_save({specs_, standing_.rows, matches.rows, first_own_, abandoned});
}

// What is to be written gets its value, hash and place later.
void SaveWork::label_rows(const SavePlan& plan) {
  for (std::size_t i = 0; i < specs_.size(); ++i) {
    const TensorSpec& spec = specs_[i];
    TensorRow row{.name = spec.name, .dtype = spec.dtype, .shape = spec.shape};
    row.ordinal = plan.ordinals[i];
    if (spec.tied_to) row.tied_to = specs_[*spec.tied_to].name;
    if (plan.keep[i]) {
      const TensorRow& standing = standing_.rows[*plan.keep[i]];
      row.value = standing.value;
      row.hash = hashes_[i];
      row.fragment = standing.fragment;
      row.offset = standing.offset;
    }
    rows_[i] = std::move(row);
  }
}

// Groups that seem to have the same value become one; the writer compares the bytes.
std::vector<ValueGroup> SaveWork::merge_duplicates(const std::vector<ValueGroup>& groups) {
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

void SaveWork::write_values(const std::vector<ValueGroup>& groups,
                            const std::vector<lance::Field>& schema) {
  const auto merged = merge_duplicates(groups);
  if (!merged.empty()) storage_.make_folder(lance::kDataFolder);
  for (const FilePlan& plan : plan_files(specs_, merged)) {
    const std::size_t own = own_fragments_.size();
    own_fragments_.push_back(
        write_fragment(storage_, values_, source_, plan, schema, rows_, progress_));
    standing_.fragments.push_back(own_fragments_.back());
    for (const ValueGroup& group : plan) {
      for (const std::size_t i : group) {
        rows_[i].fragment = own;
        own_rows_[i] = rows_[i];
        known_[i].settled = true;
        rows_[i].fragment += first_own_;
        standing_.rows.push_back(rows_[i]);
      }
    }
  }
  values_.finish(options_.durable);
}

// And columns, as the base's schema numbers them.
void SaveWork::number_own_fragments(const lance::Manifest* before,
                                    const std::vector<lance::Field>& schema) {
  const auto columns = find_leaf_ids(schema);
  std::uint64_t id = next_fragment_id(before);
  for (std::size_t f = first_own_; f < standing_.fragments.size(); ++f) {
    standing_.fragments[f].id = id++;
    standing_.fragments[f].files.front().fields = columns;
  }
}

std::optional<lance::CommitResult> SaveWork::publish(const SaveBase& base,
                                                     const std::vector<lance::Field>& schema) {
  const lance::Manifest* before = base.file ? &base.file->manifest : nullptr;
  number_own_fragments(before, schema);
  lance::UncommittedFiles small(storage_);
  lance::CommitRequest publication = next_version(
      before, schema, next_fragments(storage_, small, standing_, rows_, schema, base.version()));
  small.finish(options_.durable);
  if (options_.durable && base.file) {
    sync_what_is_shared(storage_, *base.file, publication.manifest.fragments);
  }
  if (small.count() > kMaxOpenFiles) small.close();

  publication.newest = base.newest;
  publication.durable = options_.durable;
  publication.transaction.properties = properties(base.newest + 1);
  publication.check = [&] { return files_are_there(storage_, publication.manifest.fragments); };
  publication.on_commit = [&] {
    is_visible_ = true;
    values_.keep();
    small.keep();
  };
  auto published = lance::commit(storage_, publication);
  if (published) report_.bytes_written = values_.bytes() + small.bytes();
  return published;
}

Metadata SaveWork::properties(std::uint64_t version) const {
  Metadata properties = save_properties(options_, report_.bytes_total, version);
  properties[kDigestKey] = digest_property(table_digest(rows_), version);
  return properties;
}

SaveReport SaveWork::report(const SaveBase& base, const lance::CommitResult& published) const {
  SaveReport report = report_;
  report.notes.insert(report.notes.end(), base.notes.begin(), base.notes.end());
  report.version = published.version;
  report.bytes_written += published.manifest_size + published.transaction_size;
  for (std::size_t i = 0; i < specs_.size(); ++i) {
    const bool kept = is_shared(rows_[i]);
    ++(kept ? report.tensors_kept : report.tensors_written);
    if (kept && !specs_[i].tied_to) report.bytes_shared += specs_[i].nbytes;
  }
  return report;
}

}  // namespace lancekeep::store
