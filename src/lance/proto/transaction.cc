// SPDX-License-Identifier: Apache-2.0
#include "lance/proto/transaction.h"

#include <fmt/format.h>

#include <iterator>

namespace lancekeep::lance {
namespace {

// Field numbers are on disk and never change.
enum class TransactionTag : protozero::pbf_tag_type {
  read_version = 1,
  uuid = 2,
  properties = 4,
  first_operation = 100,  // from here on, each number is an Operation
};
enum class OverwriteTag : protozero::pbf_tag_type {
  fragments = 1,
  fields = 2,
  schema_metadata = 3,
};

enum class RestoreTag : protozero::pbf_tag_type {
  version = 1,
};

}  // namespace

Transaction decode_transaction(const io::ByteView& message) {
  Transaction transaction;
  read_fields(message, "the transaction", [&](protozero::pbf_reader& reader) {
    const protozero::pbf_tag_type tag = reader.tag();
    switch (TransactionTag{tag}) {
      case TransactionTag::read_version:
        transaction.read_version = get_u64(reader);
        return;
      case TransactionTag::uuid:
        transaction.uuid = get_text(reader);
        return;
      case TransactionTag::properties:
        read_map_entry(reader, message, transaction.properties);
        return;
      default:
        break;
    }
    if (tag < field_number(TransactionTag::first_operation)) {
      reader.skip();
      return;
    }
    transaction.operation = Operation{tag};
    transaction.operation_bytes = std::string(get_view(reader, message).text());
  });
  return transaction;
}

std::string encode_transaction(const Transaction& transaction) {
  std::string bytes;
  protozero::pbf_writer writer(bytes);
  write_nonzero(writer, TransactionTag::read_version, transaction.read_version);
  writer.add_string(field_number(TransactionTag::uuid), transaction.uuid);
  write_map(writer, field_number(TransactionTag::properties), transaction.properties);
  if (transaction.operation != Operation{}) {
    writer.add_message(field_number(transaction.operation), transaction.operation_bytes);
  }
  return bytes;
}

std::string operation_name(Operation operation) {
  constexpr const char* kNames[] = {"append",
                                    "delete",
                                    "overwrite",
                                    "create_index",
                                    "rewrite",
                                    "merge",
                                    "restore",
                                    "reserve_fragments",
                                    "update",
                                    "project",
                                    "update_config",
                                    "data_replacement",
                                    "update_mem_wal_state",
                                    "clone",
                                    "update_bases"};
  const auto number = static_cast<std::uint32_t>(operation);
  const std::uint32_t index = number - field_number(TransactionTag::first_operation);
  return index < std::size(kNames) ? kNames[index] : fmt::format("operation {}", number);
}

std::string encode_overwrite(const std::vector<Fragment>& fragments,
                             const std::vector<Field>& fields,
                             const std::map<std::string, std::string>& schema_metadata) {
  std::string bytes;
  protozero::pbf_writer writer(bytes);
  for (Fragment fragment : fragments) {
    fragment.id = 0;
    writer.add_message(field_number(OverwriteTag::fragments), encode_fragment(fragment));
  }
  for (const Field& field : fields) {
    writer.add_message(field_number(OverwriteTag::fields), encode_field(field));
  }
  write_map(writer, field_number(OverwriteTag::schema_metadata), schema_metadata);
  return bytes;
}

std::string encode_restore(std::uint64_t version) {
  std::string bytes;
  protozero::pbf_writer(bytes).add_uint64(field_number(RestoreTag::version), version);
  return bytes;
}

}  // namespace lancekeep::lance
