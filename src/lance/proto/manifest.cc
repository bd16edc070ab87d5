// SPDX-License-Identifier: Apache-2.0
#include "lance/proto/manifest.h"

#include "io/utf8.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace lancekeep::lance {
namespace {

// Field numbers are on disk and never change.
enum class ManifestTag : protozero::pbf_tag_type {
  fields = 1,
  fragments = 2,
  version = 3,
  version_aux_data = 4,
  schema_metadata = 5,
  index_section = 6,
  timestamp = 7,
  reader_flags = 9,
  writer_flags = 10,
  max_fragment_id = 11,
  transaction_file = 12,
  writer_version = 13,
  next_row_id = 14,
  data_format = 15,
  config = 16,
  base_paths = 18,
  table_metadata = 19,
  branch = 20,
  transaction_section_2025 = 21,  // what 23 was in the published definition of late 2025
  transaction_section = 23,
};
enum class TimestampTag : protozero::pbf_tag_type { seconds = 1, nanos = 2 };
enum class WriterTag : protozero::pbf_tag_type { library = 1, version = 2 };
enum class FormatTag : protozero::pbf_tag_type { name = 1, version = 2 };

constexpr std::int32_t kNanosPerSecond = 1'000'000'000;
// Seconds whose nanoseconds fit 64 bits: the years 1677 to 2262.
constexpr std::int64_t kMaxSeconds = 9'223'372'035;

void decode_timestamp(const io::ByteView& message, Manifest& manifest) {
  std::int64_t nanos = 0;
  read_fields(message, "the time stamp", [&](protozero::pbf_reader& reader) {
    switch (TimestampTag{reader.tag()}) {
      case TimestampTag::seconds:
        manifest.seconds = get_i64(reader);
        break;
      case TimestampTag::nanos:
        nanos = get_i64(reader);
        break;
      default:
        reader.skip();
    }
  });
  if (nanos < 0 || nanos >= kNanosPerSecond) {
    message.fail(fmt::format("the time stamp has {} nanoseconds, expected 0 to {}", nanos,
                             kNanosPerSecond - 1));
  }
  if (manifest.seconds > kMaxSeconds || manifest.seconds < -kMaxSeconds) {
    message.fail(fmt::format("the time stamp is {} seconds from 1970, expected at most {}",
                             manifest.seconds, kMaxSeconds));
  }
  manifest.nanos = static_cast<std::int32_t>(nanos);
}

void decode_writer(const io::ByteView& message, Manifest& manifest) {
  read_fields(message, "the writer's version", [&](protozero::pbf_reader& reader) {
    switch (WriterTag{reader.tag()}) {
      case WriterTag::library:
        manifest.writer_library = get_text(reader);
        break;
      case WriterTag::version:
        manifest.writer_version = get_text(reader);
        break;
      default:
        reader.skip();
    }
  });
}

void decode_data_format(const io::ByteView& message, Manifest& manifest) {
  read_fields(message, "the data format", [&](protozero::pbf_reader& reader) {
    switch (FormatTag{reader.tag()}) {
      case FormatTag::name:
        manifest.data_format = get_text(reader);
        break;
      case FormatTag::version:
        manifest.data_format_version = get_text(reader);
        break;
      default:
        reader.skip();
    }
  });
}

// An empty message of two bytes becomes a struct of hundreds: so they are counted while they are
// decoded.
constexpr std::size_t kMaxFields = 1 << 16;
constexpr std::size_t kMaxFragments = 1 << 21;

void require_room(std::size_t count, std::size_t limit, const char* what,
                  const io::ByteView& message) {
  if (count < limit) return;
  message.fail(fmt::format("the manifest has more than {} {}", limit, what));
}

void check_fields(const Manifest& manifest, const io::ByteView& message) {
  std::set<std::int32_t> seen;
  for (const Field& field : manifest.fields) {
    if (field.parent_id != -1 && !seen.contains(field.parent_id)) {
      message.fail(fmt::format("schema field {} `{}` has parent {}, which does not stand before it",
                               field.id, io::printable(field.name), field.parent_id));
    }
    if (field.id < 0 || !seen.insert(field.id).second) {
      message.fail(fmt::format("schema field `{}` has id {}, expected one of its own from 0 on",
                               io::printable(field.name), field.id));
    }
  }
}

void check_fragments(const Manifest& manifest, const io::ByteView& message) {
  std::vector<std::uint64_t> ids;
  for (const Fragment& fragment : manifest.fragments) ids.push_back(fragment.id);
  std::sort(ids.begin(), ids.end());
  const auto twice = std::adjacent_find(ids.begin(), ids.end());
  if (twice != ids.end()) message.fail(fmt::format("two fragments have the id {}", *twice));
}

void encode_timestamp(protozero::pbf_writer& writer, const Manifest& manifest) {
  protozero::pbf_writer timestamp(writer, field_number(ManifestTag::timestamp));
  if (manifest.seconds != 0)
    timestamp.add_int64(field_number(TimestampTag::seconds), manifest.seconds);
  if (manifest.nanos != 0) timestamp.add_int32(field_number(TimestampTag::nanos), manifest.nanos);
}

void encode_pair(protozero::pbf_writer& writer, ManifestTag tag, const std::string& first,
                 const std::string& second) {
  if (first.empty() && second.empty()) return;
  protozero::pbf_writer pair(writer, field_number(tag));
  pair.add_string(1, first);
  pair.add_string(2, second);
}

}  // namespace

