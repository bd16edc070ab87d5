# Each target sets up what it needs, even on a bare machine.
PREFIX ?= $(HOME)/.local
BUILD  := build/release
TORCH  := $(CURDIR)/.venv/lib/python3.11/site-packages/torch

# The files that the Python package is built from.
PYTHON_SOURCES = $(shell find include src cli python cmake CMakeLists.txt pyproject.toml README.md LICENSE -type f -not -name "*.pyc") \
  $(wildcard .venv/requirements)

.PHONY: help setup demo test test-asan test-release test-python python stubs check tidy tsan trust soak clients fuzz bench install build clean
help:
	@echo "make demo                import a real network, fine-tune it, save it again, compare both versions"
	@echo "make test                every test: C++ under sanitizers, LibTorch, pylance both ways, the Python package"
	@echo "make check               format, includes, words, the architecture picture (seconds)"
	@echo "make tidy                clang-tidy (minutes)"
	@echo "make tsan                the tests of threads, under the thread sanitizer"
	@echo "make trust               a kill and an error at every system call, many power cuts and histories (10 minutes)"
	@echo "make soak                savers, gc, replacements, forks, signals and readers at once, SOAK_SECONDS (1200)"
	@echo "make clients             modules of transformers, peft, diffusers and others, saved and loaded (2 GB of packages)"
	@echo "make fuzz                libFuzzer on each reader of files, FUZZ_SECONDS (600) each; stops at a finding"
	@echo "make bench               save, load, open, export and diff, compared with other libraries, as ratios"
	@echo "make python              the Python package, into build/site"
	@echo "make install PREFIX=dir  command, library, headers, CMake package"
	@echo "make setup               only install the system and Python packages that the tests need"

setup:
	tools/setup.sh system
	tools/setup.sh python
	tools/setup.sh python-old
	tools/setup.sh model-files
	tools/setup.sh lint

build/plain/CMakeCache.txt:
	tools/setup.sh system
	cmake --preset release -DLANCEKEEP_TESTS=OFF -DLANCEKEEP_TORCH_PREFIX= -B build/plain

build: build/plain/CMakeCache.txt
	cmake --build build/plain

demo: build/plain/CMakeCache.txt
	cmake --build build/plain --target lancekeep_cli example_finetune example_compare
	tools/demo.sh build/plain

bench: build python
	tools/setup.sh python
	.venv/bin/python bench/save_and_load.py build/plain
	.venv/bin/python bench/diff.py build/plain
	PYTHONPATH=build/site .venv/bin/python bench/python_load.py
	build/plain/bench/bench_history 1024 1000
	build/plain/bench/bench_history 65536 1000

install: build
	cmake --install build/plain --prefix $(PREFIX)

test: setup check test-asan test-release test-python

# Every C++ test, under the address and undefined-behaviour sanitizers.
test-asan:
	tools/setup.sh system
	cmake --preset asan
	cmake --build --preset asan
	ctest --preset asan

# What needs an optimised build: LibTorch, the installed package, the programs that pytest runs.
test-release:
	tools/setup.sh system
	tools/setup.sh python
	cmake --preset release -DLANCEKEEP_TESTS=ON -DLANCEKEEP_TORCH_PREFIX=$(TORCH) -DLANCEKEEP_UNIT_TESTS=OFF
	cmake --build --preset release
	ctest --preset release
	cmake --install $(BUILD) --prefix build/prefix >/dev/null
	cmake -S tests/consumer -B build/consumer -G Ninja -DCMAKE_PREFIX_PATH=$(CURDIR)/build/prefix
	cmake --build build/consumer
	ctest --test-dir build/consumer --output-on-failure --no-tests=error
	build/prefix/bin/lancekeep --version

# Into build/site, with the build tools in .venv: nothing is installed into .venv, and nothing is downloaded.
# It shares its build folder with `make test-release`, so that the library is compiled once.
python: build/site/.built
build/site/.built: $(PYTHON_SOURCES)
	tools/setup.sh system
	tools/setup.sh python
	rm -rf build/site
	.venv/bin/pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps --no-index \
	  -Cbuild-dir=$(BUILD) --target build/site .
	touch $@

