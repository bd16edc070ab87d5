// SPDX-License-Identifier: Apache-2.0
// The form that torch.save wrote before 1.6, and still writes on request:
//   1. a pickle of the magic number, 2. one of the protocol version 1001, 3. one of a dict about
//   the machine, 4. the object, 5. a list of storage keys,
//   6. for each key, in the list's order: the number of elements as int64, then the elements.
// Nothing says how long a pickle is but its own STOP.
#include "formats/pickle/machine.h"
#include "formats/torch/file.h"
#include "formats/torch/globals.h"
#include "formats/torch/object.h"
#include "formats/torch/storage_id.h"
#include "io/utf8.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

namespace lancekeep::formats {
namespace {

constexpr std::string_view kMagicDigits{"\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19", 10};
constexpr std::int64_t kProtocolVersion = 1001;

class PickleSequence {
 public:
  PickleSequence(const io::InputFile& file, io::MemoryBudget& budget)
      : file_(file), budget_(budget) {}

  [[nodiscard]] std::uint64_t position() const { return position_; }

  PickleDocument next() {
    PickleDocument document =
        load_pickle(PickleReader(file_, position_, file_.size()), refuse_torch_global, budget_);
    position_ += document.length;
    return document;
  }

 private:
  io::InputFile file_;
  io::MemoryBudget& budget_;
  std::uint64_t position_ = 0;
};

[[noreturn]] void fail(const PickleDocument& at, ErrorCode code, const std::string& problem) {
  at.fail(code, problem);
}

void check_magic(const PickleDocument& pickle) {
  const PickleText* number =
      pickle.root.kind == PickleValue::Kind::big_integer ? pickle.text(pickle.root) : nullptr;
  if (number && std::string_view(number->kept, number->length) == kMagicDigits) return;
  fail(
      pickle, ErrorCode::unsupported,
      fmt::format("this is a pickle of {}, but not a file of torch.save, which starts with torch's "
                  "magic number. Load it in Python, if you trust it, and save its tensors with "
                  "torch.save or as safetensors",
                  pickle.describe(pickle.root)));
}

void check_version(const PickleDocument& pickle) {
  const auto version = pickle.integer(pickle.root);
  if (version == kProtocolVersion) return;
  fail(pickle, ErrorCode::unsupported,
       fmt::format("torch's protocol version is {}, not {}",
                   version ? fmt::to_string(*version) : pickle.describe(pickle.root),
                   kProtocolVersion));
}

void check_machine(const PickleDocument& pickle) {
  const PickleNode* facts = pickle.node(pickle.root);
  if (!facts || !facts->is_dict()) {
    fail(pickle, ErrorCode::corrupt, "the machine's description is no dict");
  }
  for (std::size_t i = 0; i + 1 < facts->count; i += 2) {
    const bool is_little = pickle.boolean(facts->items()[i + 1]).value_or(false);
    if (is_little && pickle.short_text(facts->items()[i]) == "little_endian") return;
  }
  fail(pickle, ErrorCode::unsupported,
       "the file was not saved on a little-endian machine; load and save it with torch on one");
}

// All storages that the object's pickle names, in whichever place; sorted by key.
std::vector<StorageId> named_storages(const TorchFile& torch) {
  std::vector<StorageId> named;
  for (const PickleNode& node : torch.object.nodes()) {
    if (node.kind != PickleNode::Kind::persistent_id) continue;
    torch.budget->take(sizeof(StorageId), "the file's storages");
    named.push_back(read_storage_id(torch.object, node));
  }
  std::stable_sort(named.begin(), named.end(),
                   [](const StorageId& a, const StorageId& b) { return a.key < b.key; });
  for (std::size_t i = 1; i < named.size(); ++i) {
    const StorageId& id = named[i];
    const StorageId& before = named[i - 1];
    if (id.key == before.key && (id.bytes != before.bytes || id.itemsize != before.itemsize)) {
      torch.object.fail(ErrorCode::corrupt,
                        fmt::format("storage `{}` has {} bytes here and {} elsewhere",
                                    io::printable(id.key), id.bytes, before.bytes),
                        id.offset);
    }
  }
  return named;
}

const StorageId& find_named(const std::vector<StorageId>& named, const PickleDocument& keys,
                            PickleValue value) {
  const auto key = keys.short_text(value);
  const auto found = std::lower_bound(
      named.begin(), named.end(), key.value_or(""),
      [](const StorageId& id, std::string_view wanted) { return id.key < wanted; });
  if (key && found != named.end() && found->key == *key) return *found;
  fail(keys, ErrorCode::corrupt,
       fmt::format("the list of storage keys has {}, which no tensor names",
                   key ? fmt::format("`{}`", io::printable(*key)) : keys.describe(value)));
}

std::uint64_t read_count(const io::InputFile& file, std::uint64_t position,
                         const std::string& what) {
  return io::ByteReader(file.read(position, sizeof(std::uint64_t), what)).u64(what);
}

// The storage's bytes, which start behind their count at `position`.
TorchStorage read_storage(const io::InputFile& file, const StorageId& id, std::uint64_t position) {
  const std::string what = fmt::format("storage `{}`", io::printable(id.key));
  const std::uint64_t count = read_count(file, position, what);
  if (count != id.bytes / id.itemsize) {
    throw Error(ErrorCode::corrupt,
                fmt::format("{} has {} elements, but the pickle says {}", what, count,
                            id.bytes / id.itemsize),
                file.name(), position);
  }
  position += sizeof(std::uint64_t);
  if (id.bytes > file.size() - position) {
    throw Error(ErrorCode::corrupt,
                fmt::format("{} has {} bytes, but the file ends after {}; was the download or the "
                            "copy cut short?",
                            what, id.bytes, file.size() - position),
                file.name(), position);
  }
  return {std::string(id.key), position, id.bytes};
}

void sort_storages(TorchFile& torch, const PickleDocument& keys) {
  const auto less = [](const TorchStorage& a, const TorchStorage& b) { return a.key < b.key; };
  std::sort(torch.storages.begin(), torch.storages.end(), less);
  for (std::size_t i = 1; i < torch.storages.size(); ++i) {
    if (torch.storages[i].key != torch.storages[i - 1].key) continue;
    fail(keys, ErrorCode::corrupt,
         "the list of storage keys has `" + io::printable(torch.storages[i].key) + "` twice");
  }
}

// Step 6; leaves the storages' places in `torch`.
void find_storages(TorchFile& torch, const PickleDocument& keys, std::uint64_t position) {
  const std::vector<StorageId> named = named_storages(torch);
  const PickleNode* list = keys.node(keys.root, PickleNode::Kind::list);
  if (!list) {
    fail(keys, ErrorCode::corrupt, "the list of storage keys is " + keys.describe(keys.root));
  }
  for (const PickleValue value : list->items()) {
    const StorageId& id = find_named(named, keys, value);
    torch.budget->take(sizeof(TorchStorage) + id.key.size(), "the file's storages");
    torch.storages.push_back(read_storage(torch.file, id, position));
    position = torch.storages.back().offset + id.bytes;
  }
  torch.budget->give_back(named.size() * sizeof(StorageId));
  sort_storages(torch, keys);
  if (position != torch.file.size()) {
    throw Error(ErrorCode::unsupported,
                fmt::format("{} bytes follow the last storage; was more than one object saved into "
                            "the file?",
                            torch.file.size() - position),
                torch.file.name(), position);
  }
}

}  // namespace

TorchFile open_torch_legacy(const io::InputFile& file, io::MemoryBudget& budget) {
  PickleSequence pickles(file, budget);
  check_magic(pickles.next());
  check_version(pickles.next());
  check_machine(pickles.next());
  PickleDocument object = pickles.next();
  TorchFile torch{file, &budget, std::move(object)};
  const PickleDocument keys = pickles.next();
  find_storages(torch, keys, pickles.position());
  return torch;
}

}  // namespace lancekeep::formats
