// SPDX-License-Identifier: Apache-2.0
// A Store is a Lance dataset in a local folder that keeps the versions of one model.
//
// Any number of threads may use one Store or one Version at once, and any number of threads and
// processes may have the same folder open. Readers never wait for writers. If two saves run at the
// same time, each becomes a version; the later one is retried on top of the earlier. A TensorSource
// belongs to one thread at a time.
//
// Every function throws lancekeep::Error and then leaves the store as it was. The exception is a
// save whose error says that the version is visible: the version may not survive a power cut, or it
// has no tag.
//
// The program may change tensors while they are saved. What is recorded then describes what is in
// the files: the version is intact, but its values are those of different moments, even within one
// tensor. To save one moment, do not change the tensors until the save returns, or save a copy.
//
// Writers wait for one another, without a limit; wait_hooks.h says who holds a lock, and stops the
// wait. Message and metadata of a version have at most 16 MiB together.
#pragma once

#include <lancekeep/diff.h>
#include <lancekeep/error.h>
#include <lancekeep/gc.h>
#include <lancekeep/progress.h>
#include <lancekeep/tensor.h>
#include <lancekeep/verify.h>
#include <lancekeep/visibility.h>

#include <chrono>
#include <concepts>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace lancekeep {

/// Names a version: by number, by tag, or the latest one.
class LANCEKEEP_API Ref {
 public:
  Ref() = default;  ///< the latest version
  /// The version with this number, whatever integer type it has.
  /// @throws Error invalid_argument if it is negative.
  template <std::integral T>
    requires(!std::same_as<T, bool> && !std::same_as<T, char> && sizeof(T) <= sizeof(std::uint64_t))
  Ref(T number) : value_(static_cast<std::uint64_t>(number)) {  // NOLINT: a number is a ref
    if constexpr (std::signed_integral<T>) {
      if (number < 0) throw_negative(number);
    }
  }
  Ref(const std::string& text) : Ref(parse(text)) {}  // NOLINT: text is a ref
  Ref(const char* text) : Ref(parse(text)) {}         // NOLINT: text is a ref

  [[nodiscard]] static Ref latest() { return {}; }
  [[nodiscard]] static Ref version(std::uint64_t number) { return {number}; }
  /// The name may look like a number. @throws Error invalid_argument if it is empty.
  [[nodiscard]] static Ref tag(const std::string& name);
  /// Parses "latest", a number in decimal digits, or the name of a tag.
  /// @throws Error invalid_argument if it is empty or the number does not fit 64 bits.
  [[nodiscard]] static Ref parse(const std::string& text);

  [[nodiscard]] bool is_latest() const { return std::holds_alternative<std::monostate>(value_); }
  /// Null if it is not a number.
  [[nodiscard]] const std::uint64_t* number() const { return std::get_if<std::uint64_t>(&value_); }
  /// Null if it is not a tag.
  [[nodiscard]] const std::string* tag() const { return std::get_if<std::string>(&value_); }

 private:
  [[noreturn]] static void throw_negative(std::int64_t number);

  std::variant<std::monostate, std::uint64_t, std::string> value_;
};

/// How a dataset stores tensors: `native`, as bytes in Lance's blob column, or `plain`, as lists of
/// float64. docs/format/tensors.md describes both.
enum class Layout { native, plain };

/// "native" or "plain".
[[nodiscard]] LANCEKEEP_API const char* to_string(Layout layout) noexcept;

struct VersionInfo {
  std::uint64_t number = 0;
  /// Identifies the version for good: numbers start at 1 again when a store is replaced, but no two
  /// commits have the same id. A copy of the store has the same ids. Text without spaces; empty if
  /// the manifest cannot be read.
  std::string id;
  Layout layout = Layout::native;
  std::chrono::sys_time<std::chrono::nanoseconds> time;  ///< UTC, taken when it was committed
  std::string message;
  Metadata metadata;              ///< as given to the save; without `lancekeep.` keys
  std::vector<std::string> tags;  ///< the tags that point to this version, sorted
  std::uint64_t tensors = 0;      ///< live rows
  /// Bytes of all tensors, tied ones counted once; a plain dataset's values count as float64.
  std::uint64_t bytes_total = 0;
  std::uint64_t bytes_added = 0;  ///< bytes of the files that this version added
  /// Why the version cannot be used. At most one of these three is set; if one is, members above
  /// whose values are not known are empty or 0. Values are not read.
  std::string damage;     ///< its manifest or table is damaged, or a file missing or cut short
  std::string unchecked;  ///< why they could not be read: no permission, a system call failed
  std::string not_read;   ///< why it is not a model, or what of it this build does not read
  /// Set if the latest version was requested and a newer one was skipped because its manifest is
  /// torn: a power cut can do that to a version that was not synced.
  std::string warning;
};