# The types of the extension, for type checkers; a test compares the file with the extension.
stubs: python
	PYTHONPATH=build/site .venv/bin/python -m nanobind.stubgen -q -m lancekeep._native -o python/lancekeep/_native.pyi

# The last part of `make test`, so that pytest's summary ends the run. Two processes; all tests of a file run in one of them.
test-python: python
	LANCEKEEP_BUILD=$(CURDIR)/$(BUILD) LANCEKEEP_ASAN_BUILD=$(CURDIR)/build/asan PYTHONPATH=$(CURDIR)/build/site \
	  .venv/bin/python -m pytest -q -n 2 --dist loadfile tests

check:
	tools/setup.sh lint
	git ls-files '*.h' '*.cc' '*.cpp' | xargs .venv-lint/bin/clang-format --dry-run -Werror
	python3 tools/check_includes.py
	python3 tools/check_architecture.py
	python3 tools/check_words.py

tidy:
	tools/setup.sh system
	tools/setup.sh lint
	cmake --preset debug -DLANCEKEEP_TESTS=OFF -B build/tidy
	git ls-files 'src/*.cc' 'cli/*.cc' | grep -v -e _test.cc -e /testing/ | xargs -P 2 -n 8 .venv-lint/bin/clang-tidy -quiet -p build/tidy

TSAN_TESTS := threads_test lance_file_test io_test store_read_test
tsan:
	tools/setup.sh system
	cmake --preset tsan
	cmake --build --preset tsan --target $(TSAN_TESTS)
	ctest --preset tsan -R "^($$(echo $(TSAN_TESTS) | tr ' ' '|'))$$"

# What `make test` does at each call to Storage, here at every system call, and with more seeds.
trust: setup
	cmake --preset release -DLANCEKEEP_TESTS=ON -DLANCEKEEP_TORCH_PREFIX=$(TORCH) -DLANCEKEEP_UNIT_TESTS=ON
	cmake --build --preset release
	LANCEKEEP_SEEDS=100 $(BUILD)/src/store/tests/store_tests --gtest_brief=1 --gtest_filter='*PowerCutAt*'
	LANCEKEEP_EVERY_BYTE=1 $(BUILD)/src/store/verify/store_verify_test --gtest_brief=1
	LANCEKEEP_INTERLEAVINGS=20000 $(BUILD)/tests/histories/interleaving_test --gtest_brief=1
	LANCEKEEP_HISTORIES=3000 LANCEKEEP_BUILD=$(CURDIR)/$(BUILD) .venv/bin/python -m pytest -q tests/histories
	LANCEKEEP_TRUST=1 LANCEKEEP_BUILD=$(CURDIR)/$(BUILD) .venv/bin/python -m pytest -q tests/durability tests/large/test_large_files.py

# Some twenty processes on two stores; counts what hung, got lost, was damaged or failed. tests/soak/soak.py has its settings.
soak: build python
	LANCEKEEP_BUILD=$(CURDIR)/build/plain PYTHONPATH=$(CURDIR)/build/site .venv/bin/python tests/soak/soak.py

# In an environment of its own. `make test`, which lacks the clients, leaves them out: no file is named test_*.py or conftest.py.
clients: python
	tools/setup.sh clients
	PYTHONPATH=$(CURDIR)/build/site:$(CURDIR)/tests/clients .venv-clients/bin/python -m pytest -q -W ignore \
	  -p client_plugin -o python_files='clients_*.py' tests/clients

# New inputs are kept in build/fuzz/found; `fuzz/run.sh --minimise` packs fuzz/corpus anew from them.
fuzz: setup
	tools/setup.sh fuzz
	cmake --preset fuzz
	cmake --build --preset fuzz
	fuzz/run.sh

clean:
	rm -rf build
