"""Tests of programs, written in Python: cases that report in TAP, as the C tests do.

    import tap

    @tap.case
    def says_its_version():
        done = tap.run("--version")
        tap.equal(done.code, 0)

    tap.main()
"""

import os
import subprocess
import sys
import traceback
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PROGRAM = os.environ.get("TTX_PROGRAM", str(ROOT / "build" / "tt-explorer"))
CORPUS = Path(os.environ.get("TTX_CORPUS", ROOT.parent / "shared" / "corpus"))
SANITIZED = "TTX_SANITIZED" in os.environ  # sweeps take a share of their files (tests/meson.build)

_cases = []


class Skip(Exception):
    """Raised by a case that cannot run here; the text says why."""


def case(function):
    _cases.append(function)
    return function


class Done:
    def __init__(self, code, out, err):
        self.code, self.out, self.err = code, out, err


def run(*args, stdin=b"", timeout=30, text=True, cwd=ROOT):
    """Runs the program; gives its exit code, standard output and standard error."""
    if isinstance(stdin, str):
        stdin = stdin.encode()
    done = subprocess.run([PROGRAM, *map(str, args)], input=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          timeout=timeout, cwd=cwd)
    if text:
        return Done(done.returncode, done.stdout.decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace"))
    return Done(done.returncode, done.stdout, done.stderr)


def equal(found, expected):
    if found != expected:
        raise AssertionError(f"expected {expected!r}\n   found {found!r}")


def contains(text, part):
    if part not in text:
        raise AssertionError(f"{part!r} is not in {text!r}")


def main():
    print(f"1..{len(_cases)}")
    failed = 0
    for i, function in enumerate(_cases, 1):
        try:
            function()
            print(f"ok {i} - {function.__name__}")
        except Skip as why:
            print(f"ok {i} - {function.__name__} # SKIP {why}")
        except Exception:
            failed += 1
            print(f"not ok {i} - {function.__name__}")
            for line in traceback.format_exc().splitlines():
                print(f"# {line}")
        sys.stdout.flush()
    sys.exit(1 if failed else 0)
