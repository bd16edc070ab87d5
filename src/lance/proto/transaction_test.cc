// SPDX-License-Identifier: Apache-2.0
#include "lance/proto/transaction.h"

#include "lance/proto/proto_testing.h"

namespace lancekeep::lance {
namespace {

Transaction full_transaction() {
  Transaction transaction;
  transaction.read_version = 3;
  transaction.uuid = "11111111-2222-4333-8444-555555555555";
  transaction.properties = {{"__lance_commit_message", "a message"}};
  transaction.operation = Operation::overwrite;
  transaction.operation_bytes = encode_overwrite({}, {Field{}}, {{"key", "value"}});
  return transaction;
}

TEST(Transaction, RoundTrips) {
  EXPECT_EQ(decode_transaction(view(encode_transaction(full_transaction()))), full_transaction());
}

TEST(Transaction, AnyNumberFromOneHundredOnIsAnOperation) {
  Transaction transaction = full_transaction();
  transaction.operation = Operation{4321};
  transaction.operation_bytes.clear();
  EXPECT_EQ(decode_transaction(view(encode_transaction(transaction))), transaction);
}

TEST(Transaction, RejectsAnOperationThatIsNotAMessage) {
  std::string bytes;
  protozero::pbf_writer(bytes).add_uint64(102, 1);
  expect_error(ErrorCode::corrupt, "field 102 is a varint, expected length-delimited",
               [&] { (void)decode_transaction(view(bytes)); });
}

TEST(Transaction, OperationsHaveNames) {
  EXPECT_EQ(operation_name(Operation::append), "append");
  EXPECT_EQ(operation_name(Operation::overwrite), "overwrite");
  EXPECT_EQ(operation_name(Operation::clone), "clone");
  EXPECT_EQ(operation_name(Operation::update_bases), "update_bases");
  EXPECT_EQ(operation_name(Operation{99}), "operation 99");
  EXPECT_EQ(operation_name(Operation{115}), "operation 115");
  EXPECT_EQ(operation_name(Operation{4321}), "operation 4321");
}

TEST(Overwrite, HasFragmentsWithIdZero) {
  Fragment fragment;
  fragment.id = 9;
  fragment.physical_rows = 1;
  const io::ByteView message = view(encode_overwrite({fragment}, {}, {}));
  std::vector<Fragment> fragments;
  read_fields(message, "the overwrite", [&](protozero::pbf_reader& reader) {
    ASSERT_EQ(reader.tag(), 1u);
    fragments.push_back(decode_fragment(get_view(reader, message)));
  });
  fragment.id = 0;
  EXPECT_THAT(fragments, testing::ElementsAre(fragment));
}

}  // namespace
}  // namespace lancekeep::lance
