// SPDX-License-Identifier: Apache-2.0
// Fine-tunes the classifier of a stored model, saves the model as a new version, and checks the
// result.
//
//   example_finetune STORE [--tag NAME] [--write-expected FILE.safetensors]
//
// It reads version 1 of STORE and adds a little noise to the classifier: the tensors named
// `classifier.*` or `fc.*`, or the last two if no tensor has such a name. The i-th float32 value of
// a tensor becomes
//     value + float32(0.001 * (((i * 2654435761) mod 2^32) / 2^32 - 0.5))
// with the noise computed in double. Everything else stays the same. The result is saved on top of
// the latest version; then the store is opened again and both versions are compared with the
// expected bytes. --write-expected writes the result from memory to a file, to be compared with
// `lancekeep export`. Exit status: 0 if all is as expected, 1 if something differs, 2 after an
// error.
#include <lancekeep/formats.h>
#include <lancekeep/store.h>
#include <lancekeep/tensors.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

using Bytes = std::vector<std::byte>;

struct Arguments {
  std::filesystem::path store;
  std::string tag;
  std::filesystem::path expected;
};

/// A copy of a version in memory, whose values can be changed before it is saved or exported.
class Model {
 public:
  /// Copies the values of all rows, tensors or not; tied tensors stay tied.
  explicit Model(const lancekeep::Version& version) {
    for (const lancekeep::TensorInfo& row : version.tensors()) {
      const auto target = row.tied_to ? index_.find(*row.tied_to) : index_.end();
      if (target != index_.end()) {
        tensors_.tie(row.name, target->first);
        values_.push_back(values_[target->second]);
      } else {
        const lancekeep::TensorView view = version.tensor(row.name);
        values_.push_back(std::make_shared<Bytes>(view.bytes().begin(), view.bytes().end()));
        tensors_.add(row.name, view.dtype(), view.shape(), *values_.back(), values_.back());
      }
      index_.emplace(row.name, index_.size());
    }
  }

  [[nodiscard]] lancekeep::TensorSource& source() { return tensors_; }
  [[nodiscard]] std::span<const lancekeep::TensorSpec> tensors() const {
    return tensors_.tensors();
  }
  /// Tied tensors share their value.
  [[nodiscard]] Bytes& value(std::size_t index) { return *values_.at(index); }
  [[nodiscard]] std::uint64_t bytes() const { return lancekeep::total_nbytes(tensors()); }

 private:
  lancekeep::Tensors tensors_;
  std::vector<std::shared_ptr<Bytes>> values_;  // parallel to tensors(); shared by tied ones
  std::map<std::string, std::size_t> index_;
};

class Stopwatch {
 public:
  [[nodiscard]] double ms() const {
    return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start_)
        .count();
  }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

void report(const char* step, std::uint64_t version, std::size_t tensors, std::uint64_t bytes,
            const Stopwatch& watch, const std::string& remark = {}) {
  std::printf("%-9s version %llu: %zu tensors, %llu bytes, %.1f ms%s\n", step,
              static_cast<unsigned long long>(version), tensors,
              static_cast<unsigned long long>(bytes), watch.ms(), remark.c_str());
}

/// Indices of the classifier's tensors, in model order.
std::vector<std::size_t> classifier(const Model& model) {
  std::vector<std::size_t> named;
  std::vector<std::size_t> all;
  for (std::size_t i = 0; i < model.tensors().size(); ++i) {
    const lancekeep::TensorSpec& spec = model.tensors()[i];
    if (spec.dtype == "json" || spec.dtype == "tree") continue;
    all.push_back(i);
    if (spec.name.starts_with("classifier.") || spec.name.starts_with("fc.")) named.push_back(i);
  }
  if (!named.empty()) return named;
  all.erase(all.begin(), all.end() - std::min<std::ptrdiff_t>(2, std::ssize(all)));
  return all;
}

void add_noise(Bytes& values) {
  for (std::size_t i = 0; i < values.size() / sizeof(float); ++i) {
    const auto draw = static_cast<std::uint32_t>(std::uint64_t{i} * 2654435761U);
    const double noise = 0.001 * (draw / 4294967296.0 - 0.5);
    float value = 0;
    std::memcpy(&value, values.data() + i * sizeof value, sizeof value);
    value += static_cast<float>(noise);
    std::memcpy(values.data() + i * sizeof value, &value, sizeof value);
  }
}

/// Changes the classifier and returns which tensors changed, including those tied to a changed one.
std::vector<bool> finetune(Model& model) {
  std::vector<bool> changed(model.tensors().size());
  for (const std::size_t index : classifier(model)) {
    const lancekeep::TensorSpec& spec = model.tensors()[index];
    const std::size_t owner = spec.tied_to.value_or(index);
    if (spec.dtype != "float32" || changed[owner]) continue;
    add_noise(model.value(owner));
    changed[owner] = true;
  }
  for (std::size_t i = 0; i < changed.size(); ++i) {
    changed[i] = changed[model.tensors()[i].tied_to.value_or(i)];
  }
  if (std::ranges::count(changed, true) == 0) {
    throw std::runtime_error("the classifier has no float32 values to change");
  }
  return changed;
}

