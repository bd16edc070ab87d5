# SPDX-License-Identifier: Apache-2.0
"""The roles that use the command. Each signals its own commands now and then, as the soak signals its processes."""

import json
import os
import random
import signal
import subprocess
import time
from pathlib import Path

import soak_content
from soak_journal import Stopped, where_it_hangs
from soak_roles import KEEP_LAST, Damage, kept_tags, look

COMMAND = Path(os.environ["LANCEKEEP_BUILD"]) / "cli" / "lancekeep"
DAMAGE, INTERRUPTED = 1, 128 + signal.SIGINT


class CommandError(Exception):
    def __init__(self, code, text):
        super().__init__(text)
        self.code = code


def run(worker, *line):
    """The JSON that a command prints. Raises CommandError; Stopped if a signal ended it."""
    process = subprocess.Popen([COMMAND, *line, "--json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        if random.random() < 0.25:
            bother(worker, process)
        out, text = process.communicate(timeout=2 * worker.limit)
    except subprocess.TimeoutExpired:
        raise CommandError("hangs", where_it_hangs(process)) from None
    finally:
        process.kill()
        process.wait()
    if process.returncode == INTERRUPTED:
        raise Stopped(text, "interrupted")
    if process.returncode in (-signal.SIGINT, -signal.SIGKILL):
        raise Stopped(text, "unknown")
    if process.returncode == DAMAGE and line[0] == "verify":
        raise Damage(out)
    if process.returncode != 0:
        raise error_in(text, process.returncode)
    return json.loads(out)


def error_in(text, status):
    try:
        error = json.loads(text)["error"]
        return CommandError(error["code"], error["message"])
    except (ValueError, KeyError):
        return CommandError(f"status {status}", text)


def bother(worker, process):
    """The process is a child that was not waited for, so its number is still its own."""
    time.sleep(random.expovariate(1 / 0.03))
    what = random.choice([signal.SIGINT, signal.SIGINT, signal.SIGKILL, signal.SIGSTOP])
    begin = time.monotonic()
    process.send_signal(what)
    worker.journal.counted(what.name)
    if what == signal.SIGSTOP:
        time.sleep(random.uniform(0.1, 2))
        process.send_signal(signal.SIGCONT)
        worker.journal.stopped(begin)


def import_file(worker):
    from safetensors.numpy import save_file

    identity = soak_content.new_identity()
    message = soak_content.message_of(worker.role, identity)
    file = f"{worker.journal.path}.safetensors"
    save_file(soak_content.model(identity), file)
    tag = f"keep-{identity:x}" if random.random() < 0.1 else ""
    line = ["import", file, worker.path, "-m", message, *(["--tag", tag] if tag else [])]
    with worker.operation("save", message=message, **({"tag": tag} if tag else {})) as result:
        version = run(worker, *line)["version"]
        result.update(version=version, identity=identity)


def keep_house(worker):
    random.choice([set_tag, restore, collect, verify, export, export, read_log])(worker)


def set_tag(worker):
    versions = look(worker)
    if versions:
        number, name = random.choice(versions).number, f"keep-{soak_content.new_identity():x}"
        with worker.operation("tag", tag=name, version=number) as result:
            result["version"] = run(worker, "tag", worker.path, name, "--at", str(number))["version"]


def restore(worker):
    versions = look(worker)
    if versions:
        number = random.choice(versions).number
        with worker.operation("restore", version=number) as result:
            result["version"] = run(worker, "restore", worker.path, str(number))["version"]


def collect(worker):
    keep_last = random.choice(KEEP_LAST)
    line = ["gc", worker.path, "--keep-last", str(keep_last), "--orphans-older-than", "0s"]
    with worker.operation("gc", keep_last=keep_last) as result:
        result["removed"] = run(worker, *line)["versions_removed"]


def verify(worker):
    kept = kept_tags(worker)
    if kept:
        name = random.choice(kept)
        with worker.operation("verify", tag=name):
            run(worker, "verify", worker.path, "--at", name)


def export(worker):
    from safetensors.numpy import load_file

    file = f"{worker.journal.path}.exported.safetensors"
    with worker.operation("load"):
        run(worker, "export", worker.path, file, "--force")
        soak_content.identity_of(load_file(file))


def read_log(worker):
    with worker.operation("load"):
        if not run(worker, "log", worker.path)["versions"]:
            raise CommandError("empty", "log lists no version")


COMMAND_ROLES = {"command-saver": import_file, "command-keeper": keep_house}
