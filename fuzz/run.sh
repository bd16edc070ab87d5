#!/usr/bin/env bash
# Fuzzes all targets, or the given ones, for FUZZ_SECONDS (600) each.
#   fuzz/run.sh [TARGET...]             from the corpus and fresh seeds; stops at the first finding
#   fuzz/run.sh --minimise [TARGET...]  repacks fuzz/corpus/TARGET.tar.xz from all inputs found so far
# The programs are those of the CMake preset `fuzz`; new inputs are kept in build/fuzz/found/.
set -euo pipefail
cd "$(dirname "$0")/.."
build=build/fuzz
seconds=${FUZZ_SECONDS:-600}
longest=65536       # bytes of an input; larger bombs are in tests/hostile
largest_kept=4096   # bytes of an input in the committed corpus
most_kept=400
most_kept_bytes=$((192 << 10))

# A reader that takes more memory or time than this for a small file is a finding. The memory includes
# what the sanitizers add. Their quarantine of freed blocks, 256 MB by default, would hide a bomb or
# look like one, so it is smaller here. 20 seconds with the sanitizers are about one second without.
export ASAN_OPTIONS=quarantine_size_mb=32:malloc_context_size=8${ASAN_OPTIONS:+:$ASAN_OPTIONS}
limits_of() {
  case $1 in
    # Strings that a page repeats, and nulls whose width comes from another page, may take 256 MiB; the targets
    # themselves check this limit. Without -entropic=0, libFuzzer's bookkeeping would take half the time of large files.
    page) echo -max_len=$longest -rss_limit_mb=2560 -malloc_limit_mb=1024 -timeout=20 ;;
    data_file) echo -max_len=$longest -rss_limit_mb=2560 -malloc_limit_mb=1024 -timeout=20 -entropic=0 ;;
    *) echo -max_len=$longest -rss_limit_mb=512 -malloc_limit_mb=128 -timeout=20 ;;
  esac
}

fuzz() {
  local target=$1 found=$build/found/$1 findings=$build/findings/$1 limits
  read -ra limits < <(limits_of "$target")
  mkdir -p "$found" "$findings"
  echo "== $target: $seconds s"
  if "$build/fuzz/fuzz_$target" "$found" "$build/corpus/$target" "$build/seeds/$target" \
    "${limits[@]}" -max_total_time="$seconds" -dict="fuzz/dictionaries/$target.dict" \
    -artifact_prefix="$findings/" -print_final_stats=1 >"$build/$target.log" 2>&1; then
    grep -E '^(Done|stat::(number_of_executed_units|average_exec_per_sec|peak_rss_mb))' "$build/$target.log"
    return
  fi
  tail -n 40 "$build/$target.log"
  local finding
  finding=$(ls -t "$findings" | head -n 1)
  echo "fuzz: a finding in $target, see $build/$target.log; to replay it:" >&2
  echo "  $build/fuzz/fuzz_$target ${limits[*]} $findings/${finding:-FILE}" >&2
  echo "  build/asan/fuzz/fuzz_$target $findings/${finding:-FILE}" >&2
  exit 1
}

# Keeps the fewest files that together reach all the code that all files reach, and of these the
# smallest ones, up to the limits above. How often code is reached matters to the fuzzer, but not to a
# replay.
minimise() {
  local target=$1 all=$build/merge/$1/all kept=$build/merge/$1/kept limits
  read -ra limits < <(limits_of "$target")
  rm -rf "$all" "$kept"
  mkdir -p "$all" "$kept" "$build/found/$target"
  find "$build/found/$target" "$build/seeds/$target" "$build/corpus/$target" -type f -size "-$((largest_kept + 1))c" \
    -exec cp -t "$all" {} +
  "$build/fuzz/fuzz_$target" -set_cover_merge=1 -use_counters=0 "$kept" "$all" "${limits[@]}" >"$build/$target.merge.log" 2>&1
  rm -f "$build/corpus/$target"/*
  local count=0 bytes=0 size path
  while read -r size path; do
    ((count += 1, bytes += size))
    ((count <= most_kept && bytes <= most_kept_bytes)) || break
    cp "$path" "$build/corpus/$target/$(sha1sum <"$path" | cut -c1-16)"
  done < <(find "$kept" -type f -printf '%s %p\n' | sort -n)
  # The same files make the same archive.
  tar --sort=name --owner=0 --group=0 --numeric-owner --mtime=@0 --mode=644 -C "$build/corpus/$target" \
    -cJf "fuzz/corpus/$target.tar.xz" $(ls "$build/corpus/$target")
  echo "$target: $(find "$kept" -type f | wc -l) files reach everything;" \
    "kept $(find "$build/corpus/$target" -type f | wc -l) of $(du -sb --apparent-size "$build/corpus/$target" | cut -f1) bytes"
}

action=fuzz
if [ "${1:-}" = --minimise ]; then
  action=minimise
  shift
fi
targets=("$@")
[ ${#targets[@]} -gt 0 ] || targets=($(ls fuzz/fuzz_*.cc | sed 's#.*/fuzz_##; s#\.cc$##'))
unpack() {
  rm -rf "$build/corpus/$1"
  mkdir -p "$build/corpus/$1"
  [ ! -f "fuzz/corpus/$1.tar.xz" ] || tar -xJf "fuzz/corpus/$1.tar.xz" -C "$build/corpus/$1"
}

rm -rf "$build/seeds"
.venv/bin/python fuzz/make_seeds.py "$build/seeds" "${targets[@]}"
for target in "${targets[@]}"; do
  unpack "$target"
  "$action" "$target"
done
