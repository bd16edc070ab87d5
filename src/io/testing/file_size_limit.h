// SPDX-License-Identifier: Apache-2.0
// For tests: a write that fails as on a full disk.
#pragma once

#include <signal.h>
#include <sys/resource.h>

namespace lancekeep::io {

/// Makes a write beyond the limit fail with EFBIG. Ignores SIGXFSZ, which would end the process.
inline void limit_file_sizes_to(rlim_t bytes) {
  ::signal(SIGXFSZ, SIG_IGN);
  const struct rlimit limit = {bytes, bytes};
  ::setrlimit(RLIMIT_FSIZE, &limit);
}

}  // namespace lancekeep::io
