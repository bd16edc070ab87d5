// SPDX-License-Identifier: Apache-2.0
// Loads versions of datasets, for test_read.py. For each line of standard input,
//
//   PATH REF DTYPE    (a DTYPE of "-" requests none)
//
// it prints a line of JSON: the version's info, what verify finds, and every tensor, loaded in
// every possible way; or the error.
#include <lancekeep/store.h>

#include <nlohmann/json.hpp>

#include <iostream>
#include <string>
#include <vector>

namespace {

using namespace lancekeep;
using nlohmann::json;

constexpr std::size_t kMaxPrinted = 1 << 16;

std::string hex(std::span<const std::byte> bytes) {
  constexpr const char* kDigits = "0123456789abcdef";
  std::string text;
  for (const std::byte byte : bytes) {
    text += kDigits[std::to_integer<unsigned>(byte) >> 4];
    text += kDigits[std::to_integer<unsigned>(byte) & 15];
  }
  return text;
}

// The same CRC-32 as zlib computes.
std::uint32_t crc32_of(std::span<const std::byte> bytes) {
  std::uint32_t crc = 0xffffffff;
  for (const std::byte byte : bytes) {
    crc ^= std::to_integer<std::uint32_t>(byte);
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ ((crc & 1) == 0 ? 0 : 0xedb88320);
  }
  return ~crc;
}

// The bytes in full if they are not too many to print; otherwise their size and CRC-32.
json content_of(std::span<const std::byte> bytes) {
  if (bytes.size() <= kMaxPrinted) return hex(bytes);
  return {bytes.size(), crc32_of(bytes)};
}

json error_of(const Error& error) {
  return {{"code", to_string(error.code())}, {"what", error.what()}};
}

// Reads the tensor before anything is decoded, as loading into a module does.
void fill(const Version& version, const TensorInfo& tensor, json& entry) {
  std::vector<std::byte> bytes(tensor.nbytes);
  const std::vector<ReadRequest> requests = {{tensor.name, bytes}};
  try {
    version.read(requests);
    entry["read"] = content_of(bytes);
  } catch (const Error& error) {
    entry["read_error"] = error_of(error);
  }
}

void map(const Version& version, const TensorInfo& tensor, json& entry) {
  try {
    entry["bytes"] = content_of(version.tensor(tensor.name).bytes());
    std::vector<std::byte> half(tensor.nbytes - tensor.nbytes / 2);
    version.read(tensor.name, tensor.nbytes / 2, half);
    entry["second_half"] = content_of(half);
  } catch (const Error& error) {
    entry["error"] = error_of(error);
  }
}

json load(const std::string& path, const std::string& ref, const std::string& dtype) {
  const Store store = Store::open(path);
  const Version version = store.at(ref, {.dtype = dtype});
  json result = {{"number", version.number()},
                 {"layout", version.info().layout == Layout::plain ? "plain" : "native"},
                 {"rows", version.info().tensors},
                 {"bytes_total", version.info().bytes_total},
                 {"tags", version.info().tags},
                 {"tensors", json::array()},
                 {"findings", json::array()}};
  for (const VersionInfo& info : store.versions()) {
    if (info.number == version.number()) result["listed_bytes_total"] = info.bytes_total;
  }
  for (const TensorInfo& tensor : version.tensors()) {
    json entry = {{"name", tensor.name}, {"dtype", tensor.dtype}, {"shape", tensor.shape}};
    fill(version, tensor, entry);
    result["tensors"].push_back(std::move(entry));
  }
  for (std::size_t i = 0; i < version.tensors().size(); ++i) {
    map(version, version.tensors()[i], result["tensors"][i]);
  }
  for (const VerifyFinding& finding : store.verify(version.number()).findings) {
    result["findings"].push_back({finding.tensor, finding.what});
  }
  return result;
}

}  // namespace

int main() {
  std::string path, ref, dtype;
  while (std::cin >> path >> ref >> dtype) {
    json result;
    try {
      result = load(path, ref, dtype == "-" ? "" : dtype);
    } catch (const Error& error) {
      result = {{"error", error_of(error)}};
    }
    result["path"] = path;
    std::cout << result.dump() << '\n';
  }
  return 0;
}
