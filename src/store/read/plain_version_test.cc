// SPDX-License-Identifier: Apache-2.0
// A plain dataset as a Version.
#include <lancekeep/store.h>

#include "io/testing/error_matcher.h"
#include "store/testing/plain_testing.h"

namespace lancekeep::store {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

template <typename T>
std::vector<T> numbers_of(const TensorView& view) {
  std::vector<T> numbers(view.bytes().size() / sizeof(T));
  if (!numbers.empty()) std::memcpy(numbers.data(), view.bytes().data(), view.bytes().size());
  return numbers;
}

template <typename T>
std::span<std::byte> bytes_of(std::vector<T>& numbers) {
  return std::as_writable_bytes(std::span(numbers));
}

class PlainVersionTest : public PlainTest {
 protected:
  [[nodiscard]] Version open(const ReadOptions& options = {}) const {
    return Store::open(path_).at({}, options);
  }
  [[nodiscard]] Version open_small(const ReadOptions& options = {}) const {
    publish({write_rows(small_plain())});
    return open(options);
  }
};

TEST_F(PlainVersionTest, IsFloat64InRowOrder) {
  const Version version = open_small();
  ASSERT_EQ(version.tensors().size(), 3U);
  const TensorInfo& conv = version.tensors()[0];
  EXPECT_EQ(conv.name, "conv.weight");
  EXPECT_EQ(conv.dtype, "float64");
  EXPECT_EQ(conv.shape, (Shape{2, 3}));
  EXPECT_EQ(conv.nbytes, 48U);
  EXPECT_EQ(conv.hash, "");
  EXPECT_EQ(version.tensors()[2].name, "bn.num_batches");
  EXPECT_THAT(numbers_of<double>(version.tensor("conv.weight")),
              ElementsAre(1.5, -2, 0.25, 4, 5, 6));
  EXPECT_THAT(numbers_of<double>(version.tensor("bn.num_batches")), ElementsAre(3));
  EXPECT_EQ(version.tensor("bn.num_batches").shape(), Shape());
}

TEST_F(PlainVersionTest, HasThePlainLayout) {
  const Version version = open_small();
  EXPECT_EQ(version.info().layout, Layout::plain);
  EXPECT_EQ(version.info().tensors, 3U);
  EXPECT_EQ(version.info().bytes_total, 72U);
  const std::vector<VersionInfo> versions = Store::open(path_).versions();
  ASSERT_EQ(versions.size(), 1U);
  EXPECT_EQ(versions[0].layout, Layout::plain);
  EXPECT_EQ(versions[0].bytes_total, 72U);
}

TEST_F(PlainVersionTest, HasTheRequestedDtype) {
  const Version version = open_small({.dtype = "float32"});
  EXPECT_EQ(version.tensors()[0].dtype, "float32");
  EXPECT_EQ(version.tensors()[0].nbytes, 24U);
  EXPECT_EQ(version.tensor("bn.bias").dtype(), "float32");
  EXPECT_THAT(numbers_of<float>(version.tensor("bn.bias")), ElementsAre(7, 8));
  EXPECT_EQ(version.info().bytes_total, 72U) << "as float64, whatever dtype is requested";
}

TEST_F(PlainVersionTest, ViewsShareDecodedValues) {
  const Version version = open_small();
  const TensorView conv = version.tensor("conv.weight");
  const TensorView bias = version.tensor("bn.bias");
  EXPECT_EQ(conv.owner(), bias.owner());
  EXPECT_EQ(conv.bytes().data(), version.tensor("conv.weight").bytes().data());
  const TensorView writable = version.tensor("conv.weight", Access::copy_on_write);
  const double changed = 99;
  std::memcpy(const_cast<std::byte*>(writable.bytes().data()), &changed, sizeof(changed));
  EXPECT_EQ(numbers_of<double>(conv).front(), 99);
  EXPECT_EQ(numbers_of<double>(open().tensor("conv.weight")).front(), 1.5);
}

TEST_F(PlainVersionTest, ViewsOutliveTheVersion) {
  std::optional<Version> version = open_small();
  const TensorView view = version->tensor("conv.weight");
  const std::weak_ptr<const void> memory = view.owner();
  {
    const TensorView last = view;
    version.reset();
    EXPECT_EQ(numbers_of<double>(last)[1], -2);
  }
  EXPECT_FALSE(memory.expired());
}

TEST_F(PlainVersionTest, FreesValuesThatNobodyHolds) {
  std::optional<Version> version = open_small();
  const std::weak_ptr<const void> memory = version->tensor("conv.weight").owner();
  EXPECT_FALSE(memory.expired()) << "the version keeps the values that it decoded";
  version.reset();
  EXPECT_TRUE(memory.expired());
}

TEST_F(PlainVersionTest, AnEmptyTensorHasNoBytes) {
  publish({write_rows({{"none", {}, {0, 3}}, {"one", {1}, {1}}})});
  const TensorView view = open().tensor("none");
  EXPECT_TRUE(view.bytes().empty());
  EXPECT_EQ(view.shape(), (Shape{0, 3}));
}

TEST_F(PlainVersionTest, ReadsFromAnyOffset) {
  const Version version = open_small();
  std::vector<double> two(2);
  version.read("conv.weight", 8, bytes_of(two));
  EXPECT_THAT(two, ElementsAre(-2, 0.25));
  EXPECT_THAT([&] { version.read("bn.bias", 8, bytes_of(two)); },
              io::fails_with(ErrorCode::invalid_argument, "16 bytes at offset 8"));
}

TEST_F(PlainVersionTest, EachRequestHasItsOwnDtype) {
  publish({write_rows(small_plain()), write_rows({{"late", {0.1}, {1}}})});
  const Version version = open();
  std::vector<float> conv(6);
  std::vector<double> bias(2);
  std::vector<std::int64_t> batches(1);
  std::vector<std::uint16_t> late(1);
  const std::vector<ReadRequest> requests = {{"late", bytes_of(late), "bfloat16"},
                                             {"conv.weight", bytes_of(conv), "float32"},
                                             {"bn.bias", bytes_of(bias)},
                                             {"bn.num_batches", bytes_of(batches), "int64"}};
  for (int time = 0; time < 2; ++time) {  // from the file, then from decoded values
    version.read(requests);
    EXPECT_THAT(conv, ElementsAre(1.5F, -2, 0.25F, 4, 5, 6));
    EXPECT_THAT(bias, ElementsAre(7, 8));
    EXPECT_THAT(batches, ElementsAre(3));
    EXPECT_EQ(late[0], 0x3dcd);
    conv.assign(6, 0);
    bias.assign(2, 0);
    (void)version.tensor("conv.weight");
  }
}

TEST_F(PlainVersionTest, ARequestKeepsNothing) {
  const Version version = open_small({.dtype = "float32"});
  std::vector<float> bias(2);
  const std::vector<ReadRequest> requests = {{"bn.bias", bytes_of(bias)}};
  version.read(requests);
  EXPECT_THAT(bias, ElementsAre(7, 8));
  EXPECT_EQ(version.tensor("bn.bias").owner().use_count(), 2) << "the version and this view";
}

TEST_F(PlainVersionTest, RejectsARequestOfAnotherSize) {
  const Version version = open_small();
  std::vector<float> three(3);
  const std::vector<ReadRequest> requests = {{"bn.bias", bytes_of(three), "float32"}};
  EXPECT_THAT([&] { version.read(requests); },
              io::fails_with(ErrorCode::invalid_argument,
                             "`bn.bias` has 8 bytes as float32, but its buffer has 12"));
}

TEST_F(PlainVersionTest, NamesANumberThatDoesNotFit) {
  const Version version = open_small({.dtype = "int32"});
  EXPECT_THAT([&] { (void)version.tensor("conv.weight"); },
              io::fails_with(ErrorCode::invalid_argument,
                             "`conv.weight` cannot be converted to int32: its number 0 is 1.5"));
  EXPECT_THAT(numbers_of<std::int32_t>(version.tensor("bn.bias")), ElementsAre(7, 8));
  std::vector<std::uint8_t> conv(6);
  const std::vector<ReadRequest> requests = {{"conv.weight", bytes_of(conv), "uint8"}};
  EXPECT_THAT([&] { version.read(requests); },
              io::fails_with(ErrorCode::invalid_argument, "cannot be converted to uint8"));
}

TEST_F(PlainVersionTest, RejectsADtypeThatIsNotANumber) {
  publish({write_rows(small_plain())});
  for (const char* dtype : {"complex64", "json", "qint8", "float4_e2m1fn_x2", "float"}) {
    EXPECT_THAT([&] { (void)open({.dtype = dtype}); },
                io::fails_with(ErrorCode::invalid_argument, std::string("`") + dtype + "`"));
  }
  std::vector<std::byte> bytes(16);
  const std::vector<ReadRequest> requests = {{"bn.bias", bytes, "complex64"}};
  EXPECT_THAT([&] { open().read(requests); },
              io::fails_with(ErrorCode::invalid_argument, "cannot be converted to `complex64`"));
}

TEST_F(PlainVersionTest, TheLastRowOfANameWins) {
  publish({write_rows({{"w", {1}, {1}}, {"other", {2}, {1}}, {"w", {3, 4}, {2}}})});
  const Version version = open();
  EXPECT_EQ(version.tensors().size(), 3U) << "all rows are listed";
  EXPECT_THAT(numbers_of<double>(version.tensor("w")), ElementsAre(3, 4));
  const auto source = version.source();
  ASSERT_EQ(source->tensors().size(), 2U);
  EXPECT_EQ(source->tensors()[0].name, "w");
  EXPECT_EQ(source->tensors()[0].shape, (Shape{2}));
  EXPECT_EQ(source->tensors()[1].name, "other");
}

TEST_F(PlainVersionTest, ADamagedRowLeavesOthersIntact) {
  std::vector<PlainCell> rows = small_plain();
  rows[0].shape = {-2};
  rows[1].shape = {5};
  publish({write_rows(rows)});
  const Version version = open();
  EXPECT_THAT([&] { (void)version.tensor("conv.weight"); },
              io::fails_with(ErrorCode::corrupt, "`conv.weight` cannot be loaded: shape [-2]"));
  EXPECT_THAT([&] { (void)version.tensor("bn.bias"); },
              io::fails_with(ErrorCode::corrupt, "its value has 2 numbers, but its shape needs 5"));
  EXPECT_THAT(numbers_of<double>(version.tensor("bn.num_batches")), ElementsAre(3));
  EXPECT_THAT([&] { (void)version.source(); }, io::fails_with(ErrorCode::corrupt, "conv.weight"));
  std::vector<double> five(5);
  const std::vector<ReadRequest> requests = {{"bn.bias", bytes_of(five)}};
  EXPECT_THAT([&] { version.read(requests); },
              io::fails_with(ErrorCode::corrupt, "its shape needs 5"));
}

TEST_F(PlainVersionTest, CannotBeLocated) {
  EXPECT_THAT([&] { (void)open_small().locate("bn.bias"); },
              io::fails_with(ErrorCode::unsupported, "stores values encoded"));
}

TEST_F(PlainVersionTest, IsASource) {
  publish({write_rows(small_plain()), write_rows({{"late", {9}, {1, 1}}})});
  const auto source = open({.dtype = "float16"}).source();
  ASSERT_EQ(source->tensors().size(), 4U);
  EXPECT_EQ(source->tensors()[3].name, "late");
  EXPECT_EQ(source->tensors()[3].dtype, "float16");
  std::string bytes;
  source->read(3, [&](std::span<const std::byte> piece) {
    bytes.append(reinterpret_cast<const char*>(piece.data()), piece.size());
    return true;
  });
  EXPECT_EQ(bytes, std::string("\x80\x48", 2));
}

TEST_F(PlainVersionTest, ADamagedPageIsAnError) {
  const lance::Fragment fragment = write_rows(small_plain());
  publish({fragment});
  const std::string name = lance::data_path(fragment.files[0]);
  std::string content = folder_.read(path_.filename().string() + "/" + name);
  const double first = 1.5;
  const std::size_t at =
      content.find(std::string(reinterpret_cast<const char*>(&first), sizeof(first)));
  ASSERT_NE(at, std::string::npos);
  content.at(at - at % 64) = '\xff';  // the number of levels in the chunk
  std::filesystem::remove(path_ / name);
  folder_.write(path_.filename().string() + "/" + name, content);
  const Version version = open();
  EXPECT_THAT([&] { (void)version.tensor("bn.bias"); }, io::fails_with(ErrorCode::corrupt, "page"));
}

TEST_F(PlainVersionTest, VersionsMayHaveOtherColumns) {
  publish({write_rows(small_plain())});
  publish({write_rows({{"w", {1}, {1}}})});
  publish({}, {plain_field("id", 0, -1, "int64")});
  const Store store = Store::open(path_);
  EXPECT_EQ(store.at(1).tensors().size(), 3U);
  EXPECT_EQ(store.at(2).tensors().size(), 1U);
  EXPECT_THAT([&] { (void)store.at(3); },
              io::fails_with(ErrorCode::invalid_argument, "does not keep a model"));
  EXPECT_EQ(store.versions().size(), 3U);
}

}  // namespace
}  // namespace lancekeep::store
