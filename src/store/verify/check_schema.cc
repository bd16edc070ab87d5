// SPDX-License-Identifier: Apache-2.0
#include "store/verify/check_schema.h"

#include "lance/proto/wire.h"
#include "lance/table/file_names.h"
#include "store/table/layout.h"
#include "store/table/model_columns.h"
#include "store/table/schema_fields.h"
#include "store/verify/check_metadata.h"

#include <fmt/format.h>

#include <algorithm>

namespace lancekeep::store {
namespace {

// How `found` differs from a field as it is written; empty if it does not. Ids differ between
// stores, and metadata belongs to the user.
std::string field_problem(const lance::Field& written, const lance::Field& found) {
  if (found.logical_type != written.logical_type) {
    return fmt::format("the type {}, expected {}", found.logical_type, written.logical_type);
  }
  if (found.name != written.name) {
    return fmt::format("the name `{}`, expected `{}`", found.name, written.name);
  }
  if (found.encoding != written.encoding) {
    return fmt::format("the encoding {}, expected {}", static_cast<int>(found.encoding),
                       static_cast<int>(written.encoding));
  }
  return found.nullable == written.nullable ? "" : "another flag for nulls than is written";
}

// What is wrong with one native column of a schema that Lancekeep wrote; empty if nothing is.
std::string column_problem(const std::vector<lance::Field>& fields, const lance::Field& written,
                           const lance::Field* written_item) {
  const lance::Field* found = find_top_level(fields, written.name);
  if (found == nullptr) {
    return fmt::format("the schema has no column `{}`, which every save writes", written.name);
  }
  std::string problem = field_problem(written, *found);
  const lance::Field* item = find_child(fields, *found);
  if (problem.empty() && (item == nullptr) != (written_item == nullptr)) {
    problem = item == nullptr ? "no items" : "fields inside it";
  }
  if (problem.empty() && item != nullptr) problem = field_problem(*written_item, *item);
  return problem.empty()
             ? ""
             : fmt::format("the column `{}` of the schema has {}", written.name, problem);
}

// Compares the fields and fragments of an overwrite with those of the manifest, in order; keeps
// nothing of the message, which can be large.
class OperationReader {
 public:
  explicit OperationReader(const lance::Manifest& manifest) : manifest_(manifest) {}

  // What differs; empty if nothing does.
  std::string compare(const std::string& operation) {
    constexpr protozero::pbf_tag_type kFragments = 1;
    constexpr protozero::pbf_tag_type kFields = 2;
    const io::ByteView message = io::ByteView::of(operation, {});
    lance::read_fields(message, "the operation", [&](protozero::pbf_reader& reader) {
      if (reader.tag() == kFragments) {
        compare_fragment(lance::get_view(reader, message));
      } else if (reader.tag() == kFields) {
        compare_field(lance::get_view(reader, message));
      } else {
        reader.skip();
      }
    });
    if (!same_fields_ || field_ != manifest_.fields.size()) return "the columns";
    if (!same_fragments_ || fragment_ != manifest_.fragments.size()) return "the fragments";
    return {};
  }

 private:
  void compare_field(const io::ByteView& bytes) {
    same_fields_ = same_fields_ && field_ < manifest_.fields.size() &&
                   bytes.text() == lance::encode_field(manifest_.fields[field_]);
    ++field_;
  }

  // Ids are given when the version is committed, and row ids can be dropped then.
  void compare_fragment(const io::ByteView& bytes) {
    if (same_fragments_ && fragment_ < manifest_.fragments.size()) {
      lance::Fragment wanted = manifest_.fragments[fragment_];
      lance::Fragment listed = lance::decode_fragment(bytes);
      wanted.id = listed.id;
      wanted.unknown = listed.unknown;
      same_fragments_ = wanted == listed;
    }
    ++fragment_;
  }

  const lance::Manifest& manifest_;
  std::size_t field_ = 0;
  std::size_t fragment_ = 0;
  bool same_fields_ = true;
  bool same_fragments_ = true;
};

}  // namespace

void check_schema(const io::Storage& storage, const lance::VersionEntry& entry,
                  const lance::ManifestFile& file, Findings& findings) {
  const std::vector<lance::Field>& fields = file.manifest.fields;
  const auto report = [&](std::string what) {
    findings.add({entry.version, {}, storage.full_name(entry.path), {}, std::move(what)});
  };
  if (is_ours(file) && layout_of(fields) == Layout::native) {
    const std::vector<lance::Field> written = native_fields({});
    for (const lance::Field& field : written) {
      if (field.parent_id != -1) continue;
      std::string problem = column_problem(fields, field, find_child(written, field));
      if (!problem.empty()) report(std::move(problem));
    }
  }
  const auto is_in_schema = [&](std::int32_t id) {
    return std::ranges::find(fields, id, &lance::Field::id) != fields.end();
  };
  for (const lance::Fragment& fragment : file.manifest.fragments) {
    for (const lance::DataFile& data : fragment.files) {
      if (std::ranges::any_of(data.fields, is_in_schema)) continue;
      report(
          fmt::format("the data file `{}` has no column of the schema, which pylance's "
                      "validate() rejects; restore the version or save again",
                      data.path));
    }
  }
}

void check_operation(const io::Storage& storage, const lance::VersionEntry& entry,
                     const lance::ManifestFile& file, Findings& findings) {
  if (!is_ours(file) || !file.transaction) return;
  const std::string part =
      OperationReader(file.manifest).compare(file.transaction->operation_bytes);
  if (part.empty()) return;
  findings.add(
      {entry.version,
       {},
       storage.full_name(entry.path),
       {},
       fmt::format("{} in the manifest are not those in the transaction of its save", part)});
}

}  // namespace lancekeep::store
