// SPDX-License-Identifier: Apache-2.0
// What every public header needs: a check of the language version, and LANCEKEEP_API, which marks
// the symbols that the shared library exports. All other symbols are hidden.
#pragma once

#if __cplusplus < 202002L
#error "Lancekeep needs C++20: compile with -std=c++20 or newer"
// A header that does not exist stops the compiler here; otherwise hundreds of errors would bury the
// one above.
#include <lancekeep/needs_cpp20>
#endif

#define LANCEKEEP_API __attribute__((visibility("default")))
