// SPDX-License-Identifier: Apache-2.0
#include "formats/safetensors/shard_index.h"

#include "io/utf8.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

namespace lancekeep::formats {
namespace {

constexpr std::size_t kDeepest = 64;
// What the allocator adds to a string, and what a map or a set takes for an entry.
constexpr std::uint64_t kStringOverhead = 32;
constexpr std::uint64_t kNodeBytes = 64 + sizeof(std::string) + kStringOverhead;

// Rejects paths with "", "." or ".." as a component, because they can leave the folder.
bool may_leave_folder(std::string_view path) {
  if (path.find('\0') != path.npos) return true;
  for (std::size_t start = 0; start <= path.size();) {
    const std::size_t end = std::min(path.find('/', start), path.size());
    const std::string_view name = path.substr(start, end - start);
    if (name.empty() || name == "." || name == "..") return true;
    start = end + 1;
  }
  return false;
}

// Handles the parser's events. Reads two members of the outermost object, `weight_map` and
// `metadata`, and skips all others.
class IndexParser : public JsonEvents {
 public:
  using JsonEvents::JsonEvents;

  std::optional<ShardIndex> take() {
    if (!has_map_) return std::nullopt;
    sort_shards();
    sort_tensors();
    return std::move(index_);
  }

  bool null() override { return value("null"); }
  bool boolean(bool is_true) override { return value(is_true ? "true" : "false"); }
  bool number_integer(std::int64_t number) override { return value(fmt::to_string(number)); }
  bool number_unsigned(std::uint64_t number) override { return value(fmt::to_string(number)); }
  bool number_float(double, const std::string& text) override { return value(text); }

  bool string(std::string& text) override {
    if (is_in_map()) return take_tensor(text);
    if (is_in_metadata()) return take_metadata(text);
    return value(json_string(text));
  }

  bool start_object(std::size_t) override {
    if (keys_.size() == 1) {
      has_map_ |= top_key_ == "weight_map";
    } else if (is_in_map()) {
      unexpected("an object");
    }
    enter();
    return value_start("{");
  }

  bool start_array(std::size_t) override {
    if (keys_.size() == 1 && is_read()) unexpected("an array");
    if (is_in_map()) unexpected("an array");
    enter();
    return value_start("[");
  }

  bool end_object() override { return value_end("}"); }
  bool end_array() override { return value_end("]"); }

  bool key(std::string& text) override {
    if (keys_.size() == 1) top_key_ = text;
    if (keys_.size() == 2) key_ = text;
    if (is_in_map()) return true;  // checked for duplicates after sorting
    if (keys_.size() > 1 && top_key_ != "metadata") return true;  // skipped
    stream().budget().take(kNodeBytes + text.size(), "the index's keys");
    if (!keys_.back().insert(text).second) twice(text);
    if (is_in_value()) append((ends_item() ? "," : "") + json_string(text) + ":");
    return true;
  }

 private:
  [[nodiscard]] bool is_read() const { return top_key_ == "weight_map" || top_key_ == "metadata"; }
  [[nodiscard]] bool is_in_map() const { return keys_.size() == 2 && top_key_ == "weight_map"; }
  [[nodiscard]] bool is_in_metadata() const { return keys_.size() == 2 && top_key_ == "metadata"; }
  // Whether the parser is in a metadata value that is itself an object or an array.
  [[nodiscard]] bool is_in_value() const { return keys_.size() > 2 && top_key_ == "metadata"; }
  [[nodiscard]] bool ends_item() const {
    return !value_.empty() && value_.back() != '{' && value_.back() != '[' && value_.back() != ':';
  }

  void enter() {
    if (keys_.size() == kDeepest) {
      stream().fail(ErrorCode::unsupported, fmt::format("{} is nested more than {} levels deep",
                                                        stream().what(), kDeepest));
    }
    keys_.emplace_back();
  }

