// SPDX-License-Identifier: Apache-2.0
// For tests: pickles built opcode by opcode.
#pragma once

#include "io/testing/bytes_testing.h"

#include <cstdint>
#include <string>
#include <vector>

namespace lancekeep::formats {

using io::little_endian;

inline std::string pickled(const std::string& text) {  // BINUNICODE
  return "X" + little_endian(text.size(), 4) + text;
}
inline std::string pickled(std::int32_t number) {  // BININT
  return "J" + little_endian(static_cast<std::uint32_t>(number), 4);
}
inline std::string pickled_global(const std::string& module, const std::string& name) {
  return "c" + module + "\n" + name + "\n";
}
inline std::string pickled_tuple(const std::vector<std::string>& items) {
  std::string text = "(";
  for (const std::string& item : items) text += item;
  return text + "t";
}
inline std::string pickled_tuple(const std::vector<std::int32_t>& numbers) {
  std::vector<std::string> items;
  for (const std::int32_t number : numbers) items.push_back(pickled(number));
  return pickled_tuple(items);
}
inline std::string whole_pickle(const std::string& body) { return "\x80\x02" + body + "."; }

/// A tensor as torch.save pickles it. Each member is one pickled argument.
struct PickledTensor {
  std::string type = pickled_global("torch", "FloatStorage");
  std::string key = "0";
  std::int32_t elements = 6;
  std::string view = {};  ///< the sixth item of the storage's id
  std::string offset = pickled(0);
  std::string shape = pickled_tuple(std::vector<std::int32_t>{2, 3});
  std::string strides = pickled_tuple(std::vector<std::int32_t>{3, 1});
  std::string function = "_rebuild_tensor_v2";
  std::string rest = "\x89" + pickled_global("collections", "OrderedDict") + ")R";

  [[nodiscard]] std::string text() const {
    const std::string id = pickled_tuple({pickled("storage"), type, pickled(key), pickled("cpu"),
                                          pickled(elements), view}) +
                           "Q";
    return pickled_global("torch._utils", function) +
           pickled_tuple({id, offset, shape, strides, rest}) + "R";
  }
};

inline std::string pickled_dict(const std::vector<std::pair<std::string, std::string>>& entries) {
  std::string text = "}(";
  for (const auto& [name, value] : entries) text += pickled(name) + value;
  return text + "u";
}

}  // namespace lancekeep::formats
