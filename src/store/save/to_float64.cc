// SPDX-License-Identifier: Apache-2.0
#include "store/save/to_float64.h"

#include <lancekeep/error.h>

#include "tensor/convert.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <vector>

namespace lancekeep::store {
namespace {

// Small enough that converted values stay in the cache until they are written.
constexpr std::size_t kPieceValues = 16 << 10;
// A list<double> counts its items in 31 bits, and so does every reader of one.
constexpr std::uint64_t kMaxValues = std::numeric_limits<std::int32_t>::max();

// The other dtypes are so narrow that float64 represents every value of them exactly.
bool may_be_inexact(std::string_view dtype) {
  return dtype == "int64" || dtype == "uint64" || dtype.starts_with("float8_");
}

template <typename T>
T number_at(std::span<const std::byte> bytes) {
  T number;
  std::memcpy(&number, bytes.data(), sizeof(number));
  return number;
}

std::string describe(std::string_view dtype, std::span<const std::byte> value) {
  if (dtype == "int64") return fmt::format("{}", number_at<std::int64_t>(value));
  if (dtype == "uint64") return fmt::format("{}", number_at<std::uint64_t>(value));
  std::string bits;
  for (std::size_t i = value.size(); i-- > 0;) {
    bits += fmt::format("{:02x}", std::to_integer<unsigned>(value[i]));
  }
  return "0x" + bits + " (its bits)";
}

[[noreturn]] void cannot_keep(const std::string& what) {
  throw Error(ErrorCode::invalid_argument, what);
}

// Assembles whole values from pieces of any size, and converts them.
class Float64Stream {
 public:
  using Sink = std::function<void(std::span<const std::byte>)>;
  Float64Stream(const TensorSpec& spec, const Sink& sink)
      : spec_(spec), itemsize_(dtype_itemsize(spec.dtype).value_or(1)), sink_(sink) {}

  // Returns false if the source has given more bytes than it announced.
  bool take(std::span<const std::byte> piece) {
    if (piece.size() > spec_.nbytes - taken_) {
      too_many_ = true;
      return false;
    }
    taken_ += piece.size();
    if (!begun_.empty()) {
      const auto rest = piece.first(std::min(piece.size(), itemsize_ - begun_.size()));
      begun_.insert(begun_.end(), rest.begin(), rest.end());
      piece = piece.subspan(rest.size());
      if (begun_.size() < itemsize_) return true;
      convert_whole(begun_);
      begun_.clear();
    }
    const std::size_t whole = piece.size() / itemsize_ * itemsize_;
    convert_whole(piece.first(whole));
    begun_.assign(piece.begin() + static_cast<std::ptrdiff_t>(whole), piece.end());
    return true;
  }

  void finish() const {
    if (taken_ == spec_.nbytes && !too_many_) return;
    cannot_keep(fmt::format("tensor `{}` gave {} than the {} bytes it announced", spec_.name,
                            too_many_ ? "more" : "fewer", spec_.nbytes));
  }

 private:
  void convert_whole(std::span<const std::byte> values) {
    while (!values.empty()) {
      // A copy: whether a value is representable is decided by comparing it with what is converted
      // back, and the program may change it in between.
      const auto next = values.first(std::min(values.size(), kPieceValues * itemsize_));
      copy_.assign(next.begin(), next.end());
      const std::span<const std::byte> part(copy_);
      values = values.subspan(part.size());
      const std::size_t count = part.size() / itemsize_;
      converted_.resize(count * sizeof(double));
      const auto bad = convert(spec_.dtype, part, "float64", converted_, Rounding::none);
      if (bad) refuse_value(done_ + *bad, part.subspan(*bad * itemsize_, itemsize_));
      done_ += count;
      sink_(converted_);
    }
  }

  [[noreturn]] void refuse_value(std::uint64_t index, std::span<const std::byte> value) const {
    cannot_keep(fmt::format(
        "tensor `{}` cannot be saved in the plain layout, whose values are float64: its {} value "
        "at "
        "index {}, {}, is not exactly representable. Save it into a native store, or convert it "
        "first",
        spec_.name, spec_.dtype, index, describe(spec_.dtype, value)));
  }

  const TensorSpec& spec_;
  const std::size_t itemsize_;
  const Sink& sink_;
  std::uint64_t taken_ = 0;  // bytes received
  std::uint64_t done_ = 0;   // values converted
  bool too_many_ = false;
  std::vector<std::byte> begun_;  // start of a value that continues in the next piece
  std::vector<std::byte> copy_;
  std::vector<std::byte> converted_;
};

}  // namespace

std::uint64_t value_count(const TensorSpec& spec) {
  return spec.nbytes / dtype_itemsize(spec.dtype).value_or(1);
}

void check_plain_dtypes(std::span<const TensorSpec> specs) {
  for (const TensorSpec& spec : specs) {
    if (spec.dtype == "json" || spec.dtype == "tree") {
      cannot_keep(
          fmt::format("`{}` is not a tensor but a {} value, and the plain layout has only tensors; "
                      "leave it out, "
                      "or save into a native store",
                      spec.name, spec.dtype));
    }
    if (!is_number(spec.dtype)) {
      cannot_keep(fmt::format(
          "tensor `{}` has the dtype {}, and the plain layout has only real numbers, as float64; "
          "leave it out, or save into a native store",
          spec.name, spec.dtype));
    }
    if (value_count(spec) > kMaxValues) {
      cannot_keep(
          fmt::format("tensor `{}` has {} values, and a list in the plain layout has at most {}; "
                      "save it into a "
                      "native store",
                      spec.name, value_count(spec), kMaxValues));
    }
  }
}

void check_plain_values(TensorSource& source, SaveProgress& progress) {
  const auto specs = source.tensors();
  for (std::size_t i = 0; i < specs.size(); ++i) {
    if (!may_be_inexact(specs[i].dtype) || specs[i].tied_to) continue;
    read_as_float64(source, i, [&](std::span<const std::byte>) { progress.add(0, specs[i].name); });
  }
}

void read_as_float64(TensorSource& source, std::size_t index,
                     const std::function<void(std::span<const std::byte>)>& sink) {
  Float64Stream stream(source.tensors()[index], sink);
  source.read(index, [&](std::span<const std::byte> piece) { return stream.take(piece); });
  stream.finish();
}

}  // namespace lancekeep::store
