// SPDX-License-Identifier: Apache-2.0
#include "formats/zip/unpack.h"

#include "formats/zip/crc32.h"
#include "io/testing/error_matcher.h"
#include "io/testing/temporary_folder.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include <string>
#include <vector>

namespace lancekeep::formats {
namespace {

using io::fails_with;

std::string deflated(const std::string& text) {
  z_stream stream = {};
  EXPECT_EQ(deflateInit2(&stream, 9, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY), Z_OK);
  std::vector<Bytef> in(text.begin(), text.end());
  std::vector<Bytef> out(deflateBound(&stream, in.size()));
  stream.next_in = in.data();
  stream.avail_in = static_cast<uInt>(in.size());
  stream.next_out = out.data();
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return {out.begin(), out.end()};
}

class Unpack : public testing::Test {
 protected:
  // An entry of these bytes in the file, which say that they unpack to `text`.
  ZipEntry entry_of(const std::string& packed, const std::string& text) {
    path_ = folder_.write("m.zip", "head" + packed);
    Crc32 crc;
    crc.add(std::as_bytes(std::span(text)));
    return {"a.npy", 0, 4, packed.size(), text.size(), crc.value(), 8, 0};
  }
  std::string unpacked(const ZipEntry& entry, std::size_t limit = std::string::npos) {
    std::string text;
    unpack_zip_entry(io::InputFile(path_), entry, [&](std::span<const std::byte> piece) {
      text.append(reinterpret_cast<const char*>(piece.data()), piece.size());
      return text.size() < limit;
    });
    return text;
  }
  auto unpacking(const ZipEntry& entry) {
    return [this, entry] { (void)unpacked(entry); };
  }

  io::TemporaryFolder folder_;
  std::filesystem::path path_;
  std::string text_ = std::string(1'000'000, 'x') + "end";
};

TEST_F(Unpack, InflatesAnEntry) {
  EXPECT_EQ(unpacked(entry_of(deflated(text_), text_)), text_);
  EXPECT_EQ(unpacked(entry_of(deflated(""), "")), "");
}

TEST_F(Unpack, ReadsAStoredEntry) {
  ZipEntry entry = entry_of(text_, text_);
  entry.method = 0;
  EXPECT_EQ(unpacked(entry), text_);
}

TEST_F(Unpack, StopsWhenTheSinkHasEnough) {
  ZipEntry entry = entry_of(deflated(text_), text_);
  entry.crc32 ^= 1;  // not compared
  EXPECT_LT(unpacked(entry, 10).size(), text_.size());
}

TEST_F(Unpack, AnotherChecksumIsRejected) {
  ZipEntry entry = entry_of(deflated(text_), text_);
  entry.crc32 ^= 1;
  EXPECT_THAT(unpacking(entry), fails_with(ErrorCode::corrupt, "but the archive says"));
}

TEST_F(Unpack, MoreBytesThanItSaysAreRejected) {
  ZipEntry entry = entry_of(deflated(text_), text_);
  entry.unpacked = 136;
  EXPECT_THAT(unpacking(entry),
              fails_with(ErrorCode::corrupt, "unpacks to more than the 136 bytes that it says"));
}

TEST_F(Unpack, FewerBytesThanItSaysAreRejected) {
  ZipEntry entry = entry_of(deflated(text_), text_);
  ++entry.unpacked;
  EXPECT_THAT(unpacking(entry), fails_with(ErrorCode::corrupt, "but should have 1000004"));
}

TEST_F(Unpack, DamagedBytesAreRejected) {
  EXPECT_THAT(unpacking(entry_of(std::string(40, '\xff'), text_)),
              fails_with(ErrorCode::corrupt, "cannot be inflated"));
}

TEST_F(Unpack, BytesCutShortAreRejected) {
  const std::string packed = deflated(text_);
  EXPECT_THAT(unpacking(entry_of(packed.substr(0, packed.size() - 3), text_)),
              fails_with(ErrorCode::corrupt, "ends before its compressed bytes do"));
}

TEST_F(Unpack, BytesAfterTheEndAreRejected) {
  EXPECT_THAT(unpacking(entry_of(deflated(text_) + "more", text_)),
              fails_with(ErrorCode::corrupt, "has bytes after its compressed bytes end"));
}

TEST_F(Unpack, AnotherCompressionIsRejected) {
  ZipEntry entry = entry_of("x", "x");
  entry.method = 12;
  EXPECT_THAT(unpacking(entry), fails_with(ErrorCode::unsupported, "method 12"));
}

}  // namespace
}  // namespace lancekeep::formats
