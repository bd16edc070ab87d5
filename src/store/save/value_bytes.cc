// SPDX-License-Identifier: Apache-2.0
#include "store/save/value_bytes.h"

#include <algorithm>
#include <cstring>

namespace lancekeep::store {
namespace {

// Compared bytes stay in the cache between reading and comparing.
constexpr std::size_t kComparedBytes = 256 << 10;
constexpr std::size_t kPrefixBytes = 4 << 10;

}  // namespace

void SaveProgress::add(std::uint64_t bytes, const std::string& tensor) {
  done_ += bytes;
  if (callback_) callback_(done_, total_, tensor);
}

void SaveProgress::finish() {
  if (callback_ && done_ < total_) callback_(total_, total_, "");
  done_ = total_;
}

bool same_bytes(TensorSource& source, std::size_t index, const io::InputFile& file,
                std::uint64_t position, SaveProgress& progress, Hasher* hasher) {
  const TensorSpec& spec = source.tensors()[index];
  std::vector<std::byte> stored(std::min<std::uint64_t>(spec.nbytes, kComparedBytes));
  std::uint64_t seen = 0;
  bool same = true;
  source.read(index, [&](std::span<const std::byte> piece) {
    while (same && !piece.empty()) {
      const auto part = piece.first(std::min({piece.size(), stored.size(), spec.nbytes - seen}));
      if (part.empty()) return same = false;  // more than it announced: the writer says so
      piece = piece.subspan(part.size());
      try {
        file.read_at(position + seen, std::span(stored).first(part.size()), "a tensor's value");
      } catch (const Error&) {
        return same = false;
      }
      same = std::memcmp(stored.data(), part.data(), part.size()) == 0;
      if (hasher != nullptr) hasher->update(part);
      seen += part.size();
      progress.add(0, spec.name);
    }
    return same;
  });
  return same && seen == spec.nbytes;
}

std::string value_hash(TensorSource& source, std::size_t index, SaveProgress& progress) {
  Hasher hasher;
  source.read(index, [&](std::span<const std::byte> piece) {
    hasher.update(piece);
    progress.add(0, source.tensors()[index].name);
    return true;
  });
  return hasher.hex();
}

std::string prefix_hash(TensorSource& source, std::size_t index) {
  Hasher hasher;
  std::size_t left = kPrefixBytes;
  source.read(index, [&](std::span<const std::byte> piece) {
    const auto part = piece.first(std::min(piece.size(), left));
    hasher.update(part);
    left -= part.size();
    return left > 0;
  });
  return hasher.hex();
}

std::string prefix_hash(const io::InputFile& file, std::uint64_t position, std::uint64_t size) {
  std::byte prefix[kPrefixBytes];
  const auto bytes = std::span(prefix).first(std::min<std::uint64_t>(size, kPrefixBytes));
  file.read_at(position, bytes, "a tensor's value");
  return hash_hex(bytes);
}

}  // namespace lancekeep::store
