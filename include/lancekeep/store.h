// SPDX-License-Identifier: Apache-2.0
// A Store is a Lance dataset in a local folder that keeps the versions of one model.
//
// A Store, and a Version with its copies, may be used from one thread at a time; several of them,
// in any number of threads and processes, may be open on the same folder. Readers never wait for
// writers. Every function throws lancekeep::Error, and where it throws, the store is as it was –
// but for a save whose error says that the version is there: visible though it may not survive a
// power cut, or not tagged.
#pragma once

#include <lancekeep/diff.h>
#include <lancekeep/error.h>
#include <lancekeep/export.h>
#include <lancekeep/gc.h>
#include <lancekeep/tensor.h>
#include <lancekeep/verify.h>

#include <chrono>
#include <filesystem>
#include <string>
#include <variant>

namespace lancekeep {

/// Names a version: a number, a tag, or the latest one.
class LANCEKEEP_API Ref {
 public:
  Ref() = default;                                    ///< the latest version
  Ref(std::uint64_t number) : value_(number) {}       // NOLINT: a number is a ref
  Ref(const std::string& text) : Ref(parse(text)) {}  // NOLINT: text is one
  Ref(const char* text) : Ref(parse(text)) {}         // NOLINT: text is one
  /// Reads "latest", a number in decimal digits, or a tag's name.
  [[nodiscard]] static Ref parse(const std::string& text);

  [[nodiscard]] bool is_latest() const { return std::holds_alternative<std::monostate>(value_); }
  [[nodiscard]] const std::uint64_t* number() const { return std::get_if<std::uint64_t>(&value_); }
  [[nodiscard]] const std::string* tag() const { return std::get_if<std::string>(&value_); }

 private:
  std::variant<std::monostate, std::uint64_t, std::string> value_;
};

/// How a dataset keeps tensors: `native`, their bytes out of line, or `recipe`, as lists of
/// float64. docs/format/tensors.md describes both.
enum class Layout { native, plain };

struct VersionInfo {
  std::uint64_t number = 0;
  Layout layout = Layout::native;
  std::chrono::sys_time<std::chrono::nanoseconds> time;  ///< UTC, taken at publish
  std::string message;
  Metadata metadata;              ///< what the save was given; no `lancekeep.` keys
  std::vector<std::string> tags;  ///< that name this version, sorted
  std::uint64_t tensors = 0;      ///< live rows
  /// Of all tensors, tied ones once; those of a recipe dataset as float64.
  std::uint64_t bytes_total = 0;
  std::uint64_t bytes_added = 0;  ///< files on disk that it has and the version before it has not
  std::string damage;             ///< why its manifest cannot be read; empty: it can
  /// What whoever asked for the latest version should know: that a newer one is torn, as a power
  /// cut leaves it where nobody synced, and was passed over.
  std::string warning;
};

/// Where a tensor's bytes lie, for readers that go their own way (O_DIRECT, GPU-direct, range
/// requests).
struct Location {
  std::filesystem::path path;
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
};

/// What a version's tensors are to be.
struct ReadOptions {
  /// The dtype that the numbers of a recipe dataset become: a real float type (rounded as torch
  /// does), an integer type or `bool` (values must fit exactly). Empty: float64. Tensors of the
  /// native layout have a dtype of their own; asking for one is an error there.
  std::string dtype;
};

/// Memory that is to get all bytes of a tensor.
struct ReadRequest {
  std::string name;
  std::span<std::byte> into;
  /// What they are to be, as in ReadOptions. Empty: the tensor's own dtype.
  std::string dtype = {};
};

/// How TensorView bytes may be used: `copy_on_write` pages may be written by whoever casts const
/// away (tensor libraries do); the file never changes. Values of a recipe dataset are decoded into
/// memory that all views of a version share, whichever access they asked for, and that may be
/// written: what is written shows in the other views.
enum class Access { read, copy_on_write };

/// One version, read when it was opened; a later save does not change it. Copies share their state,
/// and all views with `copy_on_write` share one set of pages, with what was written to them; only
/// tensors that are not tied never share bytes so: one that lies where another does is copied.
/// source() and the first such view of a data file open that file again, and throw not_found where
/// the store was replaced.
class LANCEKEEP_API Version {
 public:
  [[nodiscard]] std::uint64_t number() const;
  /// The same as info().layout, without looking anything up.
  [[nodiscard]] Layout layout() const;
  /// Message, metadata, counts, bytes, tags. The first call looks up `tags` and `bytes_added` in the
  /// store's folder; every call returns what that one found. It does not fail if the version was
  /// removed meanwhile: tags are then empty, and files that are gone count 0.
  [[nodiscard]] const VersionInfo& info() const;
  /// Every live row in model order, `json` and `tree` rows included. Of a recipe dataset in row
  /// order; where several rows have one name, that name stands for the last of them.
  [[nodiscard]] std::span<const TensorInfo> tensors() const;
  /// @throws Error not_found for a name that the version has not; corrupt where its row is damaged.
  [[nodiscard]] const TensorInfo& find(std::string_view name) const;
  /// Maps the tensor's bytes; a value that starts at no multiple of its element size is copied
  /// instead. The values of a recipe dataset are decoded, a fragment (one or several data files) at
  /// a time, when first wanted, and kept as long as the version or a view of them is.
  /// @throws Error invalid_argument where a number is not what ReadOptions asked for.
  [[nodiscard]] TensorView tensor(std::string_view name, Access access = Access::read) const;
  /// Copies the value's bytes from byte `offset` of it on until `into` is full, reading the file
  /// instead of touching pages of its mapping. Any number of threads may, at once.
  /// @throws Error invalid_argument where the value ends before that.
  void read(std::string_view name, std::uint64_t offset, std::span<std::byte> into) const;
  /// Reads many values at once, by as many threads as the machine has cores, up to four; they are
  /// gone when it returns. Of a recipe dataset nothing is kept: the fastest way into a module's own
  /// memory. @throws Error invalid_argument, before anything is read, where a request has not just
  /// the bytes of its tensor, or asks a native one for another dtype; after an error some are
  /// filled.
  void read(std::span<const ReadRequest> requests) const;
  /// @throws Error unsupported for a recipe dataset, whose values are encoded.
  [[nodiscard]] Location locate(std::string_view name) const;
  /// All rows of this version as something that can be saved or exported again.
  [[nodiscard]] std::unique_ptr<TensorSource> source() const;

