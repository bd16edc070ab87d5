// SPDX-License-Identifier: Apache-2.0
// Saves, tags, restores, clean-ups and replacements by several writers. Each writer is stopped at
// random while others work, and those are stopped in turn: everything that was acknowledged exists,
// except what a clean-up or a replacement was allowed to remove. LANCEKEEP_INTERLEAVINGS=N runs N
// new random interleavings.
#include "io/random_id.h"
#include "stopping_storage.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <iostream>
#include <random>
#include <set>

namespace lancekeep::store {
namespace {

using testing::AnyOf;
using testing::Each;
using testing::Gt;

constexpr std::uint64_t kMostCalls = 60;  // about as many calls as a save makes

// What was acknowledged and must still exist. Models are steps of evolving_model().
struct Ledger {
  std::map<std::uint64_t, unsigned> versions;
  std::map<std::uint64_t, unsigned> untagged;  // saved, but the writer got an error for the tag
  std::map<std::string, std::uint64_t> tags;
};

struct Figures {
  std::uint64_t saves = 0, restores = 0, tags = 0, clean_ups = 0, replacements = 0, errors = 0;
  std::uint64_t removed = 0, rewritten = 0;
};

class Interleaving {
 public:
  Interleaving(std::uint64_t seed, Figures& figures) : random_(seed), figures_(figures) {
    // With these folders, a failed first save has nothing to remove. Removing takes a lock that, in
    // a single thread, the other writers would wait for forever.
    for (const char* name : {"_versions", "_transactions", "_deletions", "_refs", "data"}) {
      std::filesystem::create_directories(path_ / name);
    }
    for (Writer& writer : writers_) writer.open(path_);
  }

  void play() {
    for (int i = 0; i < 3; ++i) act();
    check();
  }

 private:
  struct Writer {
    void open(const std::filesystem::path& path) { store.emplace(stopping_store(path, stops)); }
    std::shared_ptr<Stops> stops = std::make_shared<Stops>();
    std::optional<Store> store;
    bool is_busy = false;
  };

  std::uint64_t up_to(std::uint64_t limit) { return random_() % limit; }
  std::string some_tag() { return std::array{"best", "last"}.at(up_to(2)); }
  std::optional<std::uint64_t> some_version() {
    if (ledger_.versions.empty()) return std::nullopt;
    return std::next(ledger_.versions.begin(),
                     static_cast<std::ptrdiff_t>(up_to(ledger_.versions.size())))
        ->first;
  }

  // A free writer starts an operation and is stopped in the middle of it.
  void act() {
    const auto free = std::ranges::find(writers_, false, &Writer::is_busy);
    if (free == writers_.end()) return;
    free->is_busy = true;
    free->stops->arm(1 + up_to(kMostCalls), [this] {
      for (std::uint64_t i = 1 + up_to(3); i > 0; --i) act();
    });
    try {
      work(*free);
    } catch (const Error& error) {
      ++figures_.errors;
      EXPECT_THAT(error.code(),
                  AnyOf(ErrorCode::conflict, ErrorCode::not_found, ErrorCode::already_exists))
          << error.what();
      free->open(path_);  // the store may have been replaced
    }
    free->is_busy = false;
  }

  void work(Writer& writer) {
    const std::uint64_t dice = up_to(40);
    if (dice < 16) return save(*writer.store, "");
    if (dice < 20) return save(*writer.store, some_tag());
    if (dice < 25) return tag(*writer.store);
    if (dice < 27) return untag(*writer.store);
    if (dice < 32) return restore(*writer.store);
    if (dice < 39) return clean_up(*writer.store);
    replace(writer);
  }

  void save(Store& store, const std::string& tag) {
    const unsigned step = ++step_;
    MemorySource source = evolving_model(step);
    const ino_t folder = folder_id();
    std::uint64_t number = 0;
    try {
      number = store.save(source, {.tag = tag}).version;
    } catch (const Error& error) {
      // This was true when the error was thrown, but the version may have been removed since.
      const bool is_saved = std::sscanf(error.what(), "version %lu is saved", &number) == 1;
      const bool is_there = is_saved && std::ranges::count(numbers(), number) > 0;
      if (is_there && folder == folder_id()) ledger_.untagged[number] = step;
      throw;
    }
    ++figures_.saves;
    acknowledge(number, step);
    if (!tag.empty()) ledger_.tags[tag] = number;
  }

  // No other writer ran between the commit and the return.
  void acknowledge(std::uint64_t number, unsigned step) {
    if (!ledger_.versions.empty()) {
      EXPECT_GT(number, ledger_.versions.rbegin()->first);
    }
    EXPECT_TRUE(ledger_.versions.emplace(number, step).second) << number << " was assigned twice";
  }

  void restore(Store& store) {
    const auto from = some_version();
    if (!from) return;
    const unsigned step = ledger_.versions.at(*from);
    const std::uint64_t number = store.restore(*from);
    ++figures_.restores;
    acknowledge(number, step);
  }

