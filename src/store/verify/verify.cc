// SPDX-License-Identifier: Apache-2.0
// A verification: the manifest, transaction, fragments and rows of each version, oldest first; then
// the tags; then the values. Damage is a finding, and checks that do not depend on the damaged part
// continue.
#include <lancekeep/store.h>

#include "lance/table/tags.h"
#include "store/read/store_folder.h"
#include "store/read/versions.h"
#include "store/verify/check_metadata.h"
#include "store/verify/check_native.h"
#include "store/verify/check_plain.h"
#include "store/verify/check_schema.h"
#include "store/verify/check_values.h"
#include "store/verify/findings.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace lancekeep::store {
namespace {

// The size of the smallest manifest file.
constexpr std::uint64_t kMinManifestBytes = 20;

class Verifier {
 public:
  Verifier(const io::Storage& storage, const VerifyOptions& options)
      : storage_(storage),
        options_(options),
        native_(storage, options, values_, findings_),
        plain_(storage, options, findings_) {}

  // Checks the version that `ref` means, or all versions if it is unset.
  VerifyReport run(const std::optional<Ref>& ref);

 private:
  void check_versions(const std::optional<Ref>& ref);
  bool check_version(const lance::VersionEntry& entry);
  void check_other_manifests();
  std::optional<lance::VersionEntry> find(const Ref& ref) const;
  void drop_removed();

  const io::Storage& storage_;
  const VerifyOptions& options_;
  lance::VersionList list_;
  std::set<std::uint64_t> checked_;
  ValueChecker values_;
  Findings findings_;
  NativeChecker native_;
  PlainChecker plain_;
  VerifyReport report_;
};

VerifyReport Verifier::run(const std::optional<Ref>& ref) {
  require_current(storage_);
  try {
    list_ = lance::list_versions(storage_);
  } catch (const Error& error) {  // without a list of versions, nothing can be checked
    findings_.add(error, 0);
    findings_.report(report_);
    return std::move(report_);
  }
  check_versions(ref);
  check_other_manifests();
  check_tags(storage_, list_, findings_);
  values_.check(storage_, options_, report_, findings_);
  report_.bytes_read += plain_.bytes_read();
  drop_removed();
  findings_.report(report_);
  return std::move(report_);
}

void Verifier::check_versions(const std::optional<Ref>& ref) {
  if (!ref) {
    for (const lance::VersionEntry& entry : list_.entries) check_version(entry);
  } else if (ref->is_latest() && !list_.entries.empty()) {
    // As when a store is opened, the latest version is the newest one that can be read.
    auto entry = list_.entries.rbegin();
    while (entry != list_.entries.rend() && !check_version(*entry)) ++entry;
  } else if (const auto entry = find(*ref)) {
    check_version(*entry);
  }
}

// Unset if the ref is a damaged tag, or a tag whose version does not exist: check_tags() reports
// that.
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

// Checks the version. Returns whether its manifest can be read.
bool Verifier::check_version(const lance::VersionEntry& entry) {
  if (options_.progress) options_.progress(0, 0, {});
  checked_.insert(entry.version);
  ++report_.versions;
  const std::uint64_t found_before = findings_.added();
  const auto file = check_manifest(storage_, entry, findings_);
  if (!file) return false;
  report_.newest = std::max(report_.newest, entry.version);
  Layout layout = Layout::native;
  try {
    layout = require_model(storage_, *file);
  } catch (const Error& error) {
    VerifyFinding finding = finding_of(error, entry.version);
    finding.file = storage_.full_name(entry.path);
    findings_.add(std::move(finding));
    return true;
  }
  check_schema(storage_, entry, *file, findings_);
  if (layout == Layout::native) {
    native_.check(entry, *file);
  } else {
    plain_.check(entry, *file);
  }
  if (findings_.added() == found_before) check_operation(storage_, entry, *file, findings_);
  return true;
}

// A torn newest version, or any manifest that is clearly cut short, matters whichever version is
// verified.
void Verifier::check_other_manifests() {
  for (const lance::VersionEntry& entry : list_.entries) {
    const bool is_newest = entry.version == list_.entries.back().version;
    if (checked_.contains(entry.version)) continue;
    try {
      if (is_newest || storage_.size(entry.path) < kMinManifestBytes) {
        (void)read_manifest_alone(storage_, entry);
      }
    } catch (const Error& error) {
      findings_.add(error, entry.version);
    }
  }
}

// A gc that runs at the same time removes versions and their files, which is not damage.
void Verifier::drop_removed() {
  if (findings_.empty()) return;
  require_current(storage_);
  std::set<std::uint64_t> existing;
  for (const auto& entry : lance::list_versions(storage_).entries) existing.insert(entry.version);
  for (const lance::VersionEntry& entry : list_.entries) {
    if (checked_.contains(entry.version) && !existing.contains(entry.version)) {
      findings_.note(fmt::format("version {} was removed during the check", entry.version));
    }
  }
  findings_.keep([&](std::uint64_t version) { return existing.contains(version); });
}

}  // namespace

}  // namespace lancekeep::store

namespace lancekeep {

VerifyReport Store::verify(const Ref& ref, const VerifyOptions& options) const {
  return state_->answer([&](const std::shared_ptr<io::Storage>& storage) {
    return store::Verifier(*storage, options).run(ref);
  });
}

VerifyReport Store::verify_all(const VerifyOptions& options) const {
  return state_->answer([&](const std::shared_ptr<io::Storage>& storage) {
    return store::Verifier(*storage, options).run(std::nullopt);
  });
}

}  // namespace lancekeep
