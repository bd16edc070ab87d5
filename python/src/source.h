// SPDX-License-Identifier: Apache-2.0
// Tensors from Python as a TensorSource, for a save that runs without the GIL.
//
// An entry's values come from an object that gives pieces of them: a buffer that holds them all, or
// a callable that returns an iterable of such buffers, in order, as often as it is called. The GIL
// is taken to ask for a piece and let go of while the piece is used; a buffer is held while it is.
#pragma once

#include "python/src/bind.h"

namespace lancekeep::python {

class PythonSource final : public TensorSource {
 public:
  PythonSource(Metadata metadata, std::vector<std::string> notes)
      : metadata_(std::move(metadata)), notes_(std::move(notes)) {}
  ~PythonSource() override;

  /// With the GIL held.
  void add(TensorSpec spec, nb::object values);

  [[nodiscard]] std::span<const TensorSpec> tensors() const override { return specs_; }
  void read(std::size_t index, const ByteSink& sink) override;
  [[nodiscard]] Metadata metadata() const override { return metadata_; }
  [[nodiscard]] std::vector<std::string> notes() const override { return notes_; }

 private:
  std::vector<TensorSpec> specs_;
  std::vector<nb::object> values_;
  Metadata metadata_;
  std::vector<std::string> notes_;
};

}  // namespace lancekeep::python
