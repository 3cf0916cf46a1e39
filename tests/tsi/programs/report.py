# SPDX-License-Identifier: Apache-2.0
"""Checks that say what they found, in the manner of TAP, but without numbers:
the lines of guest and host are numbered together by programs.test."""
import contextlib
import random
import subprocess
import time


@contextlib.contextmanager
def check(name):
    """Says 'ok', unless what is done inside raises an exception."""
    start = time.monotonic()
    try:
        yield
    except Exception as error:
        output = f"{type(error).__name__}: {error}\n"
        if isinstance(error, (subprocess.CalledProcessError, subprocess.TimeoutExpired)):
            output += f"{error.stdout or ''}\n{error.stderr or ''}"
        lines = [f"# {line}" for line in output.splitlines() if line]
        print(f"not ok - {name}", *lines[:10], sep="\n", flush=True)
    else:
        print(f"ok - {name}\n# {time.monotonic() - start:.1f} s", flush=True)


def skip(name, reason):
    print(f"ok - {name} # SKIP {reason}", flush=True)


def expect(found, expected, what):
    if found != expected:
        raise AssertionError(f"{what}: {found!r}, not {expected!r}")


def content(name, size):
    """Bytes that guest and host know without telling each other."""
    return random.Random(name).randbytes(size)
