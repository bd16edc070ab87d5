// SPDX-License-Identifier: Apache-2.0
#include "lance/table/unpublished.h"

namespace lancekeep::lance {

Unpublished::~Unpublished() {
  for (const std::string& path : paths_) {
    try {
      storage_.remove(path);
    } catch (...) {  // there is an error on its way already, or nobody left to tell
    }
  }
}

void Unpublished::write(const std::string& path, std::string_view content, bool durable) {
  const auto file = storage_.create(path);
  paths_.push_back(path);
  file->write(content);
  durable ? file->sync() : file->flush();
}

}  // namespace lancekeep::lance
