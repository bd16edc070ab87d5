// SPDX-License-Identifier: Apache-2.0
#include "lance/table/compatibility.h"

#include "io/utf8.h"
#include "lance/proto/wire.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <initializer_list>

namespace lancekeep::lance {
namespace {

constexpr std::uint64_t bit(FeatureFlag flag) { return static_cast<std::uint64_t>(flag); }

constexpr std::uint64_t kKnownFlags =
    bit(FeatureFlag::deletion_files) | bit(FeatureFlag::stable_row_ids) |
    bit(FeatureFlag::v2_format) | bit(FeatureFlag::config) | bit(FeatureFlag::base_paths) |
    bit(FeatureFlag::inline_transactions_only) | bit(FeatureFlag::mixed_file_versions) |
    bit(FeatureFlag::managed_blobs);

// Fields of DataFragment. The first two hold a fragment's row ids, inline or in a separate file;
// those after them, up to the last one, hold the versions in which each row was created and
// updated.
constexpr protozero::pbf_tag_type kInlineRowIds = 5;
constexpr protozero::pbf_tag_type kExternalRowIds = 6;
constexpr protozero::pbf_tag_type kLastRowIdField = 10;
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
    if (reader.tag() >= kInlineRowIds && reader.tag() <= kLastRowIdField) {
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

using FieldTag = protozero::pbf_tag_type;

// Fields kept as raw bytes that are known not to name a file. Field numbers are on disk.
// In a manifest: a tag's text, which nobody uses, and the version of a second dataset for blobs.
constexpr std::initializer_list<FieldTag> kHarmlessInManifest = {8, 17};
// Row ids, and the versions in which rows were last updated and created, each inline. Their other
// forms (6, 8, 10) are in separate files.
constexpr std::initializer_list<FieldTag> kHarmlessInFragment = {5, 7, 9};

std::optional<FieldTag> first_other(const std::string& raw,
                                    std::initializer_list<FieldTag> harmless) {
  std::optional<FieldTag> found;
  read_fields(io::ByteView::of(raw, {}), "further fields", [&](protozero::pbf_reader& reader) {
    const bool is_harmless =
        std::find(harmless.begin(), harmless.end(), reader.tag()) != harmless.end();
    if (!found && !is_harmless) found = reader.tag();
    reader.skip();
  });
  return found;
}

std::optional<std::string> first_in(const Fragment& fragment) {
  if (const auto tag = first_other(fragment.unknown, kHarmlessInFragment)) {
    return fmt::format("field {} of fragment {}", *tag, fragment.id);
  }
  for (const DataFile& file : fragment.files) {
    if (const auto tag = first_other(file.unknown, {})) {
      return fmt::format("field {} of the data file `{}`", *tag, io::printable(file.path));
    }
  }
  if (!fragment.deletion) return std::nullopt;
  if (const auto tag = first_other(fragment.deletion->unknown, {})) {
    return fmt::format("field {} of the deletion file of fragment {}", *tag, fragment.id);
  }
  return std::nullopt;
}

}  // namespace

void check_reader_flags(const Manifest& manifest, const std::string& file) {
  check_flags(manifest.reader_flags, "reader", "read", file);
}

void check_writer_flags(const Manifest& manifest) {
  check_flags(manifest.writer_flags, "writer", "write on top of", {});
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
    // If one fragment has row ids, pylance assumes that all do.
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

std::optional<std::string> first_unknown_field(const Manifest& manifest) {
  if (const auto tag = first_other(manifest.unknown, kHarmlessInManifest)) {
    return fmt::format("field {} of the manifest", *tag);
  }
  for (const Fragment& fragment : manifest.fragments) {
    if (auto found = first_in(fragment)) return found;
  }
  return std::nullopt;
}

}  // namespace lancekeep::lance
