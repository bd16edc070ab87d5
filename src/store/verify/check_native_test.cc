// SPDX-License-Identifier: Apache-2.0
// Rows as other tools write them, or as damage leaves them.
#include "store/table/digest.h"
#include "store/verify/verify_testing.h"

namespace lancekeep::store {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const std::string kValues = "abcdefgh12345678";

class CheckNative : public VerifyTest {
 protected:
  // A row whose value is the 8 bytes at `position`.
  static TensorRow row(const std::string& name, std::uint64_t position) {
    return {.name = name,
            .dtype = "uint8",
            .shape = Shape{8},
            .value = lance::BlobDescriptor{position, 8},
            .hash = hash_hex(std::as_bytes(std::span(kValues).subspan(position, 8)))};
  }
  VerifyReport verify(const std::vector<TensorRow>& rows) {
    publish({write_rows(rows, kValues)});
    return store_.verify({});
  }
};

TEST_F(CheckNative, PassesIntactRows) {
  const VerifyReport report = verify({row("a", 0), row("b", 8)});
  EXPECT_THAT(report.findings, IsEmpty());
  EXPECT_THAT(report.notes, IsEmpty());
  EXPECT_EQ(report.tensors, 2u);
  EXPECT_EQ(report.bytes_read, 16u);
}

TEST_F(CheckNative, FindsANullDtype) {
  TensorRow bad = row("bad", 8);
  bad.dtype.reset();
  const VerifyReport report = verify({row("a", 0), bad});
  EXPECT_THAT(report.findings, ElementsAre(finding(1, "bad", data_file(1), "its dtype is null")));
  EXPECT_EQ(report.findings.front().offset, 8u);
  EXPECT_EQ(report.tensors, 1u);
}

TEST_F(CheckNative, FindsANullName) {
  TensorRow bad = row("bad", 8);
  bad.name.reset();
  EXPECT_THAT(verify({row("a", 0), bad}).findings,
              ElementsAre(finding(1, "", ".lance", "its name is null")));
}

TEST_F(CheckNative, FindsASizeThatDoesNotFitTheShape) {
  TensorRow bad = row("bad", 8);
  bad.shape = Shape{9};
  EXPECT_THAT(verify({row("a", 0), bad}).findings,
              ElementsAre(finding(1, "bad", ".lance", "8 bytes, but uint8 [9] needs 9")));
}

TEST_F(CheckNative, FindsAValueOutsideOfItsFile) {
  TensorRow bad = row("bad", 8);
  bad.value->position = 1 << 20;
  EXPECT_THAT(verify({row("a", 0), bad}).findings,
              ElementsAre(finding(1, "bad", ".lance", "bytes 1048576 to 1048576 + 8")));
}

TEST_F(CheckNative, FindsANameThatOccursTwice) {
  EXPECT_THAT(verify({row("a", 0), row("a", 8)}).findings,
              ElementsAre(finding(1, "a", ".lance", "is in 2 rows"),
                          finding(1, "a", ".lance", "is in 2 rows")));
}

TEST_F(CheckNative, NotesRowsWithoutAHash) {
  TensorRow pylances = row("b", 8);
  pylances.hash.reset();
  TensorRow empty = row("c", 8);
  empty.hash = "";
  const VerifyReport report = verify({row("a", 0), pylances, empty});
  EXPECT_THAT(report.findings, IsEmpty());
  EXPECT_THAT(report.notes, ElementsAre("2 tensors of version 1 have no hash (written by pylance): "
                                        "their values are not covered"));
  EXPECT_EQ(report.tensors, 1u);
}

TEST_F(CheckNative, NotesTiesThatDoNotCount) {
  TensorRow lost = row("b", 8), other = row("c", 8), held = row("d", 8);
  lost.tied_to = "gone";
  other.tied_to = "a";
  held.tied_to = "c";
  const VerifyReport report = verify({row("a", 0), lost, other, held});
  EXPECT_THAT(report.findings, IsEmpty());
  EXPECT_THAT(report.notes,
              ElementsAre(AllOf(HasSubstr("tensor `b` of version 1 is marked as tied to `gone`"),
                                HasSubstr("(and 1 more like it)"))));
}

TEST_F(CheckNative, NotesPositionsThatDecrease) {
  const VerifyReport report = verify({row("a", 8), row("b", 0)});
  EXPECT_THAT(report.findings, IsEmpty());
  EXPECT_THAT(report.notes, ElementsAre(HasSubstr("the value of tensor `b` of version 1 starts "
                                                  "before that of the previous row")));
}

TEST_F(CheckNative, FindsATableThatIsNotTheSavedOne) {
  publish({write_rows({row("a", 0)}, kValues)});
  change_manifest(
      1, [&](auto& file) { file.manifest.fragments = {write_rows({row("konv", 0)}, kValues)}; });
  EXPECT_THAT(store_.verify({}).findings,
              ElementsAre(finding(1, "", manifest(1), "the tensor table is not the saved one")));
}

TEST_F(CheckNative, NotesAVersionThatPylanceMade) {
  publish({write_rows({row("a", 0)}, kValues)});
  change_manifest(1, [](auto& file) {
    file.manifest.writer_library = "lance";
    file.manifest.transaction_file.clear();
    file.transaction->properties.clear();
  });
  const VerifyReport report = store_.verify({});
  EXPECT_THAT(report.findings, IsEmpty());
  EXPECT_THAT(report.notes, ElementsAre("version 1 was made by pylance: values are checked, its "
                                        "table is not covered"));
  EXPECT_EQ(report.tensors, 1u);
}

TEST_F(CheckNative, NotesAVersionThatPylanceRestored) {
  publish({write_rows({row("a", 0)}, kValues)});
  change_manifest(1, [](auto& file) {  // the writer's name is that of the restored version
    file.manifest.transaction_file.clear();
    file.transaction->properties.clear();
    file.transaction->operation = lance::Operation{106};
  });
  const VerifyReport report = store_.verify({});
  EXPECT_THAT(report.findings, IsEmpty());
  EXPECT_THAT(report.notes, ElementsAre(HasSubstr("version 1 was made by pylance")));
}

TEST_F(CheckNative, FindsOneOfOursWithoutADigest) {
  publish({write_rows({row("a", 0)}, kValues)});
  change_manifest(1, [](auto& file) {
    file.manifest.transaction_file.clear();
    file.transaction->properties.clear();
  });
  EXPECT_THAT(store_.verify({}).findings,
              ElementsAre(finding(1, "", manifest(1), "the table digest is missing")));
}

TEST_F(CheckNative, FindsAnotherSumOfBytes) {
  publish({write_rows({row("a", 0)}, kValues)});
  change_manifest(1, [](auto& file) {
    file.manifest.transaction_file.clear();
    file.transaction->properties[kBytesKey] = "9";
  });
  EXPECT_THAT(store_.verify({}).findings,
              ElementsAre(finding(1, "", manifest(1),
                                  "the tensors have 8 bytes, but the save recorded 9")));
}

}  // namespace
}  // namespace lancekeep::store
