// SPDX-License-Identifier: Apache-2.0
#include "formats/safetensors/safetensors_reader.h"

#include <lancekeep/error.h>

#include "formats/safetensors/safetensors_header.h"
#include "io/utf8.h"
#include "tensor/shape.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

namespace lancekeep::formats {
namespace {

constexpr std::uint64_t kLengthSize = 8;
// Counts a spec, an offset, a position in the order, and a dtype name on the heap.
constexpr std::uint64_t kBytesPerTensor = sizeof(TensorSpec) + 2 * sizeof(std::uint64_t) + 32;

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

std::uint64_t header_length(const io::InputFile& file) {
  if (file.size() < kLengthSize) {
    throw Error(
        ErrorCode::corrupt,
        fmt::format("a safetensors file has at least 8 bytes, this file has {}", file.size()),
        file.name());
  }
  const std::uint64_t length =
      io::ByteReader(file.read(0, kLengthSize, "the header's length")).u64("the header's length");
  if (length > kSafetensorsLongestHeader) {
    throw Error(ErrorCode::corrupt,
                fmt::format("the header should have {} bytes, but at most {} are allowed", length,
                            kSafetensorsLongestHeader),
                file.name(), 0);
  }
  if (length > file.size() - kLengthSize) {
    throw Error(ErrorCode::corrupt,
                fmt::format("the header should have {} bytes, but {} follow; was the download or "
                            "the copy cut short?",
                            length, file.size() - kLengthSize),
                file.name(), 0);
  }
  return length;
}

// Reports an error of the header as a whole, with the offset of its start.
[[noreturn]] void reject(const io::InputFile& file, const std::string& problem,
                         ErrorCode code = ErrorCode::corrupt) {
  throw Error(code, problem, file.name(), kLengthSize);
}

// The entries, sorted by offset, must cover every byte of the data exactly once.
void check_cover(const io::InputFile& file, const SafetensorsHeader& header,
                 std::uint64_t data_size) {
  std::vector<const SafetensorsEntry*> order;
  order.reserve(header.entries.size());
  for (const SafetensorsEntry& entry : header.entries) order.push_back(&entry);
  std::sort(order.begin(), order.end(), [](const SafetensorsEntry* a, const SafetensorsEntry* b) {
    return std::tie(a->begin, a->end) < std::tie(b->begin, b->end);
  });
  std::uint64_t covered = 0;
  for (const SafetensorsEntry* entry : order) {
    if (entry->end < entry->begin || entry->end > data_size) {
      reject(file,
             fmt::format("tensor `{}` has data_offsets [{}, {}], but the data has {} bytes; was "
                         "the download or the copy cut short?",
                         io::printable(entry->name), entry->begin, entry->end, data_size));
    }
    if (entry->begin != covered) {
      reject(
          file,
          fmt::format(
              "tensor `{}` starts at byte {} of the data, but the tensors before it end at {}: {}",
              io::printable(entry->name), entry->begin, covered,
              entry->begin < covered ? "tensors overlap" : "there is a hole"));
    }
    covered = entry->end;
  }
  if (covered != data_size) {
    reject(file, fmt::format("the tensors end at byte {} of the data, which has {} bytes", covered,
                             data_size));
  }
}

// Makes a spec, and moves the name and shape out of the entry.
TensorSpec take_spec(const io::InputFile& file, SafetensorsEntry& entry) {
  if (!element_count(entry.shape)) {
    reject(file,
           fmt::format("tensor `{}`: {}", io::printable(entry.name), shape_problem(entry.shape)));
  }
  const auto bytes = safetensors_byte_count(*entry.dtype, entry.shape);
  if (!bytes || *bytes != entry.end - entry.begin) {
    reject(file,
           fmt::format("tensor `{}` of dtype {} and shape {} takes {}, but its data_offsets span "
                       "{}",
                       io::printable(entry.name), entry.dtype->safetensors, to_string(entry.shape),
                       bytes ? fmt::format("{} bytes", *bytes)
                             : "a fraction of a byte or more than 64 bits can count",
                       entry.end - entry.begin));
  }
  auto shape = shape_from_safetensors(*entry.dtype, entry.shape);
  if (!shape) {
    reject(file,
           fmt::format("tensor `{}` has dtype F4 and shape {}; torch packs two values into a "
                       "byte, so the last dimension must be even",
                       io::printable(entry.name), to_string(entry.shape)),
           ErrorCode::unsupported);
  }
  return {std::move(entry.name), std::string(entry.dtype->dtype), std::move(*shape), *bytes,
          std::nullopt};
}

}  // namespace

std::unique_ptr<TensorSource> open_safetensors(const io::InputFile& file,
                                               io::MemoryBudget& budget) {
  const std::uint64_t length = header_length(file);
  JsonStream json(file, kLengthSize, length, "the header", budget);
  SafetensorsHeader header = decode_safetensors_header(json);
  const std::uint64_t data = kLengthSize + length;
  budget.take(header.entries.size() * kBytesPerTensor, "the header's tensors");
  check_cover(file, header, file.size() - data);
  std::vector<TensorSpec> specs;
  std::vector<std::uint64_t> offsets;
  specs.reserve(header.entries.size());
  offsets.reserve(header.entries.size());
  for (SafetensorsEntry& entry : header.entries) {
    offsets.push_back(data + entry.begin);
    specs.push_back(take_spec(file, entry));
  }
  return std::make_unique<SafetensorsSource>(file, std::move(specs), std::move(offsets),
                                             std::move(header.metadata));
}

std::unique_ptr<TensorSource> open_safetensors(const io::InputFile& file) {
  io::MemoryBudget budget(file);
  return open_safetensors(file, budget);
}

}  // namespace lancekeep::formats
