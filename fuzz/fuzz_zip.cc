// SPDX-License-Identifier: Apache-2.0
// Runs only the zip reader, on the archive and on the bytes of each entry.
#include "formats/zip/zip_archive.h"
#include "fuzz/input.h"

using namespace lancekeep;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  constexpr std::uint64_t kMost = 1 << 20;
  fuzz::expect_read_or_rejected([&] {
    const formats::ZipArchive archive(fuzz::MemoryFile(fuzz::text_of(bytes, size)).open());
    for (const formats::ZipEntry& entry : archive.entries()) {
      if (archive.find(entry.name) != &entry) std::abort();
      fuzz::expect_read_or_rejected([&] { (void)archive.read(entry, kMost); });
    }
  });
  return 0;
}
