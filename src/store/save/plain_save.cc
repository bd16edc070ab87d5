// SPDX-License-Identifier: Apache-2.0
#include "store/save/plain_save.h"

#include "lance/table/file_names.h"
#include "store/save/files_there.h"
#include "store/save/next_manifest.h"
#include "store/save/plain_file.h"
#include "store/save/plain_values.h"
#include "store/table/properties.h"

#include <fmt/format.h>

namespace lancekeep::store {
namespace {

constexpr std::size_t kNamedTies = 3;

// Tied tensors count as often as they are written.
std::uint64_t bytes_as_float64(std::span<const TensorSpec> specs) {
  std::uint64_t bytes = 0;
  for (const TensorSpec& spec : specs) bytes += value_count(spec) * sizeof(double);
  return bytes;
}

std::vector<std::string> notes_on_ties(std::span<const TensorSpec> specs) {
  std::size_t count = 0;
  std::string names;
  for (const TensorSpec& spec : specs) {
    if (!spec.tied_to || ++count > kNamedTies) continue;
    names += fmt::format("{}`{}` (as `{}`)", names.empty() ? "" : ", ", spec.name,
                         specs[*spec.tied_to].name);
  }
  if (count == 0) return {};
  if (count > kNamedTies) names += fmt::format(" and {} more", count - kNamedTies);
  return {"the recipe layout knows no ties: the values of tied tensors are written again for " +
          names};
}

std::vector<FilePlan> checked_plan(std::span<const TensorSpec> specs) {
  check_plain_dtypes(specs);
  return plan_plain_files(specs);
}

}  // namespace

PlainSave::PlainSave(io::Storage& storage, TensorSource& source, const SaveOptions& options)
    : storage_(storage),
      source_(source),
      options_(options),
      plans_(checked_plan(source.tensors())),
      bytes_total_(bytes_as_float64(source.tensors())),
      progress_(options.progress, bytes_total_),
      files_(storage) {
  check_plain_values(source, progress_);
}

// From the file on that the last attempt did not come to the end of.
void PlainSave::write_files(const std::vector<lance::Field>& schema) {
  if (fragments_.size() < plans_.size()) storage_.make_folder(lance::kDataFolder);
  while (fragments_.size() < plans_.size()) {
    fragments_.push_back(
        write_plain_fragment(files_, source_, plans_[fragments_.size()], schema, progress_));
  }
  files_.finish(options_.durable);
}

std::vector<lance::Fragment> PlainSave::numbered_fragments(const lance::Manifest* before) const {
  std::vector<lance::Fragment> fragments = fragments_;
  std::uint64_t id = next_fragment_id(before);
  for (lance::Fragment& fragment : fragments) fragment.id = id++;
  return fragments;
}

std::optional<lance::CommitResult> PlainSave::attempt(const SaveBase& base) {
  const lance::Manifest* before = base.file ? &base.file->manifest : nullptr;
  const auto schema =
      plain_fields(before != nullptr ? before->fields : std::vector<lance::Field>());
  write_files(schema);
  lance::CommitRequest publication = next_version(before, schema, numbered_fragments(before));
  publication.newest = base.newest;
  publication.durable = options_.durable;
  publication.transaction.properties = save_properties(options_, bytes_total_, base.newest + 1);
  publication.check = [&] { return files_are_there(storage_, publication.manifest.fragments); };
  publication.on_commit = [this] {
    is_visible_ = true;
    files_.keep();
  };
  return lance::commit(storage_, publication);
}

SaveReport PlainSave::report(const SaveBase& base, const lance::CommitResult& published) const {
  SaveReport report;
  report.version = published.version;
  report.tensors_written = source_.tensors().size();
  report.bytes_written = files_.bytes() + published.manifest_size + published.transaction_size;
  report.bytes_total = bytes_total_;
  report.notes = source_.notes();
  for (const auto& notes : {notes_on_ties(source_.tensors()), base.notes}) {
    report.notes.insert(report.notes.end(), notes.begin(), notes.end());
  }
  return report;
}

}  // namespace lancekeep::store
