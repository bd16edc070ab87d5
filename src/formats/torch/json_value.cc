// SPDX-License-Identifier: Apache-2.0
#include "formats/torch/json_value.h"

#include <lancekeep/error.h>

#include "formats/torch/globals.h"
#include "formats/torch/numpy_value.h"
#include "formats/torch/python_object.h"
#include "formats/torch/python_value.h"
#include "io/utf8.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

namespace lancekeep::formats {

JsonValueWriter::JsonValueWriter(const TorchFile& torch, std::string where, std::string base)
    : torch_(torch),
      document_(torch.object),
      where_(std::move(where)),
      base_(std::move(base)),
      path_(torch),
      json_(*torch.budget) {}

std::string JsonValueWriter::where() const {
  if (path_.depth() == 0) return where_;
  return "the entry `" + io::printable(base_ + (base_.empty() ? "" : ".") + path_.text()) + "`";
}

void JsonValueWriter::write(PickleValue value) {
  const PickleNode* node = document_.node(value);
  switch (object_kind(document_, value)) {
    case ObjectKind::none:
      return json_.raw("null");
    case ObjectKind::boolean:
      return json_.raw(document_.boolean(value).value() ? "true" : "false");
    case ObjectKind::integer:
      return write_integer(value);
    case ObjectKind::real:
      return json_.real(document_.real(value).value());
    case ObjectKind::complex:
      return write_complex(value);
    case ObjectKind::text:
      return write_text(*document_.text(value));
    case ObjectKind::bytes:
      return write_bytes(value, "$bytes");
    case ObjectKind::bytearray:
      return write_bytes(value, "$bytearray");
    case ObjectKind::list:
    case ObjectKind::tuple:
    case ObjectKind::deque:
    case ObjectKind::dict:
      return write_container(value, [&](std::uint32_t place) {
        path_.push(*node, place);
        write(node->items()[place]);
        path_.pop();
      });
    case ObjectKind::set:
      return write_set(*node, "$set");
    case ObjectKind::frozenset:
      return write_set(*node, "$frozenset");
    case ObjectKind::size:
      return write_size(value);
    case ObjectKind::dtype:
      json_.open_tag("$dtype");
      json_.string(dtype_name(document_, value));
      return json_.raw("}");
    case ObjectKind::device:
      return write_device(value);
    case ObjectKind::layout:
      return write_layout(value);
    case ObjectKind::constant:
      return write_constant(*node);
    case ObjectKind::path:
    case ObjectKind::date:
    case ObjectKind::time:
    case ObjectKind::datetime:
    case ObjectKind::timedelta:
    case ObjectKind::decimal:
    case ObjectKind::fraction:
    case ObjectKind::uuid:
    case ObjectKind::range:
    case ObjectKind::slice:
      return write_python_value(object_kind(document_, value), value);
    case ObjectKind::numpy_scalar:
      return write_numpy_scalar(value);
    case ObjectKind::numpy_dtype:
      json_.open_tag("$numpy_dtype");
      json_.string(read_numpy_dtype(torch_, value, where()));
      return json_.raw("}");
    case ObjectKind::numpy_array:
    case ObjectKind::tensor:
    case ObjectKind::foreign:
    case ObjectKind::other:
      reject(value);
  }
}

void JsonValueWriter::write_container(PickleValue container,
                                      const std::function<void(std::uint32_t)>& write_item) {
  const PickleNode& node = *document_.node(container);
  switch (node.kind) {
    case PickleNode::Kind::deque:
      return write_deque(container, write_item);
    case PickleNode::Kind::default_dict:
      return write_default_dict(container, write_item);
    case PickleNode::Kind::dict:
      if (has_plain_keys(node)) return write_object(node, write_item);
      json_.open_tag("$dict");
      write_pairs(node, write_item);
      return json_.raw("}");
    case PickleNode::Kind::ordered_dict:
    case PickleNode::Kind::counter:
      json_.open_tag(node.kind == PickleNode::Kind::counter ? "$counter" : "$odict");
      write_pairs(node, write_item);
      return json_.raw("}");
    case PickleNode::Kind::tuple:
      json_.open_tag("$tuple");
      write_sequence(node, write_item);
      return json_.raw("}");
    default:
      return write_sequence(node, write_item);
  }
}

void JsonValueWriter::write_reference(const char* tag, const std::string& name) {
  json_.open_tag(tag);
  json_.string(name);
  json_.raw("}");
}

// A plain JSON object must not look like a tagged form, whose key starts with `$`.
bool JsonValueWriter::has_plain_keys(const PickleNode& node) const {
  for (std::uint32_t i = 0; i < node.count; i += 2) {
    const auto key = document_.short_text(node.items()[i]);
    if (!key || key->starts_with('$') || io::utf8_error(*key)) return false;
  }
  return true;
}

void JsonValueWriter::write_pairs(const PickleNode& node,
                                  const std::function<void(std::uint32_t)>& write_item) {
  json_.raw("[");
  for (std::uint32_t i = 0; i < node.count; i += 2) {
    json_.raw(i == 0 ? "[" : ",[");
    write(node.items()[i]);
    json_.raw(",");
    write_item(i + 1);
    json_.raw("]");
  }
  json_.raw("]");
}

void JsonValueWriter::write_object(const PickleNode& node,
                                   const std::function<void(std::uint32_t)>& write_item) {
  json_.raw("{");
  for (std::uint32_t i = 0; i < node.count; i += 2) {
    if (i > 0) json_.raw(",");
    write(node.items()[i]);
    json_.raw(":");
    write_item(i + 1);
  }
  json_.raw("}");
}

void JsonValueWriter::write_sequence(const PickleNode& node,
                                     const std::function<void(std::uint32_t)>& write_item) {
  json_.raw("[");
  for (std::uint32_t i = 0; i < node.count; ++i) {
    if (i > 0) json_.raw(",");
    write_item(i);
  }
  json_.raw("]");
}

void JsonValueWriter::write_deque(PickleValue deque,
                                  const std::function<void(std::uint32_t)>& write_item) {
  json_.open_tag("$deque");
  json_.raw("[");
  write_sequence(*document_.node(deque), write_item);
  json_.raw(",");
  write(document_.extra(deque).value_or(PickleValue{}));
  json_.raw("]}");
}

// A defaultdict whose factory is not Python's own becomes a dict.
void JsonValueWriter::write_default_dict(PickleValue dict,
                                         const std::function<void(std::uint32_t)>& write_item) {
  const PickleNode& node = *document_.node(dict);
  const PickleValue factory = document_.extra(dict).value_or(PickleValue{});
  const auto name = factory_name(document_, factory);
  if (!name && factory != PickleValue{}) {
    if (has_plain_keys(node)) return write_object(node, write_item);
    json_.open_tag("$dict");
    write_pairs(node, write_item);
    return json_.raw("}");
  }
  json_.open_tag("$defaultdict");
  json_.raw("[");
  if (name) json_.string(*name);
  json_.raw(name ? "," : "null,");
  write_pairs(node, write_item);
  json_.raw("]}");
}

// Sorts the items, so that equal sets have equal text.
void JsonValueWriter::write_set(const PickleNode& node, const char* tag) {
  std::vector<std::string> items;
  std::uint64_t taken = 0;
  for (const PickleValue value : node.items()) {
    JsonValueWriter item(torch_, where_);
    item.write(value);
    const std::vector<char> text = item.take();
    torch_.budget->take(sizeof(std::string) + text.size(), "the items of a set");
    taken += sizeof(std::string) + 2 * text.size();
    items.emplace_back(text.begin(), text.end());
  }
  std::sort(items.begin(), items.end());
  json_.open_tag(tag);
  json_.raw("[");
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (i > 0) json_.raw(",");
    json_.raw(items[i]);
  }
  json_.raw("]}");
  torch_.budget->give_back(taken);
}

