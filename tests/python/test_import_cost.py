# SPDX-License-Identifier: Apache-2.0
"""What `import lancekeep` costs: it imports neither torch nor NumPy, and takes little memory. Its time is only printed."""

import statistics

from programs import output_of

MOST_MEMORY = 15 << 20

PROGRAM = """
import time
before, started = status("VmRSS"), time.perf_counter()
import lancekeep
seconds = time.perf_counter() - started
heavy = sorted({"torch", "numpy", "tqdm", "ml_dtypes", "pyarrow", "lance"} & set(sys.modules))
output(memory=status("VmRSS") - before, seconds=seconds, heavy=heavy, threads=len(os.listdir("/proc/self/task")))
"""

# Saves and opens a store with only numbers and text.
WITHOUT = """
for name in ("torch", "numpy"):
    sys.modules[name] = None
import lancekeep
store = lancekeep.open(folder / "m.lance", create=True)
store.save({"step": 7, "lr": [0.1, 0.2]}, message="numbers")
version = lancekeep.open(folder / "m.lance").at()
output(versions=[version.message for version in store.versions()], tensors=len(version))
"""


def test_import(folder, say):
    runs = [output_of(PROGRAM, folder) for _ in range(5)]
    median = statistics.median(run["seconds"] for run in runs)
    memory = max(run["memory"] for run in runs)
    say(f"import lancekeep: {memory / 1e6:.1f} MB, {1e3 * median:.0f} ms (median of 5)")
    assert all(run["heavy"] == [] and run["threads"] == 1 for run in runs)
    assert memory < MOST_MEMORY


def test_neither_torch_nor_numpy_is_needed(folder):
    assert output_of(WITHOUT, folder) == {"versions": ["numbers"], "tensors": 0}


def test_without_torch_the_error_says_what_to_install(folder):
    program = WITHOUT + """
try:
    store.load()
except lancekeep.UnsupportedError as error:
    output(error=str(error))
"""
    assert "pip install torch" in output_of(program, folder)["error"]


def test_numpy_needs_no_torch(folder):
    program = """
    sys.modules["torch"] = None
    import lancekeep.numpy, numpy
    lancekeep.numpy.save_file({"w": numpy.arange(5)}, folder / "m.lance")
    output(found=lancekeep.numpy.load_file(folder / "m.lance")["w"].tolist())
    """
    assert output_of(program, folder) == {"found": [0, 1, 2, 3, 4]}
