# SPDX-License-Identifier: Apache-2.0
"""Runs commands for test_hostile.py, and says what each took. A process of its own because a child's peak of
memory counts what its parent had when it forked, and pytest with torch has much.

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
