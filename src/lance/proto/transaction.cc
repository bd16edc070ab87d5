// SPDX-License-Identifier: Apache-2.0
#include "lance/proto/transaction.h"

#include <fmt/format.h>

namespace lancekeep::lance {
namespace {

// Field numbers are on disk and never change.
enum class TransactionTag : protozero::pbf_tag_type {
  read_version = 1,
  uuid = 2,
  properties = 4,
  first_operation = 100,  // this and all above: one of them, the operation
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
    transaction.operation = tag;
    transaction.operation_bytes = std::string(get_view(reader, message).text());
  });
  return transaction;
}

std::string encode_transaction(const Transaction& transaction) {
  std::string bytes;
  protozero::pbf_writer writer(bytes);
  if (transaction.read_version != 0) {
    writer.add_uint64(field_number(TransactionTag::read_version), transaction.read_version);
  }
  writer.add_string(field_number(TransactionTag::uuid), transaction.uuid);
  write_map(writer, field_number(TransactionTag::properties), transaction.properties);
  if (transaction.operation != 0) {
    writer.add_message(transaction.operation, transaction.operation_bytes);
  }
  return bytes;
}

std::string operation_name(std::uint32_t operation) {
  switch (operation) {
    case 100:
      return "append";
    case 101:
      return "delete";
    case 102:
      return "overwrite";
    case 103:
      return "create_index";
    case 104:
      return "rewrite";
    case 105:
      return "merge";
    case 106:
      return "restore";
    case 107:
      return "reserve_fragments";
    case 108:
      return "update";
    case 109:
      return "project";
    case 110:
      return "update_config";
    case 111:
      return "data_replacement";
    case 112:
      return "update_mem_wal_state";
    case 113:
      return "clone";
    case 114:
      return "update_bases";
    default:
      return fmt::format("operation {}", operation);
  }
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
