// SPDX-License-Identifier: Apache-2.0
#include "formats/zip/unpack.h"

#include <lancekeep/error.h>

#include "formats/zip/crc32.h"
#include "io/utf8.h"

#include <fmt/format.h>
#include <zlib.h>

#include <cstdint>
#include <new>
#include <span>
#include <string>
#include <vector>

namespace lancekeep::formats {
namespace {

constexpr std::uint16_t kStored = 0;
constexpr std::uint16_t kDeflated = 8;
constexpr std::size_t kUnpackedPiece = 256 << 10;

[[noreturn]] void fail_entry(const io::InputFile& file, const ZipEntry& entry,
                             const std::string& problem) {
  throw Error(ErrorCode::corrupt,
              fmt::format("the entry `{}` {}", io::printable(entry.name), problem), file.name(),
              entry.offset);
}

// zlib's decoder of a raw deflate stream, as zip archives have it.
class Inflater {
 public:
  Inflater() {
    constexpr int kRaw = -MAX_WBITS;
    if (inflateInit2(&stream_, kRaw) != Z_OK) throw std::bad_alloc();
  }
  ~Inflater() { inflateEnd(&stream_); }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  void give(std::span<const std::byte> packed) {
    // zlib takes a pointer to bytes that it does not change.
    stream_.next_in = const_cast<Bytef*>(reinterpret_cast<const Bytef*>(packed.data()));
    stream_.avail_in = static_cast<uInt>(packed.size());
  }
  [[nodiscard]] bool has_input() const { return stream_.avail_in > 0; }

  enum class Result { more, end, broken };
  /// Fills `out` as far as the input reaches; `filled` is set to the number of bytes.
  Result fill(std::span<std::byte> out, std::size_t& filled) {
    stream_.next_out = reinterpret_cast<Bytef*>(out.data());
    stream_.avail_out = static_cast<uInt>(out.size());
    const int result = inflate(&stream_, Z_NO_FLUSH);
    filled = out.size() - stream_.avail_out;
    if (result == Z_STREAM_END) return Result::end;
    return result == Z_OK || result == Z_BUF_ERROR ? Result::more : Result::broken;
  }

 private:
  z_stream stream_ = {};
};

// Counts the bytes that were unpacked, and computes their checksum.
class UnpackedBytes {
 public:
  UnpackedBytes(const io::InputFile& file, const ZipEntry& entry, const ByteSink& sink)
      : file_(file), entry_(entry), sink_(sink) {}

  // Returns false if the sink wants no more.
  bool push(std::span<const std::byte> piece) {
    if (piece.size() > entry_.unpacked - count_) {
      fail_entry(file_, entry_,
                 fmt::format("unpacks to more than the {} bytes that it says", entry_.unpacked));
    }
    count_ += piece.size();
    crc_.add(piece);
    return piece.empty() || sink_(piece);
  }

  void check_end() const {
    if (count_ != entry_.unpacked) {
      fail_entry(file_, entry_,
                 fmt::format("unpacks to {} bytes, but should have {}", count_, entry_.unpacked));
    }
    if (crc_.value() != entry_.crc32) {
      fail_entry(file_, entry_,
                 fmt::format("has the checksum {:08x}, but the archive says {:08x}; its bytes have "
                             "changed since they were written",
                             crc_.value(), entry_.crc32));
    }
  }

 private:
  const io::InputFile& file_;
  const ZipEntry& entry_;
  const ByteSink& sink_;
  std::uint64_t count_ = 0;
  Crc32 crc_;
};

void inflate_entry(const io::InputFile& file, const ZipEntry& entry, UnpackedBytes& unpacked) {
  Inflater inflater;
  std::vector<std::byte> piece(kUnpackedPiece);
  bool is_wanted = true;
  bool is_at_end = false;
  file.read_pieces(entry.offset, entry.size, "a compressed entry", [&](auto packed) {
    inflater.give(packed);
    for (;;) {
      std::size_t filled = 0;
      const auto result = inflater.fill(piece, filled);
      if (result == Inflater::Result::broken) {
        fail_entry(file, entry, "cannot be inflated: its compressed bytes are damaged");
      }
      is_wanted = unpacked.push(std::span(piece).first(filled));
      is_at_end = result == Inflater::Result::end;
      if (!is_wanted) return false;
      if (is_at_end && inflater.has_input()) {
        fail_entry(file, entry, "has bytes after its compressed bytes end");
      }
      if (is_at_end || (filled < piece.size() && !inflater.has_input())) return true;
    }
  });
  if (!is_wanted) return;
  if (!is_at_end) fail_entry(file, entry, "ends before its compressed bytes do");
  unpacked.check_end();
}

}  // namespace

bool can_unpack(const ZipEntry& entry) noexcept {
  return entry.method == kStored || entry.method == kDeflated;
}

void unpack_zip_entry(const io::InputFile& file, const ZipEntry& entry, const ByteSink& sink) {
  UnpackedBytes unpacked(file, entry, sink);
  if (entry.method == kDeflated) return inflate_entry(file, entry, unpacked);
  if (entry.method != kStored) {
    throw Error(ErrorCode::unsupported,
                fmt::format("the entry `{}` is compressed (method {}), but only stored and "
                            "deflated entries are supported",
                            io::printable(entry.name), entry.method),
                file.name(), entry.offset);
  }
  bool is_wanted = true;
  file.read_pieces(entry.offset, entry.size, "an entry",
                   [&](auto piece) { return is_wanted = unpacked.push(piece); });
  if (is_wanted) unpacked.check_end();
}

}  // namespace lancekeep::formats
