// SPDX-License-Identifier: Apache-2.0
#include "store/read/read_pieces.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

namespace lancekeep::store {
namespace {

constexpr std::size_t kPiece = 4 << 20;
constexpr std::size_t kMostThreads = 4;

struct Piece {
  std::size_t row;
  std::uint64_t offset;
  std::span<std::byte> into;
};

std::vector<Piece> cut(std::span<const RowRequest> requests) {
  std::vector<Piece> pieces;
  for (const RowRequest& request : requests) {
    for (std::size_t at = 0; at < request.into.size(); at += kPiece) {
      const std::size_t length = std::min(kPiece, request.into.size() - at);
      pieces.push_back({request.row, at, request.into.subspan(at, length)});
    }
  }
  return pieces;
}

// Threads that read until nothing is left or one of them failed.
class Readers {
 public:
  Readers(const ReadPiece& read, std::span<const Piece> pieces) : read_(read), pieces_(pieces) {}

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
        read_(pieces_[i].row, pieces_[i].offset, pieces_[i].into);
      }
    } catch (...) {
      next_ = pieces_.size();
      const std::lock_guard lock(mutex_);
      if (!failure_) failure_ = std::current_exception();
    }
  }

  const ReadPiece& read_;
  const std::span<const Piece> pieces_;
  std::atomic<std::size_t> next_ = 0;
  std::mutex mutex_;
  std::exception_ptr failure_;
};

}  // namespace

void read_pieces(std::span<const RowRequest> requests, const ReadPiece& read) {
  const std::vector<Piece> pieces = cut(requests);
  const std::size_t cores = std::max(1u, std::thread::hardware_concurrency());
  Readers(read, pieces).run(std::min({kMostThreads, cores, pieces.size() / 2 + 1}));
}

}  // namespace lancekeep::store