/// Counts the rows of `version` whose bytes differ from those in `expected`.
int differences(const lancekeep::Version& version, Model& expected) {
  int count = version.tensors().size() == expected.tensors().size() ? 0 : 1;
  for (std::size_t i = 0; i < std::min(version.tensors().size(), expected.tensors().size()); ++i) {
    const lancekeep::TensorSpec& spec = expected.tensors()[i];
    const lancekeep::TensorInfo& row = version.tensors()[i];
    if (row.name == spec.name && row.dtype == spec.dtype && row.shape == spec.shape &&
        std::ranges::equal(version.tensor(row.name).bytes(), expected.value(i))) {
      continue;
    }
    std::printf("DIFFERENT %s in version %llu\n", spec.name.c_str(),
                static_cast<unsigned long long>(version.number()));
    ++count;
  }
  return count;
}

/// Counts the tensors that should be unchanged but differ between the versions.
int touched_by_mistake(const lancekeep::Version& before, const lancekeep::Version& after,
                       const std::vector<bool>& changed) {
  int count = 0;
  for (std::size_t i = 0; i < changed.size(); ++i) {
    const std::string& name = before.tensors()[i].name;
    if (changed[i] || std::ranges::equal(before.tensor(name).bytes(), after.tensor(name).bytes())) {
      continue;
    }
    std::printf("DIFFERENT %s, which must not change\n", name.c_str());
    ++count;
  }
  return count;
}

/// Opens the store again and compares both versions with the copies in memory.
int prove(const std::filesystem::path& path, std::uint64_t saved, Model& before, Model& after,
          const std::vector<bool>& changed) {
  const lancekeep::Store store = lancekeep::Store::open(path);
  const lancekeep::Version first = store.at(1);
  const lancekeep::Version second = store.at(saved);

  const Stopwatch first_watch;
  const int in_first = differences(first, before);
  report("checked", 1, before.tensors().size(), before.bytes(), first_watch,
         ", " + std::to_string(in_first) + " differences from before the save");

  const Stopwatch second_watch;
  const int in_second = differences(second, after);
  report("checked", saved, after.tensors().size(), after.bytes(), second_watch,
         ", " + std::to_string(in_second) + " differences from what was saved");

  const Stopwatch both_watch;
  const int in_both = touched_by_mistake(first, second, changed);
  report("checked", saved, static_cast<std::size_t>(std::ranges::count(changed, false)),
         second.info().bytes_added, both_watch,
         " (bytes added on disk), " + std::to_string(in_both) +
             " differences from version 1 in the other tensors");
  return in_first + in_second + in_both;
}

int run(const Arguments& arguments) {
  const Stopwatch open_watch;
  lancekeep::Store store = lancekeep::Store::open(arguments.store);
  const lancekeep::Version version = store.at(1);
  Model before(version);
  report("read", 1, before.tensors().size(), before.bytes(), open_watch);

  const Stopwatch change_watch;
  Model after(version);
  const std::vector<bool> changed = finetune(after);
  std::uint64_t changed_bytes = 0;
  for (std::size_t i = 0; i < changed.size(); ++i) {
    const lancekeep::TensorSpec& spec = after.tensors()[i];
    if (changed[i] && !spec.tied_to) changed_bytes += spec.nbytes;
  }
  report("changed", 1, static_cast<std::size_t>(std::ranges::count(changed, true)), changed_bytes,
         change_watch, " (in memory)");

  if (!arguments.expected.empty()) {
    const Stopwatch watch;
    const auto written = lancekeep::write_safetensors(arguments.expected, after.source());
    std::printf("wrote     %s: %llu tensors, %llu bytes, %.1f ms\n", arguments.expected.c_str(),
                static_cast<unsigned long long>(written.tensors),
                static_cast<unsigned long long>(written.bytes_written), watch.ms());
  }

  const Stopwatch save_watch;
  lancekeep::SaveOptions options;
  options.message = "fine-tuned classifier";
  options.metadata = {{"base_version", "1"}, {"noise", "0.001"}};
  options.tag = arguments.tag;
  const lancekeep::SaveReport saved = store.save(after.source(), options);
  report("saved", saved.version, saved.tensors_written, saved.bytes_written, save_watch,
         ", " + std::to_string(saved.tensors_kept) + " tensors kept");

  const int count = prove(arguments.store, saved.version, before, after, changed);
  std::printf("%s\n", count == 0 ? "all as expected" : "NOT as expected");
  return count == 0 ? 0 : 1;
}

/// Unset if the command line is invalid.
std::optional<Arguments> parse(const std::vector<std::string>& words) {
  Arguments arguments;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const bool has_value = i + 1 < words.size();
    if (words[i] == "--tag" && has_value) {
      arguments.tag = words[++i];
    } else if (words[i] == "--write-expected" && has_value) {
      arguments.expected = words[++i];
    } else if (!words[i].starts_with("-") && arguments.store.empty()) {
      arguments.store = words[i];
    } else {
      return std::nullopt;
    }
  }
  if (arguments.store.empty()) return std::nullopt;
  return arguments;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const auto arguments = parse({argv + 1, argv + argc});
    if (arguments) return run(*arguments);
    std::fprintf(stderr, "usage: %s STORE [--tag NAME] [--write-expected FILE.safetensors]\n",
                 argv[0]);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
  }
  return 2;
}
