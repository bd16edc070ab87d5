// SPDX-License-Identifier: Apache-2.0
// Version::read() of many values: cut into pieces, which threads take one after the other. One
// thread does not fill the memory's bandwidth; more than a few gain nothing.
#include <lancekeep/store.h>

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

namespace lancekeep {
namespace {

constexpr std::size_t kPiece = 4 << 20;
constexpr std::size_t kMostThreads = 4;

struct Piece {
  std::string_view name;
  std::uint64_t offset;
  std::span<std::byte> into;
};

std::vector<Piece> cut(const Version& version, std::span<const ReadRequest> requests) {
  std::vector<Piece> pieces;
  for (const ReadRequest& request : requests) {
    const std::uint64_t nbytes = version.find(request.name).nbytes;
    if (nbytes != request.into.size()) {
      throw Error(ErrorCode::invalid_argument,
                  fmt::format("tensor `{}` has {} bytes, and is to be read into {}", request.name,
                              nbytes, request.into.size()));
    }
    for (std::size_t at = 0; at < nbytes; at += kPiece) {
      const std::size_t length = std::min(kPiece, request.into.size() - at);
      pieces.push_back({request.name, at, request.into.subspan(at, length)});
    }
  }
  return pieces;
}

// Threads that read until nothing is left or one of them failed.
class Readers {
 public:
  Readers(const Version& version, std::span<const Piece> pieces)
      : version_(version), pieces_(pieces) {}

  void run(std::size_t threads) {
    std::vector<std::jthread> others;
    for (std::size_t i = 1; i < threads; ++i) others.emplace_back([this] { work(); });
    work();
    others.clear();  // joins them
    if (failure_) std::rethrow_exception(failure_);
  }

 private:
  void work() {
    try {
      for (std::size_t i = next_++; i < pieces_.size(); i = next_++) {
        version_.read(pieces_[i].name, pieces_[i].offset, pieces_[i].into);
      }
    } catch (...) {
      next_ = pieces_.size();
      const std::lock_guard lock(mutex_);
      if (!failure_) failure_ = std::current_exception();
    }
  }

  const Version& version_;
  const std::span<const Piece> pieces_;
  std::atomic<std::size_t> next_ = 0;
  std::mutex mutex_;
  std::exception_ptr failure_;
};

}  // namespace

void Version::read(std::span<const ReadRequest> requests) const {
  const std::vector<Piece> pieces = cut(*this, requests);
  const std::size_t cores = std::max(1u, std::thread::hardware_concurrency());
  Readers(*this, pieces).run(std::min({kMostThreads, cores, pieces.size() / 2 + 1}));
}

}  // namespace lancekeep
