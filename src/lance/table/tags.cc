// SPDX-License-Identifier: Apache-2.0
#include "lance/table/tags.h"

#include "io/random_id.h"
#include "io/utf8.h"
#include "io/waiting.h"
#include "lance/table/file_names.h"
#include "lance/table/timestamp.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include <algorithm>

namespace lancekeep::lance {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kTagSuffix = ".json";
constexpr std::size_t kMaxName = 128;
// A tag file has some 200 bytes, plus its `metadata`.
constexpr std::uint64_t kMaxTagFile = std::uint64_t{64} << 10;

bool is_tag_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
         c == '_' || c == '-';
}

// What is wrong with a name; empty: it is valid.
std::string_view why_invalid(std::string_view name) {
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  if (name.empty()) return "is empty";
  if (name.size() > kMaxName) return "is longer than 128 characters";
  if (!std::all_of(name.begin(), name.end(), is_tag_character)) {
    return "has characters other than letters, digits, \".\", \"_\" and \"-\"";
  }
  if (std::all_of(name.begin(), name.end(), is_digit)) return "is all digits, like a version";
  if (name == "latest") return "means the newest version";
  if (name.starts_with('.') || name.ends_with('.')) return "starts or ends with a dot";
  if (name.find("..") != std::string_view::npos) return "has two dots in a row";
  if (name.starts_with('-')) return "starts with a dash, like an option";
  if (name.ends_with(".lock")) return "ends in \".lock\"";
  return {};
}

// A valid name that resembles this one; empty if there is none.
std::string suggest_name(const std::string& name) {
  std::string suggestion;
  for (const char c : name) {
    const bool repeats = suggestion.ends_with('.') || suggestion.ends_with('-');
    const char next = is_tag_character(c) ? c : '-';
    if (repeats && (next == '.' || next == '-')) continue;
    if (suggestion.size() < kMaxName) suggestion += next;
  }
  if (suggestion.ends_with(".lock")) suggestion[suggestion.size() - 5] = '-';
  const auto first = suggestion.find_first_not_of(".-");
  if (first == std::string::npos) return {};
  suggestion = suggestion.substr(first, suggestion.find_last_not_of(".-") - first + 1);
  if (!why_invalid(suggestion).empty()) suggestion = "v-" + suggestion;  // all digits, or "latest"
  return why_invalid(suggestion).empty() ? suggestion : std::string();
}

// Any other name would lead out of the folder: there is no such tag.
bool is_file_name(const std::string& name) {
  return !name.empty() && name.find('/') == std::string::npos &&
         name.find('\0') == std::string::npos;
}

[[noreturn]] void fail_not_found(const io::Storage& storage, const std::string& name) {
  const std::vector<std::string> names = list_tags(storage);
  const std::string existing = names.empty()
                                   ? std::string("there are no tags")
                                   : fmt::format("the tags are: {}", fmt::join(names, ", "));
  throw Error(ErrorCode::not_found, fmt::format("no tag `{}`; {}", io::printable(name), existing),
              storage.full_name(kTagsFolder));
}

Json parse(const io::ByteView& content) {
  // Deeper than any real metadata; without a limit, nesting would exhaust memory and the stack.
  const auto not_too_deep = [&content](int depth, Json::parse_event_t, Json&) {
    if (depth > 32) content.fail("the tag file is nested more than 32 deep");
    return true;
  };
  Json json = Json::parse(content.text(), not_too_deep, /*allow_exceptions=*/false);
  if (!json.is_object()) content.fail("the tag file is not a JSON object");
  return json;
}

// The tag file that is about to be replaced; empty if it is damaged.
Json read_previous(const io::Storage& storage, const std::string& path) {
  if (!storage.exists(path)) return Json::object();
  try {
    return parse(storage.read(path, kMaxTagFile));
  } catch (const Error& error) {
    if (error.code() != ErrorCode::corrupt) throw;
    return Json::object();
  }
}

std::string encode(const Json& before, std::uint64_t version, std::uint64_t manifest_size) {
  const std::string time = to_string(Timestamp::now());
  const auto created = before.find("createdAt");
  const auto metadata = before.find("metadata");
  Json json;
  json["branch"] = nullptr;
  json["version"] = version;
  json["createdAt"] = created != before.end() && created->is_string() ? *created : Json(time);
  json["updatedAt"] = time;
  json["manifestSize"] = manifest_size;
  json["metadata"] = metadata != before.end() && metadata->is_object() ? *metadata : Json::object();
  std::string text = json.dump(-1, ' ', false, Json::error_handler_t::replace);
  if (text.size() > kMaxTagFile) {
    throw Error(
        ErrorCode::invalid_argument,
        fmt::format(
            "the tag would take {} bytes with its metadata, expected at most {}; delete the tag "
            "and create it again",
            text.size(), kMaxTagFile));
  }
  return text;
}

