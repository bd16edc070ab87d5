// SPDX-License-Identifier: Apache-2.0
#include "io/utf8.h"
#include "lance/proto/manifest.h"

#include <fmt/format.h>

namespace lancekeep::lance {
namespace {

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

// Files before format 2.0 find their columns without indices.
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
  if (file.version.major != 0)
    writer.add_uint32(field_number(DataFileTag::major), file.version.major);
  if (file.version.minor != 0)
    writer.add_uint32(field_number(DataFileTag::minor), file.version.minor);
  if (file.size != 0) writer.add_uint64(field_number(DataFileTag::size), file.size);
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
                 fmt::format("a deletion file is of kind {}; this build reads 0 (Arrow) and 1 "
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
  if (file.read_version != 0)
    writer.add_uint64(field_number(DeletionTag::read_version), file.read_version);
  if (file.id != 0) writer.add_uint64(field_number(DeletionTag::id), file.id);
  if (file.num_deleted_rows != 0) {
    writer.add_uint64(field_number(DeletionTag::num_deleted_rows), file.num_deleted_rows);
  }
  if (file.base_id) writer.add_uint32(field_number(DeletionTag::base_id), *file.base_id);
  bytes += file.unknown;
  return bytes;
}

}  // namespace

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
  if (fragment.deletion && fragment.deletion->num_deleted_rows > fragment.physical_rows) {
    message.fail(fmt::format("fragment {} has {} deleted rows, but only {} rows", fragment.id,
                             fragment.deletion->num_deleted_rows, fragment.physical_rows));
  }
  return fragment;
}

std::string encode_fragment(const Fragment& fragment) {
  std::string bytes;
  protozero::pbf_writer writer(bytes);
  if (fragment.id != 0) writer.add_uint64(field_number(FragmentTag::id), fragment.id);
  for (const DataFile& file : fragment.files) {
    writer.add_message(field_number(FragmentTag::files), encode_data_file(file));
  }
  if (fragment.deletion) {
    writer.add_message(field_number(FragmentTag::deletion_file),
                       encode_deletion_file(*fragment.deletion));
  }
  if (fragment.physical_rows != 0) {
    writer.add_uint64(field_number(FragmentTag::physical_rows), fragment.physical_rows);
  }
  bytes += fragment.unknown;
  return bytes;
}

}  // namespace lancekeep::lance
