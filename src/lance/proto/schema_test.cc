// SPDX-License-Identifier: Apache-2.0
#include "lance/proto/schema.h"

#include "lance/proto/proto_testing.h"

namespace lancekeep::lance {
namespace {

Field full_field() {
  Field field;
  field.name = "value";
  field.id = 5;
  field.parent_id = 2;
  field.logical_type = "large_binary";
  field.nullable = true;
  field.encoding = FieldEncoding::var_binary;
  field.metadata = {{"lance-encoding:blob", "true"}};
  field.extension_name = "some.extension";
  return field;
}

TEST(Field, RoundTrips) { EXPECT_EQ(decode_field(view(encode_field(full_field()))), full_field()); }

TEST(Field, ATopLevelFieldHasAParentOfMinusOneInTenBytes) {
  Field field = full_field();
  field.parent_id = -1;
  const std::string bytes = encode_field(field);
  EXPECT_THAT(bytes, testing::HasSubstr("\x20" + std::string(9, '\xff') + "\x01"));
  EXPECT_EQ(decode_field(view(bytes)), field);
}

TEST(Field, AbsentNumbersHaveProtobufsDefaults) {
  const Field field = decode_field(view("\x12\x01x"));
  EXPECT_EQ(field.name, "x");
  EXPECT_EQ(field.id, 0);
  EXPECT_EQ(field.parent_id, 0);
  EXPECT_FALSE(field.nullable);
  EXPECT_EQ(field.encoding, FieldEncoding::none);
}

TEST(Field, KeepsUnknownFields) {
  std::string bytes = encode_field(full_field());
  protozero::pbf_writer(bytes).add_string(42, "from the future");
  protozero::pbf_writer(bytes).add_uint32(1, 2);
  const Field field = decode_field(view(bytes));
  EXPECT_FALSE(field.unknown.empty());
  EXPECT_EQ(encode_field(field), bytes);
}

TEST(Field, RejectsEveryPrefixThatEndsInAField) {
  const std::string bytes = encode_field(full_field());
  int rejected = 0;
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    try {
      EXPECT_NE(decode_field(view(bytes.substr(0, size))), full_field()) << size;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::corrupt);
      ++rejected;
    }
  }
  EXPECT_GT(rejected, 40);
}

TEST(FileDescriptor, RoundTrips) {
  FileDescriptor descriptor;
  descriptor.fields = {full_field(), Field{}};
  descriptor.metadata = {{"key", "value"}};
  descriptor.rows = std::uint64_t{1} << 40;
  EXPECT_EQ(decode_file_descriptor(view(encode_file_descriptor(descriptor))), descriptor);
}

TEST(FileDescriptor, AnEmptyMessageIsAnEmptySchema) {
  EXPECT_EQ(decode_file_descriptor(view("")), FileDescriptor{});
}

}  // namespace
}  // namespace lancekeep::lance
