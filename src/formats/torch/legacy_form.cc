// SPDX-License-Identifier: Apache-2.0
// The form that torch.save wrote before 1.6, and still writes on request:
//   1. a pickle of the magic number, 2. one of the protocol version 1001, 3. one of a dict about
//   the machine, 4. the object, 5. a list of storage keys,
//   6. for each key, in the list's order: the number of elements as int64, then the elements.
// Nothing says how long a pickle is, so each is read through a window that grows until the pickle
// ends in it.
#include "formats/pickle/machine.h"
#include "formats/torch/file.h"
#include "formats/torch/globals.h"
#include "formats/torch/storage_id.h"
#include "io/printable.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace lancekeep::formats {
namespace {

constexpr std::string_view kMagicDigits{"\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19", 10};
constexpr std::int64_t kProtocolVersion = 1001;
constexpr std::uint64_t kFirstWindow = 256 << 10;

class PickleSequence {
 public:
  explicit PickleSequence(const io::InputFile& file) : file_(file) {}

  [[nodiscard]] std::uint64_t position() const { return position_; }

  PickleDocument next(std::string_view what) {
    const std::uint64_t remaining = file_.size() - position_;
    for (std::uint64_t window = kFirstWindow;; window *= 4) {
      const std::uint64_t length = std::min({remaining, window, kLargestPickle});
      const io::ByteView bytes = file_.read(position_, length, what);
      try {
        PickleDocument document = load_pickle(bytes, refuse_torch_global);
        position_ += document.length;
        return document;
      } catch (const Error& error) {
        // Cut off by the window, a good pickle looks corrupt; a larger window tells.
        const bool largest = length == remaining || length == kLargestPickle;
        if (error.code() != ErrorCode::corrupt || largest) throw;
      }
    }
  }

 private:
  io::InputFile file_;
  std::uint64_t position_ = 0;
};

[[noreturn]] void fail(const PickleDocument& at, ErrorCode code, const std::string& problem) {
  at.bytes.fail(code, problem);
}

void check_magic(const PickleDocument& pickle) {
  const auto* number = std::get_if<PickleBigInt>(&pickle.root);
  if (number && number->digits == kMagicDigits) return;
  fail(
      pickle, ErrorCode::unsupported,
      fmt::format("this is a pickle of {}, but not a file of torch.save, which starts with torch's "
                  "magic number. Load it in Python, if you trust it, and save its tensors with "
                  "torch.save or as safetensors",
                  describe(pickle.root)));
}

void check_version(const PickleDocument& pickle) {
  const auto* version = std::get_if<std::int64_t>(&pickle.root);
  if (version && *version == kProtocolVersion) return;
  fail(pickle, ErrorCode::unsupported,
       fmt::format("torch's protocol version is {}, not {}",
                   version ? fmt::to_string(*version) : describe(pickle.root), kProtocolVersion));
}

void check_machine(const PickleDocument& pickle) {
  const PickleNode* facts = node_of(pickle.root);
  if (!facts || !facts->is_dict()) {
    fail(pickle, ErrorCode::corrupt, "the machine's description is no dict");
  }
  for (std::size_t i = 0; i + 1 < facts->items.size(); i += 2) {
    const auto* key = std::get_if<PickleText>(&facts->items[i]);
    const auto* little = std::get_if<bool>(&facts->items[i + 1]);
    if (key && key->text == "little_endian" && little && *little) return;
  }
  fail(pickle, ErrorCode::unsupported,
       "the file was not saved on a little-endian machine; load and save it with torch on one");
}

// All storages that the object's pickle names, in whichever place.
std::map<std::string, StorageId, std::less<>> named_storages(const PickleDocument& object) {
  std::map<std::string, StorageId, std::less<>> named;
  for (const PickleNode& node : object.nodes) {
    if (node.kind != PickleNode::Kind::persistent_id) continue;
    StorageId id = read_storage_id(object, node);
    const auto [found, is_new] = named.try_emplace(id.key, id);
    if (!is_new && (found->second.bytes != id.bytes || found->second.itemsize != id.itemsize)) {
      fail_at(object, node, ErrorCode::corrupt,
              fmt::format("storage `{}` has {} bytes here and {} elsewhere", io::printable(id.key),
                          id.bytes, found->second.bytes));
    }
  }
  return named;
}

std::uint64_t read_count(const io::InputFile& file, std::uint64_t position,
                         const std::string& what) {
  return io::ByteReader(file.read(position, sizeof(std::uint64_t), what)).u64(what);
}

// Step 6; leaves the storages' places in `torch`.
void find_storages(TorchFile& torch, const PickleDocument& keys, std::uint64_t position) {
  const auto named = named_storages(torch.object);
  const PickleNode* list = node_of(keys.root, PickleNode::Kind::list);
  if (!list) fail(keys, ErrorCode::corrupt, "the list of storage keys is " + describe(keys.root));
  for (const PickleValue& value : list->items) {
    const auto* key = std::get_if<PickleText>(&value);
    const auto found = key ? named.find(key->text) : named.end();
    if (found == named.end()) {
      fail(keys, ErrorCode::corrupt,
           fmt::format("the list of storage keys has {}, which no tensor names",
                       key ? fmt::format("`{}`", io::printable(key->text)) : describe(value)));
    }
    const StorageId& id = found->second;
    const std::string what = fmt::format("storage `{}`", io::printable(id.key));
    const std::uint64_t count = read_count(torch.file, position, what);
    if (count != id.bytes / id.itemsize) {
      throw Error(ErrorCode::corrupt,
                  fmt::format("{} has {} elements, but the pickle says {}", what, count,
                              id.bytes / id.itemsize),
                  torch.file.name(), position);
    }
    position += sizeof(std::uint64_t);
    if (id.bytes > torch.file.size() - position) {
      throw Error(
          ErrorCode::corrupt,
          fmt::format("{} has {} bytes, but the file ends after {}; was the download or the "
                      "copy cut short?",
                      what, id.bytes, torch.file.size() - position),
          torch.file.name(), position);
    }
    if (!torch.storages.emplace(id.key, FileRange{position, id.bytes}).second) {
      fail(keys, ErrorCode::corrupt,
           "the list of storage keys has `" + io::printable(id.key) + "` twice");
    }
    position += id.bytes;
  }
  if (position != torch.file.size()) {
    throw Error(ErrorCode::unsupported,
                fmt::format("{} bytes follow the last storage; was more than one object saved into "
                            "the file?",
                            torch.file.size() - position),
                torch.file.name(), position);
  }
}

}  // namespace

TorchFile open_torch_legacy(const io::InputFile& file) {
  PickleSequence pickles(file);
  check_magic(pickles.next("the magic number's pickle"));
  check_version(pickles.next("the protocol version's pickle"));
  check_machine(pickles.next("the machine's pickle"));
  TorchFile torch{file, pickles.next("the object's pickle"), {}};
  const PickleDocument keys = pickles.next("the pickle of the storage keys");
  find_storages(torch, keys, pickles.position());
  return torch;
}

}  // namespace lancekeep::formats
