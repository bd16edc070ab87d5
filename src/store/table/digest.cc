// SPDX-License-Identifier: Apache-2.0
#include "store/table/digest.h"

#include <lancekeep/error.h>

#include "store/table/properties.h"

#include <fmt/format.h>

#include <limits>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace lancekeep::store {

struct Hasher::State {
  XXH3_state_t xxh;
};

Hasher::Hasher() : state_(std::make_shared<State>()) { XXH3_128bits_reset(&state_->xxh); }

void Hasher::update(std::span<const std::byte> bytes) {
  if (!bytes.empty()) XXH3_128bits_update(&state_->xxh, bytes.data(), bytes.size());
}

std::string Hasher::hex() const {
  const XXH128_hash_t hash = XXH3_128bits_digest(&state_->xxh);
  return fmt::format("{:016x}{:016x}", hash.high64, hash.low64);
}

std::string hash_hex(std::span<const std::byte> bytes) {
  Hasher hasher;
  hasher.update(bytes);
  return hasher.hex();
}

namespace {

void add_length(Hasher& hasher, std::uint64_t length) {
  hasher.update(std::as_bytes(std::span(&length, 1)));
}

void add(Hasher& hasher, const std::optional<std::string>& text) {
  add_length(hasher, text ? text->size() : std::numeric_limits<std::uint64_t>::max());
  if (text) hasher.update(std::as_bytes(std::span(text->data(), text->size())));
}

void add(Hasher& hasher, const std::optional<Shape>& shape) {
  const std::span<const std::int64_t> dims =
      shape ? std::span(*shape) : std::span<const std::int64_t>();
  add_length(hasher, shape ? dims.size_bytes() : std::numeric_limits<std::uint64_t>::max());
  hasher.update(std::as_bytes(dims));
}

}  // namespace

std::string table_digest(std::span<const TensorRow> rows) {
  Hasher hasher;
  for (const TensorRow& row : rows) {
    add(hasher, row.name);
    add(hasher, row.dtype);
    add(hasher, row.shape);
    add(hasher, row.hash);
    add(hasher, row.tied_to);
  }
  return hasher.hex();
}

std::string digest_property(const std::string& digest, std::uint64_t version) {
  return fmt::format("xxh3-128:{}@{}", digest, version);
}

DigestCheck check_digest(const lance::ManifestFile& file, std::span<const TensorRow> rows) {
  if (!file.transaction) return {};
  DigestCheck check{.expected = property(file.transaction->properties, kDigestKey)};
  const std::uint64_t version = file.manifest.version;
  if (!check.expected.ends_with(fmt::format("@{}", version))) return {};
  check.found = digest_property(table_digest(rows), version);
  check.state = check.found == check.expected ? DigestState::right : DigestState::wrong;
  return check;
}

void require_digest(const io::Storage& storage, const lance::VersionEntry& entry,
                    const lance::ManifestFile& file, std::span<const TensorRow> rows) {
  const DigestCheck check = check_digest(file, rows);
  if (check.state != DigestState::wrong) return;
  throw Error(
      ErrorCode::corrupt,
      fmt::format(
          "the tensor table of version {} is damaged: its digest is {}, but the save recorded {}; "
          "a name, dtype, shape or hash in its data files has changed",
          file.manifest.version, check.found, check.expected),
      storage.full_name(entry.path));
}

}  // namespace lancekeep::store
