# SPDX-License-Identifier: Apache-2.0
"""Replacing a store whose folder cannot be renamed: in a lower layer of an overlay, as in a container, or a mount point.

Needs the right to mount; where a test may not, the injected EXDEV of operations.py stands in for it.
"""

import json
import subprocess

import pytest
from operations import STARTS, TOOL

OVERLAY = """
mkdir upper work merged && mount -t overlay overlay -o lowerdir=two,upperdir=upper,workdir=work merged && cd merged
"""
MOUNT_POINT = """
cp -r two merged && mkdir volume && cp -r merged/m.lance volume && mount --bind volume/m.lance merged/m.lance && cd merged
"""


def may_mount(folder):
    line = "mkdir l u w m && mount -t overlay overlay -o lowerdir=l,upperdir=u,workdir=w m"
    place = folder / "may-mount"
    place.mkdir()
    return subprocess.run(["unshare", "-m", "sh", "-c", line], cwd=place, capture_output=True).returncode == 0


def run_in(mount, steps, starts, folder):
    """What the steps print, and the status of the last, in a namespace of its own with this mount."""
    subprocess.run(["cp", "-r", starts / "two", folder / "two"], check=True)
    line = f"({mount}) >&2 || exit 99; cd merged; {steps}"
    done = subprocess.run(["unshare", "-m", "sh", "-c", line], cwd=folder, capture_output=True, text=True)
    assert done.returncode != 99, done.stderr
    return done


@pytest.mark.parametrize("mount", [OVERLAY, MOUNT_POINT], ids=["overlay", "mount_point"])
def test_the_new_model_becomes_the_only_version(mount, starts, tmp_path):
    assert "two" in STARTS
    if not may_mount(tmp_path):
        return
    steps = f"{TOOL} replace m.lance third.safetensors && {TOOL} check m.lance next.safetensors; ls -A | grep lancekeep"
    done = run_in(mount, steps, starts, tmp_path)
    document = json.loads(done.stdout)
    found = document["found"]
    assert list(found["versions"]) == ["3"] and found["tags"] == {}
    assert found["versions"]["3"]["tensors"] == document_of_third(starts, tmp_path)
    assert document["saved"] == 4


def document_of_third(starts, folder):
    """The tensors that a replacement leaves where folders can be exchanged."""
    place = folder / "plain"
    subprocess.run(["cp", "-r", starts / "two", place], check=True)
    subprocess.run([TOOL, "replace", "m.lance", "third.safetensors"], cwd=place, check=True)
    done = subprocess.run([TOOL, "check", "m.lance", "next.safetensors"], cwd=place, check=True, capture_output=True)
    return json.loads(done.stdout)["found"]["versions"]["1"]["tensors"]


def test_several_versions_are_refused_and_nothing_changes(starts, tmp_path):
    if not may_mount(tmp_path):
        return
    steps = f"{TOOL} publish-two m.lance third.safetensors; echo $?; ls -A; {TOOL} check m.lance next.safetensors"
    done = run_in(OVERLAY, steps, starts, tmp_path)
    status, *names, document = done.stdout.splitlines()
    assert status == "2" and "2 versions cannot take its place in one step" in done.stderr
    assert not [name for name in names if ".lancekeep-" in name]
    assert list(json.loads(document)["found"]["versions"]) == ["1", "2"]
