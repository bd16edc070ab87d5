// SPDX-License-Identifier: Apache-2.0
#include "io/testing/disk_model.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <stdexcept>

namespace lancekeep::io {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t kSector = 512;

std::string read_whole(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

// Draws at random what remains of everything that was not synced.
struct DiskModel::Choice {
  explicit Choice(const CrashState& state) : kept(state.kept), random(state.seed) {}

  [[nodiscard]] std::size_t below(std::size_t count) { return random() % count; }

  [[nodiscard]] Binding of(const Name& name) {
    switch (kept) {
      case CrashState::Kept::synced:
        return name.front();
      case CrashState::Kept::all:
        return name.back();
      case CrashState::Kept::random:
        break;
    }
    return name[below(name.size())];
  }

  [[nodiscard]] std::string of(const File& file) {
    if (kept == CrashState::Kept::all) return file.content;
    std::string left = file.content.substr(0, file.synced);
    if (kept == CrashState::Kept::synced || left.size() == file.content.size()) return left;
    switch (below(4)) {
      case 0:  // nothing
        return left;
      case 1:  // all
        return file.content;
      case 2:  // truncated at a sector, or its size was never set
        return file.content.substr(0, std::max(left.size(), below_end(file) / kSector * kSector));
      default:  // its size was set, but some sectors were not written
        return with_holes(file);
    }
  }

 private:
  std::size_t below_end(const File& file) { return below(file.content.size()); }

  std::string with_holes(const File& file) {
    std::string left = file.content;
    for (std::size_t start = 0; start < left.size(); start += kSector) {
      const std::size_t end = std::min(start + kSector, left.size());
      if (below(2) == 0) continue;
      const std::size_t from = std::max(start, file.synced);
      if (from < end) std::fill(left.begin() + from, left.begin() + end, '\0');
    }
    return left;
  }

  CrashState::Kept kept;
  std::mt19937_64 random;
};

DiskModel::DiskModel(const fs::path& folder, bool folder_name_is_synced) {
  const Inode root = take_in(folder);
  own_name_ = folder_name_is_synced ? Name{root} : Name{std::nullopt, root};
}

DiskModel::Inode DiskModel::add(Node node) {
  nodes_.push_back(std::move(node));
  return nodes_.size() - 1;
}

DiskModel::Inode DiskModel::take_in(const fs::path& path) {
  if (!fs::is_directory(path)) {
    std::string content = read_whole(path);
    const std::size_t size = content.size();
    return add(File{std::move(content), size});
  }
  Folder folder;
  for (const auto& entry : fs::directory_iterator(path)) {
    folder[entry.path().filename().string()] = {take_in(entry.path())};
  }
  return add(std::move(folder));
}

DiskModel::Inode DiskModel::find(const std::string& path) const {
  Inode inode = *own_name_.back();
  for (const fs::path& part : fs::path(path)) {
    const Folder& folder = std::get<Folder>(nodes_[inode]);
    const auto name = folder.find(part.string());
    if (name == folder.end() || !name->second.back())
      throw std::logic_error("no such file: " + path);
    inode = *name->second.back();
  }
  return inode;
}

DiskModel::Name& DiskModel::name_at(const std::string& path) {
  const fs::path whole = path;
  Folder& folder = std::get<Folder>(nodes_[find(whole.parent_path().string())]);
  return folder.try_emplace(whole.filename().string(), Name{std::nullopt}).first->second;
}

void DiskModel::bind(const std::string& path, Binding inode) { name_at(path).push_back(inode); }

void DiskModel::make_folder(const std::string& path) {
  const std::lock_guard guard(mutex_);
  if (!name_at(path).back()) bind(path, add(Folder()));
}

DiskModel::Inode DiskModel::create(const std::string& path) {
  const std::lock_guard guard(mutex_);
  const Inode inode = add(File());
  bind(path, inode);
  return inode;
}

void DiskModel::write(Inode file, std::span<const std::byte> bytes) {
  const std::lock_guard guard(mutex_);
  std::get<File>(nodes_[file])
      .content.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
}

void DiskModel::sync(Inode file) {
  const std::lock_guard guard(mutex_);
  File& synced = std::get<File>(nodes_[file]);
  synced.synced = synced.content.size();
}

void DiskModel::rename(const std::string& from, const std::string& to) {
  const std::lock_guard guard(mutex_);
  const Inode inode = find(from);
  bind(to, inode);
  bind(from, std::nullopt);
}

void DiskModel::remove(const std::string& path) {
  const std::lock_guard guard(mutex_);
  if (name_at(path).back()) bind(path, std::nullopt);
}

void DiskModel::sync_file(const std::string& path) {
  Inode inode = 0;
  {
    const std::lock_guard guard(mutex_);
    inode = find(path);
  }
  sync(inode);
}

void DiskModel::sync_folder(const std::string& path) {
  const std::lock_guard guard(mutex_);
  for (auto& [name, bindings] : std::get<Folder>(nodes_[find(path)])) bindings = {bindings.back()};
  if (path.empty()) own_name_ = {own_name_.back()};
}

void DiskModel::lay_down(const fs::path& target, const CrashState& state) const {
  const std::lock_guard guard(mutex_);
  Choice choice(state);
  lay_down_name(target, own_name_, choice);
}

// Recurses as deep as the test's folders are.
void DiskModel::lay_down_name(const fs::path& target, const Name& name, Choice& choice) const {
  const Binding binding = choice.of(name);
  if (!binding) return;
  if (const auto* file = std::get_if<File>(&nodes_[*binding])) {
    std::ofstream(target, std::ios::binary) << choice.of(*file);
    return;
  }
  fs::create_directory(target);
  for (const auto& [child, bindings] : std::get<Folder>(nodes_[*binding])) {
    lay_down_name(target / child, bindings, choice);
  }
}

}  // namespace lancekeep::io
