// SPDX-License-Identifier: Apache-2.0
#include <lancekeep/formats.h>

#include "formats/export/formats_testing.h"
#include "formats/safetensors/safetensors_reader.h"
#include "formats/safetensors/safetensors_testing.h"
#include "io/testing/error_matcher.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace lancekeep {
namespace {

using io::fails_with;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class SafetensorsWriter : public formats::WriterTest {
 protected:
  ExportReport write(const Metadata& metadata = {}) {
    return write_safetensors(path("m.safetensors"), source_, metadata);
  }
  std::unique_ptr<TensorSource> written() {
    return formats::open_safetensors(io::InputFile(path("m.safetensors")));
  }
};

TEST_F(SafetensorsWriter, WritesTensorsInModelOrder) {
  source_.add("z", "uint8", {3}, "abc");
  source_.add("a", "float64", {}, "12345678");
  source_.add("e", "bfloat16", {0, 4}, "");
  const ExportReport report = write({{"epoch", "3"}});
  EXPECT_EQ(report.tensors, 3u);
  EXPECT_THAT(report.not_kept, IsEmpty());
  EXPECT_THAT(report.files, ElementsAre(folder_.path() / "m.safetensors"));
  EXPECT_EQ(report.bytes_written, folder_.read("m.safetensors").size());
  const auto again = written();
  ASSERT_EQ(again->tensors().size(), 3u);
  EXPECT_EQ(again->tensors()[0].name, "z");
  EXPECT_EQ(again->tensors()[2].shape, (Shape{0, 4}));
  EXPECT_EQ(bytes_of(*again, 0), "abc");
  EXPECT_EQ(bytes_of(*again, 1), "12345678");
  EXPECT_EQ(again->metadata(), (Metadata{{"epoch", "3"}, {"format", "pt"}}));
}

TEST_F(SafetensorsWriter, AGivenFormatIsKept) {
  source_.add("z", "uint8", {3}, "abc");
  (void)write({{"format", "np"}});
  EXPECT_EQ(written()->metadata(), (Metadata{{"format", "np"}}));
}

TEST_F(SafetensorsWriter, NoMetadataStaysNone) {
  source_.add("z", "uint8", {3}, "abc");
  (void)write();
  EXPECT_THAT(written()->metadata(), IsEmpty());
  EXPECT_THAT(folder_.read("m.safetensors"), testing::Not(HasSubstr("__metadata__")));
}

TEST_F(SafetensorsWriter, WritesTheSameBytesToACallback) {
  source_.add("z", "uint8", {3}, "abc");
  source_.add("a", "float64", {}, "12345678");
  (void)write({{"epoch", "3"}, {"format", "pt"}});
  std::string taken;
  const ExportReport report = write_safetensors(
      [&](std::span<const std::byte> piece) {
        taken.append(reinterpret_cast<const char*>(piece.data()), piece.size());
      },
      source_, {{"epoch", "3"}, {"format", "pt"}});
  EXPECT_EQ(taken, folder_.read("m.safetensors"));
  EXPECT_EQ(report.bytes_written, taken.size());
  EXPECT_EQ(report.tensors, 2u);
  EXPECT_THAT(report.files, IsEmpty());
}

TEST_F(SafetensorsWriter, ACallbackGetsAllNamesAndTheMetadataAsItIs) {
  source_.add("a", "uint8", {2}, "ab");
  source_.add("b", "uint8", {2}, "ab", 0);
  std::string taken;
  (void)write_safetensors(
      [&](std::span<const std::byte> piece) {
        taken.append(reinterpret_cast<const char*>(piece.data()), piece.size());
      },
      source_, {{"epoch", "3"}});
  EXPECT_THAT(taken, HasSubstr(R"("__metadata__":{"epoch":"3"})"));
  EXPECT_THAT(taken, testing::EndsWith("abab"));
}

TEST_F(SafetensorsWriter, WideTensorsComeFirstSoThatAllAreAligned) {
  source_.add("z", "uint8", {3}, "abc");
  source_.add("a", "float64", {}, "12345678");
  (void)write();
  EXPECT_THAT(folder_.read("m.safetensors"), testing::EndsWith("12345678abc"));
}

TEST_F(SafetensorsWriter, JsonRowsBecomeMetadata) {
  source_.add("epoch", "json", {}, "17");
  source_.text = {{"from", "file"}};
  const ExportReport report = write();
  EXPECT_EQ(report.tensors, 0u);
  EXPECT_EQ(written()->metadata(), (Metadata{{"epoch", "17"}, {"format", "pt"}, {"from", "file"}}));
}

TEST_F(SafetensorsWriter, AJsonRowWhoseKeyExistsIsReported) {
  source_.add("epoch", "json", {}, "17");
  EXPECT_THAT(write({{"epoch", "3"}}).not_kept, ElementsAre(HasSubstr("`epoch`")));
  EXPECT_EQ(written()->metadata().at("epoch"), "3");
}

TEST_F(SafetensorsWriter, GivenMetadataOverridesTheSources) {
  source_.text = {{"a", "old"}, {"b", "kept"}};
  (void)write({{"a", "new"}});
  EXPECT_EQ(written()->metadata(), (Metadata{{"a", "new"}, {"b", "kept"}, {"format", "pt"}}));
}

TEST_F(SafetensorsWriter, ATreeIsReported) {
  source_.add("", "tree", {}, "{}");
  EXPECT_THAT(write().not_kept, ElementsAre(HasSubstr("nesting")));
  EXPECT_THAT(written()->tensors(), IsEmpty());
}

TEST_F(SafetensorsWriter, TiedTensorsAreWrittenOnceAndNamedInTheMetadata) {
  source_.add("a", "uint8", {2}, "ab");
  source_.add("b", "uint8", {2}, "ab", 0);
  source_.add("c", "uint8", {2}, "ab", 0);
  const ExportReport report = write();
  EXPECT_EQ(report.tensors, 1u);
  EXPECT_THAT(report.not_kept, IsEmpty());
  EXPECT_THAT(report.notes, ElementsAre(HasSubstr("`b` is `a`, and 1 more")));
  EXPECT_THAT(formats::tensor_names(*written()), ElementsAre("a"));
  EXPECT_EQ(written()->metadata(), (Metadata{{"b", "a"}, {"c", "a"}, {"format", "pt"}}));
}

TEST_F(SafetensorsWriter, TiedTensorsAreWrittenTwiceOnRequest) {
  source_.add("a", "uint8", {2}, "ab");
  source_.add("b", "uint8", {2}, "ab", 0);
  const ExportReport report = write_safetensors(path("m.safetensors"), source_, {}, TiedNames::all);
  EXPECT_THAT(report.not_kept, ElementsAre(HasSubstr("the tie of `b` to `a`")));
  EXPECT_EQ(bytes_of(*written(), 1), "ab");
}

TEST_F(SafetensorsWriter, ATiedTensorOfAnotherShapeIsWritten) {
  source_.add("a", "uint8", {2}, "ab");
  source_.add("b", "uint8", {2, 1}, "ab", 0);
  EXPECT_THAT(write().not_kept, ElementsAre(HasSubstr("the tie of `b` to `a`")));
  EXPECT_EQ(written()->tensors()[1].shape, (Shape{2, 1}));
}

TEST_F(SafetensorsWriter, MetadataOfTheNameOfATiedTensorIsKept) {
  source_.add("a", "uint8", {2}, "ab");
  source_.add("b", "uint8", {2}, "ab", 0);
  EXPECT_THAT(write({{"b", "mine"}}).not_kept, ElementsAre(HasSubstr("the tied name `b` of `a`")));
  EXPECT_EQ(written()->metadata().at("b"), "mine");
}

TEST_F(SafetensorsWriter, Float4CountsValues) {
  source_.add("w", "float4_e2m1fn_x2", {2, 2}, "abcd");
  (void)write();
  EXPECT_THAT(folder_.read("m.safetensors"), HasSubstr(R"("dtype":"F4","shape":[2,4])"));
  EXPECT_EQ(written()->tensors()[0].shape, (Shape{2, 2}));
}

TEST_F(SafetensorsWriter, MissingDtypesAreListedAndNothingIsWritten) {
  source_.add("a", "complex128", {1}, std::string(16, 'x'));
  source_.add("b", "uint8", {1}, "x");
  source_.add("c", "int4", {1}, "x");
  EXPECT_THAT(
      [&] { (void)write(); },
      fails_with(ErrorCode::unsupported, "`a` (complex128 [1]), `c` (int4 [1]); nothing was"));
  EXPECT_TRUE(std::filesystem::is_empty(folder_.path()));
}

TEST_F(SafetensorsWriter, OnlyTheFirstOfManyAreListed) {
  for (int i = 0; i < 13; ++i) source_.add("t" + std::to_string(i), "int4", {1}, "x");
  EXPECT_THAT([&] { (void)write(); },
              fails_with(ErrorCode::unsupported, "`t9` (int4 [1]) and 3 more"));
}

TEST_F(SafetensorsWriter, AFloat4ScalarIsRejected) {
  source_.add("w", "float4_e2m1fn_x2", {}, "a");
  EXPECT_THAT([&] { (void)write(); },
              fails_with(ErrorCode::unsupported, "`w` (float4_e2m1fn_x2 [])"));
}

TEST_F(SafetensorsWriter, ATensorNamedMetadataIsRejected) {
  source_.add("__metadata__", "uint8", {1}, "x");
  EXPECT_THAT([&] { (void)write(); },
              fails_with(ErrorCode::invalid_argument, "named `__metadata__`"));
}

TEST_F(SafetensorsWriter, ANameThatIsNotUtf8IsRejected) {
  source_.add("w\xff", "uint8", {1}, "x");
  EXPECT_THAT([&] { (void)write(); }, fails_with(ErrorCode::invalid_argument, "is not UTF-8"));
}

TEST_F(SafetensorsWriter, WrongByteCountsAreRejected) {
  source_.add("w", "float32", {2}, "abc");
  EXPECT_THAT(
      [&] { (void)write(); },
      fails_with(ErrorCode::invalid_argument, "dtype float32 and shape [2] cannot have 3 bytes"));
}

TEST_F(SafetensorsWriter, ASourceThatYieldsTooLittleIsRejectedAndNoFileRemains) {
  source_.add("w", "uint8", {3}, "abc");
  source_.content[0] = "ab";
  EXPECT_THAT([&] { (void)write(); },
              fails_with(ErrorCode::invalid_argument, "yielded 2 of the 3 bytes"));
  EXPECT_TRUE(std::filesystem::is_empty(folder_.path()));
}

TEST_F(SafetensorsWriter, ASourceThatYieldsTooMuchIsRejected) {
  source_.add("w", "uint8", {3}, "abc");
  source_.content[0] = "abcd";
  EXPECT_THAT([&] { (void)write(); },
              fails_with(ErrorCode::invalid_argument, "more than the 3 bytes"));
}

TEST_F(SafetensorsWriter, AnExistingFileIsReplacedOnlyByACompleteOne) {
  (void)folder_.write("m.safetensors", "before");
  source_.add("w", "int4", {1}, "x");
  EXPECT_THAT([&] { (void)write(); }, fails_with(ErrorCode::unsupported, "int4"));
  EXPECT_EQ(folder_.read("m.safetensors"), "before");
  source_.specs[0].dtype = "int8";
  (void)write();
  EXPECT_EQ(bytes_of(*written(), 0), "x");
}

}  // namespace
}  // namespace lancekeep
