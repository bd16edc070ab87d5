// SPDX-License-Identifier: Apache-2.0
#include "store/save/save_source.h"

#include <lancekeep/error.h>

#include "lance/encoding/page_encoder.h"
#include "store/table/properties.h"
#include "tensor/shape.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <unordered_set>

namespace lancekeep::store {
namespace {

constexpr std::size_t kMaxDims = 64;
constexpr std::uint64_t kMaxTensors = 1 << 24;
// Small enough that the bytes stay in the cache between reading and comparing.
constexpr std::size_t kComparedBytes = 256 << 10;
constexpr std::size_t kPrefixBytes = 4 << 10;

[[noreturn]] void refuse(const std::string& what) {
  throw Error(ErrorCode::invalid_argument, what);
}

void check_spec(const TensorSpec& spec) {
  if (!is_utf8(spec.name)) refuse("a tensor's name is not valid UTF-8");
  if (spec.name.size() > lance::kMaxStringBytes) {
    refuse(fmt::format("a tensor's name has {} bytes, but the limit is {}: `{}…`", spec.name.size(),
                       lance::kMaxStringBytes, spec.name.substr(0, 60)));
  }
  if (spec.dtype.empty() || spec.dtype.size() > 256 || !is_utf8(spec.dtype)) {
    refuse(fmt::format("tensor `{}` has an invalid dtype name: expected 1 to 256 bytes of UTF-8",
                       spec.name));
  }
  if (spec.shape.size() > kMaxDims) {
    refuse(fmt::format("tensor `{}` has {} dimensions, but the limit is {}", spec.name,
                       spec.shape.size(), kMaxDims));
  }
  const auto itemsize = dtype_itemsize(spec.dtype);
  if (!itemsize) return;
  const auto wanted = byte_count(spec.shape, *itemsize);
  if (!wanted)
    refuse(fmt::format(
        "tensor `{}` has an impossible shape {}: its size in bytes does not fit 64 bits", spec.name,
        to_string(spec.shape)));
  if (*wanted != spec.nbytes) {
    refuse(fmt::format("tensor `{}` announces {} bytes, but {} {} needs {}", spec.name, spec.nbytes,
                       spec.dtype, to_string(spec.shape), *wanted));
  }
}

}  // namespace

void check_source(std::span<const TensorSpec> specs) {
  if (specs.size() > kMaxTensors)
    refuse(
        fmt::format("the source has {} tensors, but the limit is {}", specs.size(), kMaxTensors));
  std::unordered_set<std::string_view> names;
  for (std::size_t i = 0; i < specs.size(); ++i) {
    check_spec(specs[i]);
    if (!names.insert(specs[i].name).second)
      refuse(fmt::format("two tensors are named `{}`", specs[i].name));
    if (!specs[i].tied_to) continue;
    if (*specs[i].tied_to >= i || specs[*specs[i].tied_to].tied_to) {
      refuse(fmt::format("tensor `{}`: `tied_to` must be the index of an earlier, untied tensor",
                         specs[i].name));
    }
    const TensorSpec& target = specs[*specs[i].tied_to];
    if (target.dtype != specs[i].dtype || target.shape != specs[i].shape) {
      refuse(fmt::format("tensor `{}` is tied to `{}`, but differs in dtype or shape",
                         specs[i].name, target.name));
    }
  }
}

void SaveProgress::add(std::uint64_t bytes, const std::string& tensor) {
  done_ += bytes;
  if (callback_) callback_(done_, total_, tensor);
}

void SaveProgress::finish() {
  if (callback_ && done_ < total_) callback_(total_, total_, "");
  done_ = total_;
}

bool has_same_bytes(TensorSource& source, std::size_t index, const io::InputFile& file,
                    std::uint64_t position, SaveProgress& progress, Hasher* hasher) {
  const TensorSpec& spec = source.tensors()[index];
  std::vector<std::byte> stored(std::min<std::uint64_t>(spec.nbytes, kComparedBytes));
  std::uint64_t seen = 0;
  bool same = true;
  source.read(index, [&](std::span<const std::byte> piece) {
    while (same && !piece.empty()) {
      const auto part = piece.first(std::min({piece.size(), stored.size(), spec.nbytes - seen}));
      if (part.empty()) return same = false;  // too many bytes: the writer reports it
      piece = piece.subspan(part.size());
      try {
        file.read_at(position + seen, std::span(stored).first(part.size()), "a tensor's value");
      } catch (const Error&) {
        return same = false;
      }
      const auto found = std::span(stored).first(part.size());
      same = std::memcmp(found.data(), part.data(), part.size()) == 0;
      // Not `part`, which the program may have changed since it was compared.
      if (hasher != nullptr) hasher->update(found);
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
