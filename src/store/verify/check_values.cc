// SPDX-License-Identifier: Apache-2.0
#include "store/verify/check_values.h"

#include "store/read/versions.h"
#include "store/table/digest.h"

#include <fmt/format.h>

#include <exception>
#include <limits>
#include <optional>

namespace lancekeep::store {
namespace {

// The values of an intact file do not overlap. Overlapping values are read too, but only up to this
// many times the file's size: otherwise a hostile file in which each value is as large as the file
// would be read forever.
constexpr std::uint64_t kMaxReadings = 4;

std::uint64_t read_limit(std::uint64_t file_size) {
  constexpr std::uint64_t kMax = std::numeric_limits<std::uint64_t>::max();
  return file_size > kMax / kMaxReadings ? kMax : file_size * kMaxReadings;
}

std::string tied(std::uint64_t tensors) {
  if (tensors < 2) return {};
  return fmt::format("; {} tied to it ha{} the same value",
                     tensors == 2 ? "a tensor" : fmt::format("{} tensors", tensors - 1),
                     tensors == 2 ? "s" : "ve");
}

}  // namespace

void ValueChecker::add(std::uint64_t version, const std::string& path, const TensorRow& row) {
  Value& value = files_[path][Key{row.value->position, row.value->size, *row.hash}];
  if (value.version == 0) value = {.tensor = *row.name, .version = version, .newest = version};
  if (value.version == version) ++value.tensors;
  if (value.newest != version) ++value.others;
  value.newest = version;
}

// Reads the values of one file after another; counts the bytes of all files for progress.
class ValueChecker::Reader {
 public:
  Reader(const io::Storage& storage, const VerifyOptions& options, VerifyReport& report,
         Findings& findings)
      : storage_(storage), options_(options), report_(report), findings_(findings) {}

  void count(const FileValues& values) {
    const Key* before = nullptr;
    for (const auto& [key, value] : values) {
      if (before == nullptr || !key.same_bytes(*before)) total_ += key.size;
      before = &key;
    }
  }

  void read_file(const std::string& path, const FileValues& values) {
    std::optional<io::InputFile> file;
    try {
      file = storage_.open(path);
    } catch (const Error& error) {
      findings_.add(error, values.begin()->second.version);
      return;
    }
    left_ = read_limit(file->size());
    for (auto it = values.begin(); it != values.end();) it = read_value(*file, it, values.end());
  }

 private:
  using At = FileValues::const_iterator;
  struct Problem {
    std::string what;
    FindingKind kind = FindingKind::damaged;
  };

  // Reads the bytes at `first` once for all hashes that are recorded for them; returns the next
  // value.
  At read_value(const io::InputFile& file, At first, At end) {
    At next = first;
    while (next != end && next->first.same_bytes(first->first)) ++next;
    const std::uint64_t done = done_;
    Problem problem;
    const std::string& wrong = problem.what;
    const std::string found = hash_of(file, first, problem);
    if (stop_) std::rethrow_exception(stop_);
    done_ = done + first->first.size;
    for (At it = first; it != next; ++it) {
      if (wrong.empty()) report_.tensors += it->second.tensors;
      if (wrong.empty() && it->first.hash == found) continue;
      report(file, *it, !wrong.empty() ? problem : Problem{mismatch(it->first, found)});
    }
    return next;
  }

  // The hash of the bytes; if they cannot be read, `problem` says why. An exception from the
  // caller's progress callback goes to `stop_` instead.
  std::string hash_of(const io::InputFile& file, At value, Problem& problem) {
    const Key& key = value->first;
    if (key.size > left_) {
      problem.what = fmt::format(
          "its value was not read: the values of this file overlap, and their "
          "sizes add up to more than {} times the file",
          kMaxReadings);
      return {};
    }
    left_ -= key.size;
    Hasher hasher;
    try {
      if (key.size > 0) {
        file.read_pieces(key.position, key.size, "a tensor's value",
                         [&](std::span<const std::byte> piece) {
                           hasher.update(piece);
                           return advance(piece.size(), value->second.tensor);
                         });
      }
    } catch (const Error& error) {
      problem = {fmt::format("its value of {} bytes cannot be read: {}", key.size, error.message()),
                 kind_of(error)};
    }
    return hasher.hex();
  }

  bool advance(std::uint64_t bytes, const std::string& tensor) {
    done_ += bytes;
    report_.bytes_read += bytes;
    if (!options_.progress) return true;
    try {
      options_.progress(done_, total_, tensor);
      return true;
    } catch (...) {
      stop_ = std::current_exception();
      return false;
    }
  }

  static std::string mismatch(const Key& key, const std::string& found) {
    return fmt::format("its {} bytes from here on have the hash {}, but the save recorded {}",
                       key.size, found, key.hash);
  }

  void report(const io::InputFile& file, const FileValues::value_type& entry,
              const Problem& problem) {
    const auto& [key, value] = entry;
    VerifyFinding finding{value.version, value.tensor, file.name(),
                          key.position,  problem.what, problem.kind};
    finding.what += tied(value.tensors) + and_others(value.others);
    findings_.add(std::move(finding), value.newest);
  }

  const io::Storage& storage_;
  const VerifyOptions& options_;
  VerifyReport& report_;
  Findings& findings_;
  std::uint64_t total_ = 0;
  std::uint64_t done_ = 0;
  std::uint64_t left_ = 0;   // bytes that may still be read of the current file
  std::exception_ptr stop_;  // what the caller's progress callback threw
};

void ValueChecker::check(const io::Storage& storage, const VerifyOptions& options,
                         VerifyReport& report, Findings& findings) const {
  Reader reader(storage, options, report, findings);
  for (const auto& [path, values] : files_) reader.count(values);
  for (const auto& [path, values] : files_) reader.read_file(path, values);
}

}  // namespace lancekeep::store
