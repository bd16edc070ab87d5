// SPDX-License-Identifier: Apache-2.0
#include "store/plain/value_column.h"

#include "io/testing/error_matcher.h"
#include "lance/file/file_testing.h"
#include "store/plain/plain_table.h"
#include "store/testing/plain_testing.h"

#include <cmath>

namespace lancekeep::store {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

template <typename T>
std::vector<T> numbers_of(const DecodedValues& decoded) {
  std::vector<T> numbers(decoded.size / sizeof(T));
  std::memcpy(numbers.data(), decoded.memory.get(), decoded.size);
  return numbers;
}

class ValueColumnTest : public PlainTest {
 protected:
  [[nodiscard]] ValueColumn column(const std::vector<PlainCell>& rows,
                                   const std::string& value_type = "double") const {
    const auto manifest = manifest_of({write_rows(rows)}, plain_schema(value_type));
    return *read_plain_table(*storage_, manifest).values.front();
  }
};

TEST_F(ValueColumnTest, DecodesIntoAlignedMemory) {
  const DecodedValues decoded = column(small_plain()).decode("float64");
  EXPECT_THAT(numbers_of<double>(decoded), ElementsAre(1.5, -2, 0.25, 4, 5, 6, 7, 8, 3));
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(decoded.memory.get()) % 64, 0U);
  EXPECT_EQ(decoded.rows.first(1), 6U);
  EXPECT_EQ(decoded.rows.numbers(), 9U);
  EXPECT_THAT(decoded.rows.corruption(0, 6), IsEmpty());
}

TEST_F(ValueColumnTest, ConvertsOnTheWay) {
  const DecodedValues decoded = column(small_plain()).decode("float32");
  EXPECT_THAT(numbers_of<float>(decoded), ElementsAre(1.5F, -2, 0.25F, 4, 5, 6, 7, 8, 3));
}

TEST_F(ValueColumnTest, KeepsTheFirstUnrepresentableNumber) {
  const DecodedValues decoded = column(small_plain()).decode("int8");
  const UnrepresentableNumber* number = decoded.rows.unrepresentable(0);
  ASSERT_NE(number, nullptr);
  EXPECT_EQ(number->index, 0U);
  EXPECT_EQ(number->text, "1.5");
  EXPECT_EQ(number->dtype, "int8");
  EXPECT_EQ(decoded.rows.unrepresentable(1), nullptr);
  EXPECT_EQ(numbers_of<std::int8_t>(decoded)[6], 7);
}

TEST_F(ValueColumnTest, NamesAnIntegerThatDoesNotFitAsAnInteger) {
  const double bits_of_an_integer = std::bit_cast<double>((std::int64_t{1} << 53) + 1);
  const DecodedValues decoded = column({{"w", {bits_of_an_integer}, {1}}}, "int64").decode("int32");
  ASSERT_NE(decoded.rows.unrepresentable(0), nullptr);
  EXPECT_EQ(decoded.rows.unrepresentable(0)->text, "9007199254740993");
}

TEST_F(ValueColumnTest, ConvertsEachRowToItsRequestedDtype) {
  std::vector<float> floats(6);
  std::vector<std::int64_t> integers(1);
  std::vector<double> again(6);
  RowTargets targets;
  targets.emplace(0, RowTarget{std::as_writable_bytes(std::span(floats)), "float32"});
  targets.emplace(0, RowTarget{std::as_writable_bytes(std::span(again)), "float64"});
  targets.emplace(2, RowTarget{std::as_writable_bytes(std::span(integers)), "int64"});
  const ValueRows rows = column(small_plain()).decode_into(targets);
  EXPECT_THAT(floats, ElementsAre(1.5F, -2, 0.25F, 4, 5, 6));
  EXPECT_THAT(again, ElementsAre(1.5, -2, 0.25, 4, 5, 6));
  EXPECT_THAT(integers, ElementsAre(3));
  EXPECT_THAT(rows.corruption(2, 1), IsEmpty());
}

TEST_F(ValueColumnTest, DropsNumbersPastTheEnd) {
  std::vector<double> two(2, -1);
  RowTargets targets;
  targets.emplace(0, RowTarget{std::as_writable_bytes(std::span(two).first(1)), "float64"});
  const ValueRows rows = column(small_plain()).decode_into(targets);
  EXPECT_THAT(two, ElementsAre(1.5, -1));
  EXPECT_EQ(rows.corruption(0, 1), "its value has 6 numbers, but its shape needs 1");
}

TEST_F(ValueColumnTest, FindsARowOfAnotherLength) {
  const ValueRows rows = column({{"w", {1}, {2, 2}}}).check();
  EXPECT_EQ(rows.corruption(0, 4), "its value has 1 number, but its shape needs 4");
}

TEST_F(ValueColumnTest, FindsANullValue) {
  const ValueRows rows(lance::ListRows{.offsets = {0, 0}, .row_valid = {0}}, {});
  EXPECT_EQ(rows.corruption(0, 0), "its value is null");
}

TEST_F(ValueColumnTest, FindsANullNumber) {
  const ValueRows rows(lance::ListRows{.offsets = {0, 1, 4}, .value_valid = {0, 1, 1, 0}}, {});
  EXPECT_EQ(rows.corruption(1, 3), "number 2 of its value is null");
}

TEST_F(ValueColumnTest, AnEmptyColumnDecodesToNothing) {
  const DecodedValues decoded = column({{"none", {}, {0}}}).decode("float32");
  EXPECT_EQ(decoded.size, 0U);
  EXPECT_THAT(decoded.rows.corruption(0, 0), IsEmpty());
}

TEST_F(ValueColumnTest, RejectsNumbersOfAnotherWidth) {
  EXPECT_THAT(
      [&] { (void)column(small_plain(), "float").decode("float32"); },
      io::fails_with(ErrorCode::corrupt, "numbers of 64 bits, but the schema says float32"));
}

// A hundred rows of 2^24 nulls each, which take no bytes in the file.
TEST(ValueColumn, RejectsValuesThatTheFileCannotHold) {
  lance::TestFile file;
  lance::Page nulls;
  nulls.rows = 100;
  nulls.type_url = "/lance.encodings21.PageLayout";
  nulls.encoding = lance::view(lance::message(2, lance::layers(5, {3})));
  file.columns.resize(1);
  file.columns[0].type_url = "/lance.encodings.ColumnEncoding";
  file.columns[0].pages = {nulls};
  file.descriptor.fields = {lance::field(0, -1, "fixed_size_list:double:16777216")};
  file.descriptor.rows = 100;
  const ValueColumn column(lance::DataFileReader::open(lance::view(file.bytes())), 0, 100,
                           "float64");
  EXPECT_THAT([&] { (void)column.decode("float64"); },
              io::fails_with(ErrorCode::corrupt, "100 items of 16777216 values, expected at most"));
  EXPECT_THAT([&] { (void)column.check(); },
              io::fails_with(ErrorCode::corrupt, "100 items of 16777216 values, expected at most"));
}

}  // namespace
}  // namespace lancekeep::store