void make_tag_folders(io::Storage& storage, bool durable) {
  storage.make_folder(kRefsFolder);
  storage.make_folder(kTagsFolder);
  if (!durable) return;
  storage.sync_folder(kRefsFolder);
  storage.sync_folder("");
}

[[noreturn]] void fail_exists(const io::Storage& storage, const std::string& name) {
  throw Error(
      ErrorCode::already_exists,
      fmt::format("tag `{}` already points to version {}", name, read_tag(storage, name).version),
      storage.full_name(tag_path(name)));
}

}  // namespace

void check_tag_name(const std::string& name) {
  const std::string_view reason = why_invalid(name);
  if (reason.empty()) return;
  const std::string suggestion = suggest_name(name);
  throw Error(ErrorCode::invalid_argument,
              fmt::format("a tag cannot be named `{}`: it {}{}", io::printable(name), reason,
                          suggestion.empty() ? "" : "; use `" + suggestion + "`"));
}

namespace {

// The names of the JSON files in a folder, without their suffix, sorted.
std::vector<std::string> list_json_files(const io::Storage& storage, const char* folder) {
  std::vector<std::string> names;
  for (const io::FolderEntry& entry : storage.list(folder)) {
    if (entry.is_folder || !entry.name.ends_with(kTagSuffix)) continue;
    names.push_back(entry.name.substr(0, entry.name.size() - kTagSuffix.size()));
  }
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace

std::vector<std::string> list_tags(const io::Storage& storage) {
  return list_json_files(storage, kTagsFolder);
}

std::vector<std::string> list_branches(const io::Storage& storage) {
  constexpr std::string_view kSlash = "%2F";  // pylance writes a name's slashes so
  std::vector<std::string> names = list_json_files(storage, kBranchesFolder);
  for (std::string& name : names) {
    for (auto at = name.find(kSlash); at != name.npos; at = name.find(kSlash, at + 1)) {
      name.replace(at, kSlash.size(), "/");
    }
  }
  return names;
}

Tag read_tag(const io::Storage& storage, const std::string& name) {
  if (!is_file_name(name) || !storage.exists(tag_path(name))) fail_not_found(storage, name);
  const io::ByteView content = storage.read(tag_path(name), kMaxTagFile);
  const Json json = parse(content);
  Tag tag;
  const auto version = json.find("version");
  if (version == json.end() || !version->is_number_unsigned()) {
    content.fail("the tag file has no \"version\" that is a whole number");
  }
  tag.version = version->get<std::uint64_t>();
  const auto size = json.find("manifestSize");
  if (size != json.end() && size->is_number_unsigned()) {
    tag.manifest_size = size->get<std::uint64_t>();
  }
  const auto branch = json.find("branch");
  if (branch == json.end() || branch->is_null()) return tag;
  if (!branch->is_string()) content.fail("the tag's \"branch\" is neither null nor a string");
  tag.branch = branch->get<std::string>();
  return tag;
}

PendingTag::PendingTag(io::Storage& storage, const TagRequest& request, std::uint64_t version,
                       std::uint64_t manifest_size, bool durable)
    : storage_(storage),
      request_(request),
      durable_(durable),
      temporary_(temporary_path(kTagsFolder, io::random_uuid())),
      file_(storage) {
  check_tag_name(request.name);
  const std::string path = tag_path(request.name);
  if (!request.move && storage.exists(path)) fail_exists(storage, request.name);
  make_tag_folders(storage, durable);
  const Json before = request.move ? read_previous(storage, path) : Json::object();
  auto& content = file_.create(temporary_);
  content.write(encode(before, version, manifest_size));
  durable ? content.sync() : content.flush();
}

void PendingTag::commit() {
  const std::string path = tag_path(request_.name);
  if (request_.move) {
    storage_.rename_over(temporary_, path);
  } else if (!storage_.rename_new(temporary_, path)) {
    fail_exists(storage_, request_.name);
  }
  file_.keep();
  if (durable_) storage_.sync_folder(kTagsFolder);
}

void write_tag(io::Storage& storage, const TagRequest& request, std::uint64_t version,
               std::uint64_t manifest_size, bool durable) {
  PendingTag tag(storage, request, version, manifest_size, durable);
  io::check_interrupts();
  tag.commit();
}

void check_tag_is_free(const io::Storage& storage, const TagRequest& request) {
  if (request.name.empty() || request.move || !storage.exists(tag_path(request.name))) return;
  throw Error(ErrorCode::already_exists,
              fmt::format("the tag `{}` exists already; nothing was saved. Choose another name, or "
                          "let the save move it (move_tag)",
                          request.name),
              storage.full_name(tag_path(request.name)));
}

void remove_tag(io::Storage& storage, const std::string& name) {
  if (!is_file_name(name) || !storage.exists(tag_path(name))) fail_not_found(storage, name);
  io::check_interrupts();
  storage.remove(tag_path(name));
  storage.sync_folder(kTagsFolder);
}

}  // namespace lancekeep::lance
