// SPDX-License-Identifier: Apache-2.0
// lancekeep_list_tensors FILE [FOLDER]
// Opens FILE with open_model_file(), and prints one JSON object per line: every tensor's name, dtype,
// shape, byte count and tie, then the metadata and the notes. With FOLDER, writes the bytes of tensor
// i into the file FOLDER/i. For an error, prints one line {"error": code, "message": text}, and exits
// with 1.
// lancekeep_list_tensors --to-safetensors|--to-npz|--to-npy FILE TARGET [BYTES]
// Writes FILE's tensors to TARGET as the given kind of file, with at most BYTES of values per shard,
// and prints what was not kept. The tests in this folder use both.
#include <lancekeep/formats.h>

#include <nlohmann/json.hpp>

#include <cstdio>
#include <fstream>
#include <iostream>
#include <string>
#include <string_view>
#include <vector>

namespace {

using nlohmann::ordered_json;

void list(lancekeep::TensorSource& source, const std::filesystem::path& folder) {
  std::size_t index = 0;
  for (const lancekeep::TensorSpec& spec : source.tensors()) {
    ordered_json line{{"name", spec.name}, {"dtype", spec.dtype}, {"nbytes", spec.nbytes}};
    line["shape"] = spec.shape;
    line["tied_to"] = spec.tied_to ? ordered_json(*spec.tied_to) : ordered_json();
    std::cout << line.dump() << '\n';
    if (!folder.empty()) {
      std::ofstream out(folder / std::to_string(index), std::ios::binary);
      source.read(index, [&](std::span<const std::byte> piece) {
        out.write(reinterpret_cast<const char*>(piece.data()),
                  static_cast<std::streamsize>(piece.size()));
        return true;
      });
    }
    ++index;
  }
  std::cout << ordered_json{{"metadata", source.metadata()}}.dump() << '\n';
  std::cout << ordered_json{{"notes", source.notes()}}.dump() << '\n';
}

lancekeep::ExportReport write(std::string_view kind, const std::filesystem::path& target,
                              lancekeep::TensorSource& source, const char* shard_bytes) {
  if (kind == "--to-npz") return lancekeep::write_npz(target, source);
  if (kind == "--to-npy") return lancekeep::write_npy(target, source);
  if (shard_bytes == nullptr) return lancekeep::write_safetensors(target, source);
  return lancekeep::write_sharded_safetensors(target, source, std::stoull(shard_bytes));
}

void print(const lancekeep::ExportReport& report) {
  std::vector<std::string> files;
  for (const std::filesystem::path& file : report.files) files.push_back(file.filename().string());
  std::cout << ordered_json{{"tensors", report.tensors},
                            {"bytes_written", report.bytes_written},
                            {"not_kept", report.not_kept},
                            {"files", files},
                            {"notes", report.notes}}
                   .dump()
            << '\n';
}

}  // namespace

int main(int count, char** arguments) try {
  if (count >= 4 && std::string_view(arguments[1]).starts_with("--to-")) {
    const auto source = lancekeep::open_model_file(arguments[2]);
    print(write(arguments[1], arguments[3], *source, count > 4 ? arguments[4] : nullptr));
    return 0;
  }
  if (count < 2) {
    std::cerr << "lancekeep_list_tensors FILE [FOLDER] | --to-safetensors|--to-npz|--to-npy FILE "
                 "TARGET [BYTES]\n";
    return 2;
  }
  const auto source = lancekeep::open_model_file(arguments[1]);
  list(*source, count > 2 ? arguments[2] : "");
  return 0;
} catch (const lancekeep::Error& error) {
  std::cout << ordered_json{{"error", lancekeep::to_string(error.code())},
                            {"message", error.what()}}
                   .dump(-1, ' ', true, ordered_json::error_handler_t::replace)
            << '\n';
  return 1;
}
