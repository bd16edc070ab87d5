// SPDX-License-Identifier: Apache-2.0
#include "store/read/version_state.h"

#include <fmt/format.h>

namespace lancekeep {

void Version::State::require_sound(std::size_t row) const {
  if (infos[row].damage.empty()) return;
  throw Error(ErrorCode::corrupt,
              fmt::format("tensor `{}` cannot be loaded: {}", infos[row].name, infos[row].damage),
              storage->full_name(""));
}

std::size_t Version::State::row_of(std::string_view name) const {
  const auto it = by_name.find(name);
  if (it == by_name.end()) {
    throw Error(ErrorCode::not_found,
                fmt::format("version {} has no tensor `{}`", info.number, name),
                storage->full_name(""));
  }
  require_sound(it->second);
  return it->second;
}

std::uint64_t Version::number() const { return state_->info.number; }
const VersionInfo& Version::info() const { return state_->info; }
std::span<const TensorInfo> Version::tensors() const { return state_->infos; }

const TensorInfo& Version::find(std::string_view name) const {
  return state_->infos[state_->row_of(name)];
}

TensorView Version::tensor(std::string_view name, Access access) const {
  return state_->values->view(state_->row_of(name), access);
}

void Version::read(std::string_view name, std::uint64_t offset, std::span<std::byte> into) const {
  const std::size_t row = state_->row_of(name);
  const std::uint64_t nbytes = state_->infos[row].nbytes;
  if (offset > nbytes || into.size() > nbytes - offset) {
    throw Error(ErrorCode::invalid_argument,
                fmt::format("{} bytes from byte {} on are wanted of tensor `{}`, which has {}",
                            into.size(), offset, name, nbytes),
                state_->storage->full_name(""));
  }
  state_->values->read(row, offset, into);
}

void Version::read(std::span<const ReadRequest> requests) const {
  std::vector<store::RowRequest> rows;
  for (const ReadRequest& request : requests) {
    const std::size_t row = state_->row_of(request.name);
    const std::uint64_t nbytes = state_->values->bytes_as(row, request.dtype);
    if (nbytes != request.into.size()) {
      throw Error(
          ErrorCode::invalid_argument,
          fmt::format("tensor `{}` has {} bytes{}, and is to be read into {}", request.name, nbytes,
                      request.dtype.empty() ? "" : " as " + request.dtype, request.into.size()),
          state_->storage->full_name(""));
    }
    rows.push_back({row, request.into, request.dtype});
  }
  state_->values->read(rows);
}

Location Version::locate(std::string_view name) const {
  return state_->values->locate(state_->row_of(name));
}

namespace {

// A version as something to save or export: rows in model order, ties as they are. A name that
// several rows have stands where the first of them does, as in a dict.
class VersionSource : public TensorSource {
 public:
  explicit VersionSource(std::shared_ptr<const Version::State> state)
      : state_(std::move(state)), reader_(state_->values->reader()) {
    std::map<std::string_view, std::size_t> index;
    for (const TensorInfo& named : state_->infos) {
      if (index.contains(named.name)) continue;
      const std::size_t row = state_->by_name.at(named.name);
      state_->require_sound(row);  // not passed over in silence
      const TensorInfo& info = state_->infos[row];
      TensorSpec spec{info.name, info.dtype, info.shape, info.nbytes, std::nullopt};
      const auto target = info.tied_to ? index.find(*info.tied_to) : index.end();
      if (target != index.end() && !specs_[target->second].tied_to) spec.tied_to = target->second;
      index.emplace(info.name, specs_.size());
      specs_.push_back(std::move(spec));
      rows_.push_back(row);
    }
  }

  std::span<const TensorSpec> tensors() const override { return specs_; }
  void read(std::size_t index, const ByteSink& sink) override { reader_->push(rows_[index], sink); }
  Metadata metadata() const override { return state_->info.metadata; }

 private:
  const std::shared_ptr<const Version::State> state_;
  const std::unique_ptr<store::RowReader> reader_;
  std::vector<TensorSpec> specs_;
  std::vector<std::size_t> rows_;  // parallel to specs_
};

}  // namespace

std::unique_ptr<TensorSource> Version::source() const {
  return std::make_unique<VersionSource>(state_);
}

}  // namespace lancekeep
