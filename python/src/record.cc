// SPDX-License-Identifier: Apache-2.0
#include "python/src/record.h"

#include <fmt/format.h>

namespace lancekeep::python {
namespace {

constexpr std::size_t kMostListed = 3;

bool is_empty(nb::handle value) {
  if (value.is_none()) return true;
  return (nb::isinstance<nb::str>(value) || nb::isinstance<nb::list>(value) ||
          nb::isinstance<nb::dict>(value)) &&
         nb::len(value) == 0;
}

std::string text_of(nb::handle value) {
  if (nb::hasattr(value, "isoformat")) value = value.attr("isoformat")().release();
  return nb::repr(value).c_str();
}

std::string shortened(nb::handle value) {
  if (!nb::isinstance<nb::list>(value) || nb::len(value) <= kMostListed) return text_of(value);
  std::string text = "[";
  for (std::size_t i = 0; i < kMostListed; ++i) {
    text += text_of(nb::object(value[i])) + ", ";
  }
  return text + fmt::format("… {} more]", nb::len(value) - kMostListed);
}

}  // namespace

std::string repr_of(nb::handle self, const FieldNames& names) {
  std::string text;
  for (const char* name : names) {
    const nb::object value = self.attr(name);
    if (is_empty(value)) continue;
    if (!text.empty()) text += ", ";
    text += fmt::format("{}={}", name, shortened(value));
  }
  return fmt::format("{}({})", nb::str(self.type().attr("__name__")).c_str(), text);
}

nb::dict dict_of(nb::handle self, const FieldNames& names) {
  nb::dict fields;
  for (const char* name : names) fields[name] = self.attr(name);
  return fields;
}

bool is_equal(nb::handle self, nb::handle other, const FieldNames& names) {
  if (!self.type().is(other.type())) return false;
  for (const char* name : names) {
    if (!nb::object(self.attr(name)).equal(nb::object(other.attr(name)))) return false;
  }
  return true;
}

void require_fields(const nb::tuple& state, std::size_t count) {
  if (nb::len(state) == count) return;
  throw nb::type_error(
      fmt::format("pickled by another version of Lancekeep: expected {} fields, found {}", count,
                  nb::len(state))
          .c_str());
}

}  // namespace lancekeep::python
