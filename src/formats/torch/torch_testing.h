// SPDX-License-Identifier: Apache-2.0
// For tests: makes files of torch.save, in both forms, with a handmade pickle.
#pragma once

#include "formats/pickle/pickle_testing.h"
#include "formats/torch/torch_file.h"
#include "formats/zip/zip_testing.h"

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace lancekeep::formats {

using Storages = std::vector<std::pair<std::string, std::string>>;

/// Returns the bytes 0, 1, 2, ...
inline std::string counting_bytes(std::size_t count) {
  std::string bytes;
  for (std::size_t i = 0; i < count; ++i) bytes += static_cast<char>(i);
  return bytes;
}

/// `object` is the body of a pickle; each storage has a key and bytes.
inline ZipContent torch_zip_content(const std::string& object, const Storages& storages) {
  ZipContent content = {{"m/data.pkl", whole_pickle(object)}, {"m/byteorder", "little"}};
  for (const auto& [key, bytes] : storages) content.emplace_back("m/data/" + key, bytes);
  content.emplace_back("m/version", "3\n");
  return content;
}

struct LegacyParts {
  std::string magic = whole_pickle("\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19");
  std::string version = whole_pickle("M\xe9\x03");
  std::string machine = whole_pickle(pickled_dict({{"little_endian", "\x88"}}));
  std::string object = {};
  std::string keys = whole_pickle("](" + pickled("0") + "e");
  std::string storages = little_endian(6, 8) + counting_bytes(24);

  [[nodiscard]] std::string text() const {
    return magic + version + machine + object + keys + storages;
  }
};

/// Opens a file with its own budget, which must outlive the TorchFile.
class TorchFileOpener {
 public:
  explicit TorchFileOpener(const std::filesystem::path& path, std::uint64_t budget = 32 << 20)
      : file_(path), budget_(budget, path.string()) {}

  TorchFile zip() { return open_torch_zip(file_, ZipArchive(file_), budget_); }
  TorchFile legacy() { return open_torch_legacy(file_, budget_); }

 private:
  io::InputFile file_;
  io::MemoryBudget budget_;
};

/// Returns a tensor whose storage id has the legacy form.
inline PickledTensor legacy_tensor() {
  PickledTensor tensor;
  tensor.view = "N";
  return tensor;
}

}  // namespace lancekeep::formats
