// SPDX-License-Identifier: Apache-2.0
#include "formats/torch/storage_id.h"

#include "formats/torch/globals.h"
#include "io/checked_math.h"
#include "io/printable.h"

#include <lancekeep/tensor.h>

#include <fmt/format.h>

#include <optional>

namespace lancekeep::formats {
namespace {

using Kind = PickleNode::Kind;

std::optional<std::string_view> text_of(const PickleValue& value) {
  const auto* text = std::get_if<PickleText>(&value);
  if (!text) return std::nullopt;
  return text->text;
}

// A count of elements as bytes, or nothing if it is no count.
std::optional<std::uint64_t> bytes_of(const PickleValue& elements, std::size_t itemsize) {
  const auto* count = std::get_if<std::int64_t>(&elements);
  if (!count || *count < 0) return std::nullopt;
  return io::checked_mul<std::uint64_t>(static_cast<std::uint64_t>(*count), itemsize);
}

}  // namespace

void fail_at(const PickleDocument& document, const PickleNode& node, ErrorCode code,
             const std::string& problem) {
  document.bytes.fail(code, problem, node.offset - document.bytes.base());
}

StorageId read_storage_id(const PickleDocument& document, const PickleNode& node) {
  const auto fail = [&](ErrorCode code, const std::string& problem) {
    fail_at(document, node, code, problem);
  };
  const PickleNode* id = node_of(node.items.front(), Kind::tuple);
  if (!id || id->items.empty() || text_of(id->items[0]) != "storage") {
    fail(ErrorCode::unsupported,
         "the pickle refers to something outside it that is no storage; save model.state_dict()");
  }
  if (id->items.size() != 5 && id->items.size() != 6) {
    fail(ErrorCode::corrupt,
         fmt::format("the id of a storage has {} items instead of 5 or 6", id->items.size()));
  }
  const PickleNode* type = node_of(id->items[1], Kind::global);
  const auto dtype = type ? storage_type_dtype(type->module, type->name) : std::nullopt;
  const auto key = text_of(id->items[2]);
  if (!dtype || !key) {
    fail(ErrorCode::corrupt, fmt::format("the id of a storage has {} as its type and {} as its key",
                                         describe(id->items[1]), describe(id->items[2])));
  }
  StorageId storage{std::string(*key), *dtype, dtype_itemsize(*dtype).value()};
  const auto bytes = bytes_of(id->items[4], storage.itemsize);
  if (!bytes)
    fail(ErrorCode::corrupt,
         "the size of storage `" + io::printable(storage.key) + "` is no byte count");
  storage.bytes = storage.view_bytes = *bytes;
  if (id->items.size() == 5 || std::holds_alternative<PickleNone>(id->items[5])) return storage;

  const PickleNode* view = node_of(id->items[5], Kind::tuple);
  const bool whole = view && view->items.size() == 3;
  const auto start = whole ? bytes_of(view->items[1], storage.itemsize) : std::nullopt;
  const auto length = whole ? bytes_of(view->items[2], storage.itemsize) : std::nullopt;
  if (!start || !length || *start > storage.bytes || *length > storage.bytes - *start) {
    fail(ErrorCode::corrupt,
         fmt::format("the view into storage `{}` does not lie within its {} bytes",
                     io::printable(storage.key), storage.bytes));
  }
  storage.view_start = *start;
  storage.view_bytes = *length;
  return storage;
}

}  // namespace lancekeep::formats