  bool value(const std::string& text) {
    if (is_in_map() || (keys_.size() == 1 && is_read() && text != "null")) unexpected(text);
    if (is_in_metadata()) return take_metadata(text);
    if (is_in_value()) append((ends_item() ? "," : "") + text);
    return true;
  }

  bool value_start(const char* bracket) {
    if (is_in_value()) append(ends_item() ? std::string(",") + bracket : bracket);
    return true;
  }

  bool value_end(const char* bracket) {
    if (is_in_value()) append(bracket);
    keys_.pop_back();
    if (!is_in_metadata()) return true;
    const std::string text = std::exchange(value_, {});
    return take_metadata(text);
  }

  // The string grows by doubling and is then copied.
  void append(const std::string& text) {
    stream().budget().take(3 * text.size(), "the index's metadata");
    value_ += text;
  }

  bool take_metadata(const std::string& text) {
    if (key_ == "total_size") return true;
    stream().budget().take(2 * kNodeBytes + key_.size() + text.size(), "the index's metadata");
    index_.metadata.emplace(key_, text);
    return true;
  }

  bool take_tensor(const std::string& file) {
    if (may_leave_folder(file)) {
      stream().fail(
          ErrorCode::unsafe,
          fmt::format(
              "the index puts tensor `{}` into `{}`: expected a file in the index's folder or "
              "below it, without `.` and `..`",
              io::printable(key_), io::printable(file)));
    }
    if (!shards_.contains(file)) {
      stream().budget().take(kNodeBytes + file.size(), "the index's file names");
    }
    const auto shard = shards_.emplace(file, static_cast<std::uint32_t>(shards_.size())).first;
    stream().budget().take(sizeof(ShardIndex::Tensor) + kStringOverhead + key_.size(),
                           "the index's tensors");
    index_.tensors.push_back({key_, shard->second});
    return true;
  }

  void sort_shards() {
    stream().budget().take(shards_.size() * (kNodeBytes + 4), "the index's file names");
    std::vector<std::uint32_t> places(shards_.size());
    for (const auto& [file, number] : shards_) {
      places[number] = static_cast<std::uint32_t>(index_.shards.size());
      index_.shards.push_back(file);
    }
    for (ShardIndex::Tensor& tensor : index_.tensors) tensor.shard = places[tensor.shard];
  }

  void sort_tensors() {
    auto& tensors = index_.tensors;
    std::sort(tensors.begin(), tensors.end(),
              [](const auto& a, const auto& b) { return a.name < b.name; });
    const auto found =
        std::adjacent_find(tensors.begin(), tensors.end(),
                           [](const auto& a, const auto& b) { return a.name == b.name; });
    if (found != tensors.end()) twice(found->name);
  }

  [[noreturn]] void twice(const std::string& text) const {
    reject("the index has the key `" + io::printable(text) + "` twice");
  }
  [[noreturn]] void unexpected(const std::string& found) const {
    reject(fmt::format("{} `{}` of the index cannot be {}",
                       keys_.size() == 1 ? "key" : "the file of tensor",
                       io::printable(keys_.size() == 1 ? top_key_ : key_), io::printable(found)));
  }

  ShardIndex index_;
  std::vector<std::set<std::string>> keys_;  // of each open object or array
  std::string top_key_;
  std::string key_;    // the current value's key in weight_map or metadata
  std::string value_;  // the part of a metadata value that was parsed so far
  std::map<std::string, std::uint32_t> shards_;
  bool has_map_ = false;
};

}  // namespace

std::optional<ShardIndex> decode_shard_index(JsonStream& json) {
  IndexParser parser(json);
  parse_json_object(json, parser);
  return parser.take();
}

std::string encode_shard_index(const ShardIndex& index, std::uint64_t total_size) {
  nlohmann::json json;
  json["metadata"]["total_size"] = total_size;
  nlohmann::json& map = json["weight_map"] = nlohmann::json::object();
  for (const auto& tensor : index.tensors) map[tensor.name] = index.shards[tensor.shard];
  return json.dump(2, ' ', true) + "\n";
}

}  // namespace lancekeep::formats
