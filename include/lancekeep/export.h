// SPDX-License-Identifier: Apache-2.0
// What every public header needs: the check of the language version, and LANCEKEEP_API, which marks
// what the shared library exports; everything else is hidden.
#pragma once

#if __cplusplus < 202002L
#error "Lancekeep needs C++20: compile with -std=c++20 or newer"
// A missing header ends the compilation here; otherwise hundreds of errors would hide the one above.
#include <lancekeep/needs_cpp20>
#endif

#define LANCEKEEP_API __attribute__((visibility("default")))
