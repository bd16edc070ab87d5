// SPDX-License-Identifier: Apache-2.0
#include "store/verify/check_values.h"

#include "store/table/digest.h"
#include "store/verify/verify_testing.h"

#include <set>

namespace lancekeep::store {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class CheckValues : public VerifyTest {
 protected:
  CheckValues() {
    save(small_model(1));
    save(small_model(2));
  }
  // Flips a bit in the middle of a tensor's value.
  Location damage(std::uint64_t version, const std::string& tensor) {
    const Location place = store_.at(version).locate(tensor);
    flip(data_file(version), place.offset + place.length / 2);
    return place;
  }
};

TEST_F(CheckValues, ReadsEachOnce) {
  publish_again(2);
  publish_again(1);
  const VerifyReport report = store_.verify_all();
  EXPECT_THAT(report.findings, IsEmpty());
  EXPECT_EQ(report.versions, 4u);
  EXPECT_EQ(report.newest, 4u);
  EXPECT_EQ(report.tensors, 8u);
  EXPECT_EQ(report.bytes_read, 2u * 156 - 8);
}

TEST_F(CheckValues, NamesTensorFilePlaceAndBothHashes) {
  const Location place = damage(2, "head.weight");
  const VerifyReport report = store_.verify(2);
  EXPECT_THAT(
      report.findings,
      ElementsAre(AllOf(finding(2, "head.weight", data_file(2), "its 100 bytes"),
                        finding(2, "head.weight", data_file(2),
                                "the save recorded " + store_.at(2).find("head.weight").hash))));
  EXPECT_EQ(report.findings.front().offset, place.offset);
  EXPECT_TRUE(store_.verify(1).ok());
}

TEST_F(CheckValues, NamesTheOldestVersionThatHasIt) {
  publish_again(2);
  publish_again(2);
  damage(2, "head.weight");
  EXPECT_THAT(store_.verify_all().findings,
              ElementsAre(finding(2, "head.weight", "", "; 2 other versions have it too")));
  EXPECT_THAT(store_.verify(4).findings,
              ElementsAre(AllOf(finding(4, "head.weight", "", "the save recorded"),
                                testing::Not(finding(4, "head.weight", "", "other version")))));
}

TEST_F(CheckValues, SaysThatTiedTensorsHaveItToo) {
  damage(1, "conv.weight");
  EXPECT_THAT(store_.verify(1).findings,
              ElementsAre(finding(1, "conv.weight", "", "a tensor tied to it has the same value")));
}

TEST_F(CheckValues, GoesOnAfterOneThatIsDamaged) {
  damage(1, "conv.weight");
  damage(1, "bn.num_batches");
  damage(1, "head.weight");
  const VerifyReport report = store_.verify(1);
  EXPECT_THAT(report.findings, SizeIs(3));
  EXPECT_EQ(report.tensors, 5u);
}

TEST_F(CheckValues, ReadsOnlyWhatIsSelected) {
  damage(1, "conv.weight");
  VerifyOptions options{.select = [](std::string_view name) { return name == "head.weight"; }};
  const VerifyReport report = store_.verify(1, options);
  EXPECT_THAT(report.findings, IsEmpty());
  EXPECT_EQ(report.tensors, 1u);
  EXPECT_EQ(report.bytes_read, 100u);
}

TEST_F(CheckValues, CountsBytesForProgress) {
  std::vector<std::uint64_t> done;
  std::set<std::string> tensors;
  VerifyOptions options{
      .progress = [&](std::uint64_t now, std::uint64_t total, std::string_view tensor) {
        if (total == 0) return;
        EXPECT_EQ(total, 156u);
        done.push_back(now);
        tensors.emplace(tensor);
      }};
  (void)store_.verify(1, options);
  ASSERT_FALSE(done.empty());
  EXPECT_TRUE(std::ranges::is_sorted(done));
  EXPECT_EQ(done.back(), 156u);
  EXPECT_THAT(tensors,
              testing::UnorderedElementsAre("conv.weight", "bn.num_batches", "head.weight"));
}

TEST_F(CheckValues, StopsWhenProgressThrows) {
  const auto throwing_at = [](std::uint64_t done) {
    return VerifyOptions{.progress = [=](std::uint64_t now, std::uint64_t, std::string_view) {
      // An Error of Lancekeep's own type is not damage either.
      if (now >= done) throw Error(ErrorCode::conflict, "enough");
    }};
  };
  for (const std::uint64_t done : {0, 1}) {
    EXPECT_THROW((void)store_.verify(1, throwing_at(done)), Error) << done;
  }
}

TEST_F(CheckValues, DoesNotReadForeverIfValuesOverlap) {
  const std::string values(1000, 'x');
  std::vector<TensorRow> rows;
  for (std::uint64_t i = 0; i < 50; ++i) {
    rows.push_back({.name = "t" + std::to_string(i),
                    .dtype = "uint8",
                    .shape = Shape{900},
                    .value = lance::BlobDescriptor{i, 900},
                    .hash = hash_hex(std::as_bytes(std::span(values).first(900)))});
  }
  const lance::Fragment fragment = write_rows(rows, values);
  publish({fragment});
  const VerifyReport report = store_.verify(3);
  EXPECT_LE(report.bytes_read, 4 * fragment.files.front().size);
  EXPECT_FALSE(report.ok());
  EXPECT_THAT(report.findings.back().what, HasSubstr("the values of this file overlap"));
}

TEST_F(CheckValues, ChecksEveryHashRecordedForTheSameBytes) {
  const std::string values = "12345678";
  TensorRow right{.name = "right",
                  .dtype = "uint8",
                  .shape = Shape{8},
                  .value = lance::BlobDescriptor{0, 8},
                  .hash = hash_hex(std::as_bytes(std::span(values)))};
  TensorRow wrong = right;
  wrong.name = "wrong";
  wrong.hash = std::string(32, '0');
  publish({write_rows({right, wrong}, values)});
  const VerifyReport report = store_.verify(3);
  EXPECT_THAT(report.findings,
              ElementsAre(finding(3, "wrong", data_file(3), std::string(32, '0'))));
  EXPECT_EQ(report.bytes_read, 8u);
}

TEST_F(CheckValues, ChecksValuesWithoutBytes) {
  TensorRow empty{.name = "empty",
                  .dtype = "uint8",
                  .shape = Shape{0},
                  .value = lance::BlobDescriptor{0, 0},
                  .hash = std::string(32, '0')};
  publish({write_rows({empty})});
  EXPECT_THAT(store_.verify(3).findings, ElementsAre(finding(3, "empty", data_file(3), "0 bytes")));
}

}  // namespace
}  // namespace lancekeep::store
