// SPDX-License-Identifier: Apache-2.0
#include "io/error_text.h"

namespace lancekeep::io {

std::string text_of(const Error& error) {
  const std::string place = with_text(error, {}).what();
  return std::string(error.what()).substr(place.size());
}

Error with_text(const Error& error, const std::string& text) {
  return Error(error.code(), text, error.file(), error.offset());
}

}  // namespace lancekeep::io