/// Where a tensor's bytes are, for readers that do their own I/O (O_DIRECT, GPU-direct, range
/// requests).
struct Location {
  std::filesystem::path path;
  std::uint64_t offset = 0;  ///< in bytes from the start of the file
  std::uint64_t length = 0;  ///< in bytes
};

struct ReadOptions {
  /// The dtype to which the numbers of a plain dataset are converted: a real float type (rounded as
  /// torch does), an integer type or `bool` (each value must fit exactly). Empty means float64.
  /// Must be empty for the native layout, whose tensors have their own dtypes.
  std::string dtype;
};

/// Destination buffer for one tensor.
struct ReadRequest {
  std::string name;
  std::span<std::byte> into;
  /// As in ReadOptions. Empty means the dtype of the tensor in this version.
  std::string dtype = {};
};

/// How TensorView bytes may be used. `copy_on_write` pages may be written through a const_cast, as
/// tensor libraries do; the file never changes. Values of a plain dataset are decoded into memory
/// that all views of a version share, whatever their access. That memory may be written, and the
/// other views see the change.
enum class Access { read, copy_on_write };

/// One version as it was when it was opened; a later save does not change it, and its values can
/// be read even after gc has removed it or the store was replaced. Copies share their state, and
/// all views with `copy_on_write` share one set of pages. Untied tensors never share writable
/// memory; if two have the same bytes on disk, the second is copied.
class LANCEKEEP_API Version {
 public:
  [[nodiscard]] std::uint64_t number() const;
  /// The same as info().layout, without looking anything up.
  [[nodiscard]] Layout layout() const;
  /// Message, metadata, counts, bytes, tags. The first call looks up `tags` and `bytes_added` in
  /// the store's folder; later calls return the same values. It does not fail if the version has
  /// been removed meanwhile: `tags` is then empty, and missing files count as 0 bytes.
  [[nodiscard]] const VersionInfo& info() const;
  /// Every live row in model order, `json` and `tree` rows included. A plain dataset's rows are in
  /// row order; if several have the same name, that name means the last of them.
  [[nodiscard]] std::span<const TensorInfo> tensors() const;
  /// @throws Error not_found if there is no such tensor; corrupt if its row is damaged.
  [[nodiscard]] const TensorInfo& find(std::string_view name) const;
  /// Maps the tensor's bytes; a value that is not aligned to its element size is copied instead.
  /// Values of a plain dataset are decoded on first use, one fragment (one or several data files)
  /// at a time, and kept as long as the version or a view of them exists.
  /// @throws Error as find() does; invalid_argument if a number does not fit ReadOptions::dtype.
  [[nodiscard]] TensorView tensor(std::string_view name, Access access = Access::read) const;
  /// Copies `into.size()` bytes of the value, starting at its byte `offset`. Reads the file instead
  /// of touching pages of its mapping. @throws Error invalid_argument if the value is too short.
  void read(std::string_view name, std::uint64_t offset, std::span<std::byte> into) const;
  /// Reads many values at once, with up to four threads, and does not keep a plain dataset's
  /// decoded values: the fastest way to fill a module's own memory. @throws Error invalid_argument,
  /// before anything is read, if a buffer's size differs from the tensor's or another dtype is
  /// requested for a native tensor. After any other error, some buffers may be filled.
  void read(std::span<const ReadRequest> requests) const;
  /// @throws Error unsupported for a plain dataset, whose values are encoded; conflict or not_found
  /// if the store was replaced or removed, or the version's file: the path then leads elsewhere.
  [[nodiscard]] Location locate(std::string_view name) const;
  /// What torch keeps beside the tensors of a state dict, the versions of its modules, as JSON
  /// (docs/format/tensors.md); empty if nothing was recorded. Valid as long as the version.
  [[nodiscard]] const std::string& state_dicts() const;
  /// All rows of this version, to be saved or exported again. Keeps this version's state alive.
  [[nodiscard]] std::unique_ptr<TensorSource> source() const;

  struct State;  // internal

 private:
  explicit Version(std::shared_ptr<const State> state) : state_(std::move(state)) {}
  std::shared_ptr<const State> state_;
};

struct SaveOptions {
  std::string message;
  Metadata metadata;  ///< keys starting with `lancekeep.` or `__lance` are reserved
  std::string tag;    ///< empty: no tag. If the tag exists already, nothing is written, unless …
  bool move_tag = false;  ///< … it may move: then the new version gets it, in the same call
  /// Unset: keep the store's layout (native for a new store). A different layout is an error.
  std::optional<Layout> layout;
  bool durable = true;  ///< false: no fsync; a power cut may lose the version or leave it torn
  Progress progress;
};

/// Sizes are in bytes.
struct SaveReport {
  std::uint64_t version = 0;
  std::uint64_t tensors_written = 0;
  std::uint64_t tensors_kept = 0;   ///< shared with the previous version, not written again
  std::uint64_t bytes_written = 0;  ///< to disk, manifest included
  std::uint64_t bytes_shared = 0;   ///< values of the kept tensors, tied ones counted once
  std::uint64_t bytes_total = 0;    ///< of all tensors, tied ones counted once
  std::vector<std::string> notes;   ///< remarks for the user, one line each
};

