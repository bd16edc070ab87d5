// SPDX-License-Identifier: Apache-2.0
#include "kinds/file_kinds.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cctype>

namespace lancekeep::kinds {
namespace {

using namespace std::string_literals;
using testing::HasSubstr;

struct Case {
  std::string test;  // a name for the test
  std::string file;
  std::string head;
  std::string what;  // part of the description
};

void PrintTo(const Case& each, std::ostream* out) { *out << each.test; }

std::string tar_of(std::string content) {
  content.resize(512, '\0');
  return content.replace(257, 5, "ustar");
}

class KnownFile : public testing::TestWithParam<Case> {};

TEST_P(KnownFile, SaysWhatItIsAndWhatHelps) {
  const FileKind* kind = find_file_kind("some/" + GetParam().file, GetParam().head);
  ASSERT_NE(kind, nullptr);
  EXPECT_THAT(describe(*kind), HasSubstr("this is "));
  EXPECT_THAT(describe(*kind), HasSubstr(GetParam().what));
  EXPECT_EQ(kind->advice.empty(), kind->reader != Reader::none);
}

INSTANTIATE_TEST_SUITE_P(
    Kinds, KnownFile,
    testing::Values(
        Case{"Distcp", "__0_0.distcp", "PK\x03\x04", "dcp_to_torch_save"},
        Case{"DcpMetadata", ".metadata", "\x80\x02}q", "dcp_to_torch_save"},
        Case{"TensorflowShard", "model.ckpt.data-00000-of-00001", "\1\2\3",
             "TensorFlow checkpoint"},
        Case{"TensorflowIndex", "model.ckpt.index", "\0\0\1"s, "TensorFlow checkpoint"},
        Case{"TensorflowList", "checkpoint", "model_checkpoint_path: \"m\"", "list of files"},
        Case{"SavedModel", "saved_model.pb", "\x08\x01", "SavedModel"},
        Case{"TensorflowLite", "m.tflite", "\x1c\0\0\0TFL3\x14"s, "TensorFlow Lite"},
        Case{"AppleDouble", "._m.pth", "\0\5\x16\7\0\2"s, "lacks the `._`"},
        Case{"Safetensors", "m", "\x02\0\0\0\0\0\0\0{}"s, "a safetensors file"},
        Case{"SafetensorsLikeAPickle", "m", "\x80\x02\0\0\0\0\0\0{}"s, "a safetensors file"},
        Case{"Zip", "m.pth", "PK\x03\x04", "a zip archive"},
        Case{"EmptyZip", "m.npz", "PK\x05\x06", "a zip archive"},
        Case{"Npy", "m.npy", "\x93NUMPY\1", "a NumPy array file"},
        Case{"Tar", "m.nemo", tar_of("\x80\x02"), "a tar archive"},
        Case{"Pickle", "m.bin", "\x80\x02\x8a\x0a", "a pickle"},
        Case{"OldPickle", "m.pkl", "(dp0\nS'a'", "protocol 0 or 1"},
        Case{"LfsPointer", "m.pth", "version https://git-lfs.github.com/spec/v1\n", "git lfs pull"},
        Case{"XetPointer", "m.pth", "# xet version 0\nfilesize = 3\n", "git xet checkout"},
        Case{"AnnexPointer", "m.pth", "/annex/objects/MD5E-s3--ab.pth\n", "git annex get"},
        Case{"DvcPointer", "m.pth.dvc", "outs:\n- md5: ab\n  path: m.pth\n", "dvc pull"},
        Case{"NotFound", "m.pth", "Entry not found", "an error message"},
        Case{"AccessDenied", "m.pth", "Access denied\n", "an error message"},
        Case{"ErrorAsJson", "m.pth", "{\"error\":\"Repository not found\"}", "an error message"},
        Case{"Html", "m.pth", "\n<!DOCTYPE HTML><html>", "an HTML page"},
        Case{"Xml", "m.pth", "<?xml version=\"1.0\"?>\n<Error><Code>NoSuchKey", "storage server"},
        Case{"Json", "config.json", "\n {\"a\": 1}", "JSON text"},
        Case{"Gzip", "m.pth.gz", "\x1f\x8b\x08", "gunzip"},
        Case{"Zstd", "m.pth.zst", "\x28\xb5\x2f\xfd\x04", "zstd -d"},
        Case{"Xz", "m.xz",
             "\xfd"
             "7zXZ\0"s,
             "xz -d"},
        Case{"Bzip2", "m.bz2", "BZh91AY", "bunzip2"},
        Case{"Lz4", "m.lz4", "\x04\x22\x4d\x18", "lz4 -d"},
        Case{"SevenZip", "m.7z", "7z\xbc\xaf\x27\x1c", "a 7z archive"},
        Case{"Rar", "m.rar", "Rar!\x1a\x07", "a RAR archive"},
        Case{"Gguf", "m.gguf", "GGUF\3\0\0\0"s, "llama.cpp"},
        Case{"Ggml", "m.bin", "tjgg\3\0\0\0"s, "a GGML file"},
        Case{"Hdf5", "m.h5", "\x89HDF\r\n\x1a\n", "h5py"},
        Case{"Onnx", "m.onnx", "\x08\x07\x3a\x10\x0a", "an ONNX model"},
        Case{"OnnxByContent", "m", "\x08\x04\x12\x07pytorch\x1a", "an ONNX model"},
        Case{"Msgpack", "flax_model.msgpack", "\x81\xa6params\x82", "msgpack_restore"},
        Case{"LargeMsgpack", "m", "\xde\0\x20\xa6params"s, "msgpack_restore"},
        Case{"Parquet", "m", "PAR1\x15", "a Parquet file"},
        Case{"Arrow", "m", "ARROW1\0\0"s, "an Arrow file"},
        Case{"Matlab", "m.mat", "MATLAB 5.0 MAT-file", "scipy.io.loadmat"},
        Case{"Zeros", "m.pth", std::string(512, '\0'), "begins with zeros"},
        Case{"Text", "README.md", "# A model\nIt is good.\n", "a text file"}),
    [](const auto& each) { return each.param.test; });

TEST(FileKind, OtherBytesHaveNoKind) {
  EXPECT_EQ(find_file_kind("m.pth",
                           "\x7f"
                           "ELF\2\1\1"s),
            nullptr);
  EXPECT_EQ(find_file_kind("m.pth", "\x80"), nullptr);
  EXPECT_EQ(find_file_kind("m.pth", "PK"), nullptr);
  EXPECT_EQ(find_file_kind("m.pth", ""), nullptr);
}

TEST(FileKind, LooksAtNoMoreThanTheHead) {
  const std::string late = std::string(kHeadLength, '\0') + "annex/objects/";
  EXPECT_THAT(describe(*find_file_kind("m", late)), HasSubstr("begins with zeros"));
}

TEST(FileName, IsThatOfAModelFileOrAnArchive) {
  for (const char* name :
       {"m.safetensors", "a/m.pth", "m.pt", "m.bin", "m.npz", "m.npy", "m.ckpt", "m.gguf", "m.h5",
        "m.PTH", "m.tar.gz", "m.safetensors.index.json", "m.v1.pkl", "m.onnx", "m.msgpack"}) {
    EXPECT_TRUE(is_file_name(name)) << name;
  }
}

TEST(FileName, IsNotThatOfAStore) {
  for (const char* name : {"m.lance", "m", "pth", ".pth", "m.pth/store", "run.1", "model.safe"}) {
    EXPECT_FALSE(is_file_name(name)) << name;
  }
}

}  // namespace
}  // namespace lancekeep::kinds
