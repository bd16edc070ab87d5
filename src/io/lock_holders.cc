// SPDX-License-Identifier: Apache-2.0
#include "io/lock_holders.h"

#include "io/utf8.h"

#include <fmt/format.h>

#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <fstream>
#include <optional>
#include <sstream>
#include <vector>

namespace lancekeep::io {
namespace {

constexpr std::size_t kMostNamed = 3;
constexpr std::size_t kMostCommandBytes = 120;
constexpr int kMostLines = 100'000;

struct LockLine {
  pid_t process = 0;
  std::string device;  // "major:minor" in hexadecimal digits
  std::uint64_t inode = 0;
};

// A line such as "3: FLOCK  ADVISORY  WRITE 4711 08:01:131090 0 EOF". A lock that is waited for has
// "->" after its number. Unset for other kinds of locks.
std::optional<LockLine> parse_lock(const std::string& text) {
  std::istringstream words(text);
  std::string number, kind, mandatory, mode, place;
  LockLine lock;
  if (!(words >> number >> kind >> mandatory >> mode >> lock.process >> place)) return std::nullopt;
  const auto colon = place.rfind(':');
  if (kind != "FLOCK" || colon == std::string::npos) return std::nullopt;
  lock.device = place.substr(0, colon);
  if (!(std::istringstream(place.substr(colon + 1)) >> lock.inode)) return std::nullopt;
  return lock;
}

// File systems made of several devices (btrfs, overlayfs) give another device to stat() than to
// /proc/locks: then the inode alone has to do.
std::vector<pid_t> holders_of(const struct stat& status) {
  const std::string device =
      fmt::format("{:02x}:{:02x}", major(status.st_dev), minor(status.st_dev));
  std::vector<pid_t> same_device, same_inode;
  std::ifstream locks("/proc/locks");
  std::string line;
  for (int i = 0; i < kMostLines && std::getline(locks, line); ++i) {
    const auto lock = parse_lock(line);
    if (!lock || lock->inode != status.st_ino) continue;
    auto& found = lock->device == device ? same_device : same_inode;
    if (std::ranges::find(found, lock->process) == found.end()) found.push_back(lock->process);
  }
  return same_device.empty() ? same_inode : same_device;
}

std::string command_of(pid_t process) {
  std::ifstream file(fmt::format("/proc/{}/cmdline", process), std::ios::binary);
  std::string command(kMostCommandBytes, '\0');
  file.read(command.data(), static_cast<std::streamsize>(command.size()));
  command.resize(static_cast<std::size_t>(std::max<std::streamsize>(file.gcount(), 0)));
  while (!command.empty() && command.back() == '\0') command.pop_back();
  std::ranges::replace(command, '\0', ' ');
  return printable(command);
}

std::string describe(pid_t process) {
  if (process <= 0) return "a process outside this container";
  if (process == ::getpid()) return fmt::format("this process, {}, in another thread", process);
  const std::string command = command_of(process);
  if (!command.empty()) return fmt::format("process {} ({})", process, command);
  if (::kill(process, 0) != 0 && errno == ESRCH) {
    return fmt::format("a child of process {}, which has ended", process);
  }
  return fmt::format("process {}", process);
}

}  // namespace

std::string describe_lock_holders(int descriptor) {
  struct stat status = {};
  if (::fstat(descriptor, &status) != 0) return "another process";
  const std::vector<pid_t> holders = holders_of(status);
  std::string text;
  for (std::size_t i = 0; i < holders.size() && i < kMostNamed; ++i) {
    text += (i == 0 ? "" : ", ") + describe(holders[i]);
  }
  if (holders.size() > kMostNamed) text += fmt::format(" and {} more", holders.size() - kMostNamed);
  return text.empty() ? "another process" : text;
}

}  // namespace lancekeep::io
