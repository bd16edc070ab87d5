// SPDX-License-Identifier: Apache-2.0
#include "store/gc/retention.h"

#include <lancekeep/error.h>

#include <string>

namespace lancekeep::store {
namespace {

void require_age(std::chrono::nanoseconds age, const std::string& name) {
  if (age.count() >= 0) return;
  throw Error(ErrorCode::invalid_argument, name + " is negative; expected an age of 0 or more");
}

}  // namespace

void check_options(const GcOptions& options) {
  if (!options.keep_last && !options.older_than) {
    throw Error(
        ErrorCode::invalid_argument,
        "gc needs a bound: how many versions to keep, or how old versions must be to be removed");
  }
  if (options.keep_last == 0) {
    throw Error(
        ErrorCode::invalid_argument,
        "gc cannot keep the last 0 versions, since the latest is always kept; expected 1 or more");
  }
  if (options.older_than) require_age(*options.older_than, "older_than");
  require_age(options.orphans_older_than, "orphans_older_than");
}

bool is_expired(const VersionAge& version, const GcOptions& options, Time now) {
  if (version.newer == 0 || version.has_tag) return false;
  if (options.keep_last && version.newer < *options.keep_last) return false;
  return !options.older_than || is_at_least(version.time, *options.older_than, now);
}

bool is_at_least(Time time, std::chrono::nanoseconds age, Time now) {
  // `now - age` cannot overflow, but `now - time` can: a file's time can be anything.
  return age.count() == 0 || time <= now - age;
}

}  // namespace lancekeep::store
