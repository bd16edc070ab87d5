// SPDX-License-Identifier: Apache-2.0
// A save: source → rows → data files → transaction and manifest → publish.
//
// Nothing that a reader could see changes before publish(); whatever fails until then leaves no
// trace but orphans, which are removed here at once or, after a crash, by gc.
#include "store/save/save.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "lance/file/data_file_writer.h"
#include "lance/table/publish.h"
#include "lance/table/tags.h"
#include "store/read/store_state.h"
#include "store/rows/native_layout.h"
#include "store/rows/properties.h"
#include "store/rows/table_digest.h"
#include "store/save/check_source.h"
#include "store/save/fragment_writer.h"

namespace lancekeep::store {

namespace {

// Room between two tensors of the model's order, so that a later save can put one between them.
constexpr std::int64_t kOrdinalStep = 1 << 20;
constexpr int kMaxAttempts = 100;

void check_tag_is_free(const io::Storage& storage, const std::string& tag) {
  if (tag.empty()) return;
  lance::check_tag_name(tag);
  const auto tags = lance::list_tags(storage);
  if (std::ranges::find(tags, tag) == tags.end()) return;
  throw Error(ErrorCode::already_exists,
              fmt::format("the tag `{}` exists already; nothing was saved. Choose another name, or "
                          "move the tag afterwards",
                          tag),
              storage.full_name("_refs/tags/" + tag + ".json"));
}

std::vector<TensorRow> rows_of(std::span<const TensorSpec> specs) {
  std::vector<TensorRow> rows;
  rows.reserve(specs.size());
  for (const TensorSpec& spec : specs) {
    TensorRow row{.name = spec.name, .dtype = spec.dtype, .shape = spec.shape};
    row.ordinal = static_cast<std::int64_t>(rows.size()) * kOrdinalStep;
    if (spec.tied_to) row.tied_to = specs[*spec.tied_to].name;
    rows.push_back(std::move(row));
  }
  return rows;
}

// The newest version as it is now; nothing in an empty store.
std::optional<lance::ManifestFile> read_newest(const io::Storage& storage) {
  const lance::VersionList list = lance::list_versions(storage);
  if (list.entries.empty()) return std::nullopt;
  auto newest = lance::read_manifest(storage, list.entries.back());
  require_native(storage, newest.manifest);
  return newest;
}

// What the new version says, on top of `before`: our columns and fragments; what others keep in a
// manifest and we do not know stays.
lance::Publication plan_publication(const std::optional<lance::ManifestFile>& before,
                                    std::vector<lance::Fragment> fragments) {
  lance::Publication publication;
  lance::Manifest& manifest = publication.manifest;
  if (before) {
    const lance::Manifest& old = before->manifest;
    publication.read_version = old.version;
    manifest.seconds = old.seconds;
    manifest.nanos = old.nanos;
    manifest.writer_flags = old.writer_flags;  // publish() refuses the ones it does not know
    manifest.schema_metadata = old.schema_metadata;
    manifest.config = old.config;
    manifest.table_metadata = old.table_metadata;
    manifest.max_fragment_id = old.max_fragment_id;
    manifest.base_paths = old.base_paths;
    manifest.branch = old.branch;
    manifest.unknown = old.unknown;
  }
  manifest.fields = native_fields(before ? before->manifest.fields : std::vector<lance::Field>());
  manifest.data_format = "lance";
  manifest.data_format_version =
      fmt::format("{}.{}", lance::kWrittenFormat.major, lance::kWrittenFormat.minor);
  publication.transaction.operation = 102;  // overwrite
  publication.transaction.operation_bytes =
      lance::encode_overwrite(fragments, manifest.fields, manifest.schema_metadata);
  for (lance::Fragment& fragment : fragments) {
    fragment.id = manifest.max_fragment_id ? *manifest.max_fragment_id + 1ull : 0;
    if (fragment.id > std::numeric_limits<std::uint32_t>::max()) {
      throw Error(ErrorCode::unsupported,
                  "the dataset has used up its fragment ids, of which there are 2^32; import this "
                  "version into a new store");
    }
    manifest.max_fragment_id = static_cast<std::uint32_t>(fragment.id);
  }
  manifest.fragments = std::move(fragments);
  return publication;
}

// Publishes on whatever is newest, as often as someone else is faster.
lance::Published publish_on_newest(io::Storage& storage, UnpublishedFiles& files,
                                   const std::vector<lance::Fragment>& fragments,
                                   const SaveOptions& options, const Metadata& properties,
                                   const std::string& digest) {
  for (int attempt = 0; attempt < kMaxAttempts; ++attempt) {
    lance::Publication publication = plan_publication(read_newest(storage), fragments);
    publication.transaction.properties = properties;
    publication.transaction.properties[kDigestKey] =
        digest_property(digest, publication.read_version + 1);
    publication.durable = options.durable;
    publication.visible = [&files] { files.release(); };
    if (auto published = lance::publish(storage, publication)) return *published;
  }
  throw Error(
      ErrorCode::conflict,
      fmt::format("{} times someone else published a version first; try again", kMaxAttempts),
      storage.full_name("_versions"));
}

Metadata properties_of(const SaveOptions& options, std::uint64_t bytes_total) {
  Metadata properties = options.metadata;
  if (!options.message.empty()) properties[kMessageKey] = options.message;
  properties[kBytesKey] = std::to_string(bytes_total);
  return properties;
}

void tag_saved_version(io::Storage& storage, const SaveOptions& options,
                       const lance::Published& published) {
  if (options.tag.empty()) return;
  try {
    const auto lock = storage.lock("_versions", io::LockMode::exclusive);
    lance::write_tag(storage, options.tag, published.version, published.manifest_size, false,
                     options.durable);
  } catch (const Error& e) {
    throw Error(e.code(), fmt::format("version {} is saved, but it could not be tagged `{}`: {}",
                                      published.version, options.tag, e.what()));
  }
}

}  // namespace

SaveReport save(io::Storage& storage, TensorSource& source, const SaveOptions& options) {
  const auto specs = source.tensors();
  check_source(specs);
  check_metadata(options.message, options.metadata);
  check_tag_is_free(storage, options.tag);
  if (!storage.is_current()) {
    throw Error(ErrorCode::conflict, "the store was replaced; open it again to save to the new one",
                storage.full_name(""));
  }
  (void)read_newest(storage);  // refuses a dataset that is no store before a byte is written

  std::vector<TensorRow> rows = rows_of(specs);
  SaveReport report{.notes = source.notes()};
  for (const TensorSpec& spec : specs) {
    if (!spec.tied_to) report.bytes_total += spec.nbytes;
  }
  SaveProgress progress{options.progress, report.bytes_total};
  storage.make_folder("data");
  UnpublishedFiles files(storage);
  std::vector<lance::Fragment> fragments;
  for (const FilePlan& plan : plan_files(specs)) {
    fragments.push_back(write_fragment(files, source, plan, rows, progress));
    report.bytes_written += fragments.back().files.front().size;
  }
  files.finish(options.durable);
  const auto published =
      publish_on_newest(storage, files, fragments, options,
                        properties_of(options, report.bytes_total), table_digest(rows));
  tag_saved_version(storage, options, published);
  report.version = published.version;
  report.tensors_written = specs.size();
  report.bytes_written += published.manifest_size + published.transaction_size;
  return report;
}

}  // namespace lancekeep::store

namespace lancekeep {

SaveReport Store::save(TensorSource& source, const SaveOptions& options) {
  return store::save(*state_->storage, source, options);
}

}  // namespace lancekeep
