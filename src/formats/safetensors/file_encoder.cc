// SPDX-License-Identifier: Apache-2.0
#include "formats/safetensors/file_encoder.h"

#include "formats/export/tensor_export.h"
#include "io/checked_math.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <numeric>

namespace lancekeep::formats {
namespace {

using Tensors = std::span<const ExportPlan::Tensor>;
using Write = std::function<void(std::span<const std::byte>)>;

[[noreturn]] void fail(const std::filesystem::path& path, ErrorCode code,
                       const std::string& problem) {
  throw Error(code, problem, path.string());
}

// The tensors' positions in the order of their bytes.
std::vector<std::size_t> layout_of(Tensors tensors) {
  std::vector<std::size_t> layout(tensors.size());
  std::iota(layout.begin(), layout.end(), std::size_t{0});
  std::stable_sort(layout.begin(), layout.end(), [&](std::size_t a, std::size_t b) {
    return tensors[a].entry.dtype->bits > tensors[b].entry.dtype->bits;
  });
  return layout;
}

SafetensorsHeader header_of(Tensors tensors, const std::vector<std::size_t>& layout,
                            const Metadata& metadata, const std::filesystem::path& path) {
  SafetensorsHeader header;
  header.metadata = metadata;
  for (const auto& tensor : tensors) header.entries.push_back(tensor.entry);
  std::uint64_t end = 0;
  for (const std::size_t i : layout) {
    const auto next = io::checked_add(end, tensors[i].nbytes);
    if (!next) fail(path, ErrorCode::invalid_argument, "the tensors take more than 2^64 bytes");
    header.entries[i].begin = end;
    header.entries[i].end = end = *next;
  }
  return header;
}

void write_header(const Write& write, const SafetensorsHeader& header,
                  const std::filesystem::path& path) {
  const std::string text = encode_safetensors_header(header);
  if (text.size() > kSafetensorsLongestHeader) {
    fail(path, ErrorCode::unsupported,
         fmt::format("the header would have {} bytes, but safetensors allows {}; shorten the "
                     "metadata or export fewer tensors into a file",
                     text.size(), kSafetensorsLongestHeader));
  }
  std::array<std::byte, 8> length;
  for (std::size_t i = 0; i < length.size(); ++i) {
    length[i] = static_cast<std::byte>(text.size() >> (8 * i));
  }
  write(length);
  write(std::as_bytes(std::span(text)));
}

}  // namespace

void write_tensors(const Write& write, Tensors tensors, const Metadata& metadata,
                   TensorSource& source, const std::filesystem::path& path) {
  const std::vector<std::size_t> layout = layout_of(tensors);
  write_header(write, header_of(tensors, layout, metadata, path), path);
  for (const std::size_t i : layout) {
    copy_tensor(path, source, tensors[i].source, write);
  }
}

}  // namespace lancekeep::formats
