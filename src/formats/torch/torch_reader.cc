// SPDX-License-Identifier: Apache-2.0
#include "formats/torch/torch_reader.h"

#include "formats/torch/foreign_objects.h"
#include "formats/torch/skipped_objects.h"
#include "formats/torch/torch_rows.h"
#include "io/checked_math.h"
#include "io/utf8.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <optional>
#include <span>
#include <tuple>
#include <utility>

namespace lancekeep::formats {
namespace {

// A few bytes of an expanded tensor can become any number of bytes in row-major order. These
// constants limit the ratio of the tensors' bytes to the file's size.
constexpr std::uint64_t kSurplus = std::uint64_t{1} << 30;
constexpr std::uint64_t kSurplusTimes = 64;
// The memory of a note with the names of two tensors.
constexpr std::uint64_t kNoteBytes = 512;

class TorchSource : public TensorSource {
 public:
  TorchSource(io::InputFile file, TorchRows rows, std::vector<std::string> notes)
      : file_(std::move(file)), rows_(std::move(rows)), notes_(std::move(notes)) {}

  std::span<const TensorSpec> tensors() const override { return rows_.specs; }
  void read(std::size_t index, const ByteSink& sink) override {
    const RowValue& value = rows_.values.at(index);
    if (const auto* text = std::get_if<std::vector<char>>(&value)) {
      if (!text->empty()) (void)sink(std::as_bytes(std::span(text->data(), text->size())));
      return;
    }
    push_torch_tensor(file_, rows_.specs[index], std::get<TensorPlace>(value), sink);
  }
  Metadata metadata() const override { return rows_.metadata; }
  std::vector<std::string> notes() const override { return notes_; }

 private:
  io::InputFile file_;
  TorchRows rows_;
  std::vector<std::string> notes_;
};

const TensorPlace& place_of(const TorchRows& rows, std::uint32_t index) {
  return std::get<TensorPlace>(rows.values[index]);
}

// Rows are one tensor under several names if all of these are equal.
auto identity(const TorchRows& rows, std::uint32_t index) {
  const TensorSpec& spec = rows.specs[index];
  const TensorPlace& place = place_of(rows, index);
  return std::tie(place.offset, place.array_at, spec.dtype, spec.shape, place.strides, place.conj,
                  place.neg);
}

// Returns the rows of numbers, sorted so that the names of one tensor are adjacent and in model
// order. Leaves out empty tensors, because they share nothing.
std::vector<std::uint32_t> by_identity(const TorchRows& rows) {
  std::vector<std::uint32_t> order;
  for (std::uint32_t i = 0; i < rows.specs.size(); ++i) {
    const bool has_place = std::holds_alternative<TensorPlace>(rows.values[i]);
    if (has_place && rows.specs[i].nbytes > 0) order.push_back(i);
  }
  std::sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
    return std::tuple_cat(identity(rows, a), std::tie(a)) <
           std::tuple_cat(identity(rows, b), std::tie(b));
  });
  return order;
}

// Sets the ties, and removes tied rows from `order`.
void find_ties(TorchRows& rows, std::vector<std::uint32_t>& order) {
  std::size_t kept = 0;
  for (const std::uint32_t index : order) {
    if (kept > 0 && identity(rows, order[kept - 1]) == identity(rows, index)) {
      rows.specs[index].tied_to = order[kept - 1];
    } else {
      order[kept++] = index;
    }
  }
  order.resize(kept);
}

std::string overlap_note(const TorchRows& rows, std::uint32_t a, std::uint32_t b) {
  return fmt::format("`{}` and `{}` are overlapping views of one storage; both are saved in full",
                     io::printable(rows.specs[a].name), io::printable(rows.specs[b].name));
}

std::vector<std::string> overlap_notes(const TorchFile& torch, const TorchRows& rows,
                                       std::vector<std::uint32_t> order) {
  const auto place_in_file = [&](std::uint32_t index) {
    return std::pair(place_of(rows, index).offset, index);
  };
  std::sort(order.begin(), order.end(),
            [&](std::uint32_t a, std::uint32_t b) { return place_in_file(a) < place_in_file(b); });
  std::vector<std::string> notes;
  const auto end = [&](std::uint32_t index) {
    return place_of(rows, index).offset + place_of(rows, index).reach;
  };
  std::optional<std::uint32_t> farthest;  // the earlier row whose end is farthest
  for (const std::uint32_t index : order) {
    if (place_of(rows, index).array_at != 0) continue;
    if (farthest && place_of(rows, index).offset < end(*farthest)) {
      torch.budget->take(kNoteBytes, "notes on tensors that overlap");
      notes.push_back(overlap_note(rows, *farthest, index));
    }
    if (!farthest || end(index) > end(*farthest)) farthest = index;
  }
  return notes;
}

void check_total(const TorchFile& torch, const std::vector<TensorSpec>& specs) {
  const auto times = io::checked_mul(torch.file.size(), kSurplusTimes);
  const auto most = times ? io::checked_add(*times, kSurplus) : std::nullopt;
  std::uint64_t left = most.value_or(std::numeric_limits<std::uint64_t>::max());
  for (const TensorSpec& spec : specs) {
    if (spec.tied_to) continue;
    if (spec.nbytes > left) {
      throw Error(
          ErrorCode::unsupported,
          fmt::format("with tensor `{}` of {} bytes, the tensors take more than {} times the "
                      "file's {} bytes; they are expanded views: save the tensors that they expand",
                      io::printable(spec.name), spec.nbytes, kSurplusTimes, torch.file.size()),
          torch.file.name());
    }
    left -= spec.nbytes;
  }
}

}  // namespace

std::unique_ptr<TensorSource> open_torch_checkpoint(TorchFile torch, bool skip_objects) {
  std::vector<std::string> notes;
  if (skip_objects) {
    notes = skip_foreign_objects(torch);
  } else {
    reject_foreign_objects(torch);
  }
  TorchRows rows = make_rows(torch);
  notes.insert(notes.end(), rows.notes.begin(), rows.notes.end());
  torch.budget->take(rows.specs.size() * sizeof(std::uint32_t), "the file's tensors");
  std::vector<std::uint32_t> order = by_identity(rows);
  find_ties(rows, order);
  check_total(torch, rows.specs);
  const std::vector<std::string> overlaps = overlap_notes(torch, rows, std::move(order));
  notes.insert(notes.end(), overlaps.begin(), overlaps.end());
  return std::make_unique<TorchSource>(torch.file, std::move(rows), std::move(notes));
}

}  // namespace lancekeep::formats