/// The folder that is at a path when it is opened. If another store takes its place, every call
/// throws conflict, and not_found if nothing is there any more: no call reports the old store as
/// empty, or writes into it. Open the path again to go on. (Only at() for the latest version, as the
/// first call, opens the store that is there now.)
class LANCEKEEP_API Store {
 public:
  /// @throws Error not_found if nothing is there; invalid_argument if something else is.
  [[nodiscard]] static Store open(const std::filesystem::path& path);
  /// Opens the store at `path`. If nothing or an empty folder is there, nothing is created yet: the
  /// first save creates the store, with version 1, and leaves nothing behind if it fails. Until
  /// then the store has no versions and no tags. @throws Error invalid_argument if something else
  /// is there, or if a new store would have the name of a file (`m.pth`, `m.safetensors`); not_found
  /// if the parent folder does not exist.
  [[nodiscard]] static Store create(const std::filesystem::path& path);
  /// Atomically makes `path` a store with exactly one version, number 1; older ones are removed.
  /// The folder keeps its mode and, where permitted, its owner and group. Where the file system
  /// cannot exchange folders (overlayfs, for a store of a lower layer), the model becomes the next
  /// version and the older ones are removed after it: SaveReport has its number.
  /// @throws Error invalid_argument, with nothing changed, if something other than a Lance dataset
  /// is there.
  static SaveReport replace(const std::filesystem::path& path, TensorSource& source,
                            const SaveOptions& options = {});

  [[nodiscard]] const std::filesystem::path& path() const;
  /// Commits the source's tensors as a new version on top of the latest one.
  /// @throws Error conflict if other writers committed first 100 times in a row.
  SaveReport save(TensorSource& source, const SaveOptions& options = {});
  /// @throws Error not_found if there is no such version or tag.
  [[nodiscard]] Version at(const Ref& ref = {}, const ReadOptions& options = {}) const;
  /// Oldest first.
  [[nodiscard]] std::vector<VersionInfo> versions() const;

  /// Commits the rows of an earlier version again, as a new latest version; no values are copied.
  /// It has that version's message (if that is empty: "restore of version N") and metadata, and
  /// restored_from=N. Returns its number. Adds remarks for the user to `notes`.
  std::uint64_t restore(const Ref& ref, std::vector<std::string>* notes = nullptr);
  /// lancekeep::diff() of two versions of this store.
  [[nodiscard]] Diff diff(const Ref& before, const Ref& after,
                          const DiffOptions& options = {}) const;

  /// The tags and the versions that they point to. A damaged tag is left out; at() with that tag
  /// throws an error that says why.
  [[nodiscard]] std::map<std::string, std::uint64_t> tags() const;
  /// Names of the dataset's branches, which pylance can make: Lancekeep reads the main branch only.
  [[nodiscard]] std::vector<std::string> branches() const;
  /// Tags a version. An existing tag is moved only with `force`, or if it points to version
  /// `expected` (compare and swap: of two writers that expect the same version, one gets conflict).
  /// Returns the version's number. @throws Error already_exists, conflict.
  std::uint64_t tag(const std::string& name, const Ref& ref = {}, bool force = false,
                    std::optional<std::uint64_t> expected = std::nullopt);
  /// Deletes a tag but not the version that it points to. @throws Error not_found.
  void untag(const std::string& name);

  /// Checks one version against the hashes and digests recorded at save time: every structure,
  /// every value, the table digest, the tags. A plain dataset has no hashes, so its values are
  /// decoded and counted instead. Damage is reported as findings, not thrown; so is what could not
  /// be checked, and what is not a model or not read by this build (FindingKind).
  [[nodiscard]] VerifyReport verify(const Ref& ref, const VerifyOptions& options = {}) const;
  /// Checks all versions; a value that several of them share is read once.
  [[nodiscard]] VerifyReport verify_all(const VerifyOptions& options = {}) const;

  /// Deletes versions, and the files that no remaining version references. Files that are still
  /// mapped stay readable. If gc is interrupted, every version that remains is complete, and the
  /// next gc deletes the rest. @throws Error invalid_argument if no limit is set; unsupported, with
  /// nothing deleted, if a manifest or a branch uses features that this build does not know;
  /// corrupt or not_found, with nothing deleted, if a manifest or a tag is damaged, or if a file of
  /// a version that would be kept is missing or has another size.
  GcReport gc(const GcOptions& options);
  [[nodiscard]] DiskUsage disk_usage() const;

  struct State;  // internal

 private:
  explicit Store(std::shared_ptr<State> state) : state_(std::move(state)) {}
  std::shared_ptr<State> state_;
};

}  // namespace lancekeep
