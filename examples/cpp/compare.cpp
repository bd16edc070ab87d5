// SPDX-License-Identifier: Apache-2.0
// Compares a model file with a version of a store, tensor by tensor and bit by bit.
//   compare FILE STORE [REF]     exit status 0: equal, 1: not equal, 2: error
#include <lancekeep/formats.h>
#include <lancekeep/store.h>

#include <cstdio>
#include <cstring>

namespace {

// Whether the bytes of one of the source's tensors equal those of `view`.
bool same_bytes(lancekeep::TensorSource& source, std::size_t index,
                const lancekeep::TensorView& view) {
  auto left = view.bytes();
  bool same = true;
  source.read(index, [&](std::span<const std::byte> piece) {
    same = piece.size() <= left.size() && std::memcmp(piece.data(), left.data(), piece.size()) == 0;
    if (same) left = left.subspan(piece.size());
    return same;
  });
  return same && left.empty();
}

int compare(const char* file, const char* path, const char* ref) {
  const auto source = lancekeep::open_model_file(file);
  const auto version = lancekeep::Store::open(path).at(lancekeep::Ref::parse(ref));
  const auto specs = source->tensors();
  std::size_t different = 0;
  unsigned long long bytes = 0;
  for (std::size_t i = 0; i < specs.size(); ++i) {
    const auto view = version.tensor(specs[i].name);
    bytes += view.bytes().size();
    if (view.dtype() == specs[i].dtype && view.shape() == specs[i].shape &&
        same_bytes(*source, i, view))
      continue;
    std::printf("%s differs\n", specs[i].name.c_str());
    ++different;
  }
  const bool same = different == 0 && specs.size() == version.tensors().size();
  std::printf("%zu tensors in the file, %zu in version %llu, %zu differ; %llu bytes compared: %s\n",
              specs.size(), version.tensors().size(),
              static_cast<unsigned long long>(version.number()), different, bytes,
              same ? "equal" : "NOT equal");
  return same ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3 || argc > 4) {
    std::fprintf(stderr, "usage: %s FILE STORE [REF]\n", argv[0]);
    return 2;
  }
  try {
    return compare(argv[1], argv[2], argc == 4 ? argv[3] : "latest");
  } catch (const std::exception& e) {
    std::fprintf(stderr, "compare: %s\n", e.what());
    return 2;
  }
}
