// SPDX-License-Identifier: Apache-2.0
#include "lance/table/feature_flags.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>

namespace lancekeep::lance {
namespace {

constexpr std::uint64_t bit(FeatureFlag flag) { return static_cast<std::uint64_t>(flag); }

constexpr std::uint64_t kKnownFlags =
    bit(FeatureFlag::deletion_files) | bit(FeatureFlag::stable_row_ids) |
    bit(FeatureFlag::v2_format) | bit(FeatureFlag::config) | bit(FeatureFlag::base_paths) |
    bit(FeatureFlag::inline_transactions_only) | bit(FeatureFlag::mixed_file_versions) |
    bit(FeatureFlag::managed_blobs);

// Numbers of DataFragment's fields that hold a fragment's row ids, inline or in a file of their
// own; up to the last of them, what else is kept for each row id: when it was made and changed.
constexpr protozero::pbf_tag_type kInlineRowIds = 5;
constexpr protozero::pbf_tag_type kExternalRowIds = 6;
constexpr protozero::pbf_tag_type kLastOfRowIds = 10;
constexpr const char* kManagedBlobsKey = "lance.blob.managed";

void check_flags(std::uint64_t flags, std::string_view who, std::string_view verb,
                 const std::string& file) {
  const std::uint64_t unknown = flags & ~kKnownFlags;
  if (unknown == 0) return;
  const int position = std::countr_zero(unknown);
  throw Error(
      ErrorCode::unsupported,
      fmt::format("this version needs {} feature flag {} (bit {}), which this build does not "
                  "know; a newer Lancekeep or pylance may {} it",
                  who, std::uint64_t{1} << position, position, verb),
      file);
}

bool has_row_ids(const Fragment& fragment) {
  bool found = false;
  const io::ByteView raw = io::ByteView::of(fragment.unknown, {});
  read_fields(raw, "a fragment's further fields", [&](protozero::pbf_reader& reader) {
    found = found || reader.tag() == kInlineRowIds || reader.tag() == kExternalRowIds;
    reader.skip();
  });
  return found;
}

void drop_row_ids(Fragment& fragment) {
  std::string kept;
  const std::string before = std::move(fragment.unknown);
  const io::ByteView raw = io::ByteView::of(before, {});
  read_fields(raw, "a fragment's further fields", [&](protozero::pbf_reader& reader) {
    if (reader.tag() >= kInlineRowIds && reader.tag() <= kLastOfRowIds) {
      reader.skip();
    } else {
      keep_unknown(reader, kept);
    }
  });
  fragment.unknown = std::move(kept);
}

bool keeps_row_ids(const Manifest& manifest) {
  return manifest.next_row_id && !manifest.fragments.empty() &&
         std::all_of(manifest.fragments.begin(), manifest.fragments.end(), has_row_ids);
}

bool mixes_file_versions(const Manifest& manifest) {
  const DataFile* first = nullptr;
  for (const Fragment& fragment : manifest.fragments) {
    for (const DataFile& file : fragment.files) {
      if (first == nullptr) first = &file;
      if (file.version != first->version) return true;
    }
  }
  return false;
}

}  // namespace

void check_reader_flags(const Manifest& manifest, const std::string& file) {
  check_flags(manifest.reader_flags, "reader", "read", file);
}

void check_writer_flags(const Manifest& manifest) {
  check_flags(manifest.writer_flags, "writer", "write upon", {});
}

void set_flags_from_content(Manifest& manifest) {
  std::uint64_t both = 0;
  const auto has_deletion = [](const Fragment& fragment) { return fragment.deletion.has_value(); };
  if (std::any_of(manifest.fragments.begin(), manifest.fragments.end(), has_deletion)) {
    both |= bit(FeatureFlag::deletion_files);
  }
  if (keeps_row_ids(manifest)) {
    both |= bit(FeatureFlag::stable_row_ids);
  } else {
    // pylance takes the ids of one fragment for a promise that all have them.
    manifest.next_row_id.reset();
    for (Fragment& fragment : manifest.fragments) drop_row_ids(fragment);
  }
  if (!manifest.base_paths.empty()) both |= bit(FeatureFlag::base_paths);
  if (mixes_file_versions(manifest)) both |= bit(FeatureFlag::mixed_file_versions);
  const auto managed = manifest.schema_metadata.find(kManagedBlobsKey);
  if (managed != manifest.schema_metadata.end() && managed->second == "true") {
    both |= bit(FeatureFlag::managed_blobs);
  }
  manifest.reader_flags = both;
  manifest.writer_flags = both | (manifest.config.empty() ? 0 : bit(FeatureFlag::config));
}

}  // namespace lancekeep::lance
