// SPDX-License-Identifier: Apache-2.0
// One safetensors file of an export: all of a source's tensors, or a shard of them. One thread at a
// time.
#pragma once

#include "formats/safetensors/export_plan.h"

#include <functional>
#include <span>

namespace lancekeep::formats {

/// Header and values of these tensors. Values lie by decreasing width, so that each starts at a
/// multiple of its own width and can be mapped; the header lists the tensors in their own order.
/// @throws Error unsupported where the header grows too long, invalid_argument where the source
/// gives other bytes than it said. `path` is for messages.
void write_tensors(const std::function<void(std::span<const std::byte>)>& write,
                   std::span<const ExportPlan::Tensor> tensors, const Metadata& metadata,
                   TensorSource& source, const std::filesystem::path& path);

}  // namespace lancekeep::formats
