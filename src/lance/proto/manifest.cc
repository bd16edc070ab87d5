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
  transaction_section_2025 = 21,  // the number of field 23 in the definition published in late 2025
  transaction_section = 23,
};
enum class TimestampTag : protozero::pbf_tag_type { seconds = 1, nanos = 2 };
enum class PairTag : protozero::pbf_tag_type { first = 1, second = 2 };

constexpr std::int32_t kNanosPerSecond = 1'000'000'000;
// The range in which nanoseconds fit in 64 bits: the years 1677 to 2262.
constexpr std::int64_t kMaxSeconds = 9'223'372'035;

void decode_timestamp(const io::ByteView& message, Manifest& manifest) {
  std::int64_t nanos = 0;
  read_fields(message, "the timestamp", [&](protozero::pbf_reader& reader) {
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
    message.fail(fmt::format("the timestamp has {} nanoseconds, expected 0 to {}", nanos,
                             kNanosPerSecond - 1));
  }
  if (manifest.seconds > kMaxSeconds || manifest.seconds < -kMaxSeconds) {
    message.fail(fmt::format("the timestamp is {} seconds from 1970, expected at most {}",
                             manifest.seconds, kMaxSeconds));
  }
  manifest.nanos = static_cast<std::int32_t>(nanos);
}

// A message of two strings: a library and its version, or a data format and its version.
void decode_pair(const io::ByteView& message, std::string_view what, std::string& first,
                 std::string& second) {
  read_fields(message, what, [&](protozero::pbf_reader& reader) {
    switch (PairTag{reader.tag()}) {
      case PairTag::first:
        first = get_text(reader);
        break;
      case PairTag::second:
        second = get_text(reader);
        break;
      default:
        reader.skip();
    }
  });
}

// An empty message of two bytes becomes a struct of hundreds of bytes, so the number of structs is
// checked while they are decoded.
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
      message.fail(fmt::format("schema field {} `{}` has parent {}, which does not come before it",
                               field.id, io::printable(field.name), field.parent_id));
    }
    if (field.id < 0 || !seen.insert(field.id).second) {
      message.fail(fmt::format("schema field `{}` has id {}, expected a unique id of 0 or more",
                               io::printable(field.name), field.id));
    }
  }
}

void check_fragments(const Manifest& manifest, const io::ByteView& message) {
  std::vector<std::uint64_t> ids;
  for (const Fragment& fragment : manifest.fragments) ids.push_back(fragment.id);
  std::sort(ids.begin(), ids.end());
  const auto twice = std::adjacent_find(ids.begin(), ids.end());
  if (twice != ids.end()) message.fail(fmt::format("two fragments have id {}", *twice));
}

void encode_timestamp(protozero::pbf_writer& writer, const Manifest& manifest) {
  protozero::pbf_writer timestamp(writer, field_number(ManifestTag::timestamp));
  write_nonzero(timestamp, TimestampTag::seconds, manifest.seconds);
  write_nonzero(timestamp, TimestampTag::nanos, manifest.nanos);
}

void encode_pair(protozero::pbf_writer& writer, ManifestTag tag, const std::string& first,
                 const std::string& second) {
  if (first.empty() && second.empty()) return;
  protozero::pbf_writer pair(writer, field_number(tag));
  pair.add_string(field_number(PairTag::first), first);
  pair.add_string(field_number(PairTag::second), second);
}

// Field numbers are on disk and never change.
enum class FragmentTag : protozero::pbf_tag_type {
  id = 1,
  files = 2,
  deletion_file = 3,
  physical_rows = 4,
};
enum class DataFileTag : protozero::pbf_tag_type {
  path = 1,
  fields = 2,
  column_indices = 3,
  major = 4,
  minor = 5,
  size = 6,
  base_id = 7,
};
enum class DeletionTag : protozero::pbf_tag_type {
  kind = 1,
  read_version = 2,
  id = 3,
  num_deleted_rows = 4,
  base_id = 7,
};

// Files of formats before 2.0 have no column indices.
bool has_column_indices(const DataFile& file) { return file.version.major >= 2; }

void check(const DataFile& file, const io::ByteView& message) {
  if (file.path.empty()) message.fail("a data file of a fragment has no path");
  if (file.fields.size() == file.column_indices.size()) return;
  if (!has_column_indices(file) && file.column_indices.empty()) return;
  message.fail(fmt::format("data file `{}` lists {} fields but {} column indices",
                           io::printable(file.path), file.fields.size(),
                           file.column_indices.size()));
}

DataFile decode_data_file(const io::ByteView& message) {
  DataFile file;
  file.version = {0, 0};
  read_fields(message, "a data file entry", [&](protozero::pbf_reader& reader) {
    switch (DataFileTag{reader.tag()}) {
      case DataFileTag::path:
        file.path = get_text(reader);
        break;
      case DataFileTag::fields:
        get_repeated(reader, file.fields);
        break;
      case DataFileTag::column_indices:
        get_repeated(reader, file.column_indices);
        break;
      case DataFileTag::major:
        file.version.major = get_u32(reader);
        break;
      case DataFileTag::minor:
        file.version.minor = get_u32(reader);
        break;
      case DataFileTag::size:
        file.size = get_u64(reader);
        break;
      case DataFileTag::base_id:
        file.base_id = get_u32(reader);
        break;
      default:
        keep_unknown(reader, file.unknown);
    }
  });
  check(file, message);
  return file;
}

