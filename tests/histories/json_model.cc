// SPDX-License-Identifier: Apache-2.0
#include "json_model.h"

#include <unistd.h>

#include <algorithm>
#include <charconv>

namespace lancekeep::testing {
namespace {

constexpr int kKilled = 137;

std::string from_hex(const std::string& text) {
  std::string bytes(text.size() / 2, '\0');
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    unsigned char byte = 0;
    const char* digits = text.data() + 2 * i;
    if (std::from_chars(digits, digits + 2, byte, 16).ptr != digits + 2) {
      throw Error(ErrorCode::invalid_argument, "not hex digits: " + text);
    }
    bytes[i] = static_cast<char>(byte);
  }
  return bytes;
}

std::string to_hex(std::span<const std::byte> bytes) {
  constexpr const char* kDigits = "0123456789abcdef";
  std::string text;
  text.reserve(2 * bytes.size());
  for (const std::byte byte : bytes) {
    text += kDigits[std::to_integer<int>(byte >> 4)];
    text += kDigits[std::to_integer<int>(byte & std::byte{15})];
  }
  return text;
}

}  // namespace

JsonSource::JsonSource(const Json& tensors) {
  for (const Json& tensor : tensors) {
    values_.push_back(from_hex(tensor.at("bytes").get<std::string>()));
    TensorSpec spec{tensor.at("name"), tensor.at("dtype"), tensor.at("shape"),
                    values_.back().size(), std::nullopt};
    if (!tensor.at("tied_to").is_null()) {
      const auto target =
          std::ranges::find(specs_, tensor.at("tied_to").get<std::string>(), &TensorSpec::name);
      if (target == specs_.end()) {
        throw Error(ErrorCode::invalid_argument,
                    "`" + spec.name + "` is not tied to an earlier tensor");
      }
      spec.tied_to = static_cast<std::size_t>(target - specs_.begin());
    }
    specs_.push_back(std::move(spec));
  }
}

void JsonSource::read(std::size_t index, const ByteSink& sink) {
  const auto bytes = std::as_bytes(std::span(values_[index]));
  const bool more = sink(bytes.first(bytes.size() / 2));
  if (++reads_ == die_at_) ::_exit(kKilled);
  if (more) sink(bytes.subspan(bytes.size() / 2));
}

OpenVersion::OpenVersion(Version opened) : version(std::move(opened)) {
  for (const TensorInfo& info : version.tensors()) views.push_back(version.tensor(info.name));
}

Json OpenVersion::tensors() const {
  Json tensors = Json::array();
  for (std::size_t i = 0; i < views.size(); ++i) {
    const TensorInfo& info = version.tensors()[i];
    tensors.push_back({{"name", info.name},
                       {"dtype", info.dtype},
                       {"shape", info.shape},
                       {"bytes", to_hex(views[i].bytes())},
                       {"tied_to", info.tied_to ? Json(*info.tied_to) : Json()}});
  }
  return tensors;
}

Json to_json(const VersionInfo& info) {
  return {{"number", info.number},     {"message", info.message},
          {"metadata", info.metadata}, {"tags", info.tags},
          {"tensors", info.tensors},   {"bytes_total", info.bytes_total},
          {"damage", info.damage},     {"time", info.time.time_since_epoch().count()}};
}

}  // namespace lancekeep::testing
