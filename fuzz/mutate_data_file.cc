// SPDX-License-Identifier: Apache-2.0
// Mutates a data file: splits it into its messages and page buffers, mutates one of these, and
// joins them again with a matching footer.
#include "fuzz/invariants.h"
#include "fuzz/messages.h"
#include "lance/file/footer.h"

#include <algorithm>
#include <cstring>

using namespace lancekeep;

namespace {

constexpr std::size_t kTrailer = 8;  // u16 major, u16 minor, "LANC"

struct Parts {
  std::string buffers;  // the start of the file, with the buffers of the pages
  std::vector<std::string> globals;
  std::vector<std::string> columns;
  std::string trailer;
};

Parts split(const io::ByteView& file) {
  const lance::Footer footer = lance::decode_footer(file);
  Parts parts;
  std::uint64_t end = file.size();
  for (const io::ByteView& global : footer.global_buffers) {
    end = std::min(end, global.base());
    parts.globals.emplace_back(global.text());
  }
  for (const io::ByteView& column : footer.columns) {
    end = std::min(end, column.base());
    parts.columns.emplace_back(column.text());
  }
  parts.buffers = file.text().substr(0, end);
  parts.trailer = file.text().substr(file.size() - kTrailer);
  return parts;
}

template <typename T>
void append(std::string& to, T number) {
  to.append(reinterpret_cast<const char*>(&number), sizeof(number));
}

// Appends the messages and returns the table of their positions and sizes.
std::string append_all(std::string& file, const std::vector<std::string>& sections) {
  std::string table;
  for (const std::string& section : sections) {
    append(table, std::uint64_t{file.size()});
    append(table, std::uint64_t{section.size()});
    file += section;
  }
  return table;
}

std::string join(const Parts& parts) {
  std::string file = parts.buffers;
  const std::string globals = append_all(file, parts.globals);
  const std::uint64_t columns_at = file.size();
  const std::string columns = append_all(file, parts.columns);
  const std::uint64_t column_table = file.size();
  file += columns;
  const std::uint64_t global_table = file.size();
  file += globals;
  append(file, columns_at);
  append(file, column_table);
  append(file, global_table);
  append(file, static_cast<std::uint32_t>(parts.globals.size()));
  append(file, static_cast<std::uint32_t>(parts.columns.size()));
  return file + parts.trailer;
}

std::string& any(std::vector<std::string>& sections, fuzz::Random& random) {
  if (sections.empty()) sections.emplace_back();
  return sections[fuzz::below(sections.size(), random)];
}

void change(Parts& parts, fuzz::Random& random) {
  switch (fuzz::below(16, random)) {
    case 0:
      parts.columns.push_back(any(parts.columns, random));
      return;
    case 1:
      std::swap(any(parts.columns, random), any(parts.columns, random));
      return;
    case 2:
      any(parts.columns, random);
      parts.columns.pop_back();
      return;
    case 3:
    case 4: {
      std::string& descriptor = any(parts.globals, random);
      descriptor = fuzz::mutate_message(descriptor, random);
      return;
    }
    case 5:
    case 6:
    case 7:
    case 8:
    case 9:
      parts.buffers = fuzz::mutate_in_place(std::move(parts.buffers), random);
      return;
    default: {
      std::string& column = any(parts.columns, random);
      column = fuzz::mutate_message(column, random);
    }
  }
}

std::size_t put(const std::string& file, std::uint8_t* to, std::size_t max_size) {
  if (file.size() > max_size) return 0;
  std::memcpy(to, file.data(), file.size());
  return file.size();
}

}  // namespace

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t max_size);

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size,
                                               std::size_t max_size, unsigned seed) {
  constexpr std::size_t kAsBytesOnceIn = 16;
  fuzz::Random random(seed);
  if (fuzz::below(kAsBytesOnceIn, random) == 0) return LLVMFuzzerMutate(data, size, max_size);
  try {
    Parts parts = split(fuzz::file_of(fuzz::text_of(data, size)));
    change(parts, random);
    if (const std::size_t made = put(join(parts), data, max_size); made > 0) return made;
  } catch (const Error&) {  // no longer a data file
  }
  return LLVMFuzzerMutate(data, size, max_size);
}

extern "C" std::size_t LLVMFuzzerCustomCrossOver(const std::uint8_t* first, std::size_t first_size,
                                                 const std::uint8_t* second,
                                                 std::size_t second_size, std::uint8_t* out,
                                                 std::size_t max_size, unsigned seed) {
  fuzz::Random random(seed);
  try {
    Parts parts = split(fuzz::file_of(fuzz::text_of(first, first_size)));
    Parts other = split(fuzz::file_of(fuzz::text_of(second, second_size)));
    std::string& column = any(parts.columns, random);
    column = fuzz::cross_messages(column, any(other.columns, random), random);
    return put(join(parts), out, max_size);
  } catch (const Error&) {
    return put(std::string(fuzz::text_of(first, first_size)), out, max_size);
  }
}
