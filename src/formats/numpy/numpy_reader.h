// SPDX-License-Identifier: Apache-2.0
// Reads NumPy's files, .npy and .npz, as sources of tensors. An array is a header followed by
// values in row-major or column-major ("Fortran") order, in either byte order. It is an .npy file
// of its own, or an entry of an .npz archive, stored or deflated. Reading an entry verifies its
// checksum in the archive. Any thread may read an array; each source belongs to one thread at a time.
#pragma once

#include <lancekeep/tensor.h>

#include "formats/numpy/npy_header.h"
#include "formats/zip/zip_archive.h"
#include "io/input_file.h"
#include "io/memory_budget.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace lancekeep::formats {

/// Whether numpy.savez wrote the archive: it has .npy entries and no pickle of torch, or it has no
/// entries at all. numpy.savez can write an empty archive; torch.save never does.
[[nodiscard]] bool is_npz(const ZipArchive& archive);

/// Opens an archive. The entry `layer.weight.npy` becomes the tensor `layer.weight`; tensors keep
/// the archive's order. Entries that are not arrays of numbers, such as text, are left out, and
/// notes say so. `void_dtype` is the dtype of raw bytes, or empty. Memory for the tensors is taken
/// from `budget`.
/// @throws Error corrupt; unsupported if no entry is an array of numbers.
[[nodiscard]] std::unique_ptr<TensorSource> open_npz(const io::InputFile& file,
                                                     const ZipArchive& archive,
                                                     io::MemoryBudget& budget,
                                                     const std::string& void_dtype = {});

/// Opens an .npy file as one tensor named `name`. @throws Error corrupt or unsupported;
/// invalid_argument if the name is not UTF-8.
[[nodiscard]] std::unique_ptr<TensorSource> open_npy(const io::InputFile& file,
                                                     const std::string& name,
                                                     const std::string& void_dtype = {});

struct NumpyArray {
  NumpyDescr descr;
  bool fortran_order = false;
  Shape shape;
  std::uint64_t offset = 0;  ///< file offset of the values
  std::uint64_t nbytes = 0;

  /// Whether the bytes in the file are the tensor's bytes, unchanged.
  [[nodiscard]] bool is_plain() const;
};

/// Returns bytes of an array, which has `size` bytes, from its header on.
using ReadArrayBytes = std::function<io::ByteView(std::uint64_t from, std::uint64_t length)>;

/// Reads the header of an array. The header and the values must take exactly `size` bytes. `name`
/// is for messages.
/// @throws Error corrupt; unsupported if the values are not numbers.
[[nodiscard]] NumpyArray read_numpy_array(const ReadArrayBytes& read, std::uint64_t size,
                                          const std::string& name,
                                          const std::string& void_dtype = {});
/// The same for an array at `offset` in a file.
[[nodiscard]] NumpyArray read_numpy_array(const io::InputFile& file, std::uint64_t offset,
                                          std::uint64_t size, const std::string& name,
                                          const std::string& void_dtype = {});

/// Pushes the values into `sink` in row-major order, little-endian.
void push_numpy_array(const io::InputFile& file, const NumpyArray& array, const ByteSink& sink);

}  // namespace lancekeep::formats
