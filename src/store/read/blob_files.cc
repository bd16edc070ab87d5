// SPDX-License-Identifier: Apache-2.0
// A descriptor: u8 kind, u64 position, u64 size, u32 id, u32 length and the text of a URI. Kind 0:
// the value is in the data file; 1: in a file that several values share; 2: in a file of its own;
// 3: at the URI. The column is a packed struct with a string, which is stored as a variable-width
// value: its bytes are the descriptor.
#include "store/read/blob_files.h"

#include "lance/encoding/full_zip_page.h"
#include "lance/encoding/page_input.h"
#include "lance/encoding/page_layout.h"
#include "lance/file/field_tree.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <optional>
#include <string_view>
#include <variant>

namespace lancekeep::store {
namespace {

constexpr std::size_t kDescriptorBytes = 1 + 8 + 8 + 4;  // without the URI
constexpr std::uint8_t kShared = 1;
constexpr std::uint8_t kOwn = 2;
constexpr std::uint64_t kBufferAlignment = 64;

template <typename T>
T number_at(std::string_view bytes, std::size_t offset) {
  T number;
  std::memcpy(&number, bytes.data() + offset, sizeof(number));
  return number;
}

// The lowest bit of the id comes first.
std::string file_name(std::uint32_t id) {
  std::string name;
  for (int bit = 0; bit < 32; ++bit) name += (id >> bit & 1) != 0 ? '1' : '0';
  return name + ".blob";
}

bool has_descriptors(const lance::Field* field) {
  if (field == nullptr || field->logical_type != "struct") return false;
  const auto blob = field->metadata.find("lance-encoding:blob");
  return blob != field->metadata.end() && blob->second == "true";
}

// The page's items as bytes; unset if they are not stored as variable-width values.
std::optional<lance::Array> read_items(const io::ByteView& file, const lance::Page& page) {
  if (page.type_url != lance::kPageLayoutUrl) return std::nullopt;
  const lance::PageLayout layout = lance::decode_page_layout(page.encoding);
  const auto* zipped = std::get_if<lance::FullZipLayout>(&layout.layout);
  if (zipped == nullptr || zipped->value_bits != 0 ||
      zipped->values.kind != lance::EncodingKind::variable_packed_struct) {
    return std::nullopt;
  }
  const std::string variable = lance::encode_variable(32);
  lance::FullZipLayout as_bytes = *zipped;
  as_bytes.values = lance::decode_compression(io::ByteView::of(variable, page.encoding.file()));
  return lance::decode_full_zip_page(as_bytes,
                                     lance::open_page(file, page, page.rows, {}, kBufferAlignment));
}

}  // namespace

bool may_have_blob_files(const lance::Manifest& manifest) {
  return std::ranges::any_of(manifest.fields, [](const lance::Field& field) {
    return lance::extension_of(field) == "lance.blob.v2";
  });
}

std::map<std::string, std::uint64_t> blob_files_of(const lance::DataFileReader& file,
                                                   const std::string& path) {
  const std::string folder = path.substr(0, path.rfind('.')) + "/";
  std::map<std::string, std::uint64_t> files;
  for (std::uint32_t column = 0; column < file.columns().size(); ++column) {
    if (!has_descriptors(file.field(column))) continue;
    for (const lance::Page& page : file.columns()[column].pages) {
      const std::optional<lance::Array> items = read_items(file.bytes(), page);
      for (std::uint64_t i = 0; items && !items->offsets.empty() && i < items->items; ++i) {
        const std::string_view item = items->text(i);
        if (item.size() < kDescriptorBytes) continue;  // null
        const auto kind = number_at<std::uint8_t>(item, 0);
        if (kind != kShared && kind != kOwn) continue;
        std::uint64_t& bytes = files[folder + file_name(number_at<std::uint32_t>(item, 17))];
        const std::uint64_t position = kind == kOwn ? 0 : number_at<std::uint64_t>(item, 1);
        const auto size = number_at<std::uint64_t>(item, 9);
        const std::uint64_t end = position + size < size ? UINT64_MAX : position + size;
        bytes = std::max(bytes, end);
      }
    }
  }
  return files;
}

}  // namespace lancekeep::store
