// SPDX-License-Identifier: Apache-2.0
#include "cli/export_target.h"

#include <lancekeep/error.h>

#include <fmt/format.h>

#include <regex>

namespace lancekeep::cli {
namespace {

constexpr std::string_view kStart = "{version";
constexpr std::size_t kMostDigits = 20;  // of any version's number

struct Place {
  std::size_t begin = 0;
  std::size_t end = 0;
  std::size_t digits = 1;  // at least
};

// The first place at or behind `from`; it begins at the end of `file` where there is none.
Place find_place(const std::string& file, std::size_t from) {
  Place place;
  place.begin = std::min(file.find(kStart, from), file.size());
  place.end = place.begin;
  if (place.begin == file.size()) return place;
  const std::size_t close = std::min(file.find('}', place.begin), file.size());
  const std::string rest =
      file.substr(place.begin + kStart.size(), close - place.begin - kStart.size());
  static const std::regex kPadding(":0([0-9]{1,2})");
  std::smatch padding;
  const bool is_padded = std::regex_match(rest, padding, kPadding);
  if (is_padded) place.digits = std::stoul(padding[1]);
  if (close == file.size() || !(rest.empty() || is_padded) || place.digits > kMostDigits) {
    throw Error(ErrorCode::invalid_argument,
                "expected `{version}` or, with zeros in front, `{version:04}`, found `" +
                    file.substr(place.begin, close + 1 - place.begin) + "`",
                file);
  }
  place.end = close + 1;
  return place;
}

[[noreturn]] void refuse(const std::filesystem::path& file) {
  throw Error(ErrorCode::already_exists, "the file exists already; --force writes over it",
              file.string());
}

bool is_there(const std::filesystem::path& file) {
  std::error_code ignored;
  return std::filesystem::exists(std::filesystem::symlink_status(file, ignored));
}

// Whether `name` is one of the shards of model.safetensors: model-00001-of-00002.safetensors.
bool is_shard(std::string name, const std::filesystem::path& target) {
  const std::string start = target.stem().string() + "-";
  const std::string ending = target.extension().string();
  if (!name.starts_with(start) || !name.ends_with(ending)) return false;
  if (name.size() < start.size() + ending.size()) return false;
  name = name.substr(start.size(), name.size() - start.size() - ending.size());
  static const std::regex kNumbers("[0-9]{5,}-of-[0-9]{5,}");
  return std::regex_match(name, kNumbers);
}

}  // namespace

bool has_version(const std::string& file) { return find_place(file, 0).begin < file.size(); }

std::string with_version(const std::string& file, std::uint64_t version) {
  std::string text;
  std::size_t from = 0;
  for (Place place = find_place(file, from); place.begin < file.size();
       place = find_place(file, from)) {
    text += file.substr(from, place.begin - from) + fmt::format("{:0{}}", version, place.digits);
    from = place.end;
  }
  return text + file.substr(from);
}

void require_nothing_there(const std::filesystem::path& target, Shards shards) {
  if (is_there(target)) refuse(target);
  if (shards == Shards::none) return;
  const std::filesystem::path index = target.string() + ".index.json";
  if (is_there(index)) refuse(index);
  const std::filesystem::path folder = target.has_parent_path() ? target.parent_path() : ".";
  std::error_code unreadable;  // then writing says what is wrong with it
  for (const auto& entry : std::filesystem::directory_iterator(folder, unreadable)) {
    if (is_shard(entry.path().filename().string(), target)) refuse(entry.path());
  }
}

}  // namespace lancekeep::cli
