// SPDX-License-Identifier: Apache-2.0
// write_safetensors() of <lancekeep/formats.h>.
#include <lancekeep/formats.h>

#include "formats/safetensors/export_plan.h"
#include "formats/safetensors/file_encoder.h"

namespace lancekeep {

ExportReport write_safetensors(const std::filesystem::path& path, TensorSource& source,
                               const Metadata& metadata) {
  formats::ExportPlan plan = formats::plan_export(path, source, metadata);
  io::AtomicFile file(path);
  formats::write_tensors(file, plan.tensors, plan.metadata, source, path);
  ExportReport report{plan.tensors.size(), file.position(), std::move(plan.not_kept), {path}, {}};
  file.commit();
  return report;
}

}  // namespace lancekeep
