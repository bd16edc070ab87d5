// SPDX-License-Identifier: Apache-2.0
#include "fuzz/invariants.h"

#include <lancekeep/error.h>

#include <atomic>
#include <cstdlib>
#include <iostream>

// Declared as in the sanitizers' interface headers; null in builds without sanitizers.
extern "C" {
[[gnu::weak]] int __sanitizer_install_malloc_and_free_hooks(
    void (*malloc_hook)(const volatile void*, std::size_t),
    void (*free_hook)(const volatile void*));
[[gnu::weak]] std::size_t __sanitizer_get_allocated_size(const volatile void* memory);
}

namespace lancekeep::fuzz {
namespace {

// Zero-initialized before anything allocates: the hooks run in every allocation.
std::atomic<bool> is_counting;
std::atomic<std::int64_t> held;
std::atomic<std::int64_t> limit;

void add(const volatile void*, std::size_t size) {
  if (!is_counting) return;
  held += static_cast<std::int64_t>(size);
  if (held <= limit) return;
  is_counting = false;
  std::cerr << "broken invariant: an input takes " << held << " bytes, expected at most " << limit
            << '\n';
  std::abort();
}

void subtract(const volatile void* memory) {
  if (is_counting && memory != nullptr)
    held -= static_cast<std::int64_t>(__sanitizer_get_allocated_size(memory));
}

bool install() {
  return __sanitizer_install_malloc_and_free_hooks != nullptr &&
         __sanitizer_install_malloc_and_free_hooks(add, subtract) != 0;
}

}  // namespace

void require(bool holds, std::string_view invariant) {
  if (holds) return;
  std::cerr << "broken invariant: " << invariant << '\n';
  std::abort();
}

bool expect_read_or_rejected(const std::function<void()>& read) {
  try {
    read();
    return true;
  } catch (const Error& error) {
    require(!std::string_view(error.what()).empty(), "an error has a message");
    return false;
  }
}

MemoryLimit::MemoryLimit(std::uint64_t bytes) {
  static const bool installed = install();
  held = 0;
  limit = static_cast<std::int64_t>(bytes);
  is_counting = installed;
}

MemoryLimit::~MemoryLimit() { is_counting = false; }

}  // namespace lancekeep::fuzz