std::string encode_data_file(const DataFile& file) {
  std::string bytes;
  protozero::pbf_writer writer(bytes);
  writer.add_string(field_number(DataFileTag::path), file.path);
  writer.add_packed_int32(field_number(DataFileTag::fields), file.fields.begin(),
                          file.fields.end());
  writer.add_packed_int32(field_number(DataFileTag::column_indices), file.column_indices.begin(),
                          file.column_indices.end());
  write_nonzero(writer, DataFileTag::major, file.version.major);
  write_nonzero(writer, DataFileTag::minor, file.version.minor);
  write_nonzero(writer, DataFileTag::size, file.size);
  if (file.base_id) writer.add_uint32(field_number(DataFileTag::base_id), *file.base_id);
  bytes += file.unknown;
  return bytes;
}

DeletionFile decode_deletion_file(const io::ByteView& message) {
  DeletionFile file;
  std::uint32_t kind = 0;
  read_fields(message, "a deletion file entry", [&](protozero::pbf_reader& reader) {
    switch (DeletionTag{reader.tag()}) {
      case DeletionTag::kind:
        kind = get_u32(reader);
        break;
      case DeletionTag::read_version:
        file.read_version = get_u64(reader);
        break;
      case DeletionTag::id:
        file.id = get_u64(reader);
        break;
      case DeletionTag::num_deleted_rows:
        file.num_deleted_rows = get_u64(reader);
        break;
      case DeletionTag::base_id:
        file.base_id = get_u32(reader);
        break;
      default:
        keep_unknown(reader, file.unknown);
    }
  });
  if (kind > static_cast<std::uint32_t>(DeletionFile::Kind::bitmap)) {
    message.fail(ErrorCode::unsupported,
                 fmt::format("a deletion file has kind {}; this build reads 0 (Arrow) and 1 "
                             "(Roaring bitmap)",
                             kind));
  }
  file.kind = DeletionFile::Kind{kind};
  return file;
}

std::string encode_deletion_file(const DeletionFile& file) {
  std::string bytes;
  protozero::pbf_writer writer(bytes);
  if (file.kind != DeletionFile::Kind::arrow) {
    writer.add_uint32(field_number(DeletionTag::kind), static_cast<std::uint32_t>(file.kind));
  }
  write_nonzero(writer, DeletionTag::read_version, file.read_version);
  write_nonzero(writer, DeletionTag::id, file.id);
  write_nonzero(writer, DeletionTag::num_deleted_rows, file.num_deleted_rows);
  if (file.base_id) writer.add_uint32(field_number(DeletionTag::base_id), *file.base_id);
  bytes += file.unknown;
  return bytes;
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
      // A position in the file that was read, which is meaningless in another file.
      case ManifestTag::version_aux_data:
        reader.skip();
        break;
      case ManifestTag::index_section:
        manifest.index_section = get_u64(reader);
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
        decode_pair(get_view(reader, message), "the writer's version", manifest.writer_library,
                    manifest.writer_version);
        break;
      case ManifestTag::next_row_id:
        manifest.next_row_id = get_u64(reader);
        break;
      case ManifestTag::data_format:
        decode_pair(get_view(reader, message), "the data format", manifest.data_format,
                    manifest.data_format_version);
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
  write_nonzero(writer, ManifestTag::reader_flags, manifest.reader_flags);
  write_nonzero(writer, ManifestTag::writer_flags, manifest.writer_flags);
  if (manifest.max_fragment_id) {
    writer.add_uint32(field_number(ManifestTag::max_fragment_id), *manifest.max_fragment_id);
  }
  write_nonempty(writer, ManifestTag::transaction_file, manifest.transaction_file);
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

Fragment decode_fragment(const io::ByteView& message) {
  Fragment fragment;
  read_fields(message, "a fragment", [&](protozero::pbf_reader& reader) {
    switch (FragmentTag{reader.tag()}) {
      case FragmentTag::id:
        fragment.id = get_u64(reader);
        break;
      case FragmentTag::files:
        fragment.files.push_back(decode_data_file(get_view(reader, message)));
        break;
      case FragmentTag::deletion_file:
        fragment.deletion = decode_deletion_file(get_view(reader, message));
        break;
      case FragmentTag::physical_rows:
        fragment.physical_rows = get_u64(reader);
        break;
      default:
        keep_unknown(reader, fragment.unknown);
    }
  });
  const bool counts_rows = fragment.physical_rows != 0;
  if (fragment.deletion && counts_rows &&
      fragment.deletion->num_deleted_rows > fragment.physical_rows) {
    message.fail(fmt::format("fragment {} has {} deleted rows, but only {} rows", fragment.id,
                             fragment.deletion->num_deleted_rows, fragment.physical_rows));
  }
  return fragment;
}

std::string encode_fragment(const Fragment& fragment) {
  std::string bytes;
  protozero::pbf_writer writer(bytes);
  write_nonzero(writer, FragmentTag::id, fragment.id);
  for (const DataFile& file : fragment.files) {
    writer.add_message(field_number(FragmentTag::files), encode_data_file(file));
  }
  if (fragment.deletion) {
    writer.add_message(field_number(FragmentTag::deletion_file),
                       encode_deletion_file(*fragment.deletion));
  }
  write_nonzero(writer, FragmentTag::physical_rows, fragment.physical_rows);
  bytes += fragment.unknown;
  return bytes;
}

}  // namespace lancekeep::lance
