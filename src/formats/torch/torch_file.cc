// SPDX-License-Identifier: Apache-2.0
#include "formats/torch/torch_file.h"

#include <lancekeep/tensor.h>

#include "formats/pickle/machine.h"
#include "formats/torch/foreign_objects.h"
#include "formats/torch/globals.h"
#include "formats/torch/python_object.h"
#include "formats/zip/zip_archive.h"
#include "io/checked_math.h"
#include "io/utf8.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace lancekeep::formats {

const TorchStorage* TorchFile::find_storage(std::string_view key) const {
  const auto found = std::lower_bound(
      storages.begin(), storages.end(), key,
      [](const TorchStorage& storage, std::string_view wanted) { return storage.key < wanted; });
  return found == storages.end() || found->key != key ? nullptr : &*found;
}

namespace {

// Converts a count of elements to bytes; nullopt if the value is not a count.
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
         "the pickle refers to an external object that is not a storage; save model.state_dict()");
  }
  if (id->count != 5 && id->count != 6) {
    fail(ErrorCode::corrupt,
         fmt::format("the id of a storage has {} items, expected 5 or 6", id->count));
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
         "the size of storage `" + io::printable(storage.key) + "` is not a byte count");
  storage.bytes = storage.view_bytes = *bytes;
  storage.offset = node.offset;
  if (id->count == 5 || id->items()[5] == PickleValue{}) return storage;

  const PickleNode* view = document.node(id->items()[5], NodeKind::tuple);
  const bool whole = view && view->count == 3;
  const auto start = whole ? bytes_of(document, view->items()[1], storage.itemsize) : std::nullopt;
  const auto length = whole ? bytes_of(document, view->items()[2], storage.itemsize) : std::nullopt;
  if (!start || !length || *start > storage.bytes || *length > storage.bytes - *start) {
    fail(ErrorCode::corrupt, fmt::format("the view into storage `{}` is not within its {} bytes",
                                         io::printable(storage.key), storage.bytes));
  }
  storage.view_start = *start;
  storage.view_bytes = *length;
  return storage;
}

namespace {

constexpr std::string_view kPickleName = "/data.pkl";

[[noreturn]] void fail(const io::InputFile& file, ErrorCode code, const std::string& problem) {
  throw Error(code, problem, file.name());
}

// Finds the folder of data.pkl. Its name is the name that the file had when it was saved.
std::string find_folder(const ZipArchive& archive, const io::InputFile& file) {
  std::string folder;
  for (const ZipEntry& entry : archive.entries()) {
    if (!entry.name.ends_with(kPickleName)) continue;
    const std::string prefix = entry.name.substr(0, entry.name.size() - kPickleName.size());
    if (prefix.empty() || prefix.find('/') != prefix.npos) continue;
    if (!folder.empty()) {
      fail(file, ErrorCode::corrupt,
           fmt::format("the zip archive has both {}{} and {}{}", io::printable(folder), kPickleName,
                       io::printable(prefix), kPickleName));
    }
    folder = prefix;
  }
  if (!folder.empty()) return folder;
  fail(file, ErrorCode::unsupported,
       "this zip archive was written neither by torch.save, as it has no <name>/data.pkl, nor by "
       "numpy.savez, as it has no .npy entries");
}

void reject_torchscript(const ZipArchive& archive, const std::string& folder,
                        const io::InputFile& file) {
  if (!archive.find(folder + "/constants.pkl")) return;
  fail(
      file, ErrorCode::unsupported,
      "this is a TorchScript archive, a program with weights. Load it with torch.jit.load and save "
      "its state_dict() with torch.save");
}

void require_little_endian(const ZipArchive& archive, const std::string& folder,
                           const io::InputFile& file) {
  const ZipEntry* entry = archive.find(folder + "/byteorder");
  if (!entry) return;  // torch before 2.1 wrote none, and ran only on little-endian machines
  const io::ByteView order = archive.read(*entry, 16);
  if (order.text() == "little") return;
  fail(file, ErrorCode::unsupported,
       fmt::format(
           "the storages have byte order `{}`; only `little` is supported. Load and save the file "
           "with torch on a little-endian machine",
           io::printable(order.text())));
}

// What a tensor takes: its storage, its nodes in the pickle, its row.
constexpr std::uint64_t kGrantPerStorage = 800;

// A tensor with values takes a few hundred bytes of the file besides them.
void grant_for_storages(const ZipArchive& archive, const std::string& folder,
                        io::MemoryBudget& budget) {
  for (const ZipEntry& entry : archive.entries()) {
    if (entry.size > 0 && entry.name.starts_with(folder)) budget.grant(kGrantPerStorage);
  }
}

void find_storages(TorchFile& torch, const ZipArchive& archive, const std::string& folder) {
  for (const ZipEntry& entry : archive.entries()) {
    if (!entry.name.starts_with(folder)) continue;
    archive.require_stored(entry);
    torch.budget->take(sizeof(TorchStorage), "the file's storages");
    torch.storages.push_back({entry.name.substr(folder.size()), entry.offset, entry.size});
  }
  std::ranges::sort(torch.storages, {}, &TorchStorage::key);
}

}  // namespace

