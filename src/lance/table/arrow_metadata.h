// SPDX-License-Identifier: Apache-2.0
// The FlatBuffers tables of an Arrow IPC file that a deletion file needs. Bytes must be aligned to
// 8 and pass FlatBuffers' verifier (`verified_root`) before a member is read. A table finds its
// members by their place in its vtable, (index + 2) * 2; the indices are on disk.
#pragma once

#include <flatbuffers/flatbuffers.h>

#include <cstdint>
#include <cstring>
#include <vector>

namespace lancekeep::lance::arrow {

constexpr flatbuffers::voffset_t member(flatbuffers::voffset_t index) { return (index + 2) * 2; }

inline constexpr std::uint8_t kTypeInt = 2;            ///< in Field's union of types
inline constexpr std::uint8_t kHeaderRecordBatch = 3;  ///< in Message's union of headers
enum class Codec : std::int8_t { lz4_frame = 0, zstd = 1 };
inline constexpr std::int8_t kMethodPerBuffer = 0;

/// Stored inline in vectors.
struct Block {
  std::int64_t offset;
  std::int32_t metadata_length;
  std::int32_t padding;
  std::int64_t body_length;
};
struct Node {
  std::int64_t length;
  std::int64_t null_count;
};
struct Buffer {
  std::int64_t offset;
  std::int64_t length;
};
static_assert(sizeof(Block) == 24 && sizeof(Node) == 16 && sizeof(Buffer) == 16);

/// Copies inline elements, because FlatBuffers' verifier guarantees only an alignment of 4.
template <typename T>
using Vector = flatbuffers::Vector<const T*>;
template <typename T>
std::vector<T> copy(const Vector<T>* vector) {
  if (vector == nullptr) return {};
  std::vector<T> result(vector->size());
  if (!result.empty()) std::memcpy(result.data(), vector->Data(), result.size() * sizeof(T));
  return result;
}
template <typename T>
using Offsets = flatbuffers::Vector<flatbuffers::Offset<T>>;

/// Verifies a vector of tables and each table in it.
template <typename T>
bool verify_tables(flatbuffers::Verifier& verifier, const Offsets<T>* tables) {
  return verifier.VerifyVector(tables) && verifier.VerifyVectorOfTables(tables);
}

struct IntType : private flatbuffers::Table {
  [[nodiscard]] std::int32_t bit_width() const { return GetField<std::int32_t>(member(0), 0); }
  [[nodiscard]] bool is_signed() const { return GetField<std::uint8_t>(member(1), 0) != 0; }
  bool Verify(flatbuffers::Verifier& verifier) const {
    return VerifyTableStart(verifier) &&
           VerifyField<std::int32_t>(verifier, member(0), sizeof(std::int32_t)) &&
           VerifyField<std::uint8_t>(verifier, member(1), sizeof(std::uint8_t)) &&
           verifier.EndTable();
  }
};

struct Field : private flatbuffers::Table {
  [[nodiscard]] const flatbuffers::String* name() const {
    return GetPointer<const flatbuffers::String*>(member(0));
  }
  [[nodiscard]] std::uint8_t type_kind() const { return GetField<std::uint8_t>(member(2), 0); }
  /// Null unless type_kind() is kTypeInt.
  [[nodiscard]] const IntType* int_type() const {
    return type_kind() == kTypeInt ? GetPointer<const IntType*>(member(3)) : nullptr;
  }
  [[nodiscard]] bool has_dictionary() const { return CheckField(member(4)); }
  bool Verify(flatbuffers::Verifier& verifier) const {
    if (!VerifyTableStart(verifier) || !VerifyOffset(verifier, member(0)) ||
        !verifier.VerifyString(name()) ||
        !VerifyField<std::uint8_t>(verifier, member(2), sizeof(std::uint8_t)) ||
        !VerifyOffset(verifier, member(3))) {
      return false;
    }
    return verifier.VerifyTable(int_type()) && verifier.EndTable();
  }
};

struct Schema : private flatbuffers::Table {
  [[nodiscard]] bool is_big_endian() const { return GetField<std::int16_t>(member(0), 0) != 0; }
  [[nodiscard]] const Offsets<Field>* fields() const {
    return GetPointer<const Offsets<Field>*>(member(1));
  }
  bool Verify(flatbuffers::Verifier& verifier) const {
    return VerifyTableStart(verifier) &&
           VerifyField<std::int16_t>(verifier, member(0), sizeof(std::int16_t)) &&
           VerifyOffset(verifier, member(1)) && verify_tables(verifier, fields()) &&
           verifier.EndTable();
  }
};

struct Footer : private flatbuffers::Table {
  [[nodiscard]] const Schema* schema() const { return GetPointer<const Schema*>(member(1)); }
  [[nodiscard]] const Vector<Block>* record_batches() const {
    return GetPointer<const Vector<Block>*>(member(3));
  }
  bool Verify(flatbuffers::Verifier& verifier) const {
    return VerifyTableStart(verifier) && VerifyOffset(verifier, member(1)) &&
           verifier.VerifyTable(schema()) && VerifyOffset(verifier, member(3)) &&
           verifier.VerifyVector(record_batches()) && verifier.EndTable();
  }
};

struct Compression : private flatbuffers::Table {
  [[nodiscard]] std::int8_t codec() const { return GetField<std::int8_t>(member(0), 0); }
  [[nodiscard]] std::int8_t method() const { return GetField<std::int8_t>(member(1), 0); }
  bool Verify(flatbuffers::Verifier& verifier) const {
    return VerifyTableStart(verifier) &&
           VerifyField<std::int8_t>(verifier, member(0), sizeof(std::int8_t)) &&
           VerifyField<std::int8_t>(verifier, member(1), sizeof(std::int8_t)) &&
           verifier.EndTable();
  }
};

struct RecordBatch : private flatbuffers::Table {
  [[nodiscard]] std::int64_t rows() const { return GetField<std::int64_t>(member(0), 0); }
  [[nodiscard]] const Vector<Node>* nodes() const {
    return GetPointer<const Vector<Node>*>(member(1));
  }
  [[nodiscard]] const Vector<Buffer>* buffers() const {
    return GetPointer<const Vector<Buffer>*>(member(2));
  }
  [[nodiscard]] const Compression* compression() const {
    return GetPointer<const Compression*>(member(3));
  }
  bool Verify(flatbuffers::Verifier& verifier) const {
    return VerifyTableStart(verifier) &&
           VerifyField<std::int64_t>(verifier, member(0), sizeof(std::int64_t)) &&
           VerifyOffset(verifier, member(1)) && verifier.VerifyVector(nodes()) &&
           VerifyOffset(verifier, member(2)) && verifier.VerifyVector(buffers()) &&
           VerifyOffset(verifier, member(3)) && verifier.VerifyTable(compression()) &&
           verifier.EndTable();
  }
};

struct Message : private flatbuffers::Table {
  [[nodiscard]] std::uint8_t header_kind() const { return GetField<std::uint8_t>(member(1), 0); }
  /// Null unless header_kind() is kHeaderRecordBatch.
  [[nodiscard]] const RecordBatch* record_batch() const {
    return header_kind() == kHeaderRecordBatch ? GetPointer<const RecordBatch*>(member(2))
                                               : nullptr;
  }
  bool Verify(flatbuffers::Verifier& verifier) const {
    return VerifyTableStart(verifier) &&
           VerifyField<std::uint8_t>(verifier, member(1), sizeof(std::uint8_t)) &&
           VerifyOffset(verifier, member(2)) && verifier.VerifyTable(record_batch()) &&
           verifier.EndTable();
  }
};

/// The root table; null if any part of it is outside `bytes`.
template <typename T>
const T* verified_root(const std::uint8_t* bytes, std::size_t size) {
  constexpr flatbuffers::uoffset_t kMaxDepth = 16;
  constexpr flatbuffers::uoffset_t kMaxTables = 4096;
  flatbuffers::Verifier verifier(bytes, size, kMaxDepth, kMaxTables);
  return verifier.VerifyBuffer<T>(nullptr) ? flatbuffers::GetRoot<T>(bytes) : nullptr;
}

}  // namespace lancekeep::lance::arrow
