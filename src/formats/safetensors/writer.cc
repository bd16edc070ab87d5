// SPDX-License-Identifier: Apache-2.0
// Both write_safetensors() of <lancekeep/formats.h>.
#include <lancekeep/formats.h>

#include "formats/safetensors/export_plan.h"
#include "formats/safetensors/file_encoder.h"
#include "io/atomic_file.h"

namespace lancekeep {

ExportReport write_safetensors(const std::filesystem::path& path, TensorSource& source,
                               const Metadata& metadata) {
  formats::ExportPlan plan = formats::plan_export(path, source, metadata);
  io::AtomicFile file(path);
  const auto write = [&](std::span<const std::byte> piece) { file.write(piece); };
  formats::write_tensors(write, plan.tensors, plan.metadata, source, path);
  ExportReport report{plan.tensors.size(), file.position(), std::move(plan.not_kept), {path}, {}};
  file.commit();
  return report;
}

ExportReport write_safetensors(const std::function<void(std::span<const std::byte>)>& write,
                               TensorSource& source, const Metadata& metadata) {
  formats::ExportPlan plan = formats::plan_export({}, source, metadata);
  std::uint64_t written = 0;
  const auto count_and_write = [&](std::span<const std::byte> piece) {
    written += piece.size();
    write(piece);
  };
  formats::write_tensors(count_and_write, plan.tensors, plan.metadata, source, {});
  return {plan.tensors.size(), written, std::move(plan.not_kept), {}, {}};
}

}  // namespace lancekeep
