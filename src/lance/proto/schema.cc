// SPDX-License-Identifier: Apache-2.0
#include "lance/proto/schema.h"

namespace lancekeep::lance {
namespace {

// Field numbers are on disk and never change.
enum class FieldTag : protozero::pbf_tag_type {
  name = 2,
  id = 3,
  parent_id = 4,
  logical_type = 5,
  nullable = 6,
  encoding = 7,
  extension_name = 9,
  metadata = 10,
};
enum class DescriptorTag : protozero::pbf_tag_type { schema = 1, rows = 2 };
enum class SchemaTag : protozero::pbf_tag_type { field = 1, metadata = 5 };

void decode_schema(const io::ByteView& message, FileDescriptor& descriptor) {
  read_fields(message, "the schema", [&](protozero::pbf_reader& reader) {
    switch (SchemaTag{reader.tag()}) {
      case SchemaTag::field:
        descriptor.fields.push_back(decode_field(get_view(reader, message)));
        break;
      case SchemaTag::metadata:
        read_map_entry(reader, message, descriptor.metadata);
        break;
      default:
        reader.skip();
    }
  });
}

}  // namespace

Field decode_field(const io::ByteView& message) {
  Field field;
  // Absent numbers have protobuf's default of 0, which differs from the defaults of a new Field.
  field.id = 0;
  field.parent_id = 0;
  field.nullable = false;
  read_fields(message, "a schema field", [&](protozero::pbf_reader& reader) {
    switch (FieldTag{reader.tag()}) {
      case FieldTag::name:
        field.name = get_text(reader);
        break;
      case FieldTag::id:
        field.id = get_i32(reader);
        break;
      case FieldTag::parent_id:
        field.parent_id = get_i32(reader);
        break;
      case FieldTag::logical_type:
        field.logical_type = get_text(reader);
        break;
      case FieldTag::nullable:
        field.nullable = get_bool(reader);
        break;
      case FieldTag::encoding:
        field.encoding = FieldEncoding{get_u32(reader)};
        break;
      case FieldTag::extension_name:
        field.extension_name = get_text(reader);
        break;
      case FieldTag::metadata:
        read_map_entry(reader, message, field.metadata);
        break;
      default:
        keep_unknown(reader, field.unknown);
    }
  });
  return field;
}

std::string encode_field(const Field& field) {
  std::string bytes;
  protozero::pbf_writer writer(bytes);
  write_nonempty(writer, FieldTag::name, field.name);
  write_nonzero(writer, FieldTag::id, field.id);
  write_nonzero(writer, FieldTag::parent_id, field.parent_id);
  write_nonempty(writer, FieldTag::logical_type, field.logical_type);
  if (field.nullable) writer.add_bool(field_number(FieldTag::nullable), true);
  if (field.encoding != FieldEncoding::none) {
    writer.add_uint32(field_number(FieldTag::encoding), static_cast<std::uint32_t>(field.encoding));
  }
  write_nonempty(writer, FieldTag::extension_name, field.extension_name);
  write_map(writer, field_number(FieldTag::metadata), field.metadata);
  bytes += field.unknown;
  return bytes;
}

FileDescriptor decode_file_descriptor(const io::ByteView& message) {
  FileDescriptor descriptor;
  read_fields(message, "the file descriptor", [&](protozero::pbf_reader& reader) {
    switch (DescriptorTag{reader.tag()}) {
      case DescriptorTag::schema:
        decode_schema(get_view(reader, message), descriptor);
        break;
      case DescriptorTag::rows:
        descriptor.rows = get_u64(reader);
        break;
      default:
        reader.skip();
    }
  });
  return descriptor;
}

std::string encode_file_descriptor(const FileDescriptor& descriptor) {
  std::string bytes;
  protozero::pbf_writer writer(bytes);
  {
    protozero::pbf_writer schema(writer, field_number(DescriptorTag::schema));
    for (const Field& field : descriptor.fields) {
      schema.add_message(field_number(SchemaTag::field), encode_field(field));
    }
    write_map(schema, field_number(SchemaTag::metadata), descriptor.metadata);
  }
  write_nonzero(writer, DescriptorTag::rows, descriptor.rows);
  return bytes;
}

}  // namespace lancekeep::lance