Manifest decode_manifest(const io::ByteView& message) {
  Manifest manifest;
  read_fields(message, "the manifest", [&](protozero::pbf_reader& reader) {
    switch (ManifestTag{reader.tag()}) {
      case ManifestTag::fields:
        require_room(manifest.fields.size(), kMaxFields, "schema fields", message);
        manifest.fields.push_back(decode_field(get_view(reader, message)));
        break;
      case ManifestTag::fragments:
        require_room(manifest.fragments.size(), kMaxFragments, "fragments", message);
        manifest.fragments.push_back(decode_fragment(get_view(reader, message)));
        break;
      case ManifestTag::version:
        manifest.version = get_u64(reader);
        break;
      case ManifestTag::schema_metadata:
        read_map_entry(reader, message, manifest.schema_metadata);
        break;
      // Positions in the old file, which mean nothing in a new one.
      case ManifestTag::version_aux_data:
      case ManifestTag::index_section:
        reader.skip();
        break;
      case ManifestTag::timestamp:
        decode_timestamp(get_view(reader, message), manifest);
        break;
      case ManifestTag::reader_flags:
        manifest.reader_flags = get_u64(reader);
        break;
      case ManifestTag::writer_flags:
        manifest.writer_flags = get_u64(reader);
        break;
      case ManifestTag::max_fragment_id:
        manifest.max_fragment_id = get_u32(reader);
        break;
      case ManifestTag::transaction_file:
        manifest.transaction_file = get_text(reader);
        break;
      case ManifestTag::writer_version:
        decode_writer(get_view(reader, message), manifest);
        break;
      case ManifestTag::next_row_id:
        manifest.next_row_id = get_u64(reader);
        break;
      case ManifestTag::data_format:
        decode_data_format(get_view(reader, message), manifest);
        break;
      case ManifestTag::config:
        read_map_entry(reader, message, manifest.config);
        break;
      case ManifestTag::base_paths:
        manifest.base_paths.emplace_back(get_view(reader, message).text());
        break;
      case ManifestTag::table_metadata:
        read_map_entry(reader, message, manifest.table_metadata);
        break;
      case ManifestTag::branch:
        manifest.branch = get_text(reader);
        break;
      case ManifestTag::transaction_section_2025:
        manifest.transaction_section_2025 = get_u64(reader);
        break;
      case ManifestTag::transaction_section:
        manifest.transaction_section = get_u64(reader);
        break;
      default:
        keep_unknown(reader, manifest.unknown);
    }
  });
  check_fields(manifest, message);
  check_fragments(manifest, message);
  return manifest;
}

std::string encode_manifest(const Manifest& manifest) {
  std::string bytes;
  protozero::pbf_writer writer(bytes);
  for (const Field& field : manifest.fields) {
    writer.add_message(field_number(ManifestTag::fields), encode_field(field));
  }
  for (const Fragment& fragment : manifest.fragments) {
    writer.add_message(field_number(ManifestTag::fragments), encode_fragment(fragment));
  }
  writer.add_uint64(field_number(ManifestTag::version), manifest.version);
  write_map(writer, field_number(ManifestTag::schema_metadata), manifest.schema_metadata);
  encode_timestamp(writer, manifest);
  if (manifest.reader_flags != 0) {
    writer.add_uint64(field_number(ManifestTag::reader_flags), manifest.reader_flags);
  }
  if (manifest.writer_flags != 0) {
    writer.add_uint64(field_number(ManifestTag::writer_flags), manifest.writer_flags);
  }
  if (manifest.max_fragment_id) {
    writer.add_uint32(field_number(ManifestTag::max_fragment_id), *manifest.max_fragment_id);
  }
  if (!manifest.transaction_file.empty()) {
    writer.add_string(field_number(ManifestTag::transaction_file), manifest.transaction_file);
  }
  encode_pair(writer, ManifestTag::writer_version, manifest.writer_library,
              manifest.writer_version);
  if (manifest.next_row_id) {
    writer.add_uint64(field_number(ManifestTag::next_row_id), *manifest.next_row_id);
  }
  encode_pair(writer, ManifestTag::data_format, manifest.data_format, manifest.data_format_version);
  write_map(writer, field_number(ManifestTag::config), manifest.config);
  for (const std::string& path : manifest.base_paths) {
    writer.add_message(field_number(ManifestTag::base_paths), path);
  }
  write_map(writer, field_number(ManifestTag::table_metadata), manifest.table_metadata);
  if (manifest.branch) writer.add_string(field_number(ManifestTag::branch), *manifest.branch);
  if (manifest.transaction_section) {
    writer.add_uint64(field_number(ManifestTag::transaction_section),
                      *manifest.transaction_section);
  }
  bytes += manifest.unknown;
  return bytes;
}

}  // namespace lancekeep::lance
