// SPDX-License-Identifier: Apache-2.0
#include <lancekeep/formats.h>

#include "formats/export/formats_testing.h"
#include "formats/numpy/numpy_reader.h"
#include "formats/numpy/numpy_testing.h"
#include "io/testing/error_matcher.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace lancekeep {
namespace {

using io::fails_with;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using namespace std::string_literals;

class NumpyWriter : public formats::WriterTest {
 protected:
  ExportReport write() { return write_npz(npz_, source_); }
  auto writing() {
    return [this] { (void)write(); };
  }
  auto writing_npy() {
    return [this] { (void)write_npy(npy_, source_); };
  }
  std::unique_ptr<TensorSource> written() {
    const io::InputFile file(npz_);
    io::MemoryBudget budget(file);
    return formats::open_npz(file, formats::ZipArchive(file, budget), budget);
  }

  std::filesystem::path npz_ = path("m.npz");
  std::filesystem::path npy_ = path("w.npy");
};

TEST_F(NumpyWriter, WritesTensorsInModelOrder) {
  source_.add("z", "uint8", {3}, "abc");
  source_.add("a", "float64", {}, "12345678");
  source_.add("", "int16", {0, 4}, "");
  const ExportReport report = write();
  EXPECT_EQ(report.tensors, 3u);
  EXPECT_THAT(report.not_kept, IsEmpty());
  EXPECT_THAT(report.files, ElementsAre(npz_));
  EXPECT_EQ(report.bytes_written, std::filesystem::file_size(npz_));
  const auto again = written();
  ASSERT_EQ(again->tensors().size(), 3u);
  EXPECT_EQ(again->tensors()[0].name, "z");
  EXPECT_EQ(again->tensors()[2].name, "");
  EXPECT_EQ(again->tensors()[2].shape, (Shape{0, 4}));
  EXPECT_EQ(bytes_of(*again, 0), "abc");
  EXPECT_EQ(bytes_of(*again, 1), "12345678");
}

TEST_F(NumpyWriter, WritesOneTensorAsAnArray) {
  source_.add("w", "uint8", {3}, "abc");
  source_.add("epoch", "json", {}, "17");
  const ExportReport report = write_npy(npy_, source_);
  EXPECT_EQ(report.tensors, 1u);
  EXPECT_EQ(report.bytes_written, 131u);
  EXPECT_THAT(report.files, ElementsAre(npy_));
  EXPECT_THAT(report.not_kept, ElementsAre("`epoch`, a value that is not a tensor"));
  EXPECT_EQ(bytes_of(*formats::open_npy(io::InputFile(npy_), "w"), 0), "abc");
}

TEST_F(NumpyWriter, AnNpyFileNeedsExactlyOneTensor) {
  EXPECT_THAT(writing_npy(),
              fails_with(ErrorCode::invalid_argument, "but the source has 0. Nothing was written"));
  source_.add("a", "uint8", {3}, "abc");
  source_.add("b", "uint8", {3}, "abc");
  EXPECT_THAT(writing_npy(),
              fails_with(ErrorCode::invalid_argument, "but the source has 2; write an .npz file"));
  EXPECT_TRUE(std::filesystem::is_empty(folder_.path()));
}

TEST_F(NumpyWriter, ValuesThatAreNotTensorsAreNotKept) {
  source_.add("epoch", "json", {}, "17");
  source_.add("__tree__", "tree", {}, "{}");
  source_.text = {{"format", "pt"}, {"from", "file"}};
  EXPECT_THAT(write().not_kept,
              ElementsAre("`epoch`, a value that is not a tensor", HasSubstr("the nesting"),
                          "the metadata: `format`, `from`"));
  EXPECT_THAT(written()->tensors(), IsEmpty());
}

TEST_F(NumpyWriter, TiedTensorsAreWrittenTwiceAndReported) {
  source_.add("a", "uint8", {2}, "ab");
  source_.add("b", "uint8", {2}, "ab", 0);
  EXPECT_THAT(write().not_kept, ElementsAre(HasSubstr("the tie of `b` to `a`")));
  EXPECT_EQ(bytes_of(*written(), 1), "ab");
}

TEST_F(NumpyWriter, MissingDtypesAreListedAndNothingIsWritten) {
  source_.add("a", "bfloat16", {1}, "xx");
  source_.add("b", "uint8", {1}, "x");
  source_.add("c", "int4", {1}, "x");
  EXPECT_THAT(writing(), fails_with(ErrorCode::unsupported,
                                    "NumPy has no dtype for `a` (bfloat16 [1]), `c` (int4 [1]); "
                                    "nothing was written"));
  EXPECT_TRUE(std::filesystem::is_empty(folder_.path()));
}

TEST_F(NumpyWriter, MoreDimensionsThanNumPyHasAreRejected) {
  source_.add("a", "uint8", Shape(65, 1), "x");
  EXPECT_THAT(writing(),
              fails_with(ErrorCode::unsupported, "has 65 dimensions, but NumPy supports"));
  EXPECT_TRUE(std::filesystem::is_empty(folder_.path()));
}

TEST_F(NumpyWriter, InvalidEntryNamesAreRejectedAndNothingIsWritten) {
  source_.add("fine", "uint8", {1}, "x");
  source_.add("", "uint8", {1}, "x");
  for (const auto& [name, part] : {std::pair("../x"s, "would leave the archive"),
                                   {"/x"s, "would leave the archive"},
                                   {"a\\b"s, "contains a backslash"},
                                   {"a\0b"s, "contains a NUL"},
                                   {"\xff"s, "is not UTF-8"},
                                   {std::string(0xFFFF, 'n'), "more than 65535 bytes"}}) {
    source_.specs[1].name = name;
    EXPECT_THAT(writing(), fails_with(ErrorCode::invalid_argument, part));
    EXPECT_TRUE(std::filesystem::is_empty(folder_.path()));
  }
}

TEST_F(NumpyWriter, AmbiguousNamesAreRejected) {
  source_.add("x.npy", "uint8", {1}, "x");
  EXPECT_EQ(write().tensors, 1u);
  EXPECT_EQ(written()->tensors()[0].name, "x.npy");
  source_.add("x", "uint8", {1}, "x");
  EXPECT_THAT(writing(),
              fails_with(ErrorCode::invalid_argument,
                         "numpy.load would find only one of the tensors `x` and `x.npy`"));
}

TEST_F(NumpyWriter, WrongByteCountsAreRejected) {
  source_.add("w", "float32", {2}, "abc");
  EXPECT_THAT(writing(), fails_with(ErrorCode::invalid_argument, "cannot have 3 bytes"));
}

TEST_F(NumpyWriter, TensorsTooLargeForAFileAreRejected) {
  source_.add("w", "float32", {INT64_MAX / 2}, "");
  source_.specs[0].nbytes = std::uint64_t{INT64_MAX / 2} * 4;
  EXPECT_THAT(writing(), fails_with(ErrorCode::invalid_argument, "more than a file can have"));
  EXPECT_TRUE(std::filesystem::is_empty(folder_.path()));
}

TEST_F(NumpyWriter, ASourceThatYieldsTooLittleIsRejectedAndNoFileRemains) {
  source_.add("w", "uint8", {3}, "abc");
  source_.content[0] = "ab";
  EXPECT_THAT(writing(), fails_with(ErrorCode::invalid_argument, "yielded 2 of the 3 bytes"));
  EXPECT_THAT(writing_npy(), fails_with(ErrorCode::invalid_argument, "yielded 2 of the 3 bytes"));
  EXPECT_TRUE(std::filesystem::is_empty(folder_.path()));
}

TEST_F(NumpyWriter, AnExistingFileIsReplacedOnlyByACompleteOne) {
  (void)folder_.write("m.npz", "before");
  source_.add("w", "int4", {1}, "x");
  EXPECT_THAT(writing(), fails_with(ErrorCode::unsupported, "int4"));
  EXPECT_EQ(folder_.read("m.npz"), "before");
  source_.specs[0].dtype = "int8";
  (void)write();
  EXPECT_EQ(bytes_of(*written(), 0), "x");
}

}  // namespace
}  // namespace lancekeep
