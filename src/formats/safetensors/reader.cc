// SPDX-License-Identifier: Apache-2.0
#include "formats/safetensors/reader.h"

#include "formats/safetensors/dtype.h"
#include "formats/safetensors/header.h"
#include "io/printable.h"
#include "tensor/shape.h"

#include <lancekeep/error.h>

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

namespace lancekeep::formats {
namespace {

constexpr std::uint64_t kLengthSize = 8;

class SafetensorsSource : public TensorSource {
 public:
  SafetensorsSource(io::InputFile file, std::vector<TensorSpec> specs,
                    std::vector<std::uint64_t> offsets, Metadata metadata)
      : file_(std::move(file)),
        specs_(std::move(specs)),
        offsets_(std::move(offsets)),
        metadata_(std::move(metadata)) {}

  std::span<const TensorSpec> tensors() const override { return specs_; }
  void read(std::size_t index, const ByteSink& sink) override {
    file_.read_pieces(offsets_.at(index), specs_.at(index).nbytes, "a tensor's bytes", sink);
  }
  Metadata metadata() const override { return metadata_; }

 private:
  io::InputFile file_;
  std::vector<TensorSpec> specs_;
  std::vector<std::uint64_t> offsets_;  // in the file
  Metadata metadata_;
};

io::ByteView read_header(const io::InputFile& file) {
  if (file.size() < kLengthSize) {
    throw Error(
        ErrorCode::corrupt,
        fmt::format("a safetensors file has at least 8 bytes, this one has {}", file.size()),
        file.name());
  }
  const std::uint64_t length =
      io::ByteReader(file.read(0, kLengthSize, "the header's length")).u64("the header's length");
  if (length > kSafetensorsLongestHeader) {
    throw Error(ErrorCode::corrupt,
                fmt::format("the header is said to have {} bytes; at most {} are allowed", length,
                            kSafetensorsLongestHeader),
                file.name(), 0);
  }
  if (length > file.size() - kLengthSize) {
    throw Error(
        ErrorCode::corrupt,
        fmt::format("the header is said to have {} bytes, but {} follow; was the download or "
                    "the copy cut short?",
                    length, file.size() - kLengthSize),
        file.name(), 0);
  }
  return file.read(kLengthSize, length, "the header");
}

// Sorted by place, the entries must cover the data from its start to its end, byte for byte.
void check_cover(const io::ByteView& header, const std::vector<SafetensorsEntry>& entries,
                 std::uint64_t data_size) {
  std::vector<const SafetensorsEntry*> order;
  for (const SafetensorsEntry& entry : entries) order.push_back(&entry);
  std::sort(order.begin(), order.end(), [](const SafetensorsEntry* a, const SafetensorsEntry* b) {
    return std::tie(a->begin, a->end) < std::tie(b->begin, b->end);
  });
  std::uint64_t covered = 0;
  for (const SafetensorsEntry* entry : order) {
    if (entry->end < entry->begin || entry->end > data_size) {
      header.fail(
          fmt::format("tensor `{}` has data_offsets [{}, {}], but the data has {} bytes; was "
                      "the download or the copy cut short?",
                      io::printable(entry->name), entry->begin, entry->end, data_size));
    }
    if (entry->begin != covered) {
      header.fail(
          fmt::format("tensor `{}` starts at {} of the data, but those before it end at {}: {}",
                      io::printable(entry->name), entry->begin, covered,
                      entry->begin < covered ? "tensors overlap" : "there is a hole"));
    }
    covered = entry->end;
  }
  if (covered != data_size) {
    header.fail(
        fmt::format("the tensors end at {} of the data, but it has {} bytes", covered, data_size));
  }
}

TensorSpec spec_of(const io::ByteView& header, const SafetensorsEntry& entry) {
  const SafetensorsDtype* dtype = safetensors_dtype(entry.dtype);
  if (!dtype) {
    header.fail(ErrorCode::unsupported,
                fmt::format("tensor `{}` has the dtype `{}`, which safetensors 0.8 does not have",
                            io::printable(entry.name), io::printable(entry.dtype)));
  }
  if (!element_count(entry.shape)) {
    header.fail(
        fmt::format("tensor `{}`: {}", io::printable(entry.name), shape_problem(entry.shape)));
  }
  const auto bytes = safetensors_byte_count(*dtype, entry.shape);
  if (!bytes || *bytes != entry.end - entry.begin) {
    header.fail(fmt::format(
        "tensor `{}` of dtype {} and shape {} takes {} bytes, but its data_offsets "
        "span {}",
        io::printable(entry.name), io::printable(entry.dtype), to_string(entry.shape),
        bytes ? fmt::to_string(*bytes) : "no whole number of", entry.end - entry.begin));
  }
  auto shape = shape_from_safetensors(*dtype, entry.shape);
  if (!shape) {
    header.fail(ErrorCode::unsupported,
                fmt::format("tensor `{}` has dtype F4 and shape {}; torch packs two values into a "
                            "byte, so the last dimension must be even",
                            io::printable(entry.name), to_string(entry.shape)));
  }
  return {entry.name, std::string(dtype->dtype), std::move(*shape), *bytes, std::nullopt};
}

}  // namespace

std::unique_ptr<TensorSource> open_safetensors(const io::InputFile& file) {
  const io::ByteView text = read_header(file);
  SafetensorsHeader header = decode_safetensors_header(text);
  const std::uint64_t data = kLengthSize + text.size();
  check_cover(text, header.entries, file.size() - data);
  std::vector<TensorSpec> specs;
  std::vector<std::uint64_t> offsets;
  for (const SafetensorsEntry& entry : header.entries) {
    specs.push_back(spec_of(text, entry));
    offsets.push_back(data + entry.begin);
  }
  return std::make_unique<SafetensorsSource>(file, std::move(specs), std::move(offsets),
                                             std::move(header.metadata));
}

}  // namespace lancekeep::formats