void JsonValueWriter::write_text(const PickleText& text) {
  if (text.kept) return json_.text({text.kept, text.length}, where_);
  torch_.budget->take(text.length, "a string of the pickle");
  json_.text(torch_.file.read(text.offset, text.length, "a string of the pickle").text(), where_);
  torch_.budget->give_back(text.length);
}

void JsonValueWriter::write_bytes(PickleValue value, const char* tag) {
  const auto raw = raw_bytes(document_, value);
  if (!raw) fail_call(value);
  torch_.budget->take(raw->length, "a bytes object of the pickle");
  json_.open_tag(tag);
  json_.base64(read_raw_bytes(torch_.file, *raw));
  json_.raw("}");
  torch_.budget->give_back(raw->length);
}

void JsonValueWriter::write_integer(PickleValue value) {
  if (const auto integer = document_.integer(value)) return json_.integer(*integer);
  const PickleText& bytes = *document_.text(value);
  json_.big_integer({bytes.kept, bytes.length});
}

void JsonValueWriter::write_complex(PickleValue value) {
  const Call call = call_of(document_, value);
  if (call.arguments.size() != 2 || call.state) fail_call(value);
  const auto real = document_.real(call.arguments[0]);
  const auto imaginary = document_.real(call.arguments[1]);
  if (!real || !imaginary) fail_call(value);
  json_.open_tag("$complex");
  json_.raw("[");
  json_.real(*real);
  json_.raw(",");
  json_.real(*imaginary);
  json_.raw("]}");
}

