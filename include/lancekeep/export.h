// SPDX-License-Identifier: Apache-2.0
// LANCEKEEP_API marks what the shared library exports; everything else is hidden.
#pragma once

#define LANCEKEEP_API __attribute__((visibility("default")))
