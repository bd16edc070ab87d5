// SPDX-License-Identifier: Apache-2.0
#include "formats/export/tensor_export.h"

#include "io/testing/error_matcher.h"

#include <gtest/gtest.h>

namespace lancekeep::formats {
namespace {

using io::fails_with;

const std::filesystem::path kPath = "m.file";

// A source of one tensor of 3 bytes, which yields the pieces that the test sets.
class Source : public TensorSource {
 public:
  std::span<const TensorSpec> tensors() const override { return {&spec, 1}; }
  void read(std::size_t, const ByteSink& sink) override {
    for (const std::string& piece : pieces) (void)sink(std::as_bytes(std::span(piece)));
  }
  TensorSpec spec{"w", "uint8", {3}, 3, std::nullopt};
  std::vector<std::string> pieces;
};

std::string copied(const std::vector<std::string>& pieces) {
  Source source;
  source.pieces = pieces;
  std::string text;
  copy_tensor(kPath, source, 0, [&](std::span<const std::byte> piece) {
    text.append(reinterpret_cast<const char*>(piece.data()), piece.size());
  });
  return text;
}

TEST(TensorExport, CopiesTheBytes) { EXPECT_EQ(copied({"a", "", "bc"}), "abc"); }

TEST(TensorExport, TooFewBytesAreRejected) {
  EXPECT_THAT([] { (void)copied({"ab"}); },
              fails_with(ErrorCode::invalid_argument, "yielded 2 of the 3 bytes of tensor `w`"));
}

TEST(TensorExport, TooManyBytesAreRejected) {
  EXPECT_THAT([] { (void)copied({"ab", "cd"}); },
              fails_with(ErrorCode::invalid_argument, "more than the 3 bytes of tensor `w`"));
}

TEST(TensorExport, NothingRejectedIsNotAnError) {
  EXPECT_NO_THROW(require_none_rejected(kPath, "format", {}));
}

TEST(TensorExport, RejectedTensorsAreListed) {
  EXPECT_THAT([] { require_none_rejected(kPath, "format", {"a", "b"}); },
              fails_with(ErrorCode::unsupported,
                         "m.file: format has no dtype for a, b; nothing was written"));
}

TEST(TensorExport, OnlyTheFirstOfManyAreListed) {
  const std::vector<std::string> many(12, "x");
  EXPECT_THAT([&] { require_none_rejected(kPath, "format", many); },
              fails_with(ErrorCode::unsupported, "x, x and 2 more; nothing was written"));
}

TEST(TensorExport, ByteCountsMustFit) {
  const TensorSpec spec{"w", "float32", {2}, 3, std::nullopt};
  EXPECT_NO_THROW(require_byte_count(kPath, spec, 3));
  EXPECT_THAT([&] { require_byte_count(kPath, spec, 8); },
              fails_with(ErrorCode::invalid_argument,
                         "tensor `w` of dtype float32 and shape [2] cannot have 3 bytes"));
  EXPECT_THAT([&] { require_byte_count(kPath, spec, std::nullopt); },
              fails_with(ErrorCode::invalid_argument, "cannot have 3 bytes"));
}

TEST(TensorExport, DescriptionsAreReadable) {
  const std::vector<TensorSpec> specs = {{"a", "uint8", {1}, 1, std::nullopt},
                                         {"b", "uint8", {1}, 1, 0}};
  EXPECT_EQ(describe(specs[0]), "`a` (uint8 [1])");
  EXPECT_EQ(tie_not_kept(specs[1], specs), "the tie of `b` to `a`: both are written in full");
}

}  // namespace
}  // namespace lancekeep::formats
