// SPDX-License-Identifier: Apache-2.0
#include "kinds/file_kinds.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <initializer_list>

namespace lancekeep::kinds {
namespace {

using namespace std::string_view_literals;

// What is known of a file: its name in lower case, and its first bytes.
struct Seen {
  std::string_view name;
  std::string_view head;
};

std::string lower(std::string_view text) {
  std::string result(text);
  std::ranges::transform(result, result.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return result;
}

std::string_view without_leading_space(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  return first == text.npos ? std::string_view() : text.substr(first);
}

bool starts_with_any(std::string_view text, std::initializer_list<std::string_view> starts) {
  return std::ranges::any_of(starts, [&](auto start) { return text.starts_with(start); });
}

bool is_printable(std::string_view text) {
  return std::ranges::all_of(text, [](unsigned char c) { return c >= ' ' && c < 0x7f; });
}

// Expects a header length below 2^56 and the start of a JSON object.
bool is_safetensors(const Seen& file) {
  return file.head.size() > 8 && file.head[7] == 0 && file.head[8] == '{';
}

// Expects the opcode PROTO and a protocol that torch.save supports.
bool is_pickle(const Seen& file) {
  return file.head.size() > 2 && file.head[0] == '\x80' && file.head[1] >= 2 && file.head[1] <= 5;
}

bool is_tar(const Seen& file) {
  constexpr std::size_t kMagicAt = 257;
  return file.head.size() > kMagicAt && file.head.substr(kMagicAt).starts_with("ustar");
}

bool is_html(const Seen& file) {
  const std::string start = lower(without_leading_space(file.head).substr(0, 64));
  return starts_with_any(start, {"<!doctype html", "<html", "<head", "<!-- "});
}

// What servers answer instead of a file.
bool is_error_text(const Seen& file) {
  const std::string start = lower(without_leading_space(file.head).substr(0, 64));
  return starts_with_any(
      start, {"entry not found", "repository not found", "not found", "404: not found",
              "404 not found", "invalid username or password", "access denied", "forbidden",
              "unauthorized", "access to model", "invalid credentials", "too many requests",
              "{\"error\"", "{\"message\":\"not found\"", "{\"message\": \"not found\""});
}

bool is_dvc(const Seen& file) {
  return starts_with_any(file.head, {"outs:\n- md5: ", "outs:\n- hash: ", "outs:\n-   md5: "}) ||
         (file.name.ends_with(".dvc") && file.head.find("outs:") != file.head.npos);
}

bool is_zeros(const Seen& file) {
  constexpr std::size_t kEnough = 16;
  return file.head.size() >= kEnough && file.head.find_first_not_of('\0') == file.head.npos;
}

// A protobuf message that begins with ir_version, then producer_name; or the name.
bool is_onnx(const Seen& file) {
  const std::string_view head = file.head;
  if (head.size() < 5 || head[0] != '\x08' || head[1] <= 0 || head[1] > 32) return false;
  if (file.name.ends_with(".onnx")) return true;
  const auto length = static_cast<unsigned char>(head[3]);
  return head[2] == '\x12' && length > 0 && length < 64 && head.size() >= 4u + length &&
         is_printable(head.substr(4, length));
}

// A map, then a str as its first key.
bool is_msgpack(const Seen& file) {
  if (file.head.size() < 3) return false;
  const auto at = [&](std::size_t i) { return static_cast<unsigned char>(file.head[i]); };
  std::size_t key = 0;
  if (at(0) >= 0x81 && at(0) <= 0x8f) key = 1;
  if (at(0) == 0xde) key = 3;
  if (at(0) == 0xdf) key = 5;
  if (key == 0 || key >= file.head.size()) return false;
  const unsigned char first = at(key);
  if (first < 0xa1 || first > 0xbf) return false;
  const std::string_view text = file.head.substr(key + 1, first - 0xa0u);
  return !text.empty() && is_printable(text);
}

// Pickles of protocols 0 and 1 have no mark of their own: these are the usual first opcodes.
bool is_old_pickle(const Seen& file) {
  return starts_with_any(file.head,
                         {"(dp0\n", "(dp1\n", "(lp0\n", "(lp1\n", "}q\0"sv, "]q\0"sv, "ccopy_reg\n",
                          "ccollections\n", "cnumpy", "(i__main__\n", "c__main__\n", "ctorch"});
}

bool is_tensorflow_name(std::string_view name) {
  return name.find(".data-0000") != name.npos || name.ends_with(".ckpt.index") ||
         name.ends_with(".ckpt.meta");
}

bool is_index(const Seen& file) { return without_leading_space(file.head).starts_with('{'); }

bool is_text(const Seen& file) {
  constexpr std::size_t kEnough = 16;
  return file.head.size() >= kEnough && std::ranges::all_of(file.head, [](unsigned char c) {
           return (c >= ' ' && c < 0x7f) || c == '\n' || c == '\r' || c == '\t' || c >= 0x80;
         });
}

struct FileRow {
  FileKind kind;
  bool (*fits)(const Seen& file);
};

constexpr std::string_view kLoadInPython =
    "load it in Python, if you trust it, and save its tensors with torch.save or as safetensors";
constexpr std::string_view kUnpack = "unpack it, then import the model file in it";
constexpr std::string_view kDownloadAgain =
    "the server answered with it instead of the model; look into it, and download the model again";

// The first row that fits is the file's kind. The order matters where one kind can look like
// another: names that say more than the content come first; then safetensors, because the bytes of
// a header's length can look like the start of any other kind.
constexpr std::array kFileRows = {
    FileRow{
        {"a file of a torch.distributed.checkpoint (DCP) folder",
         "convert the whole folder with "
         "torch.distributed.checkpoint.format_utils.dcp_to_torch_save(folder, \"model.pth\"), then "
         "import model.pth"},
        [](const Seen& f) { return f.name.ends_with(".distcp") || f.name == ".metadata"; }},
    FileRow{{"a part of a TensorFlow checkpoint",
             "load the checkpoint in TensorFlow and save its variables with numpy.savez"},
            [](const Seen& f) { return is_tensorflow_name(f.name); }},
    FileRow{{"an AppleDouble file, in which macOS keeps a file's attributes",
             "the model is the file whose name lacks the `._`"},
            [](const Seen& f) { return f.head.starts_with("\x00\x05\x16\x07"sv); }},
    FileRow{{"a safetensors file", "", Reader::safetensors}, is_safetensors},
    FileRow{
        {"a zip archive, as torch.save and numpy.savez write it", "", Reader::zip},
        [](const Seen& f) { return starts_with_any(f.head, {"PK\x03\x04"sv, "PK\x05\x06"sv}); }},
    FileRow{{"a NumPy array file (.npy)", "", Reader::npy},
            [](const Seen& f) { return f.head.starts_with("\x93NUMPY"); }},
    FileRow{
        {"a tar archive",
         "unpack it, then import the model file in it. If torch.save before 0.1.10 wrote it, load "
         "it with torch and save its state_dict() again"},
        is_tar},
    FileRow{{"a pickle, as torch.save wrote it before version 1.6", "", Reader::pickle}, is_pickle},
    FileRow{{"a Git LFS pointer, not the model itself", "run `git lfs pull` to fetch the model"},
            [](const Seen& f) {
              return starts_with_any(f.head, {"version https://git-lfs", "version https://hawser"});
            }},
    FileRow{
        {"a pointer of git-xet, not the model itself", "run `git xet checkout` to fetch the model"},
        [](const Seen& f) { return f.head.starts_with("# xet version"); }},
    FileRow{{"a git-annex pointer, not the model itself", "run `git annex get` to fetch the model"},
            [](const Seen& f) {
              return f.head.substr(0, 200).find("annex/objects/") != f.head.npos && is_text(f);
            }},
    FileRow{{"a DVC file, which points to the model", "run `dvc pull` to fetch the model"}, is_dvc},
    FileRow{{"an error message, not a model", kDownloadAgain}, is_error_text},
    FileRow{{"an HTML page, perhaps a login or an error",
             "the server answered with it instead of the model; open the address in a browser, and "
             "download the model again"},
            is_html},
    FileRow{{"an XML document, perhaps the error message of a storage server", kDownloadAgain},
            [](const Seen& f) {
              const std::string_view text = without_leading_space(f.head);
              return starts_with_any(text, {"<?xml", "<Error>", "\xef\xbb\xbf<?xml"});
            }},
    FileRow{{"JSON text", "", Reader::index}, is_index},
    FileRow{{"a gzip file", "unpack it (gunzip, or tar -xzf), then import the model file in it"},
            [](const Seen& f) { return f.head.starts_with("\x1f\x8b"); }},
    FileRow{{"a zstd file", "unpack it (zstd -d), then import the model file in it"},
            [](const Seen& f) { return f.head.starts_with("\x28\xb5\x2f\xfd"); }},
    FileRow{{"an xz file", "unpack it (xz -d, or tar -xJf), then import the model file in it"},
            [](const Seen& f) {
              return f.head.starts_with(
                  "\xfd"
                  "7zXZ\0"sv);
            }},
    FileRow{{"a bzip2 file", "unpack it (bunzip2, or tar -xjf), then import the model file in it"},
            [](const Seen& f) { return f.head.starts_with("BZh"); }},
    FileRow{{"an lz4 file", "unpack it (lz4 -d), then import the model file in it"},
            [](const Seen& f) { return f.head.starts_with("\x04\x22\x4d\x18"); }},
    FileRow{{"a 7z archive", kUnpack},
            [](const Seen& f) { return f.head.starts_with("7z\xbc\xaf\x27\x1c"); }},
    FileRow{{"a RAR archive", kUnpack},
            [](const Seen& f) { return f.head.starts_with("Rar!\x1a"); }},
    FileRow{
        {"a GGUF file of llama.cpp",
         "import the safetensors files from which it was made, or read its tensors with the Python "
         "package gguf and save them as safetensors"},
        [](const Seen& f) { return starts_with_any(f.head, {"GGUF", "FUGG"}); }},
    FileRow{
        {"a GGML file of an early llama.cpp or whisper.cpp",
         "import the torch or safetensors files from which it was made"},
        [](const Seen& f) { return starts_with_any(f.head, {"lmgg", "fmgg", "tjgg", "algg"}); }},
    FileRow{{"an HDF5 file, as Keras saves weights (.h5)",
             "load it with Keras or h5py, and save its arrays with numpy.savez or as safetensors"},
            [](const Seen& f) { return f.head.starts_with("\x89HDF\r\n\x1a\n"); }},
    FileRow{
        {"a TensorFlow Lite model", "import the weights of the model from which it was made"},
        [](const Seen& f) { return f.head.size() > 8 && f.head.substr(4).starts_with("TFL3"); }},
    FileRow{{"a TensorFlow SavedModel graph",
             "load its folder in TensorFlow and save its variables with numpy.savez"},
            [](const Seen& f) { return starts_with_any(f.name, {"saved_model.pb"}); }},
    FileRow{{"a TensorFlow checkpoint's list of files",
             "load the checkpoint in TensorFlow and save its variables with numpy.savez"},
            [](const Seen& f) { return f.head.starts_with("model_checkpoint_path:"); }},
    FileRow{{"an ONNX model, a program with weights",
             "import the weights from which it was made, or read its initializers with the Python "
             "package onnx and save them as safetensors"},
            is_onnx},
    FileRow{
        {"a msgpack file, as Flax saves parameters",
         "load it with flax.serialization.msgpack_restore, and save its arrays with numpy.savez or "
         "as safetensors"},
        is_msgpack},
    FileRow{{"a pickle of protocol 0 or 1", kLoadInPython}, is_old_pickle},
    FileRow{{"a Parquet file", "expected the weights of a model"},
            [](const Seen& f) { return f.head.starts_with("PAR1"); }},
    FileRow{{"an Arrow file", "expected the weights of a model"},
            [](const Seen& f) { return f.head.starts_with("ARROW1"); }},
    FileRow{
        {"a MATLAB file", "load it with scipy.io.loadmat, and save its arrays with numpy.savez"},
        [](const Seen& f) { return f.head.starts_with("MATLAB 5.0"); }},
    FileRow{{"a file that begins with zeros",
             "a download or a copy of it was probably never finished; fetch the model again"},
            is_zeros},
    FileRow{{"a text file", "expected the weights of a model"}, is_text},
};

constexpr std::array kFileEndings = {
    ".safetensors"sv, ".pth"sv,     ".pt"sv,     ".bin"sv,    ".ckpt"sv,   ".npz"sv,
    ".npy"sv,         ".gguf"sv,    ".ggml"sv,   ".h5"sv,     ".hdf5"sv,   ".keras"sv,
    ".onnx"sv,        ".msgpack"sv, ".pkl"sv,    ".pickle"sv, ".joblib"sv, ".pdparams"sv,
    ".pt2"sv,         ".ptl"sv,     ".pte"sv,    ".mar"sv,    ".nemo"sv,   ".tflite"sv,
    ".pb"sv,          ".mlmodel"sv, ".engine"sv, ".distcp"sv, ".json"sv,   ".torchscript"sv,
    ".zip"sv,         ".tar"sv,     ".gz"sv,     ".tgz"sv,    ".bz2"sv,    ".xz"sv,
    ".zst"sv,         ".lz4"sv,     ".7z"sv,     ".rar"sv,    ".parquet"sv};

}  // namespace

const FileKind* find_file_kind(const std::filesystem::path& path, std::string_view head) {
  const std::string name = lower(path.filename().string());
  const Seen file = {name, head.substr(0, kHeadLength)};
  if (head.empty()) return nullptr;
  const auto* row =
      std::ranges::find_if(kFileRows, [&](const FileRow& each) { return each.fits(file); });
  return row == kFileRows.end() ? nullptr : &row->kind;
}

std::string describe(const FileKind& kind) {
  if (kind.advice.empty()) return fmt::format("this is {}", kind.what);
  return fmt::format("this is {}: {}", kind.what, kind.advice);
}

bool is_file_name(const std::filesystem::path& path) {
  const std::string ending = lower(path.extension().string());
  return std::ranges::find(kFileEndings, ending) != kFileEndings.end();
}

}  // namespace lancekeep::kinds
