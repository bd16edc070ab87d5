// SPDX-License-Identifier: Apache-2.0
#include "formats/torch/checkpoint.h"

#include "formats/torch/tensor.h"
#include "io/checked_math.h"
#include "io/printable.h"
#include "io/utf8.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <set>
#include <tuple>

namespace lancekeep::formats {
namespace {

// A few bytes of an expanded tensor can stand for any number of bytes in row-major order. A file
// may ask for so much more than it holds, and no more.
constexpr std::uint64_t kSurplus = std::uint64_t{1} << 30;
constexpr std::uint64_t kSurplusTimes = 64;

class TorchSource : public TensorSource {
 public:
  TorchSource(io::InputFile file, std::vector<TensorSpec> specs, std::vector<TorchTensor> tensors,
              std::vector<std::string> notes)
      : file_(std::move(file)),
        specs_(std::move(specs)),
        tensors_(std::move(tensors)),
        notes_(std::move(notes)) {}

  std::span<const TensorSpec> tensors() const override { return specs_; }
  void read(std::size_t index, const ByteSink& sink) override {
    push_torch_tensor(file_, tensors_.at(index), sink);
  }
  std::vector<std::string> notes() const override { return notes_; }

 private:
  io::InputFile file_;
  std::vector<TensorSpec> specs_;
  std::vector<TorchTensor> tensors_;
  std::vector<std::string> notes_;
};

const PickleNode& state_dict(const TorchFile& torch) {
  const PickleNode* dict = node_of(torch.object.root);
  if (dict && dict->is_dict()) return *dict;
  torch.object.bytes.fail(
      ErrorCode::unsupported,
      fmt::format("the file holds {} instead of a state dict; save model.state_dict(), or "
                  "{{'name': tensor}}",
                  describe(torch.object.root)));
}

std::string entry_name(const TorchFile& torch, const PickleNode& dict, const PickleValue& key) {
  const auto* text = std::get_if<PickleText>(&key);
  if (!text) {
    fail_at(torch.object, dict, ErrorCode::unsupported,
            fmt::format("the state dict has {} as a key; its keys must be strings", describe(key)));
  }
  if (io::utf8_error(text->text)) {
    fail_at(
        torch.object, dict, ErrorCode::corrupt,
        fmt::format("the state dict has a key of {} bytes that is not UTF-8", text->text.size()));
  }
  return std::string(text->text);
}

[[noreturn]] void refuse_entry(const TorchFile& torch, const PickleNode& dict,
                               const std::string& name, const PickleValue& value) {
  const PickleNode* node = node_of(value);
  const bool nested = node && node->is_dict();
  fail_at(
      torch.object, node ? *node : dict, ErrorCode::unsupported,
      fmt::format("the entry `{0}` is {1}, not a tensor; only flat state dicts are read. Save one "
                  "alone, e.g. torch.save(checkpoint[\"{2}\"], ...)",
                  io::printable(name), describe(value), nested ? io::printable(name) : "model"));
}

// Entries with the same of all these are one tensor under several names.
auto identity(const TorchTensor& tensor) {
  return std::tie(tensor.offset, tensor.dtype, tensor.layout.shape, tensor.layout.strides,
                  tensor.conj, tensor.neg);
}

// An empty tensor shares nothing with anyone.
void find_ties(std::vector<TensorSpec>& specs, const std::vector<TorchTensor>& tensors) {
  const auto less = [&](std::size_t a, std::size_t b) {
    return identity(tensors[a]) < identity(tensors[b]);
  };
  std::set<std::size_t, decltype(less)> first(less);
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    if (tensors[i].nbytes == 0) continue;
    const auto [found, is_new] = first.insert(i);
    if (!is_new) specs[i].tied_to = *found;
  }
}

std::vector<std::string> overlap_notes(const std::vector<TensorSpec>& specs,
                                       const std::vector<TorchTensor>& tensors) {
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < specs.size(); ++i) {
    if (tensors[i].nbytes > 0 && !specs[i].tied_to) order.push_back(i);
  }
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return tensors[a].offset < tensors[b].offset;
  });
  std::vector<std::string> notes;
  std::size_t farthest = 0;  // of those before, the one that reaches farthest
  for (std::size_t k = 0; k < order.size(); ++k) {
    const TorchTensor& tensor = tensors[order[k]];
    const TorchTensor& before = tensors[farthest];
    if (k > 0 && tensor.offset < before.offset + before.reach) {
      notes.push_back(
          fmt::format("`{}` and `{}` are views of one storage that reach into each other; "
                      "both are saved in full",
                      io::printable(specs[farthest].name), io::printable(specs[order[k]].name)));
    }
    if (k == 0 || tensor.offset + tensor.reach > before.offset + before.reach) farthest = order[k];
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
                      "file's {} bytes; they are expanded views: save what they expand",
                      io::printable(spec.name), spec.nbytes, kSurplusTimes, torch.file.size()),
          torch.file.name());
    }
    left -= spec.nbytes;
  }
}

}  // namespace

std::unique_ptr<TensorSource> open_torch_checkpoint(const TorchFile& torch) {
  const PickleNode& dict = state_dict(torch);
  std::vector<TensorSpec> specs;
  std::vector<TorchTensor> tensors;
  std::set<std::string> names;
  for (std::size_t i = 0; i + 1 < dict.items.size(); i += 2) {
    const std::string name = entry_name(torch, dict, dict.items[i]);
    if (!names.insert(name).second) {
      fail_at(torch.object, dict, ErrorCode::corrupt,
              "the state dict has `" + io::printable(name) + "` twice");
    }
    const PickleValue& value = dict.items[i + 1];
    if (!is_tensor(value)) refuse_entry(torch, dict, name, value);
    const TorchTensor& tensor = tensors.emplace_back(read_torch_tensor(torch, value, name));
    specs.push_back({name, tensor.dtype, tensor.layout.shape, tensor.nbytes, std::nullopt});
  }
  find_ties(specs, tensors);
  check_total(torch, specs);
  std::vector<std::string> notes = overlap_notes(specs, tensors);
  return std::make_unique<TorchSource>(torch.file, std::move(specs), std::move(tensors),
                                       std::move(notes));
}

}  // namespace lancekeep::formats
