// SPDX-License-Identifier: Apache-2.0
// Operations for the durability sweeps, each in one short process.
//   lancekeep_durability_tool replace STORE FILE   replaces STORE with a store of FILE's tensors
//   lancekeep_durability_tool publish STORE FILE   the same through NewStore, saving without fsync
//   lancekeep_durability_tool publish-two STORE FILE   the same with two versions
//   lancekeep_durability_tool create STORE FILE    creates STORE and saves FILE's tensors into it
//   lancekeep_durability_tool check STORE FILE     prints as JSON all that a reader finds in STORE,
//                                                  then saves FILE into it and prints what the
//                                                  reader finds then
#include <lancekeep/formats.h>
#include <lancekeep/new_store.h>
#include <lancekeep/store.h>

#include <nlohmann/json.hpp>

#include <cstdio>
#include <filesystem>
#include <iostream>
#include <string>

namespace {

using Json = nlohmann::ordered_json;
namespace fs = std::filesystem;

std::string hex(std::span<const std::byte> bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (const std::byte byte : bytes) {
    text += kDigits[std::to_integer<unsigned>(byte) >> 4];
    text += kDigits[std::to_integer<unsigned>(byte) & 15];
  }
  return text;
}

Json content_of(const lancekeep::Version& version) {
  Json tensors = Json::object();
  for (const lancekeep::TensorInfo& tensor : version.tensors()) {
    tensors[tensor.name] = {tensor.dtype, tensor.shape, hex(version.tensor(tensor.name).bytes())};
  }
  const lancekeep::VersionInfo& info = version.info();
  return {{"message", info.message}, {"metadata", info.metadata}, {"tensors", tensors}};
}

// All that a reader finds in a store; empty for a missing or empty folder.
Json content_of(const fs::path& path) {
  Json versions = Json::object();
  Json tags = Json::object();
  if (fs::exists(path) && !fs::is_empty(path)) {
    const lancekeep::Store store = lancekeep::Store::open(path);
    for (const lancekeep::VersionInfo& info : store.versions()) {
      versions[std::to_string(info.number)] = content_of(store.at(info.number));
    }
    tags = store.tags();
  }
  return {{"versions", versions}, {"tags", tags}};
}

void check(const fs::path& path, const fs::path& file) {
  const Json found = content_of(path);
  lancekeep::Store store = lancekeep::Store::create(path);
  const auto source = lancekeep::open_model_file(file);
  const lancekeep::SaveReport report = store.save(*source, {.durable = false});
  std::cout << Json{{"found", found}, {"saved", report.version}, {"then", content_of(store.at())}};
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  try {
    const std::string verb = argv[1];
    if (verb == "check") {
      check(argv[2], argv[3]);
    } else if (verb == "replace") {
      lancekeep::Store::replace(argv[2], *lancekeep::open_model_file(argv[3]));
    } else if (verb == "publish") {
      lancekeep::NewStore fresh(argv[2], lancekeep::NewStore::Existing::replace);
      fresh.store().save(*lancekeep::open_model_file(argv[3]), {.durable = false});
      fresh.publish();
    } else if (verb == "publish-two") {
      lancekeep::NewStore fresh(argv[2], lancekeep::NewStore::Existing::replace);
      for (int i = 0; i < 2; ++i) fresh.store().save(*lancekeep::open_model_file(argv[3]));
      fresh.publish();
    } else if (verb == "create") {
      lancekeep::Store::create(argv[2]).save(*lancekeep::open_model_file(argv[3]));
    } else {
      return 2;
    }
    return 0;
  } catch (const std::exception& e) {
    std::fprintf(stderr, "lancekeep: %s\n", e.what());
    return 2;
  }
}
