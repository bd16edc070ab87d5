// SPDX-License-Identifier: Apache-2.0
#include "formats/pickle/machine.h"
#include "formats/torch/file.h"
#include "formats/torch/globals.h"
#include "formats/zip/archive.h"
#include "io/utf8.h"

#include <fmt/format.h>

#include <algorithm>

namespace lancekeep::formats {
namespace {

constexpr std::string_view kPickleName = "/data.pkl";

[[noreturn]] void fail(const io::InputFile& file, ErrorCode code, const std::string& problem) {
  throw Error(code, problem, file.name());
}

// The folder's name is whatever the file was called when it was saved.
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
       "this is a zip archive, but neither one of torch.save, for it has no <name>/data.pkl, nor "
       "one of numpy.savez, for it has no .npy entries");
}

void refuse_torchscript(const ZipArchive& archive, const std::string& folder,
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
  if (!entry) return;  // torch before 2.1 wrote none, and on little-endian machines only
  const io::ByteView order = archive.read(*entry, 16);
  if (order.text() == "little") return;
  fail(file, ErrorCode::unsupported,
       fmt::format(
           "the storages have byte order `{}`; only `little` is read. Load and save the file "
           "with torch on a little-endian machine",
           io::printable(order.text())));
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
  refuse_torchscript(archive, folder, file);
  require_little_endian(archive, folder, file);
  const ZipEntry& pickle = *archive.find(folder + std::string(kPickleName));
  archive.require_stored(pickle);
  TorchFile torch{file, &budget,
                  load_pickle(PickleReader(file, pickle.offset, pickle.offset + pickle.size),
                              refuse_torch_global, budget)};
  if (torch.object.length != pickle.size) {
    torch.object.fail(ErrorCode::corrupt, "data.pkl goes on after its STOP opcode",
                      pickle.offset + torch.object.length);
  }
  find_storages(torch, archive, folder + "/data/");
  return torch;
}

}  // namespace lancekeep::formats