void JsonValueWriter::write_size(PickleValue value) {
  const Call call = call_of(document_, value);
  const PickleNode* sizes = call.arguments.size() == 1 && !call.state
                                ? document_.node(call.arguments[0], PickleNode::Kind::tuple)
                                : nullptr;
  if (!sizes) fail_call(value);
  json_.open_tag("$size");
  write_sequence(*sizes, [&](std::uint32_t place) {
    const auto size = document_.integer(sizes->items()[place]);
    if (!size) fail_call(value);
    json_.integer(*size);
  });
  json_.raw("}");
}

// Writes device('cuda', 0) or device('cpu').
void JsonValueWriter::write_device(PickleValue value) {
  const Call call = call_of(document_, value);
  const std::size_t count = call.arguments.size();
  const auto type =
      count == 1 || count == 2 ? document_.short_text(call.arguments[0]) : std::nullopt;
  const auto index = count == 2 ? document_.integer(call.arguments[1]) : std::nullopt;
  if (!type || (count == 2 && !index) || call.state) fail_call(value);
  json_.open_tag("$device");
  json_.text(index ? fmt::format("{}:{}", *type, *index) : std::string(*type), where_);
  json_.raw("}");
}

// Writes _get_layout('torch.strided').
void JsonValueWriter::write_layout(PickleValue value) {
  constexpr std::string_view kPrefix = "torch.";
  const Call call = call_of(document_, value);
  const auto name = call.arguments.size() == 1 && !call.state
                        ? document_.short_text(call.arguments[0])
                        : std::nullopt;
  if (!name || !name->starts_with(kPrefix)) fail_call(value);
  json_.open_tag("$layout");
  json_.text(name->substr(kPrefix.size()), where_);
  json_.raw("}");
}

void JsonValueWriter::write_constant(const PickleNode& node) {
  const auto constant = constant_json(document_.global_module(node), document_.global_name(node));
  json_.open_tag(constant->tag);
  json_.string(constant->text);
  json_.raw("}");
}

