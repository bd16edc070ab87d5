// SPDX-License-Identifier: Apache-2.0
// Changes of a manifest's schema that Lancekeep itself would not notice, but other readers would.
#include "store/verify/verify_testing.h"

namespace lancekeep::store {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::Field;
using testing::IsEmpty;

class CheckSchema : public VerifyTest {
 protected:
  CheckSchema() { save(small_model()); }
  [[nodiscard]] auto findings() const { return store_.verify_all().findings; }
  // Changes a field of the manifest, not of the transaction.
  template <typename Change>
  void change_field(const std::string& name, Change change) const {
    change_manifest(1, [&](auto& file) {
      for (lance::Field& field : file.manifest.fields) {
        if (field.name == name) change(field);
      }
    });
  }
};

TEST_F(CheckSchema, PassesWhatIsWritten) { EXPECT_THAT(findings(), IsEmpty()); }

TEST_F(CheckSchema, FindsAnotherType) {
  change_field("hash", [](lance::Field& field) { field.logical_type = "strinw"; });
  EXPECT_THAT(findings(), Contains(finding(1, "", manifest(1), "type strinw, expected string")));
}

TEST_F(CheckSchema, FindsAnotherNameOfAColumn) {
  change_field("tied_to", [](lance::Field& field) { field.name = "tiet_to"; });
  EXPECT_THAT(findings(), Contains(finding(1, "", manifest(1), "has no column `tied_to`")));
}

TEST_F(CheckSchema, FindsAnotherNameOfItems) {
  change_field("item", [](lance::Field& field) { field.name = "itel"; });
  EXPECT_THAT(findings(),
              Contains(finding(1, "", manifest(1), "the name `itel`, expected `item`")));
}

TEST_F(CheckSchema, FindsAnotherEncoding) {
  change_field("hash", [](lance::Field& field) { field.encoding = lance::FieldEncoding::none; });
  EXPECT_THAT(findings(), Contains(finding(1, "", manifest(1), "the encoding 0, expected 2")));
}

TEST_F(CheckSchema, FindsAnotherFlagForNulls) {
  change_field("hash", [](lance::Field& field) { field.nullable = false; });
  EXPECT_THAT(findings(), Contains(finding(1, "", manifest(1), "another flag for nulls")));
}

TEST_F(CheckSchema, FindsItemsInAnotherColumn) {
  change_field("item", [](lance::Field& field) { field.parent_id = 0; });
  EXPECT_FALSE(findings().empty());
}

TEST_F(CheckSchema, FindsFieldsThatTheTransactionLacks) {
  change_field("name", [](lance::Field& field) { field.metadata["a"] = "b"; });
  EXPECT_THAT(findings(), ElementsAre(finding(1, "", manifest(1), "the columns in the manifest")));
}

TEST_F(CheckSchema, FindsFragmentsThatTheTransactionLacks) {
  change_manifest(1, [](auto& file) { file.manifest.fragments.front().files.front().size = 0; });
  EXPECT_THAT(findings(),
              ElementsAre(finding(1, "", manifest(1), "the fragments in the manifest")));
}

TEST_F(CheckSchema, FindsADataFileWithoutAColumnOfTheSchema) {
  lance::Fragment fragment = manifest_of(1).manifest.fragments.front();
  const TensorRow row{.name = "x",
                      .dtype = "uint8",
                      .shape = Shape{0},
                      .value = lance::BlobDescriptor(),
                      .hash = ""};
  lance::Fragment more = write_rows(std::vector<TensorRow>(fragment.physical_rows, row));
  more.files.front().fields.assign(kColumns, 40);
  fragment.files.push_back(more.files.front());
  publish({fragment});
  EXPECT_THAT(store_.verify(2).findings,
              ElementsAre(finding(2, "", manifest(2), "has no column of the schema")));
  store_.restore(2);  // leaves the file out
  EXPECT_THAT(store_.verify(3).findings, IsEmpty());
}

TEST_F(CheckSchema, FindsAnotherParentInTheSchemaOfAFile) {
  const std::string file = data_file(1);
  const std::string bytes = read(file);
  const std::size_t item = bytes.rfind("item");
  // After the name of the items: tag 3 and their id, tag 4 and their parent's id.
  const std::size_t parent = bytes.find("\x20\x02", item);
  ASSERT_NE(parent, std::string::npos);
  flip(file, parent + 1);
  EXPECT_THAT(findings(), Contains(finding(1, "", file, "has field 3 inside field 3")));
}

TEST_F(CheckSchema, EveryFindingOfAChangedSchemaIsDamage) {
  change_field("hash", [](lance::Field& field) { field.logical_type = "strinw"; });
  EXPECT_THAT(findings(), testing::Each(Field("kind", &VerifyFinding::kind, FindingKind::damaged)));
}

}  // namespace
}  // namespace lancekeep::store