TorchFile open_torch_zip(const io::InputFile& file, const ZipArchive& archive,
                         io::MemoryBudget& budget) {
  const std::string folder = find_folder(archive, file);
  reject_torchscript(archive, folder, file);
  require_little_endian(archive, folder, file);
  const ZipEntry& pickle = *archive.find(folder + std::string(kPickleName));
  archive.require_stored(pickle);
  grant_for_storages(archive, folder + "/data/", budget);
  TorchFile torch{file, &budget,
                  load_pickle(PickleReader(file, pickle.offset, pickle.offset + pickle.size),
                              knows_torch_global, budget)};
  if (torch.object.length != pickle.size) {
    torch.object.fail(ErrorCode::corrupt, "data.pkl continues after its STOP opcode",
                      pickle.offset + torch.object.length);
  }
  find_storages(torch, archive, folder + "/data/");
  return torch;
}

// The legacy form, which torch.save wrote before 1.6 and still writes on request:
//   1. a pickle of the magic number,
//   2. a pickle of the protocol version, 1001,
//   3. a pickle of a dict about the machine,
//   4. a pickle of the object,
//   5. a pickle of a list of storage keys,
//   6. for each key, in the list's order: the number of elements as int64, then the elements.
// A pickle ends at its STOP opcode; its length is not written anywhere.

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
        load_pickle(PickleReader(file_, position_, file_.size()), knows_torch_global, budget_);
    position_ += document.length;
    return document;
  }

 private:
  io::InputFile file_;
  io::MemoryBudget& budget_;
  std::uint64_t position_ = 0;
};

// The pickles around the object have numbers and text only.
PickleDocument without_globals(PickleDocument pickle) {
  for (const PickleNode& node : pickle.nodes()) {
    if (node.kind != NodeKind::foreign) continue;
    fail_at(pickle, node, ErrorCode::unsafe,
            fmt::format("the pickle names the global `{}`, which a file of torch.save does not "
                        "need here; nothing was run",
                        io::printable(pickle.full_name(node))));
  }
  return pickle;
}

[[noreturn]] void fail(const PickleDocument& at, ErrorCode code, const std::string& problem) {
  at.fail(code, problem);
}

void check_magic(const PickleDocument& pickle) {
  const PickleText* number =
      pickle.root.kind == PickleValue::Kind::big_integer ? pickle.text(pickle.root) : nullptr;
  if (number && std::string_view(number->kept, number->length) == kMagicDigits) return;
  fail(pickle, ErrorCode::unsupported,
       fmt::format(
           "this is a pickle of {}, not a file of torch.save, which starts with torch's magic "
           "number. If you trust it, load it in Python and save its tensors with torch.save or as "
           "safetensors",
           pickle.describe(pickle.root)));
}

void check_version(const PickleDocument& pickle) {
  const auto version = pickle.integer(pickle.root);
  if (version == kProtocolVersion) return;
  fail(pickle, ErrorCode::unsupported,
       fmt::format("torch's protocol version is {}, expected {}",
                   version ? fmt::to_string(*version) : pickle.describe(pickle.root),
                   kProtocolVersion));
}

void check_machine(const PickleDocument& pickle) {
  const PickleNode* facts = pickle.node(pickle.root);
  if (!facts || !facts->is_dict()) {
    fail(pickle, ErrorCode::corrupt, "the machine's description is not a dict");
  }
  for (std::size_t i = 0; i + 1 < facts->count; i += 2) {
    const bool is_little = pickle.boolean(facts->items()[i + 1]).value_or(false);
    if (is_little && pickle.short_text(facts->items()[i]) == "little_endian") return;
  }
  fail(pickle, ErrorCode::unsupported,
       "the file was not saved on a little-endian machine; load and save it with torch on one");
}

// Whether a persistent id is that of a storage, or should be. In the legacy form, a module is
// pickled with an id of its own, which has its source code.
bool is_storage_id(const PickleDocument& document, const PickleNode& node) {
  if (node.kind != NodeKind::persistent_id) return false;
  const PickleNode* id = document.node(node.items()[0], NodeKind::tuple);
  return !id || id->count == 0 || document.short_text(id->items()[0]) != "module";
}

// Returns all storages that the object's pickle refers to, sorted by key.
std::vector<StorageId> named_storages(const TorchFile& torch) {
  std::vector<StorageId> named;
  for (const PickleNode& node : torch.object.nodes()) {
    if (!is_storage_id(torch.object, node)) continue;
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
       fmt::format("the list of storage keys has {}, which no tensor uses",
                   key ? fmt::format("`{}`", io::printable(*key)) : keys.describe(value)));
}

std::uint64_t read_count(const io::InputFile& file, std::uint64_t position,
                         const std::string& what) {
  return io::ByteReader(file.read(position, sizeof(std::uint64_t), what)).u64(what);
}

// Reads the element count at `position`. The storage's bytes follow the count.
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

// Step 6: records the storages' places in `torch`.
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

TorchFile open_torch_legacy(const io::InputFile& file, io::MemoryBudget& budget,
                            bool skip_objects) {
  PickleSequence pickles(file, budget);
  check_magic(without_globals(pickles.next()));
  check_version(without_globals(pickles.next()));
  check_machine(without_globals(pickles.next()));
  PickleDocument object = pickles.next();
  TorchFile torch{file, &budget, std::move(object)};
  // First, because the keys of storages that only an object uses would be rejected, too.
  if (!skip_objects) reject_foreign_objects(torch);
  const PickleDocument keys = without_globals(pickles.next());
  find_storages(torch, keys, pickles.position());
  return torch;
}

}  // namespace lancekeep::formats
