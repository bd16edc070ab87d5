// SPDX-License-Identifier: Apache-2.0
#include "formats/numpy/numpy_reader.h"

#include "formats/numpy/numpy_testing.h"
#include "formats/zip/zip_testing.h"
#include "io/testing/error_matcher.h"
#include "io/testing/temporary_folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace lancekeep::formats {
namespace {

using io::fails_with;
using testing::ElementsAre;
using testing::HasSubstr;

class NumpyArrayTest : public testing::Test {
 protected:
  NumpyArray open(const std::string& bytes) {
    file_ = io::InputFile(folder_.write("a.npy", bytes));
    return read_numpy_array(file_, 0, file_.size(), "w");
  }
  auto opening(const std::string& bytes) {
    return [this, bytes] { (void)open(bytes); };
  }
  std::string values(const std::string& bytes) {
    std::string text;
    push_numpy_array(file_, open(bytes), [&](std::span<const std::byte> piece) {
      text.append(reinterpret_cast<const char*>(piece.data()), piece.size());
      return true;
    });
    return text;
  }

  io::TemporaryFolder folder_;
  io::InputFile file_{folder_.write("none", "")};
};

TEST_F(NumpyArrayTest, ReadsItsHeader) {
  const NumpyArray array = open(npy_of(npy_header("'<u2'", "(3, 1)"), "abcdef"));
  EXPECT_EQ(array.descr.dtype->dtype, "uint16");
  EXPECT_EQ(array.shape, (Shape{3, 1}));
  EXPECT_EQ(array.nbytes, 6u);
  EXPECT_TRUE(array.is_plain());
}

TEST_F(NumpyArrayTest, ReadsHeadersOfEveryVersion) {
  const std::string text = npy_header("'|u1'", "(2,)");
  for (const char version : {'\2', '\3'}) {
    const std::string start = "\x93NUMPY" + std::string{version, '\0'};
    EXPECT_EQ(values(start + io::little_endian(text.size(), 4) + text + "xy"), "xy");
  }
}

TEST_F(NumpyArrayTest, ReadsALongHeader) {
  EXPECT_EQ(values(npy_of(npy_header("'|u1'", "(2,)") + std::string(5000, ' '), "xy")), "xy");
}

TEST_F(NumpyArrayTest, PushesRowMajorLittleEndianValues) {
  EXPECT_EQ(values(npy_of(npy_header("'|u1'", "(2, 3)"), "abcdef")), "abcdef");
  EXPECT_EQ(values(npy_of(npy_header("'|u1'", "(2, 3)", "True"), "adbecf")), "abcdef");
  EXPECT_EQ(values(npy_of(npy_header("'>u2'", "(3,)"), "badcfe")), "abcdef");
  EXPECT_EQ(values(npy_of(npy_header("'>u2'", "(2, 2)", "True"), "bafedchg")), "abcdefgh");
  EXPECT_EQ(values(npy_of(npy_header("'<c8'", "()"), "abcdefgh")), "abcdefgh");
}

TEST_F(NumpyArrayTest, KnowsWhetherTheBytesAreUnchanged) {
  EXPECT_FALSE(open(npy_of(npy_header("'|u1'", "(2, 3)", "True"), "abcdef")).is_plain());
  EXPECT_TRUE(open(npy_of(npy_header("'|u1'", "(1, 6)", "True"), "abcdef")).is_plain());
  EXPECT_FALSE(open(npy_of(npy_header("'>u2'", "(3,)"), "abcdef")).is_plain());
  EXPECT_TRUE(open(npy_of(npy_header("'>u1'", "(6,)"), "abcdef")).is_plain());
}

TEST_F(NumpyArrayTest, AnEmptyArrayHasNoValues) {
  EXPECT_EQ(values(npy_of(npy_header("'>f8'", "(0, 9223372036854775807, 8)", "True"), "")), "");
}

TEST_F(NumpyArrayTest, EveryPrefixIsRejected) {
  const std::string whole = npy_of(npy_header("'|u1'", "(3,)"), "abc");
  for (std::size_t length = 0; length < whole.size(); ++length) {
    EXPECT_THAT(opening(whole.substr(0, length)), fails_with(ErrorCode::corrupt, "a.npy"))
        << length;
  }
}

TEST_F(NumpyArrayTest, AnotherMagicIsRejected) {
  EXPECT_THAT(opening("\x93numpy" + npy_of("", "").substr(6)),
              fails_with(ErrorCode::corrupt, "does not start with \\x93NUMPY"));
}

TEST_F(NumpyArrayTest, OtherVersionsAreRejected) {
  std::string bytes = npy_of(npy_header("'|u1'", "(3,)"), "abc");
  for (const auto& [place, version] : {std::pair(6, '\4'), {6, '\0'}, {7, '\1'}}) {
    std::string other = bytes;
    other[static_cast<std::size_t>(place)] = version;
    EXPECT_THAT(opening(other),
                fails_with(ErrorCode::unsupported, "supported are 1.0, 2.0 and 3.0"));
  }
}

TEST_F(NumpyArrayTest, AHeaderBeyondTheEndIsRejected) {
  std::string bytes = npy_of(npy_header("'|u1'", "(3,)"), "abc");
  bytes[8] = '\x7f';
  EXPECT_THAT(opening(bytes), fails_with(ErrorCode::corrupt, "should have 127 bytes, but"));
}

TEST_F(NumpyArrayTest, AHeaderBeyondNumPysLimitIsRejected) {
  EXPECT_THAT(opening(npy_of(npy_header("'|u1'", "(2,)") + std::string(10'000, ' '), "xy")),
              fails_with(ErrorCode::unsupported, "like NumPy, Lancekeep reads at most 10000"));
  EXPECT_THAT(opening("\x93NUMPY" + std::string("\2\0\xff\xff\xff\xff", 6)),
              fails_with(ErrorCode::unsupported, "has a header of 4294967295 bytes"));
}

TEST_F(NumpyArrayTest, TooFewValuesAreRejected) {
  EXPECT_THAT(opening(npy_of(npy_header("'<f4'", "(2, 3)"), "abc")),
              fails_with(ErrorCode::corrupt,
                         "dtype float32 and shape [2, 3] takes 24 bytes, but 3 follow"));
}

TEST_F(NumpyArrayTest, BytesAfterTheValuesAreRejected) {
  EXPECT_THAT(opening(npy_of(npy_header("'|u1'", "(2,)"), "abc")),
              fails_with(ErrorCode::corrupt, "takes 2 bytes, but 3 follow its header"));
}

TEST_F(NumpyArrayTest, AShapeThatOverflowsIsRejected) {
  EXPECT_THAT(opening(npy_of(npy_header("'<f4'", "(4294967296, 4294967296)"), "")),
              fails_with(ErrorCode::corrupt, "more bytes than 64 bits can count"));
  EXPECT_THAT(opening(npy_of(npy_header("'<f8'", "(2305843009213693952,)"), "")),
              fails_with(ErrorCode::corrupt, "more bytes than 64 bits can count"));
}

TEST_F(NumpyArrayTest, ObjectsAreRejectedBeforeTheirBytesAreRead) {
  EXPECT_THAT(opening(npy_of(npy_header("'|O'", "(1,)"), "\x80\x04N.")),
              fails_with(ErrorCode::unsupported, "a pickle can run code"));
}

TEST_F(NumpyArrayTest, HeadersAreWrittenInMultiplesOf64) {
  for (const Shape& shape : {Shape{}, Shape{1}, Shape{1000, 3}, Shape(64, 1'000'000'007)}) {
    const std::string header = encode_npy_header(*numpy_dtype_of("float32"), shape);
    EXPECT_EQ(header.size() % 64, 0u);
    EXPECT_EQ(header.back(), '\n');
  }
}

TEST_F(NumpyArrayTest, WrittenHeadersAreRead) {
  const DtypeNames& dtype = *numpy_dtype_of("complex128");
  const NumpyArray array = open(encode_npy_header(dtype, {2, 1}) + std::string(32, 'x'));
  EXPECT_EQ(array.descr.dtype, &dtype);
  EXPECT_EQ(array.shape, (Shape{2, 1}));
  EXPECT_EQ(array.offset, 128u);
}

class NumpyReader : public testing::Test {
 protected:
  std::unique_ptr<TensorSource> open(const io::InputFile& file) {
    io::MemoryBudget budget(file);
    return open_npz(file, ZipArchive(file, budget), budget);
  }
  std::unique_ptr<TensorSource> open(const ZipContent& content) {
    return open(io::InputFile(write_archive(folder_ / "m.npz", content)));
  }
  auto opening(const ZipContent& content) {
    return [this, content] { (void)open(content); };
  }
  bool is_archive_of_numpy(const ZipContent& content) {
    return is_npz(ZipArchive(io::InputFile(write_archive(folder_ / "m.npz", content))));
  }

  io::TemporaryFolder folder_;
  const std::string bytes_ = npy_of(npy_header("'|u1'", "(2, 2)"), "abcd");
  const std::string turned_ = npy_of(npy_header("'|u1'", "(2, 2)", "True"), "acbd");
};

TEST_F(NumpyReader, ReadsArraysInTheOrderOfTheArchive) {
  const auto source = open({{"z.weight.npy", bytes_}, {"a.npy", turned_}, {".npy", bytes_}});
  ASSERT_EQ(source->tensors().size(), 3u);
  EXPECT_EQ(source->tensors()[0].name, "z.weight");
  EXPECT_EQ(source->tensors()[1].name, "a");
  EXPECT_EQ(source->tensors()[2].name, "");
  EXPECT_EQ(source->tensors()[0].dtype, "uint8");
  EXPECT_EQ(source->tensors()[0].shape, (Shape{2, 2}));
  EXPECT_EQ(source->tensors()[0].nbytes, 4u);
  EXPECT_EQ(bytes_of(*source, 0), "abcd");
  EXPECT_EQ(bytes_of(*source, 1), "abcd");
  EXPECT_EQ(bytes_of(*source, 1), "abcd");
}

TEST_F(NumpyReader, ReadsTheArrayOfAFile) {
  const auto source = open_npy(io::InputFile(folder_.write("w.npy", turned_)), "w");
  ASSERT_EQ(source->tensors().size(), 1u);
  EXPECT_EQ(source->tensors()[0].name, "w");
  EXPECT_EQ(bytes_of(*source, 0), "abcd");
}

TEST_F(NumpyReader, AFileNameThatIsNotUtf8IsRejected) {
  const io::InputFile file(folder_.write("w.npy", bytes_));
  EXPECT_THAT([&] { (void)open_npy(file, "\xff"); },
              fails_with(ErrorCode::invalid_argument, "is not UTF-8; rename the file"));
}

TEST_F(NumpyReader, RecognizesItsArchives) {
  EXPECT_TRUE(is_archive_of_numpy({}));
  EXPECT_TRUE(is_archive_of_numpy({{"w.npy", ""}}));
  EXPECT_TRUE(is_archive_of_numpy({{"notes.txt", ""}, {"w.npy", ""}}));
  EXPECT_FALSE(is_archive_of_numpy({{"notes.txt", ""}}));
  EXPECT_FALSE(is_archive_of_numpy({{"m/data.pkl", ""}, {"m/data/0.npy", ""}}));
}

TEST_F(NumpyReader, EntriesThatAreNotArraysOfNumbersAreLeftOutWithNotes) {
  const std::string text = npy_of(npy_header("'<U1'", "(1,)"), std::string(4, 'x'));
  const std::string raw = npy_of(npy_header("'|V2'", "(1,)"), "xy");
  const auto source =
      open({{"w.npy", bytes_}, {"notes.txt", "x"}, {"labels.npy", text}, {"b.npy", raw}});
  EXPECT_EQ(source->tensors().size(), 1u);
  EXPECT_THAT(source->notes(), ElementsAre(HasSubstr("`notes.txt` is not a .npy array"),
                                           HasSubstr("`labels` has the dtype `<U1`: text"),
                                           HasSubstr("`b` has the dtype `|V2`: raw bytes (void)")));
}

TEST_F(NumpyReader, AnArchiveWithoutAnArrayOfNumbersIsRejected) {
  EXPECT_THAT(opening({{"labels.npy", npy_of(npy_header("'<U1'", "(1,)"), std::string(4, 'x'))}}),
              fails_with(ErrorCode::unsupported, "`labels` has the dtype `<U1`"));
}

TEST_F(NumpyReader, RawBytesHaveTheGivenDtype) {
  const io::InputFile file(
      write_archive(folder_ / "m.npz", {{"b.npy", npy_of(npy_header("'|V2'", "(1,)"), "xy")}}));
  io::MemoryBudget budget(file);
  const auto source = open_npz(file, ZipArchive(file, budget), budget, "bfloat16");
  EXPECT_EQ(source->tensors()[0].dtype, "bfloat16");
  EXPECT_EQ(bytes_of(*source, 0), "xy");
  EXPECT_THAT([&] { (void)open_npz(file, ZipArchive(file, budget), budget, "float32"); },
              fails_with(ErrorCode::unsupported, "raw bytes (void)"));
}

TEST_F(NumpyReader, InvalidArraysAreRejectedByName) {
  EXPECT_THAT(opening({{"w.npy", "x"}}),
              fails_with(ErrorCode::corrupt, "the array `w` does not start with"));
  EXPECT_THAT(opening({{"w.npy", ""}}),
              fails_with(ErrorCode::corrupt, "the array `w` does not start with"));
}

TEST_F(NumpyReader, NamesThatAreNotMarkedAsUtf8AreRejected) {
  const std::string archive = zip_of({{"\xc3\xa4.npy", bytes_}});
  EXPECT_THAT([&] { (void)open(io::InputFile(folder_.write("m.npz", archive))); },
              fails_with(ErrorCode::unsupported, "or not marked as such"));
  std::string marked = changed(zip_of({{"\xff.npy", bytes_}}), kZipCentral, 9, "\x08");
  marked = changed(marked, kZipLocal, 7, "\x08");
  EXPECT_THAT([&] { (void)open(io::InputFile(folder_.write("m.npz", marked))); },
              fails_with(ErrorCode::unsupported, "has a name that is not UTF-8"));
}

TEST_F(NumpyReader, ChangedBytesAreDetectedWhenRead) {
  for (const std::string& array : {bytes_, turned_}) {
    const std::string before = zip_of({{"w.npy", array}});  // with the checksum 0
    const auto source = open(io::InputFile(folder_.write("m.npz", before)));
    EXPECT_THAT([&] { (void)bytes_of(*source, 0); },
                fails_with(ErrorCode::corrupt, "the entry `w.npy` has the checksum"));
  }
}

TEST_F(NumpyReader, AReadThatStopsEarlyVerifiesNothing) {
  const auto source = open(io::InputFile(folder_.write("m.npz", zip_of({{"w.npy", bytes_}}))));
  std::size_t seen = 0;
  source->read(0, [&](std::span<const std::byte> piece) {
    seen += piece.size();
    return false;
  });
  EXPECT_EQ(seen, 4u);
}

TEST_F(NumpyReader, TheListIsChargedToTheBudget) {
  const std::string empty = npy_of(npy_header("'|u1'", "(0,)"), "");
  const io::InputFile file(write_archive(folder_ / "m.npz", {{"w.npy", empty}}));
  const ZipArchive archive(file);
  io::MemoryBudget budget(100, "m.npz");
  EXPECT_THAT([&] { (void)open_npz(file, archive, budget); },
              fails_with(ErrorCode::unsupported, "list of arrays would take more than 100 bytes"));
}

}  // namespace

}  // namespace lancekeep::formats
