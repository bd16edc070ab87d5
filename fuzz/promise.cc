// SPDX-License-Identifier: Apache-2.0
#include "fuzz/promise.h"

#include <lancekeep/error.h>

#include <atomic>
#include <cstdlib>
#include <iostream>

// From the sanitizers' interface headers, which only their builds have.
extern "C" {
[[gnu::weak]] int __sanitizer_install_malloc_and_free_hooks(
    void (*malloc_hook)(const volatile void*, std::size_t),
    void (*free_hook)(const volatile void*));
[[gnu::weak]] std::size_t __sanitizer_get_allocated_size(const volatile void* memory);
}

namespace lancekeep::fuzz {
namespace {

// Zero-initialised before anything allocates; the hooks run within every allocation.
std::atomic<bool> counts;
std::atomic<std::int64_t> held;
std::atomic<std::int64_t> limit;

void add(const volatile void*, std::size_t size) {
  if (!counts) return;
  held += static_cast<std::int64_t>(size);
  if (held <= limit) return;
  counts = false;
  std::cerr << "broken promise: an input takes " << held << " bytes, expected at most " << limit
            << '\n';
  std::abort();
}

void subtract(const volatile void* memory) {
  if (counts && memory != nullptr)
    held -= static_cast<std::int64_t>(__sanitizer_get_allocated_size(memory));
}

bool install() {
  return __sanitizer_install_malloc_and_free_hooks != nullptr &&
         __sanitizer_install_malloc_and_free_hooks(add, subtract) != 0;
}

}  // namespace

void require(bool kept, std::string_view promise) {
  if (kept) return;
  std::cerr << "broken promise: " << promise << '\n';
  std::abort();
}

bool expect_read_or_refused(const std::function<void()>& read) {
  try {
    read();
    return true;
  } catch (const Error& error) {
    require(!std::string_view(error.what()).empty(), "a refusal says why");
    return false;
  }
}

MemoryLimit::MemoryLimit(std::uint64_t bytes) {
  static const bool installed = install();
  held = 0;
  limit = static_cast<std::int64_t>(bytes);
  counts = installed;
}

MemoryLimit::~MemoryLimit() { counts = false; }

}  // namespace lancekeep::fuzz
