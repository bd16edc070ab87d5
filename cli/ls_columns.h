// SPDX-License-Identifier: Apache-2.0
// The columns of a Lance dataset, as ls lists them where it keeps no model.
#pragma once

#include <lancekeep/dump.h>

#include <string>

namespace lancekeep::cli {

/// Each column with its type and whether it is decoded, as text or JSON.
void print_columns(const std::string& dataset, const TableInfo& table, bool json);

}  // namespace lancekeep::cli
