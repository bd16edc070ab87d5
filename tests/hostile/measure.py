# SPDX-License-Identifier: Apache-2.0
"""Runs commands for test_hostile.py and reports what each took. This is a separate process because a child's peak of
memory includes its parent's memory at the fork, and pytest with torch uses a lot.

A line of standard input is {"command": [...], "seconds": limit}, the answer a line of standard output.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time

for line in sys.stdin:
    job = json.loads(line)
    with tempfile.TemporaryFile() as said:
        start = time.monotonic()
        child = subprocess.Popen(job["command"], stdin=subprocess.DEVNULL, stdout=said, stderr=said)
        signal.signal(signal.SIGALRM, lambda *_: child.kill())
        signal.setitimer(signal.ITIMER_REAL, job["seconds"])
        _, status, usage = os.wait4(child.pid, 0)
        signal.setitimer(signal.ITIMER_REAL, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        said.seek(0)
        answer = {
            "status": child.returncode,
            "said": said.read().decode(errors="backslashreplace"),
            "seconds": time.monotonic() - start,
            "peak_kib": usage.ru_maxrss,
        }
    print(json.dumps(answer), flush=True)
