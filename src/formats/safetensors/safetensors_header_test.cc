// SPDX-License-Identifier: Apache-2.0
#include "formats/safetensors/safetensors_header.h"

#include "formats/safetensors/safetensors_testing.h"
#include "io/testing/error_matcher.h"

#include <gtest/gtest.h>

#include <limits>

namespace lancekeep::formats {
namespace {

TEST(SafetensorsDtype, KnowsThe22OfVersion08BothWays) {
  for (const char* name :
       {"BOOL",    "F4",          "F6_E2M3",     "F6_E3M2", "U8",  "I8",  "F8_E5M2", "F8_E4M3",
        "F8_E8M0", "F8_E4M3FNUZ", "F8_E5M2FNUZ", "I16",     "U16", "F16", "BF16",    "I32",
        "U32",     "F32",         "C64",         "F64",     "I64", "U64"}) {
    const DtypeNames* dtype = safetensors_dtype(name);
    ASSERT_NE(dtype, nullptr) << name;
    EXPECT_EQ(safetensors_dtype_of(dtype->dtype), dtype) << name;
  }
  EXPECT_EQ(safetensors_dtype("C128"), nullptr);
  EXPECT_EQ(safetensors_dtype_of("complex128"), nullptr);
}

TEST(SafetensorsDtype, WidthsAgreeWithTorchs) {
  for (const char* name :
       {"BOOL", "U8", "F8_E8M0", "F16", "BF16", "I32", "F32", "C64", "F64", "U64"}) {
    const DtypeNames* dtype = safetensors_dtype(name);
    EXPECT_EQ(dtype_itemsize(dtype->dtype), dtype->bits / 8) << name;
  }
}

TEST(SafetensorsDtype, DtypesThatTorchLacksKeepTheirNamesInLowerCase) {
  EXPECT_EQ(safetensors_dtype("F6_E2M3")->dtype, "f6_e2m3");
  EXPECT_EQ(dtype_itemsize("f6_e2m3"), std::nullopt);
}

TEST(SafetensorsDtype, CountsBytesOfNarrowValues) {
  EXPECT_EQ(safetensors_byte_count(*safetensors_dtype("F4"), {2, 4}), 4u);
  EXPECT_EQ(safetensors_byte_count(*safetensors_dtype("F6_E2M3"), {4}), 3u);
  EXPECT_EQ(safetensors_byte_count(*safetensors_dtype("F32"), {}), 4u);
}

TEST(SafetensorsDtype, AnEndWithinAByteIsNullopt) {
  EXPECT_EQ(safetensors_byte_count(*safetensors_dtype("F4"), {3}), std::nullopt);
  EXPECT_EQ(safetensors_byte_count(*safetensors_dtype("F6_E3M2"), {2}), std::nullopt);
}

TEST(SafetensorsDtype, OverflowIsNullopt) {
  const std::int64_t most = std::numeric_limits<std::int64_t>::max();
  EXPECT_EQ(safetensors_byte_count(*safetensors_dtype("U8"), {most, 2}), std::nullopt);
  EXPECT_EQ(safetensors_byte_count(*safetensors_dtype("F64"), {most}), std::nullopt);
  EXPECT_EQ(safetensors_byte_count(*safetensors_dtype("U8"), {most, 3, 0}), std::nullopt);
  EXPECT_EQ(safetensors_byte_count(*safetensors_dtype("U8"), {0, most, 3}), 0u);
}

TEST(SafetensorsDtype, TheLastDimensionOfF4CountsTwoValuesPerByte) {
  const DtypeNames& f4 = *safetensors_dtype("F4");
  EXPECT_EQ(shape_from_safetensors(f4, {3, 4}), (Shape{3, 2}));
  EXPECT_EQ(shape_to_safetensors(f4, {3, 2}), (Shape{3, 4}));
  EXPECT_EQ(shape_from_safetensors(f4, {4, 3}), std::nullopt);
  EXPECT_EQ(shape_from_safetensors(f4, {}), std::nullopt);
  EXPECT_EQ(shape_to_safetensors(f4, {}), std::nullopt);
  EXPECT_EQ(shape_to_safetensors(f4, {std::numeric_limits<std::int64_t>::max()}), std::nullopt);
}

TEST(SafetensorsDtype, OtherShapesAreUnchanged) {
  EXPECT_EQ(shape_from_safetensors(*safetensors_dtype("U8"), {3}), Shape{3});
  EXPECT_EQ(shape_to_safetensors(*safetensors_dtype("U8"), {3}), Shape{3});
}

using io::fails_with;

SafetensorsHeader decode_header(const std::string& json) {
  io::MemoryBudget budget(1 << 20, "m.safetensors");
  JsonStream stream(file_of(json), 0, json.size(), "the header", budget);
  return decode_safetensors_header(stream);
}

auto decoding_header(const std::string& json) {
  return [json] { (void)decode_header(json); };
}

const std::string kEntry = safetensors_entry("w", "F32", "[2,3]", 0, 24);

TEST(SafetensorsHeader, ReadsAnEntry) {
  const SafetensorsHeader header = decode_header("{" + kEntry + "}");
  ASSERT_EQ(header.entries.size(), 1u);
  EXPECT_EQ(header.entries[0].name, "w");
  EXPECT_EQ(header.entries[0].dtype->safetensors, "F32");
  EXPECT_EQ(header.entries[0].shape, (Shape{2, 3}));
  EXPECT_EQ(header.entries[0].begin, 0u);
  EXPECT_EQ(header.entries[0].end, 24u);
}

TEST(SafetensorsHeader, KeepsTheOrderOfTheText) {
  const SafetensorsHeader header =
      decode_header("{" + safetensors_entry("z", "U8", "[1]", 5, 6) + "," +
                    safetensors_entry("a", "U8", "[5]", 0, 5) + "}");
  EXPECT_EQ(header.entries[0].name, "z");
  EXPECT_EQ(header.entries[1].name, "a");
}

TEST(SafetensorsHeader, ReadsMetadata) {
  EXPECT_EQ(decode_header(R"({"__metadata__":{"format":"pt","a":""}})").metadata,
            (Metadata{{"format", "pt"}, {"a", ""}}));
  EXPECT_TRUE(decode_header(R"({"__metadata__":null})").metadata.empty());
}

TEST(SafetensorsHeader, SpacesMayFollow) { EXPECT_TRUE(decode_header("{}      ").entries.empty()); }

TEST(SafetensorsHeader, RoundTrips) {
  SafetensorsHeader header;
  header.entries = {{"z\"\n\xC3\xA4", safetensors_dtype("BF16"), {4, 0}, 0, 0},
                    {"a", safetensors_dtype("U8"), {}, 0, 1}};
  header.metadata = {{"key", "{\"json\": [1]}"}};
  const std::string text = encode_safetensors_header(header);
  EXPECT_EQ(text.size() % 8, 0u);
  const SafetensorsHeader again = decode_header(text);
  EXPECT_EQ(again.metadata, header.metadata);
  ASSERT_EQ(again.entries.size(), 2u);
  EXPECT_EQ(again.entries[0].name, header.entries[0].name);
  EXPECT_EQ(again.entries[0].shape, header.entries[0].shape);
  EXPECT_EQ(again.entries[1].end, 1u);
}

TEST(SafetensorsHeader, AnotherFirstByteIsRejected) {
  EXPECT_THAT(decoding_header(" {}"), fails_with(ErrorCode::corrupt, "does not start with `{`"));
  EXPECT_THAT(decoding_header("[]"), fails_with(ErrorCode::corrupt, "does not start with `{`"));
  EXPECT_THAT(decoding_header(""), fails_with(ErrorCode::corrupt, "does not start with `{`"));
}

TEST(SafetensorsHeader, EveryPrefixIsRejected) {
  const std::string whole = "{" + kEntry + ",\"__metadata__\":{\"a\":\"b\"}}";
  for (std::size_t length = 0; length < whole.size(); ++length) {
    EXPECT_THAT(decoding_header(whole.substr(0, length)),
                fails_with(ErrorCode::corrupt, "the header"));
  }
}

TEST(SafetensorsHeader, TextAfterTheObjectIsRejected) {
  EXPECT_THAT(decoding_header("{}x"),
              fails_with(ErrorCode::corrupt, "invalid JSON in the header near"));
}

TEST(SafetensorsHeader, TextThatIsNotUtf8IsRejected) {
  EXPECT_THAT(decoding_header("{\"\xff\":1}"),
              fails_with(ErrorCode::corrupt, "invalid JSON in the header"));
}

TEST(SafetensorsHeader, ARepeatedTensorIsRejected) {
  EXPECT_THAT(decoding_header("{" + kEntry + "," + kEntry + "}"),
              fails_with(ErrorCode::corrupt, "the header has the key `w` twice"));
}

TEST(SafetensorsHeader, ARepeatedMetadataKeyIsRejected) {
  EXPECT_THAT(decoding_header(R"({"__metadata__":{"a":"b","a":"c"}})"),
              fails_with(ErrorCode::corrupt, "has the key `a` twice"));
}

TEST(SafetensorsHeader, ARepeatedFieldIsRejected) {
  EXPECT_THAT(decoding_header(R"({"w":{"dtype":"U8","dtype":"U8"}})"),
              fails_with(ErrorCode::corrupt, "has the key `dtype` twice"));
}

TEST(SafetensorsHeader, AMissingFieldIsRejected) {
  EXPECT_THAT(decoding_header(R"({"w":{"dtype":"U8","shape":[]}})"),
              fails_with(ErrorCode::corrupt, "`w` lacks dtype, shape or data_offsets"));
}

TEST(SafetensorsHeader, AnUnknownFieldIsRejected) {
  EXPECT_THAT(decoding_header(R"({"w":{"order":"C"}})"),
              fails_with(ErrorCode::unsupported, "unknown field `order`"));
}

TEST(SafetensorsHeader, ValuesOfAnotherTypeAreRejected) {
  EXPECT_THAT(decoding_header(R"({"w":1})"),
              fails_with(ErrorCode::corrupt, "key `w` cannot be number 1"));
  EXPECT_THAT(decoding_header(R"({"w":null})"),
              fails_with(ErrorCode::corrupt, "key `w` cannot be null"));
  EXPECT_THAT(decoding_header(R"({"w":[]})"),
              fails_with(ErrorCode::corrupt, "key `w` cannot be an array"));
  EXPECT_THAT(decoding_header(R"({"w":{"dtype":[]}})"),
              fails_with(ErrorCode::corrupt, "dtype of tensor `w` cannot be an array"));
  EXPECT_THAT(decoding_header(R"({"w":{"shape":{}}})"),
              fails_with(ErrorCode::corrupt, "shape of tensor `w` cannot be an object"));
  EXPECT_THAT(decoding_header(R"({"__metadata__":{"a":1}})"),
              fails_with(ErrorCode::corrupt, "__metadata__ key `a` cannot be number 1"));
}

TEST(SafetensorsHeader, DeepNestingIsRejected) {
  EXPECT_THAT(decoding_header(R"({"w":{"shape":)" + std::string(1'000'000, '[')),
              fails_with(ErrorCode::corrupt, "shape of tensor `w` cannot be an array"));
}

TEST(SafetensorsHeader, NumbersThatAreNotCountsAreRejected) {
  EXPECT_THAT(decoding_header(R"({"w":{"shape":[-1]}})"),
              fails_with(ErrorCode::corrupt, "number -1"));
  EXPECT_THAT(decoding_header(R"({"w":{"shape":[1.0]}})"),
              fails_with(ErrorCode::corrupt, "number 1.0"));
  EXPECT_THAT(decoding_header(R"({"w":{"shape":[18446744073709551616]}})"),
              fails_with(ErrorCode::corrupt, "number 18446744073709551616"));
  EXPECT_THAT(decoding_header(R"({"w":{"shape":[9223372036854775808]}})"),
              fails_with(ErrorCode::corrupt, "a dimension of 9223372036854775808"));
}

TEST(SafetensorsHeader, MoreThan64DimensionsAreRejected) {
  std::string shape = "1";
  for (int i = 1; i < 64; ++i) shape += ",1";
  EXPECT_EQ(decode_header("{" + safetensors_entry("w", "U8", "[" + shape + "]", 0, 1) + "}")
                .entries[0]
                .shape.size(),
            64u);
  EXPECT_THAT(decoding_header(R"({"w":{"shape":[)" + shape + ",1"),
              fails_with(ErrorCode::unsupported, "shape of tensor `w` has more than 64 numbers"));
}

TEST(SafetensorsHeader, AnUnknownDtypeIsRejectedByName) {
  EXPECT_THAT(decoding_header(R"({"w":{"dtype":"F2"}})"),
              fails_with(ErrorCode::unsupported, "tensor `w` has the dtype `F2`"));
}

TEST(SafetensorsHeader, RepeatedMetadataIsRejected) {
  EXPECT_THAT(decoding_header(R"({"__metadata__":{},"__metadata__":{}})"),
              fails_with(ErrorCode::corrupt, "has the key `__metadata__` twice"));
}

TEST(SafetensorsHeader, ATensorWithTheNameOfADistantOneIsRejected) {
  EXPECT_THAT(decoding_header("{" + kEntry + "," + safetensors_entry("v", "U8", "[]", 24, 25) +
                              "," + safetensors_entry("w", "U8", "[]", 25, 26) + "}"),
              fails_with(ErrorCode::corrupt, "the header has the key `w` twice"));
}

TEST(SafetensorsHeader, TensorsBeyondTheBudgetAreRejected) {
  std::string many;
  for (int i = 0; i < 8000; ++i) {
    many += (i ? "," : "") + safetensors_entry(std::to_string(i), "U8", "[0]", 0, 0);
  }
  EXPECT_THAT(decoding_header("{" + many + "}"),
              fails_with(ErrorCode::unsupported, "the header's tensors would take more than"));
}

TEST(SafetensorsHeader, MetadataBeyondTheBudgetIsRejected) {
  std::string many;
  for (int i = 0; i < 8000; ++i) {
    many += (i ? ",\"" : "\"") + std::to_string(i) + R"(":"")";
  }
  EXPECT_THAT(decoding_header(R"({"__metadata__":{)" + many + "}}"),
              fails_with(ErrorCode::unsupported, "the header's metadata would take more than"));
}

TEST(SafetensorsHeader, AWrongNumberOfOffsetsIsRejected) {
  EXPECT_THAT(decoding_header(R"({"w":{"data_offsets":[1]}})"),
              fails_with(ErrorCode::corrupt, "has 1 data_offsets, expected 2"));
}

}  // namespace

}  // namespace lancekeep::formats
