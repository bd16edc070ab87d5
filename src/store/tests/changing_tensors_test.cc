// SPDX-License-Identifier: Apache-2.0
// A program changes tensors while they are saved: the version is intact, whatever the values are.
#include "io/local_storage.h"
#include "io/testing/forwarding_storage.h"
#include "store/read/store_folder.h"
#include "store/testing/test_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

namespace lancekeep::store {
namespace {

// Its bytes change within each read, right after the reader has got a piece, and between reads.
class ChangingSource : public MemorySource {
 public:
  explicit ChangingSource(MemorySource source) : MemorySource(std::move(source)) {}
  void read(std::size_t index, const ByteSink& sink) override {
    std::string& memory = content.at(index);
    if (!never_before(index)) change(memory);
    const auto bytes = std::as_bytes(std::span(memory));
    for (std::size_t start = 0; start < bytes.size(); start += kPiece) {
      const auto piece = bytes.subspan(start, std::min(kPiece, bytes.size() - start));
      while_read_ = [&] { change(memory); };
      if (!sink(piece)) return;
    }
  }
  /// For Progress, which is called between two pieces of work.
  void change_now() {
    if (while_read_) while_read_();
  }

 private:
  static constexpr std::size_t kPiece = 3 << 20;
  bool never_before(std::size_t index) {
    seen_.resize(specs.size());
    const bool first = !seen_.at(index);
    seen_.at(index) = true;
    return first;
  }
  void change(std::string& memory) {
    ++step_;
    for (std::size_t i = 0; i < memory.size(); i += 509) memory[i] = static_cast<char>(step_);
  }
  std::vector<bool> seen_;
  unsigned step_ = 0;
  std::function<void()> while_read_;
};

using Hook = std::function<void()>;

// Runs a hook before each write: between the hashing of a piece and its way to the disk.
class HookedStorage : public io::ForwardingStorage {
 public:
  HookedStorage(const std::filesystem::path& path, const Hook& hook)
      : ForwardingStorage(io::create_local_storage(path)), hook_(hook) {}
  std::unique_ptr<io::WritableFile> create(const std::string& path) override {
    return std::make_unique<File>(ForwardingStorage::create(path), hook_);
  }

 private:
  class File : public io::WritableFile {
   public:
    File(std::unique_ptr<WritableFile> inner, const Hook& hook)
        : inner_(std::move(inner)), hook_(hook) {}
    void write(std::span<const std::byte> bytes) override {
      if (hook_) hook_();
      inner_->write(bytes);
    }
    std::uint64_t position() const override { return inner_->position(); }
    void sync() override { inner_->sync(); }
    void flush() override { inner_->flush(); }

   private:
    std::unique_ptr<WritableFile> inner_;
    const Hook& hook_;
  };
  const Hook& hook_;
};

class ChangingTensors : public testing::Test {
 protected:
  SaveReport save(ChangingSource& source, SaveOptions options = {}) {
    options.progress = [&](std::uint64_t, std::uint64_t, std::string_view) { source.change_now(); };
    hook_ = [&] { source.change_now(); };
    const SaveReport report = store_.save(source, options);
    hook_ = nullptr;
    return report;
  }
  // A layer of several pieces, one with a tie, and three with the same bytes.
  static MemorySource model(unsigned seed = 1) {
    MemorySource source;
    source.add("large", "float32", {2'000'000}, floats(2'000'000, seed));
    source.add("tied", "float32", {3000}, floats(3000, seed + 1));
    source.tie("tie", 1);
    for (const char* name : {"twin.a", "twin.b", "twin.c"}) {
      source.add(name, "float32", {3000}, floats(3000, 77));
    }
    source.tie("twin.tie", 4);
    return source;
  }
  void expect_intact() const {
    for (const VerifyFinding& finding : store_.verify_all().findings) ADD_FAILURE() << finding.what;
  }
  const TemporaryFolder folder_;
  Hook hook_;
  Store store_ = Store::State::make_store(
      {folder_ / "m.lance", std::make_shared<HookedStorage>(folder_ / "m.lance", hook_)});
};

TEST_F(ChangingTensors, TheFirstSaveIsIntact) {
  ChangingSource source(model());
  save(source);
  expect_intact();
  EXPECT_EQ(text_of(store_.at().tensor("tied")), text_of(store_.at().tensor("tie")));
}

TEST_F(ChangingTensors, ASaveUponTheSameTensorsIsIntact) {
  for (int i = 0; i < 4; ++i) {
    ChangingSource source(model());  // at its first read it has the bytes of version 1
    save(source);
    expect_intact();
  }
}

// The rows that pylance writes have no hashes, and a table without a digest is not trusted: the
// save hashes what it shares.
TEST_F(ChangingTensors, ASharedRowHasTheHashOfTheBytesInItsFile) {
  MemorySource first = model();
  store_.save(first);
  store_.restore(1);
  for (int i = 0; i < 3; ++i) {
    ChangingSource source(model());
    save(source);
    expect_intact();
  }
}

TEST_F(ChangingTensors, ThePlainLayoutTakesIntegersThatChange) {
  MemorySource numbers;
  std::string bytes;
  for (std::int64_t i = 0; i < 100'000; ++i) {
    const std::int64_t number = i % 2 == 0 ? i : -i;
    bytes.append(reinterpret_cast<const char*>(&number), sizeof(number));
  }
  numbers.add("steps", "int64", {100'000}, bytes);
  class Counting : public MemorySource {
   public:
    explicit Counting(MemorySource source) : MemorySource(std::move(source)) {}
    void read(std::size_t index, const ByteSink& sink) override {
      std::string& memory = content.at(index);
      for (std::size_t i = 0; i < memory.size(); i += 64) ++memory[i];
      sink(std::as_bytes(std::span(memory)));
    }
  } source(numbers);
  Store plain = Store::create(folder_ / "plain.lance");
  EXPECT_NO_THROW(plain.save(source, {.layout = Layout::plain}));
  EXPECT_TRUE(plain.verify_all().findings.empty());
}

}  // namespace
}  // namespace lancekeep::store
