// SPDX-License-Identifier: Apache-2.0
#include "store/save/next_manifest.h"

#include <lancekeep/error.h>

#include "lance/file/data_file_writer.h"
#include "store/table/properties.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

namespace lancekeep::store {
namespace {

void carry_over(const lance::Manifest& before, lance::Manifest& manifest) {
  manifest.seconds = before.seconds;
  manifest.nanos = before.nanos;
  manifest.writer_flags = before.writer_flags;  // publish() refuses the ones it does not know
  manifest.schema_metadata = before.schema_metadata;
  manifest.config = before.config;
  manifest.table_metadata = before.table_metadata;
  manifest.max_fragment_id = before.max_fragment_id;
  manifest.next_row_id = before.next_row_id;
  manifest.base_paths = before.base_paths;
  manifest.branch = before.branch;
  manifest.unknown = before.unknown;
}

std::uint32_t highest_id(const lance::Manifest& manifest,
                         const std::vector<lance::Fragment>& fragments) {
  std::uint64_t highest = manifest.max_fragment_id.value_or(0);
  for (const lance::Fragment& fragment : fragments) highest = std::max(highest, fragment.id);
  if (highest > std::numeric_limits<std::uint32_t>::max()) {
    throw Error(ErrorCode::unsupported,
                "the dataset has used up its fragment ids, of which there are 2^32; import this "
                "version into a new store");
  }
  return static_cast<std::uint32_t>(highest);
}

}  // namespace

Metadata save_properties(const SaveOptions& options, std::uint64_t bytes_total,
                         std::uint64_t version) {
  Metadata properties = options.metadata;
  if (!options.message.empty()) properties[kMessageKey] = options.message;
  properties[kBytesKey] = std::to_string(bytes_total);
  if (options.durable) properties[kSyncedKey] = std::to_string(version);
  return properties;
}

std::uint64_t next_fragment_id(const lance::Manifest* before) {
  return before != nullptr && before->max_fragment_id ? *before->max_fragment_id + 1ull : 0;
}

lance::Publication next_version(const lance::Manifest* before, std::vector<lance::Field> schema,
                                std::vector<lance::Fragment> fragments) {
  lance::Publication publication;
  lance::Manifest& manifest = publication.manifest;
  if (before != nullptr) {
    publication.read_version = before->version;
    carry_over(*before, manifest);
  }
  manifest.fields = std::move(schema);
  manifest.data_format = "lance";
  manifest.data_format_version =
      fmt::format("{}.{}", lance::kWrittenFormat.major, lance::kWrittenFormat.minor);
  if (!fragments.empty()) manifest.max_fragment_id = highest_id(manifest, fragments);
  manifest.fragments = std::move(fragments);
  publication.transaction.operation = lance::Operation::overwrite;
  publication.transaction.operation_bytes =
      lance::encode_overwrite(manifest.fragments, manifest.fields, manifest.schema_metadata);
  return publication;
}

}  // namespace lancekeep::store
