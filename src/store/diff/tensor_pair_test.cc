// SPDX-License-Identifier: Apache-2.0
#include "store/diff/tensor_pair.h"

#include "store/testing/test_store.h"

#include <gtest/gtest.h>

namespace lancekeep::store {
namespace {

constexpr const char* kHash = "00112233445566778899aabbccddeeff";
constexpr const char* kOtherHash = "ffeeddccbbaa99887766554433221100";

class Pairs : public testing::Test {
 protected:
  Pairs() : store_(Store::create(folder_ / "m.lance")) {
    // The third version has the bytes of the first, but in another place.
    for (const unsigned seed : {1U, 2U, 1U}) {
      MemorySource source;
      source.add("w", "float32", {12}, floats(12, seed)).add("empty", "float32", {0}, "");
      store_.save(source);
    }
    after_ = before_ = version(1).find("w");
  }
  Version version(std::uint64_t number) const { return store_.at(number); }
  // Compares `before_` in version 1 with `after_` in version `number`.
  std::optional<bool> same(std::uint64_t number = 3) const {
    const Version earlier = version(1);
    const Version later = version(number);
    return TensorPair{earlier, before_, later, after_}.same_by_record();
  }

  const TemporaryFolder folder_;
  Store store_;
  TensorInfo before_;
  TensorInfo after_;
};

TEST_F(Pairs, EqualHashes) { EXPECT_EQ(same(), true); }

TEST_F(Pairs, OtherHash) {
  before_.hash = kHash;
  after_.hash = kOtherHash;
  EXPECT_EQ(same(), false);
}

TEST_F(Pairs, OtherDtype) {
  after_.dtype = "int32";
  EXPECT_EQ(same(), false);
}

TEST_F(Pairs, OtherShape) {
  after_.shape = {3, 4};
  EXPECT_EQ(same(), false);
}

TEST_F(Pairs, OtherSizeOfAnUnknownDtype) {
  before_.dtype = after_.dtype = "float256";
  after_.nbytes = 4;
  EXPECT_EQ(same(), false);
}

TEST_F(Pairs, OneHashMissing) {
  after_.hash.clear();
  EXPECT_EQ(same(), std::nullopt);
}

TEST_F(Pairs, ATextThatIsNotAHash) {
  before_.hash = after_.hash = "the same text, but no hash";
  EXPECT_EQ(same(), std::nullopt);
  before_.hash = after_.hash = "00112233445566778899AABBCCDDEEFF";
  EXPECT_EQ(same(), std::nullopt);
}

TEST_F(Pairs, NoHashButOnePlace) {
  before_.hash.clear();
  after_.hash.clear();
  EXPECT_EQ(same(1), true);
}

TEST_F(Pairs, EmptyTensorsAreEqual) {
  before_ = after_ = version(1).find("empty");
  before_.hash = kHash;
  EXPECT_EQ(same(), true);
}

TEST_F(Pairs, ReadsBothSides) {
  const Version earlier = version(1);
  const Version later = version(2);
  std::string left;
  std::string right;
  TensorPair{earlier, before_, later, after_}.read([&](auto before, auto after) {
    left.append(reinterpret_cast<const char*>(before.data()), before.size());
    right.append(reinterpret_cast<const char*>(after.data()), after.size());
  });
  EXPECT_EQ(left, floats(12, 1));
  EXPECT_EQ(right, floats(12, 2));
}

}  // namespace
}  // namespace lancekeep::store
