// SPDX-License-Identifier: Apache-2.0
// A verification: tags → manifests and transactions → fragments and rows of each version, oldest
// first → values. Whatever is damaged is a finding, and what does not hang on it goes on.
#include <lancekeep/store.h>

#include "io/error_text.h"
#include "lance/table/tags.h"
#include "store/read/store_state.h"
#include "store/table/native_layout.h"
#include "store/table/properties.h"
#include "store/verify/check_manifest.h"
#include "store/verify/check_plain.h"
#include "store/verify/check_table.h"
#include "store/verify/check_tags.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace lancekeep::store {
namespace {

// The fewest bytes that a manifest file can have.
constexpr std::uint64_t kLeastManifest = 20;

class Verifier {
 public:
  Verifier(const io::Storage& storage, const VerifyOptions& options)
      : storage_(storage), options_(options), fragments_(storage), plain_fragments_(storage) {}

  // The version that `ref` stands for; nothing stands for all of them.
  VerifyReport run(const std::optional<Ref>& ref);

 private:
  void check_versions(const std::optional<Ref>& ref);
  bool check_version(const lance::VersionEntry& entry);
  void check_other_manifests();
  std::optional<lance::VersionEntry> find(const Ref& ref) const;
  [[nodiscard]] bool keeps_models() const;
  void forget_removed();

  const io::Storage& storage_;
  const VerifyOptions& options_;
  lance::VersionList list_;
  std::set<std::uint64_t> looked_at_;
  FragmentCache fragments_;
  PlainFragmentCache plain_fragments_;
  Values values_;
  Findings findings_;
  VerifyReport report_;
};

VerifyReport Verifier::run(const std::optional<Ref>& ref) {
  require_current(storage_);
  try {
    list_ = lance::list_versions(storage_);
  } catch (const Error& error) {  // which versions there are cannot be told
    findings_.add(error, 0);
    findings_.report(report_);
    return std::move(report_);
  }
  check_versions(ref);
  check_other_manifests();
  check_tags(storage_, list_, findings_);
  values_.check(storage_, options_, report_, findings_);
  report_.bytes_read += plain_fragments_.bytes_read();
  forget_removed();
  findings_.report(report_);
  return std::move(report_);
}

void Verifier::check_versions(const std::optional<Ref>& ref) {
  if (!ref) {
    for (const lance::VersionEntry& entry : list_.entries) check_version(entry);
  } else if (ref->is_latest() && !list_.entries.empty()) {
    // As for whoever opens it, the latest is the newest that can be read.
    auto entry = list_.entries.rbegin();
    while (entry != list_.entries.rend() && !check_version(*entry)) ++entry;
  } else if (const auto entry = find(*ref)) {
    check_version(*entry);
  }
}

// Nothing where a tag is damaged, or its version is gone: check_tags() says so.
std::optional<lance::VersionEntry> Verifier::find(const Ref& ref) const {
  try {
    return resolve(storage_, list_, ref);
  } catch (const Error& error) {
    if (ref.tag() == nullptr) throw;
    const auto tags = lance::list_tags(storage_);
    const bool is_there = std::ranges::find(tags, *ref.tag()) != tags.end();
    if (!is_there || error.code() == ErrorCode::unsupported) throw;
    return std::nullopt;
  }
}

// Returns whether its manifest can be read.
bool Verifier::check_version(const lance::VersionEntry& entry) {
  if (options_.progress) options_.progress(0, 0, {});
  looked_at_.insert(entry.version);
  ++report_.versions;
  const auto file = check_manifest(storage_, entry, findings_);
  if (!file) return false;
  report_.newest = std::max(report_.newest, entry.version);
  Layout layout = Layout::native;
  try {
    layout = require_model(storage_, file->manifest);
  } catch (const Error& error) {
    if (!keeps_models()) throw;
    findings_.add({entry.version, {}, storage_.full_name(entry.path), {}, io::text_of(error)});
    return true;
  }
  Verification verification{storage_, options_, fragments_, plain_fragments_, values_, findings_};
  if (layout == Layout::native) {
    check_table(verification, entry, *file);
  } else {
    check_plain(verification, entry, *file);
  }
  fragments_.end_version();
  plain_fragments_.end_version();
  return true;
}

// Whether any version is one of ours: then one that is not has been damaged, or replaced by
// someone; else the caller has taken another dataset for a store.
bool Verifier::keeps_models() const {
  return std::ranges::any_of(list_.entries, [&](const lance::VersionEntry& entry) {
    try {
      const lance::ManifestFile file = read_manifest_alone(storage_, entry);
      return layout_of(file.manifest.fields).has_value() ||
             (file.transaction && file.transaction->properties.contains(kDigestKey));
    } catch (const Error&) {
      return false;
    }
  });
}

// Whichever version is asked for: a newest one that is torn concerns everybody, and so does one
// that is plainly cut short.
void Verifier::check_other_manifests() {
  for (const lance::VersionEntry& entry : list_.entries) {
    const bool is_newest = entry.version == list_.entries.back().version;
    if (looked_at_.contains(entry.version)) continue;
    try {
      if (is_newest || storage_.size(entry.path) < kLeastManifest) {
        (void)read_manifest_alone(storage_, entry);
      }
    } catch (const Error& error) {
      findings_.add(error, entry.version);
    }
  }
}

// Beside a running clean-up files go that were there a moment ago, with the versions that named
// them.
void Verifier::forget_removed() {
  if (findings_.empty()) return;
  require_current(storage_);
  std::set<std::uint64_t> there;
  for (const auto& entry : lance::list_versions(storage_).entries) there.insert(entry.version);
  for (const lance::VersionEntry& entry : list_.entries) {
    if (looked_at_.contains(entry.version) && !there.contains(entry.version)) {
      findings_.note(fmt::format("version {} was removed meanwhile", entry.version));
    }
  }
  findings_.keep([&](std::uint64_t version) { return there.contains(version); });
}

}  // namespace

}  // namespace lancekeep::store

namespace lancekeep {

VerifyReport Store::verify(const Ref& ref, const VerifyOptions& options) const {
  return store::Verifier(*state_->storage, options).run(ref);
}

VerifyReport Store::verify_all(const VerifyOptions& options) const {
  return store::Verifier(*state_->storage, options).run(std::nullopt);
}

}  // namespace lancekeep
