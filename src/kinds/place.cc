// SPDX-License-Identifier: Apache-2.0
#include "kinds/place.h"

#include "io/input_file.h"
#include "io/utf8.h"
#include "kinds/file_kinds.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>
#include <system_error>

namespace lancekeep::kinds {
namespace {

namespace fs = std::filesystem;

// The names in a folder. A folder of a million files is not a checkpoint: look at some of them.
constexpr std::size_t kMostNames = 10'000;
using Names = std::set<std::string>;

Names names_in(const fs::path& folder) {
  Names names;
  std::error_code error;  // opening the folder reports it
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    names.insert(entry->path().filename().string());
    if (names.size() == kMostNames) break;
  }
  return names;
}

bool any(const Names& names, bool (*fits)(std::string_view)) {
  return std::ranges::any_of(names, [&](const std::string& name) { return fits(name); });
}

bool ends_with(const Names& names, std::string_view ending) {
  return std::ranges::any_of(names,
                             [&](const std::string& name) { return name.ends_with(ending); });
}

bool starts_with(const Names& names, std::string_view start) {
  return std::ranges::any_of(names,
                             [&](const std::string& name) { return name.starts_with(start); });
}

struct FolderRow {
  FolderKind kind;
  bool (*fits)(const Names& names);
};

constexpr std::array kFolderRows = {
    FolderRow{
        {"a torch.distributed.checkpoint (DCP) folder",
         "convert it with torch.distributed.checkpoint.format_utils.dcp_to_torch_save(folder, "
         "\"model.pth\"), then import model.pth"},
        [](const Names& names) { return ends_with(names, ".distcp"); }},
    FolderRow{{"a model's folder in the cache of the Hugging Face Hub",
               "the model is in a folder below `snapshots`"},
              [](const Names& names) {
                return names.contains("blobs") &&
                       (names.contains("snapshots") || names.contains("refs"));
              }},
    FolderRow{{"the cache of the Hugging Face Hub",
               "choose a model's folder in it, then the one below `snapshots`"},
              [](const Names& names) { return starts_with(names, "models--"); }},
    FolderRow{{"a TensorFlow SavedModel",
               "load it in TensorFlow and save its variables with numpy.savez"},
              [](const Names& names) {
                return names.contains("saved_model.pb") || names.contains("saved_model.pbtxt");
              }},
    FolderRow{{"a TensorFlow checkpoint",
               "load it in TensorFlow and save its variables with numpy.savez"},
              [](const Names& names) {
                return any(names, [](std::string_view name) {
                  return name.find(".data-0000") != name.npos;
                });
              }},
    FolderRow{{"a DeepSpeed checkpoint",
               "run the script `zero_to_fp32.py` in it, then import the file that it writes"},
              [](const Names& names) {
                return names.contains("zero_to_fp32.py") || ends_with(names, "_optim_states.pt");
              }},
    FolderRow{
        {"a Megatron checkpoint", "convert it to safetensors or to a file of torch.save first"},
        [](const Names& names) { return names.contains("latest_checkpointed_iteration.txt"); }},
    FolderRow{{"an Orbax checkpoint",
               "restore it with orbax.checkpoint, and save its arrays with numpy.savez or as "
               "safetensors"},
              [](const Names& names) {
                return names.contains("_CHECKPOINT_METADATA") || names.contains("_METADATA") ||
                       names.contains("manifest.ocdbt");
              }},
    FolderRow{{"a Zarr array or group", "load it with zarr, and save its arrays with numpy.savez"},
              [](const Names& names) {
                return names.contains(".zgroup") || names.contains(".zarray") ||
                       names.contains("zarr.json");
              }},
    FolderRow{{"a Core ML package", "import the weights from which it was made"},
              [](const Names& names) {
                return names.contains("Manifest.json") && names.contains("Data");
              }},
    FolderRow{
        {"an unpacked file of torch.save", "import the .pth or .pt file itself"},
        [](const Names& names) { return names.contains("data.pkl") && names.contains("data"); }},
    FolderRow{{"the data folder of a Lance dataset", "give the folder above it"},
              [](const Names& names) {
                return !names.empty() && std::ranges::all_of(names, [](const std::string& name) {
                  return name.ends_with(".lance") || name.ends_with(".manifest");
                });
              }},
    FolderRow{{"a folder with a model in it, as Hugging Face saves one",
               "import its model file, or the .index.json of several", true},
              [](const Names& names) {
                return ends_with(names, ".safetensors") || ends_with(names, ".index.json") ||
                       names.contains("pytorch_model.bin");
              }},
};

}  // namespace

const FolderKind* find_folder_kind(const fs::path& folder) {
  const Names names = names_in(folder);
  const auto* row =
      std::ranges::find_if(kFolderRows, [&](const FolderRow& each) { return each.fits(names); });
  return row == kFolderRows.end() ? nullptr : &row->kind;
}

std::string describe(const FolderKind& kind) {
  return fmt::format("this is {}: {}", kind.what, kind.advice);
}

std::string why_not_a_store(const fs::path& file) {
  std::error_code ignored;
  if (!fs::is_regular_file(file, ignored)) return "expected a store's folder, found a special file";
  const io::InputFile input(file);
  const io::ByteView head = input.read(0, std::min(input.size(), kHeadLength), "the file's start");
  constexpr std::string_view kFolder = "a store is a folder, but ";
  const FileKind* kind = find_file_kind(file, head.text());
  if (kind == nullptr) {
    return std::string(kFolder) + (input.size() == 0 ? "this is an empty file" : "this is a file");
  }
  std::string text = std::string(kFolder) + describe(*kind);
  if (kind->reader == Reader::none) return text;
  return text + fmt::format("; to save it as a version of a store: lancekeep import {} STORE",
                            io::printable(file.string()));
}

bool is_url(const fs::path& path) {
  const std::string text = path.string();
  const std::size_t scheme = text.find("://");
  return scheme != text.npos && scheme > 0 && text.find('/') > scheme;
}

std::string why_missing(const fs::path& path) {
  if (path == "-") {
    return "`-` is not a file: standard input cannot be read, because a model is read in any "
           "order; write it to a file first";
  }
  if (is_url(path)) return "this is a URL; download the file first";
  std::error_code error;
  if (!fs::is_symlink(path, error)) return "";
  const fs::path target = fs::read_symlink(path, error);
  if (error) return "";
  const std::string text = target.string();
  if (text.find("annex/objects/") != text.npos) {
    return fmt::format(
        "the file is a link of git-annex to `{}`, which is not here: run `git annex "
        "get` to fetch it",
        io::printable(text));
  }
  return fmt::format("this is a link to `{}`, which does not exist", io::printable(text));
}

}  // namespace lancekeep::kinds
