// SPDX-License-Identifier: Apache-2.0
#include "lance/file/column_type.h"

#include "io/checked_math.h"
#include "lance/file/footer.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <set>

namespace lancekeep::lance {
namespace {

constexpr ValueType kBlobType{128, 1};
constexpr const char* kBlobKey = "lance-encoding:blob";
constexpr const char* kPackedKeys[] = {"lance-encoding:packed", "packed"};

// Whether the fields of a struct are together in one column.
bool is_packed(const Field& field) {
  return field.metadata.contains(kBlobKey) ||
         std::any_of(std::begin(kPackedKeys), std::end(kPackedKeys), [&field](const char* key) {
           const auto entry = field.metadata.find(key);
           return entry != field.metadata.end() && entry->second == "true";
         });
}

bool is_list(const Field& field) {
  return field.logical_type == "list" || field.logical_type == "large_list" ||
         field.logical_type == "list.struct" || field.logical_type == "large_list.struct";
}

constexpr std::uint64_t kMaxBits = std::uint64_t{1} << 30;  // the limit of pages
constexpr int kMaxTypeDepth = 8;

const std::map<std::string_view, std::uint32_t>& plain_types() {
  static const std::map<std::string_view, std::uint32_t> types = {
      {"string", 0},     {"large_string", 0}, {"binary", 0},    {"large_binary", 0},
      {"bool", 8},       {"int8", 8},         {"uint8", 8},     {"int16", 16},
      {"uint16", 16},    {"halffloat", 16},   {"int32", 32},    {"uint32", 32},
      {"float", 32},     {"date32:day", 32},  {"time32:s", 32}, {"time32:ms", 32},
      {"int64", 64},     {"uint64", 64},      {"double", 64},   {"date64:ms", 64},
      {"time64:us", 64}, {"time64:ns", 64}};
  return types;
}

std::optional<std::uint64_t> number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// The rest of `type` after `prefix`; unset if the type does not start with it.
std::optional<std::string_view> after(std::string_view type, std::string_view prefix) {
  if (!type.starts_with(prefix)) return std::nullopt;
  return type.substr(prefix.size());
}

std::optional<ValueType> of_bits(std::optional<std::uint64_t> bits) {
  if (!bits || *bits == 0 || *bits > kMaxBits) return std::nullopt;
  return ValueType{static_cast<std::uint32_t>(*bits), 1};
}

std::optional<ValueType> parse(std::string_view type, int depth) {
  if (const auto plain = plain_types().find(type); plain != plain_types().end())
    return ValueType{plain->second, 1};
  if (type.starts_with("timestamp:") || type.starts_with("duration:")) return ValueType{64, 1};
  if (type.starts_with("decimal:128:")) return ValueType{128, 1};
  if (type.starts_with("decimal:256:")) return ValueType{256, 1};
  if (const auto width = after(type, "fixed_size_binary:")) {
    const auto bytes = number(*width);
    return of_bits(bytes ? io::checked_mul<std::uint64_t>(*bytes, 8) : std::nullopt);
  }
  if (depth == 0) return std::nullopt;
  if (const auto values = after(type, "dict:"))
    return parse(values->substr(0, values->find(':')), depth - 1);
  const auto list = after(type, "fixed_size_list:");
  if (!list || list->find(':') == std::string_view::npos) return std::nullopt;
  const auto dimension = number(list->substr(list->rfind(':') + 1));
  const auto item = parse(list->substr(0, list->rfind(':')), depth - 1);
  if (!dimension || !item || item->bits == 0) return std::nullopt;
  auto result = of_bits(io::checked_mul<std::uint64_t>(item->bits, *dimension));
  if (result) result->dimension = item->dimension * *dimension;
  return result;
}

}  // namespace

std::vector<const Field*> column_fields(const std::vector<Field>& fields, FormatVersion version) {
  std::set<std::int32_t> parents;
  for (const Field& field : fields) parents.insert(field.parent_id);
  std::set<std::int32_t> within_packed;
  std::vector<const Field*> result;
  for (const Field& field : fields) {
    if (within_packed.contains(field.parent_id)) {
      within_packed.insert(field.id);
      continue;
    }
    const bool is_parent = parents.contains(field.id);
    const bool packed = is_parent && is_packed(field);
    if (packed) within_packed.insert(field.id);
    if (!is_parent || packed || version == FormatVersion{2, 0}) result.push_back(&field);
  }
  return result;
}

bool is_blob(const Field& field) {
  return field.logical_type == "large_binary" && field.metadata.contains(kBlobKey);
}

std::optional<std::uint32_t> find_column(const DataFile& file, const std::vector<Field>& fields,
                                         std::int32_t id) {
  std::set<std::int32_t> wanted = {id};
  const auto column_of = [&file](std::int32_t field) -> std::optional<std::uint32_t> {
    const std::size_t count = std::min(file.fields.size(), file.column_indices.size());
    for (std::size_t i = 0; i < count; ++i) {
      if (file.fields[i] == field && file.column_indices[i] >= 0)
        return static_cast<std::uint32_t>(file.column_indices[i]);
    }
    return std::nullopt;
  };
  if (id < 0) return std::nullopt;
  if (file.column_indices.size() < file.fields.size()) {
    const std::string format = file.version.major < kFormat20.major
                                   ? "0.1 (\"legacy\")"
                                   : fmt::format("{}.{}", file.version.major, file.version.minor);
    throw Error(ErrorCode::unsupported,
                fmt::format("the data file `{}` has format {}, which this build does not read; {}",
                            file.path, format, kHowToConvert));
  }
  if (const auto own = column_of(id)) return own;
  for (const Field& field : fields) {  // parents come before their children
    if (!wanted.contains(field.parent_id)) continue;
    wanted.insert(field.id);
    if (const auto column = column_of(field.id)) return column;
  }
  return std::nullopt;
}

Array empty_column(const std::vector<Field>& fields, const Field& leaf) {
  Array array;
  const auto parent = std::find_if(fields.begin(), fields.end(), [&leaf](const Field& field) {
    return field.id == leaf.parent_id;
  });
  if (leaf.parent_id >= 0 && parent != fields.end() && is_list(*parent)) {
    array.is_list = true;
    array.list_offsets = {0};
  }
  if (const auto type = is_blob(leaf) ? kBlobType : value_type(leaf.logical_type)) {
    set_type(array, type->bits);
    array.dimension = type->dimension;
  }
  return array;
}

std::optional<ValueType> value_type(std::string_view logical_type) {
  return parse(logical_type, kMaxTypeDepth);
}

}  // namespace lancekeep::lance
