// SPDX-License-Identifier: Apache-2.0
// Notes about values of a checkpoint that are not kept as they were, one for each class and outcome:
// "`args.mode` and 3 more (my.Mode) are kept as plain values". One owner, one thread.
#pragma once

#include "io/memory_budget.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace lancekeep::formats {

/// Lists the first paths and counts the rest: "`a`, `b` and 3 more". An empty path is the whole
/// object of the file.
class PathList {
 public:
  void add(std::string_view path);
  [[nodiscard]] std::uint64_t count() const { return count_; }
  [[nodiscard]] std::string text() const;

 private:
  std::vector<std::string> first_;
  std::uint64_t count_ = 0;
};

class PathNotes {
 public:
  /// Memory is taken from `budget`, which must outlive the notes.
  explicit PathNotes(io::MemoryBudget& budget) : budget_(&budget) {}

  /// `one` follows a single path, "is left out"; `many` follows several, "are left out". Both must
  /// be literals. Returns the note, for add_to().
  std::size_t add(std::string_view path, const std::string& type, const char* one,
                  const char* many);
  /// Adds a path to a note that add() returned.
  void add_to(std::size_t note, std::string_view path);
  [[nodiscard]] std::vector<std::string> take();

 private:
  struct Group {
    std::string type;
    const char* one = "";
    const char* many = "";
    PathList paths;
  };
  io::MemoryBudget* budget_;
  std::vector<Group> groups_;
  std::uint64_t beyond_ = 0;  // values of classes that have no group any more
};

}  // namespace lancekeep::formats
