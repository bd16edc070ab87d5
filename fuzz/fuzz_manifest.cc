// SPDX-License-Identifier: Apache-2.0
// Dumps a manifest file with its inline transaction as the command `dump` does, and checks that a
// manifest is unchanged after it is written and read again.
#include "fuzz/invariants.h"
#include "lance/table/dump_json.h"

using namespace lancekeep;

namespace {

constexpr std::uint64_t kMaxMemory = std::uint64_t{64} << 20;

void write_and_read(const lance::Manifest& manifest) {
  const lance::Manifest again =
      lance::decode_manifest(fuzz::file_of(lance::encode_manifest(manifest)));
  lance::Manifest expected = manifest;
  expected.transaction_section_2025.reset();
  fuzz::require(again == expected, "a manifest is unchanged after it is written and read");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const io::ByteView content = fuzz::file_of(fuzz::text_of(bytes, size));
  const fuzz::MemoryLimit memory(kMaxMemory);
  fuzz::expect_read_or_rejected([&] {
    const lance::ManifestFile file = lance::decode_manifest_file(content);
    (void)lance::to_json(file).dump(2, ' ', false, lance::Json::error_handler_t::replace);
    write_and_read(file.manifest);
  });
  return 0;
}
