// SPDX-License-Identifier: Apache-2.0
// For test_hostile.py. Reads many files in one process, because under sanitizers a process for each
// file would take too long.
//   lancekeep_read_files         reads the files listed on standard input, one per line
//   lancekeep_read_files FILE    reads FILE truncated to every length, and with each byte changed in
//                                two ways. Works in FILE's folder, because FILE can be an index.
// Prints a line of JSON for each answer.
#include <lancekeep/error.h>
#include <lancekeep/formats.h>

#include "fuzz/input.h"

#include <nlohmann/json.hpp>

#include <exception>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <optional>
#include <string>

namespace {

using Json = nlohmann::ordered_json;

// Returns why the file was rejected; nullopt if it was read.
std::optional<std::string> refusal(const std::filesystem::path& path) {
  try {
    lancekeep::fuzz::read_all(*lancekeep::open_model_file(path));
    return std::nullopt;
  } catch (const lancekeep::Error& error) {
    return error.what();
  }
}

void answer(const Json& json) {
  std::cout << json.dump(-1, ' ', true, Json::error_handler_t::replace) << std::endl;
}

void read_each() {
  for (std::string path; std::getline(std::cin, path);) {
    const auto refused = refusal(path);
    answer({{"refused", refused ? Json(*refused) : Json()}});
  }
}

class Variants {
 public:
  explicit Variants(const std::filesystem::path& path) : path_(path.string() + ".variant") {}
  ~Variants() { std::filesystem::remove(path_); }
  Variants(const Variants&) = delete;
  Variants& operator=(const Variants&) = delete;

  bool is_read(const std::string& content) {
    std::ofstream(path_, std::ios::binary) << content;
    return !refusal(path_);
  }

 private:
  std::filesystem::path path_;
};

Json cut_and_change(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  const std::string content{std::istreambuf_iterator<char>(file), {}};
  Variants variants(path);
  Json cut_and_read = Json::array();
  for (std::size_t length = 0; length < content.size(); ++length) {
    if (variants.is_read(content.substr(0, length))) cut_and_read.push_back(length);
  }
  std::size_t changed = 0;
  std::size_t refused = 0;
  for (std::size_t at = 0; at < content.size(); ++at) {
    for (const char flip : {'\x01', '\xff'}) {
      std::string other = content;
      other[at] = static_cast<char>(other[at] ^ flip);
      ++changed;
      if (!variants.is_read(other)) ++refused;
    }
  }
  return {{"whole_is_read", variants.is_read(content)},
          {"cut", content.size()},
          {"cut_and_read", cut_and_read},
          {"changed", changed},
          {"changed_and_refused", refused}};
}

}  // namespace

int main(int argc, char** argv) {
  try {
    if (argc > 1) {
      answer(cut_and_change(argv[1]));
    } else {
      read_each();
    }
  } catch (const std::exception& error) {
    std::cerr << "lancekeep_read_files: " << error.what() << '\n';
    return 2;
  }
  return 0;
}
