// SPDX-License-Identifier: Apache-2.0
#include "lance/table/unpublished.h"

namespace lancekeep::lance {

Unpublished::~Unpublished() {
  for (const OpenFile& open : files_) {
    try {
      storage_.remove(open.path);
    } catch (...) {  // there is an error on its way already, or nobody left to tell
    }
  }
}

io::WritableFile& Unpublished::create(const std::string& path) {
  files_.push_back({path, storage_.create(path)});
  return *files_.back().file;
}

void Unpublished::finish(bool durable) {
  std::set<std::string> folders;
  for (; finished_ < files_.size(); ++finished_) {
    const OpenFile& open = files_[finished_];
    durable ? open.file->sync() : open.file->flush();
    bytes_ += open.file->position();
    folders.insert(open.path.substr(0, open.path.rfind('/')));
  }
  if (!durable) return;
  for (const std::string& folder : folders) storage_.sync_folder(folder);
}

void Unpublished::close() {
  for (std::size_t i = 0; i < finished_; ++i) files_[i].file.reset();
}

void Unpublished::keep() {
  files_.clear();
  finished_ = 0;
}

}  // namespace lancekeep::lance
