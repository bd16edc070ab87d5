// SPDX-License-Identifier: Apache-2.0
#include "lance/table/arrow_metadata.h"

namespace lancekeep::lance::arrow {
namespace {

using flatbuffers::Verifier;

bool verify_tables(Verifier& verifier, const Offsets<Field>* tables) {
  return verifier.VerifyVector(tables) && verifier.VerifyVectorOfTables(tables);
}

}  // namespace

bool IntType::Verify(Verifier& verifier) const {
  return VerifyTableStart(verifier) &&
         VerifyField<std::int32_t>(verifier, member(0), sizeof(std::int32_t)) &&
         VerifyField<std::uint8_t>(verifier, member(1), sizeof(std::uint8_t)) &&
         verifier.EndTable();
}

bool Field::Verify(Verifier& verifier) const {
  if (!VerifyTableStart(verifier) || !VerifyOffset(verifier, member(0)) ||
      !verifier.VerifyString(name()) ||
      !VerifyField<std::uint8_t>(verifier, member(2), sizeof(std::uint8_t)) ||
      !VerifyOffset(verifier, member(3))) {
    return false;
  }
  return verifier.VerifyTable(int_type()) && verifier.EndTable();
}

bool Schema::Verify(Verifier& verifier) const {
  return VerifyTableStart(verifier) &&
         VerifyField<std::int16_t>(verifier, member(0), sizeof(std::int16_t)) &&
         VerifyOffset(verifier, member(1)) && verify_tables(verifier, fields()) &&
         verifier.EndTable();
}

bool Footer::Verify(Verifier& verifier) const {
  return VerifyTableStart(verifier) && VerifyOffset(verifier, member(1)) &&
         verifier.VerifyTable(schema()) && VerifyOffset(verifier, member(3)) &&
         verifier.VerifyVector(record_batches()) && verifier.EndTable();
}

bool Compression::Verify(Verifier& verifier) const {
  return VerifyTableStart(verifier) &&
         VerifyField<std::int8_t>(verifier, member(0), sizeof(std::int8_t)) &&
         VerifyField<std::int8_t>(verifier, member(1), sizeof(std::int8_t)) && verifier.EndTable();
}

bool RecordBatch::Verify(Verifier& verifier) const {
  return VerifyTableStart(verifier) &&
         VerifyField<std::int64_t>(verifier, member(0), sizeof(std::int64_t)) &&
         VerifyOffset(verifier, member(1)) && verifier.VerifyVector(nodes()) &&
         VerifyOffset(verifier, member(2)) && verifier.VerifyVector(buffers()) &&
         VerifyOffset(verifier, member(3)) && verifier.VerifyTable(compression()) &&
         verifier.EndTable();
}

bool Message::Verify(Verifier& verifier) const {
  return VerifyTableStart(verifier) &&
         VerifyField<std::uint8_t>(verifier, member(1), sizeof(std::uint8_t)) &&
         VerifyOffset(verifier, member(2)) && verifier.VerifyTable(record_batch()) &&
         verifier.EndTable();
}

}  // namespace lancekeep::lance::arrow