  struct State;
  explicit Version(std::shared_ptr<const State> state) : state_(std::move(state)) {}

 private:
  std::shared_ptr<const State> state_;
};

/// Called while bytes are written: done and total in bytes, and the tensor at hand. An exception
/// thrown from it stops the save and leaves the store as it was.
using Progress =
    std::function<void(std::uint64_t done, std::uint64_t total, std::string_view tensor)>;

struct SaveOptions {
  std::string message;
  Metadata metadata;  ///< keys starting with `lancekeep.` or `__lance` are reserved
  std::string tag;    ///< empty: none. A tag that exists is an error before anything is written
  /// Nothing: that of the store; a new one is native. Another one than the store has is an error.
  std::optional<Layout> layout;
  bool durable = true;  ///< false: no fsync; a power cut may lose the version or leave it torn
  Progress progress;
};

struct SaveReport {
  std::uint64_t version = 0;
  std::uint64_t tensors_written = 0;
  std::uint64_t tensors_kept = 0;   ///< shared with the version before, not written again
  std::uint64_t bytes_written = 0;  ///< all that the save put on disk, manifest included
  std::uint64_t bytes_shared = 0;   ///< values of the kept tensors, tied ones once
  std::uint64_t bytes_total = 0;    ///< of all tensors, tied ones once
  std::vector<std::string> notes;
};

class LANCEKEEP_API Store {
 public:
  /// @throws Error not_found where nothing is, invalid_argument where something else is.
  [[nodiscard]] static Store open(const std::filesystem::path& path);
  /// Opens the store at `path`. Where nothing or an empty folder is, nothing is made yet: the first
  /// save makes the store, as version 1, and if it fails, nothing is left. Until then there are no
  /// versions and no tags. @throws Error invalid_argument where something else is, or for a name
  /// that ends in `.safetensors`; not_found where the parent folder does not exist.
  [[nodiscard]] static Store create(const std::filesystem::path& path);
  /// Makes `path` a store with exactly one version, number 1: atomically, whatever versions were
  /// there. A path that holds something other than a Lance dataset is refused and untouched.
  static SaveReport replace(const std::filesystem::path& path, TensorSource& source,
                            const SaveOptions& options = {});

  [[nodiscard]] const std::filesystem::path& path() const;
  /// Publishes the source's tensors as a new version on top of the latest one.
  SaveReport save(TensorSource& source, const SaveOptions& options = {});
  [[nodiscard]] Version at(const Ref& ref = {}, const ReadOptions& options = {}) const;
  /// Oldest first.
  [[nodiscard]] std::vector<VersionInfo> versions() const;

  /// Publishes the rows of an earlier version anew, as the latest one; nothing is copied. Message
  /// "restore of version N", metadata restored_from=N. Returns the new version's number.
  std::uint64_t restore(const Ref& ref);
  [[nodiscard]] Diff diff(const Ref& before, const Ref& after,
                          const DiffOptions& options = {}) const;

  /// Tag names and the versions they stand for. A damaged tag file is left out; asking for it says
  /// why.
  [[nodiscard]] std::map<std::string, std::uint64_t> tags() const;
  /// Names a version. An existing tag is moved only with `force`, or where it stands for version
  /// `expected` (compare and swap: of two writers that both expect it there, one gets conflict).
  /// Returns the version's number.
  std::uint64_t tag(const std::string& name, const Ref& ref = {}, bool force = false,
                    std::optional<std::uint64_t> expected = std::nullopt);
  void untag(const std::string& name);

  /// Holds one version against what was recorded when it was saved: every structure, every value's
  /// hash, the table digest, the tags. Of a recipe dataset nobody recorded hashes: every value is
  /// decoded and counted. Damage is a finding, not an exception.
  [[nodiscard]] VerifyReport verify(const Ref& ref, const VerifyOptions& options = {}) const;
  [[nodiscard]] VerifyReport verify_all(const VerifyOptions& options = {}) const;

  /// Removes versions, and the files that no version needs any more. Whoever has a file mapped
  /// keeps its bytes. Stopped half-way, it leaves complete versions, and files for the next gc.
  /// @throws Error invalid_argument without a bound; with nothing removed: unsupported, where a
  /// manifest or a branch holds what this build does not know; corrupt, where a manifest or a tag
  /// is damaged.
  GcReport gc(const GcOptions& options);
  [[nodiscard]] DiskUsage disk_usage() const;

  struct State;
  explicit Store(std::shared_ptr<State> state) : state_(std::move(state)) {}

 private:
  std::shared_ptr<State> state_;
};

}  // namespace lancekeep
