// SPDX-License-Identifier: Apache-2.0
#include "formats/pickle/machine.h"
#include "formats/torch/file.h"
#include "formats/torch/globals.h"
#include "formats/zip/archive.h"
#include "io/printable.h"

#include <fmt/format.h>

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

}  // namespace

TorchFile open_torch_zip(const io::InputFile& file) {
  const ZipArchive archive(file);
  const std::string folder = find_folder(archive, file);
  refuse_torchscript(archive, folder, file);
  require_little_endian(archive, folder, file);
  const std::string pickle_name = folder + std::string(kPickleName);
  const io::ByteView pickle = archive.read(*archive.find(pickle_name), kLargestPickle);

  TorchFile torch{file, load_pickle(pickle, refuse_torch_global), {}};
  if (torch.object.length != pickle.size()) {
    pickle.fail("data.pkl goes on after its STOP opcode", torch.object.length);
  }
  const std::string storages = folder + "/data/";
  for (const ZipEntry& entry : archive.entries()) {
    if (!entry.name.starts_with(storages)) continue;
    archive.require_stored(entry);
    torch.storages.emplace(entry.name.substr(storages.size()), FileRange{entry.offset, entry.size});
  }
  return torch;
}

}  // namespace lancekeep::formats
