# lancekeep_precompile(<target> FOR <name> HEADERS <header>...)
# With LANCEKEEP_UNITY: compiles the headers once for all targets of the same FOR. They are the standard library's and
# other libraries', never ours; without it, in the preset debug, each file has only what it includes.
function(lancekeep_precompile target)
  cmake_parse_arguments(ARG "" "FOR" "HEADERS" ${ARGN})
  if(NOT LANCEKEEP_UNITY)
    return()
  endif()
  set(owner lancekeep_headers_${ARG_FOR})
  if(NOT TARGET ${owner})
    file(WRITE ${PROJECT_BINARY_DIR}/${owner}.cc "int main() {}\n")
    if("${ARG_FOR}" STREQUAL "tests") # a program, since programs are compiled with other flags than libraries
      add_executable(${owner} ${PROJECT_BINARY_DIR}/${owner}.cc)
      target_link_libraries(${owner} PRIVATE GTest::gtest GTest::gmock)
      lancekeep_test_options(${owner})
    else()
      add_library(${owner} OBJECT ${PROJECT_BINARY_DIR}/${owner}.cc)
    endif()
    target_link_libraries(${owner} PRIVATE fmt::fmt)
    lancekeep_warnings(${owner})
    target_precompile_headers(${owner} PRIVATE ${ARG_HEADERS})
  endif()
  target_precompile_headers(${target} REUSE_FROM ${owner})
endfunction()

set(LANCEKEEP_COMMON_HEADERS <fmt/format.h> <algorithm> <array> <chrono> <filesystem> <functional> <map> <memory>
  <mutex> <optional> <set> <span> <string> <string_view> <unordered_map> <utility> <vector>)

# lancekeep_layer(<name> [TESTING] [USES <layer>...] [LINKS <target>...])
# Each folder of src/ becomes an object library `lancekeep_<name>` of its *.cc files, and a test program
# `<name>_test` of its *_test.cc files. USES names the layers that it may include from. A TESTING layer
# is linked only into tests, not into the library.
function(lancekeep_layer name)
  cmake_parse_arguments(ARG "TESTING" "" "USES;LINKS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS *.cc)
  file(GLOB tests CONFIGURE_DEPENDS *_test.cc)
  list(REMOVE_ITEM sources ${tests})
  add_library(lancekeep_${name} OBJECT ${sources})
  target_include_directories(lancekeep_${name} PUBLIC ${PROJECT_SOURCE_DIR}/src ${PROJECT_SOURCE_DIR}/include)
  target_include_directories(lancekeep_${name} SYSTEM PUBLIC ${PROTOZERO_INCLUDE_DIR} ${FLATBUFFERS_INCLUDE_DIR})
  target_link_libraries(lancekeep_${name} PUBLIC fmt::fmt ${ARG_LINKS})
  lancekeep_warnings(lancekeep_${name})
  lancekeep_precompile(lancekeep_${name} FOR library HEADERS ${LANCEKEEP_COMMON_HEADERS})
  if(NOT ARG_TESTING)
    set_property(GLOBAL APPEND PROPERTY LANCEKEEP_LAYERS lancekeep_${name})
  endif()
  set(closure lancekeep_${name})
  foreach(used ${ARG_USES})
    target_link_libraries(lancekeep_${name} PUBLIC lancekeep_${used})
    get_target_property(below lancekeep_${used} LANCEKEEP_CLOSURE)
    list(APPEND closure ${below})
  endforeach()
  list(REMOVE_DUPLICATES closure)
  set_target_properties(lancekeep_${name} PROPERTIES LANCEKEEP_CLOSURE "${closure}")
  if(LANCEKEEP_UNIT_TESTS AND tests)
    lancekeep_test(${name}_test ${tests} LAYERS ${closure})
  endif()
endfunction()

# lancekeep_test(<program> <source>... LAYERS <object library>...)
# A program that links the layer io also links io_testing, which has the storages for tests.
function(lancekeep_test program)
  cmake_parse_arguments(ARG "" "" "LAYERS" ${ARGN})
  if("lancekeep_io" IN_LIST ARG_LAYERS)
    list(APPEND ARG_LAYERS lancekeep_io_testing)
    list(REMOVE_DUPLICATES ARG_LAYERS)
  endif()
  add_executable(${program} ${ARG_UNPARSED_ARGUMENTS})
  target_link_libraries(${program} PRIVATE ${ARG_LAYERS} GTest::gtest GTest::gtest_main GTest::gmock)
  lancekeep_warnings(${program})
  lancekeep_test_options(${program})
  lancekeep_precompile(${program} FOR tests HEADERS ${LANCEKEEP_COMMON_HEADERS} <gmock/gmock.h> <gtest/gtest.h>)
  # One process for all tests of a program: 2,000 processes would take minutes under a sanitizer.
  add_test(NAME ${program} COMMAND ${program} --gtest_brief=1)
endfunction()

# The tests' own code goes without the undefined-behaviour sanitizer and with line tables alone: gtest's macros take three
# times as long to compile with them. The library has both.
function(lancekeep_test_options target)
  if(CMAKE_CXX_FLAGS MATCHES "undefined")
    target_compile_options(${target} PRIVATE -fno-sanitize=undefined -g1)
  endif()
endfunction()

function(lancekeep_warnings target)
  # Members that a designated initializer leaves out have their defaults on purpose. In optimised builds,
  # GCC 12 wrongly reports overlapping, endless or negative copies in concatenated strings (GCC bug 105651).
  target_compile_options(${target} PRIVATE -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor
    -Woverloaded-virtual -Wno-missing-field-initializers $<$<CONFIG:Release>:-Wno-restrict>
    $<$<CONFIG:Release>:-Wno-stringop-overflow> $<$<CONFIG:Release>:-Wno-array-bounds>)
  if(LANCEKEEP_WERROR)
    target_compile_options(${target} PRIVATE -Werror)
  endif()
endfunction()
