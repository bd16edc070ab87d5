// SPDX-License-Identifier: Apache-2.0
#include "lance/table/unknown_fields.h"

#include "io/utf8.h"
#include "lance/proto/wire.h"

#include <fmt/format.h>

#include <algorithm>
#include <initializer_list>

namespace lancekeep::lance {
namespace {

using Tag = protozero::pbf_tag_type;

// Fields that we keep as raw bytes and that are known to name no file. Field numbers are on disk.
// A tag's text, which nobody uses, and the version of a second dataset for blobs.
constexpr std::initializer_list<Tag> kHarmlessInManifest = {8, 17};
// Row ids, and the versions in which rows were last updated and created, each inline. Their other
// forms (6, 8, 10) are files of their own.
constexpr std::initializer_list<Tag> kHarmlessInFragment = {5, 7, 9};

std::optional<Tag> first_other(const std::string& raw, std::initializer_list<Tag> harmless) {
  std::optional<Tag> found;
  read_fields(io::ByteView::of(raw, {}), "further fields", [&](protozero::pbf_reader& reader) {
    const bool is_harmless =
        std::find(harmless.begin(), harmless.end(), reader.tag()) != harmless.end();
    if (!found && !is_harmless) found = reader.tag();
    reader.skip();
  });
  return found;
}

std::optional<std::string> first_in(const Fragment& fragment) {
  if (const auto tag = first_other(fragment.unknown, kHarmlessInFragment)) {
    return fmt::format("field {} of fragment {}", *tag, fragment.id);
  }
  for (const DataFile& file : fragment.files) {
    if (const auto tag = first_other(file.unknown, {})) {
      return fmt::format("field {} of the data file `{}`", *tag, io::printable(file.path));
    }
  }
  if (!fragment.deletion) return std::nullopt;
  if (const auto tag = first_other(fragment.deletion->unknown, {})) {
    return fmt::format("field {} of the deletion file of fragment {}", *tag, fragment.id);
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string> first_unknown_field(const Manifest& manifest) {
  if (const auto tag = first_other(manifest.unknown, kHarmlessInManifest)) {
    return fmt::format("field {} of the manifest", *tag);
  }
  for (const Fragment& fragment : manifest.fragments) {
    if (auto found = first_in(fragment)) return found;
  }
  return std::nullopt;
}

}  // namespace lancekeep::lance
