// SPDX-License-Identifier: Apache-2.0
#include "store/plain/plain_table.h"

#include "io/testing/error_matcher.h"
#include "store/testing/plain_testing.h"

#include <limits>

namespace lancekeep::store {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

constexpr std::int64_t kHuge = std::numeric_limits<std::int64_t>::max();

class PlainTableTest : public PlainTest {
 protected:
  [[nodiscard]] PlainTable read(const std::vector<lance::Fragment>& fragments) const {
    return read_plain_table(*storage_, manifest_of(fragments));
  }
  // The damage of the only row.
  [[nodiscard]] std::string damage_of(const PlainCell& row, const FragmentPlan& plan = {}) const {
    const PlainTable table = read({write_rows({row}, plan)});
    EXPECT_EQ(table.rows.size(), 1U);
    return table.rows.front().damage;
  }
};

TEST_F(PlainTableTest, NamesAndShapesInRowOrder) {
  const PlainTable table = read({write_rows(small_plain()), write_rows({{"late", {1}, {1, 1}}})});
  ASSERT_EQ(table.rows.size(), 4U);
  EXPECT_EQ(table.rows[0].name, "conv.weight");
  EXPECT_EQ(table.rows[0].shape, (Shape{2, 3}));
  EXPECT_EQ(table.rows[0].elements, 6U);
  EXPECT_EQ(table.rows[2].name, "bn.num_batches");
  EXPECT_EQ(table.rows[2].elements, 1U);
  EXPECT_EQ(table.rows[3].name, "late");
  EXPECT_EQ(table.rows[3].fragment, 1U);
  EXPECT_EQ(table.rows[3].offset, 0U);
  for (const PlainRow& row : table.rows) EXPECT_THAT(row.damage, IsEmpty());
  ASSERT_EQ(table.values.size(), 2U);
  EXPECT_EQ(table.values[0]->dtype(), "float64");
  EXPECT_EQ(total_bytes(table), 10 * sizeof(double));
}

TEST_F(PlainTableTest, SkipsDeletedRows) {
  const PlainTable table = read({without(write_rows(small_plain()), {0, 2})});
  ASSERT_EQ(table.rows.size(), 1U);
  EXPECT_EQ(table.rows[0].name, "bn.bias");
  EXPECT_EQ(table.rows[0].offset, 1U);
}

TEST_F(PlainTableTest, NoFragmentsNoRows) { EXPECT_THAT(read({}).rows, IsEmpty()); }

TEST_F(PlainTableTest, ANullNameIsDamage) {
  EXPECT_EQ(damage_of({std::nullopt, {1}, {1}}), "its name is null");
}

TEST_F(PlainTableTest, AMissingShapeIsDamage) {
  EXPECT_EQ(damage_of({"w", {1}, {1}}, {.has_shapes = false}), "its shape is null");
}

TEST_F(PlainTableTest, AMissingValueIsDamage) {
  EXPECT_EQ(damage_of({"w", {1}, {1}}, {.has_values = false}), "its value is null");
}

TEST_F(PlainTableTest, ANegativeDimensionIsDamage) {
  EXPECT_THAT(damage_of({"w", {1}, {2, -1}}), HasSubstr("[2, -1] has a negative dimension"));
}

TEST_F(PlainTableTest, AShapeThatOverflowsIsDamage) {
  EXPECT_THAT(damage_of({"w", {1}, {kHuge, kHuge}}), HasSubstr("than 64 bits can count"));
  EXPECT_THAT(damage_of({"w", {1}, {kHuge / 2}}), HasSubstr("than 64 bits can count"));
}

TEST_F(PlainTableTest, AShapeWithAZeroHasNoElements) {
  const PlainTable table = read({write_rows({{"w", {}, {kHuge, 0, kHuge}}})});
  EXPECT_EQ(table.rows[0].elements, 0U);
  EXPECT_THAT(table.rows[0].damage, IsEmpty());
}

TEST_F(PlainTableTest, DamageOfOneRowLeavesOthersIntact) {
  std::vector<PlainCell> rows = small_plain();
  rows[1].shape = {-1};
  const PlainTable table = read({write_rows(rows)});
  EXPECT_THAT(table.rows[0].damage, IsEmpty());
  EXPECT_FALSE(table.rows[1].damage.empty());
  EXPECT_EQ(total_bytes(table), 7 * sizeof(double));
}

TEST_F(PlainTableTest, RejectsAFileThatIsListedTwice) {
  const lance::Fragment fragment = write_rows(small_plain());
  EXPECT_THAT([&] { (void)read({fragment, fragment}); },
              io::fails_with(ErrorCode::corrupt, "names this data file twice"));
}

TEST_F(PlainTableTest, RejectsMoreRowsThanTheFileHasBytes) {
  EXPECT_THAT([&] { (void)read({write_rows(small_plain(), {.stated_rows = 1 << 20})}); },
              io::fails_with(ErrorCode::corrupt, "counts 1048576 rows in fragment 0"));
}

TEST_F(PlainTableTest, RejectsARowCountThatDiffersFromTheFile) {
  EXPECT_THAT([&] { (void)read({write_rows(small_plain(), {.stated_rows = 4})}); },
              io::fails_with(ErrorCode::corrupt, "a column has 3 rows, expected 4"));
}

TEST_F(PlainTableTest, RejectsNamesThatAreNotTexts) {
  lance::Fragment fragment = write_rows(small_plain());
  fragment.files[0].column_indices = {2, 1, 0};
  EXPECT_THAT([&] { (void)read({fragment}); },
              io::fails_with(ErrorCode::corrupt, "column 2: expected strings"));
}

TEST_F(PlainTableTest, RejectsShapesOfAnotherWidth) {
  const lance::Manifest manifest =
      manifest_of({write_rows(small_plain())}, plain_schema("double", "int32"));
  EXPECT_THAT([&] { (void)read_plain_table(*storage_, manifest); },
              io::fails_with(ErrorCode::corrupt, "column 2: expected lists of int32"));
}

TEST_F(PlainTableTest, RejectsASchemaThatIsNotPlain) {
  const lance::Manifest manifest = manifest_of({}, {});
  EXPECT_THAT([&] { (void)read_plain_table(*storage_, manifest); },
              io::fails_with(ErrorCode::invalid_argument, "does not have the plain layout"));
}

}  // namespace
}  // namespace lancekeep::store
