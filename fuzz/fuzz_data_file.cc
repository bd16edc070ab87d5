// SPDX-License-Identifier: Apache-2.0
// A data file: every column, page by page and in bulk. The input is the whole file, so that a seed
// is any data file of tests/lance/matrix.py.
#include "io/byte_view.h"
#include "lance/file/list_column.h"

#include <cstdint>
#include <string>
#include <vector>

namespace {

using namespace lancekeep;

constexpr std::uint64_t max_items = 1 << 16;

template <typename Call>
void read_or_refuse(Call&& call) {
  try {
    call();
  } catch (const Error&) {  // what is wrong is refused; anything else is let through
  }
}

void read_column(const lance::DataFileReader& file, std::uint32_t index) {
  std::uint64_t rows = 0;
  for (const lance::Page& page : file.columns()[index].pages) rows += page.rows;
  read_or_refuse([&] { (void)file.read_column(index, rows, max_items); });
  read_or_refuse([&] {
    const auto column = lance::ListColumn::open(file, index, rows, max_items);
    std::vector<std::byte> values(column.values() * (column.value_bits() / 8));
    (void)column.decode(values, 1);
  });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  read_or_refuse([&] {
    const auto file = lance::DataFileReader::open(
        io::ByteView::of(std::string(reinterpret_cast<const char*>(bytes), size), "input"));
    for (std::uint32_t index = 0; index < file.columns().size(); ++index) read_column(file, index);
  });
  return 0;
}
