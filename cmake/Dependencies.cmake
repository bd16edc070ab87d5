# Debian's packages; none of them is part of the library's interface.
find_package(PkgConfig REQUIRED)
find_package(fmt REQUIRED) # compiled: header-only fmt would add five seconds to each file's compilation
find_package(nlohmann_json REQUIRED)
find_package(CLI11 REQUIRED)
find_package(roaring REQUIRED)
find_path(PROTOZERO_INCLUDE_DIR protozero/version.hpp REQUIRED)
find_path(FLATBUFFERS_INCLUDE_DIR flatbuffers/flatbuffers.h REQUIRED)
pkg_check_modules(ZSTD REQUIRED IMPORTED_TARGET libzstd)
pkg_check_modules(LZ4 REQUIRED IMPORTED_TARGET liblz4)
pkg_check_modules(XXHASH REQUIRED IMPORTED_TARGET libxxhash)
if(LANCEKEEP_TESTS)
  find_package(GTest REQUIRED)
endif()