  void tag(Store& store) {
    const auto number = some_version();
    if (!number) return;
    const std::string name = some_tag();
    const auto now = ledger_.tags.find(name);
    std::optional<std::uint64_t> expected;
    if (now != ledger_.tags.end()) expected = now->second;
    const bool force = up_to(3) == 0;
    store.tag(name, *number, force, force ? std::nullopt : expected);
    ++figures_.tags;
    if (!force && expected) {
      EXPECT_EQ(ledger_.tags[name], *expected) << "moved by another writer";
    }
    ledger_.tags[name] = *number;
  }

  void untag(Store& store) {
    const std::string name = some_tag();
    store.untag(name);
    ledger_.tags.erase(name);
  }

  void clean_up(Store& store) {
    const std::uint64_t keep = 1 + up_to(3);
    GcOptions options{.keep_last = keep};
    if (up_to(2) == 0) options.orphans_older_than = kAnyAge;
    const GcReport report = store.gc(options);
    ++figures_.clean_ups;
    figures_.removed += report.versions_removed.size();
    if (report.rewritten) acknowledge_rewritten(*report.rewritten);
    for (const std::uint64_t number : report.versions_removed) {
      for (const auto& [name, tagged] : ledger_.tags) EXPECT_NE(tagged, number) << name;
      ledger_.versions.erase(number);
      ledger_.untagged.erase(number);
    }
    if (report.versions_removed.empty()) return;
    const auto left = numbers();
    EXPECT_GE(
        std::ranges::count_if(left, [&](auto n) { return n > report.versions_removed.back(); }),
        static_cast<std::ptrdiff_t>(keep));
  }

  // gc has committed the same model with fewer files. Another writer may have removed it since.
  void acknowledge_rewritten(std::uint64_t number) {
    ++figures_.rewritten;
    if (std::ranges::count(numbers(), number) == 0) return;
    const std::string found = text_of(Store::open(path_).at(number).tensor("fast"));
    unsigned step = step_;
    while (step > 0 && found != floats(9, step)) --step;
    ledger_.versions[number] = step;
  }

  void replace(Writer& writer) {
    const unsigned step = ++step_;
    StoppingSource source(evolving_model(step), writer.stops);
    writer.stops->arm(1 + up_to(10), [this] { act(); });
    EXPECT_EQ(Store::replace(path_, source).version, 1u);
    ++figures_.replacements;
    ledger_ = {.versions = {{1, step}}};
    writer.open(path_);
  }

  // Changes when the store is replaced: open handles of the old folder keep its number in use.
  ino_t folder_id() const {
    struct stat status{};
    EXPECT_EQ(::stat(path_.c_str(), &status), 0);
    return status.st_ino;
  }

  std::vector<std::uint64_t> numbers() const {
    std::vector<std::uint64_t> numbers;
    for (const VersionInfo& info : Store::open(path_).versions()) numbers.push_back(info.number);
    return numbers;
  }

  void check() {
    Store store = Store::open(path_);
    check_versions(store);
    EXPECT_EQ(store.tags(), ledger_.tags);
    store.gc({.keep_last = 1000, .orphans_older_than = kAnyAge});
    EXPECT_EQ(store.disk_usage().unreachable, 0u);
    const VerifyReport report = store.verify_all();
    for (const VerifyFinding& finding : report.findings) ADD_FAILURE() << finding.what;
    EXPECT_EQ(report.versions, ledger_.versions.size() + ledger_.untagged.size());
  }

  void check_versions(const Store& store) const {
    std::map<std::uint64_t, unsigned> expected = ledger_.versions;
    expected.insert(ledger_.untagged.begin(), ledger_.untagged.end());
    std::vector<std::uint64_t> listed;
    for (const auto& [number, step] : expected) listed.push_back(number);
    EXPECT_EQ(numbers(), listed);
    for (const auto& [number, step] : expected) {
      expect_same(store.at(number), evolving_model(step));
    }
  }

  std::mt19937_64 random_;
  Figures& figures_;
  TemporaryFolder folder_{quick_place()};
  const std::filesystem::path path_ = folder_ / "m.lance";
  std::array<Writer, 3> writers_;
  Ledger ledger_;
  unsigned step_ = 0;
};

TEST(Interleavings, LoseNothing) {
  const char* count = std::getenv("LANCEKEEP_INTERLEAVINGS");
  const std::uint64_t first = count == nullptr ? 0 : io::random_u64() >> 1;
  const std::uint64_t wanted = count == nullptr ? 250 : std::strtoull(count, nullptr, 10);
  Figures figures;
  for (std::uint64_t seed = first; seed < first + wanted; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Interleaving(seed, figures).play();
    ASSERT_FALSE(HasFailure());
  }
  std::cout << wanted << " interleavings: " << figures.saves << " saves, " << figures.restores
            << " restores, " << figures.tags << " tags, " << figures.clean_ups << " clean-ups of "
            << figures.removed << " versions, " << figures.rewritten << " rewritten, "
            << figures.replacements << " replacements acknowledged, " << figures.errors
            << " errors; nothing lost\n";
  EXPECT_THAT((std::vector{figures.saves, figures.restores, figures.tags, figures.removed,
                           figures.rewritten, figures.replacements, figures.errors}),
              Each(Gt(wanted / 100)));
}

}  // namespace
}  // namespace lancekeep::store
