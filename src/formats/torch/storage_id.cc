// SPDX-License-Identifier: Apache-2.0
#include "formats/torch/storage_id.h"

#include <lancekeep/tensor.h>

#include "formats/torch/globals.h"
#include "formats/torch/object.h"
#include "io/checked_math.h"
#include "io/utf8.h"

#include <fmt/format.h>

#include <optional>

namespace lancekeep::formats {
namespace {

// A count of elements as bytes, or nothing if it is no count.
std::optional<std::uint64_t> bytes_of(const PickleDocument& document, PickleValue elements,
                                      std::size_t itemsize) {
  const auto count = document.integer(elements);
  if (!count || *count < 0) return std::nullopt;
  return io::checked_mul<std::uint64_t>(static_cast<std::uint64_t>(*count), itemsize);
}

}  // namespace

StorageId read_storage_id(const PickleDocument& document, const PickleNode& node) {
  const auto fail = [&](ErrorCode code, const std::string& problem) {
    fail_at(document, node, code, problem);
  };
  const PickleNode* id = document.node(node.items()[0], NodeKind::tuple);
  if (!id || id->count == 0 || document.short_text(id->items()[0]) != "storage") {
    fail(ErrorCode::unsupported,
         "the pickle refers to something outside it that is no storage; save model.state_dict()");
  }
  if (id->count != 5 && id->count != 6) {
    fail(ErrorCode::corrupt,
         fmt::format("the id of a storage has {} items instead of 5 or 6", id->count));
  }
  const PickleNode* type = document.node(id->items()[1], NodeKind::global);
  const auto dtype =
      type ? storage_type_dtype(document.global_module(*type), document.global_name(*type))
           : std::nullopt;
  const auto key = document.short_text(id->items()[2]);
  if (!dtype || !key) {
    fail(ErrorCode::corrupt,
         fmt::format("the id of a storage has {} as its type and {} as its key",
                     document.describe(id->items()[1]), document.describe(id->items()[2])));
  }
  StorageId storage{*key, *dtype, dtype_itemsize(*dtype).value()};
  const auto bytes = bytes_of(document, id->items()[4], storage.itemsize);
  if (!bytes)
    fail(ErrorCode::corrupt,
         "the size of storage `" + io::printable(storage.key) + "` is no byte count");
  storage.bytes = storage.view_bytes = *bytes;
  storage.offset = node.offset;
  if (id->count == 5 || id->items()[5] == PickleValue{}) return storage;

  const PickleNode* view = document.node(id->items()[5], NodeKind::tuple);
  const bool whole = view && view->count == 3;
  const auto start = whole ? bytes_of(document, view->items()[1], storage.itemsize) : std::nullopt;
  const auto length = whole ? bytes_of(document, view->items()[2], storage.itemsize) : std::nullopt;
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