void JsonValueWriter::write_python_value(ObjectKind kind, PickleValue value) {
  switch (kind) {
    case ObjectKind::path:
      return write_path(value);
    case ObjectKind::timedelta:
      return write_arguments("$timedelta", value);
    case ObjectKind::range:
      return write_arguments("$range", value);
    case ObjectKind::slice:
      return write_arguments("$slice", value);
    case ObjectKind::decimal:
    case ObjectKind::uuid: {
      const bool is_uuid = kind == ObjectKind::uuid;
      const auto text = is_uuid ? uuid_text(document_, value) : decimal_text(document_, value);
      if (!text) fail_call(value);
      json_.open_tag(is_uuid ? "$uuid" : "$decimal");
      json_.text(*text, where_);
      return json_.raw("}");
    }
    case ObjectKind::fraction: {
      const auto parts = fraction_text(document_, value);
      if (!parts) fail_call(value);
      json_.open_tag("$fraction");
      json_.raw("[");
      write_digits(parts->first);
      json_.raw(",");
      write_digits(parts->second);
      return json_.raw("]}");
    }
    default:
      return write_time(kind, value);
  }
}

void JsonValueWriter::write_path(PickleValue value) {
  const auto text = path_text(document_, value);
  if (!text) fail_call(value);
  json_.open_tag("$path");
  json_.raw("[");
  json_.string(document_.global_name(*document_.node(document_.node(value)->items()[0])));
  json_.raw(",");
  json_.text(*text, where_);
  json_.raw("]}");
}

void JsonValueWriter::write_time(ObjectKind kind, PickleValue value) {
  const auto text = time_text(torch_, value);
  if (!text) fail_call(value);
  json_.open_tag(kind == ObjectKind::date   ? "$date"
                 : kind == ObjectKind::time ? "$time"
                                            : "$datetime");
  if (text->fold) json_.raw("[");
  json_.string(text->iso);
  json_.raw(text->fold ? ",null,1]}" : "}");
}

// Writes the three arguments of a call, which are numbers or None.
void JsonValueWriter::write_arguments(const char* tag, PickleValue value) {
  const Call call = call_of(document_, value);
  if (call.arguments.size() != 3 || call.state) fail_call(value);
  json_.open_tag(tag);
  json_.raw("[");
  for (std::size_t i = 0; i < 3; ++i) {
    const PickleValue argument = call.arguments[i];
    const ObjectKind kind = object_kind(document_, argument);
    const bool may_be_missing = kind == ObjectKind::none || kind == ObjectKind::real;
    if (kind != ObjectKind::integer &&
        !(may_be_missing && object_kind(document_, value) == ObjectKind::slice)) {
      fail_call(value);
    }
    if (i > 0) json_.raw(",");
    write(argument);
  }
  json_.raw("]}");
}

void JsonValueWriter::write_digits(const std::string& digits) {
  constexpr std::size_t kAlwaysFit = 18;
  if (digits.size() <= kAlwaysFit) return json_.raw(digits);
  json_.open_tag("$int");
  json_.string(digits);
  json_.raw("}");
}

void JsonValueWriter::write_numpy_scalar(PickleValue value) {
  const NumpyScalar scalar = read_numpy_scalar(torch_, value, where());
  json_.open_tag("$numpy");
  json_.raw("[");
  json_.string(scalar.descr);
  json_.raw(",");
  json_.base64(read_raw_bytes(torch_.file, scalar.bytes));
  json_.raw("]}");
}

void JsonValueWriter::reject(PickleValue value) const {
  const PickleNode* node = document_.node(value);
  const bool is_storage = node && node->kind == PickleNode::Kind::persistent_id;
  fail_at(document_, value, ErrorCode::unsupported,
          fmt::format("{} is {}; {}", where(), document_.describe(value),
                      is_storage ? "save a tensor instead"
                                 : "save tensors, numbers, text, dicts, lists and tuples"));
}

void JsonValueWriter::fail_call(PickleValue value) const {
  fail_at(document_, value, ErrorCode::corrupt,
          fmt::format("{} is {} with wrong arguments", where(), document_.describe(value)));
}

}  // namespace lancekeep::formats
