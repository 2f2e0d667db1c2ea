#!/usr/bin/env python3
"""`make test`: formatting, lint, the tests plainly, in a browser, and under AddressSanitizer and
UndefinedBehaviourSanitizer, a short fuzz run. The last line counts: "N passed, N failed".

    tools/test.py [--quick] [--fuzz-seconds N] [SUITE...]

--quick runs the tests of the plain build only; SUITE (base, ir, text, ...) limits the test runs to some rooms; the suite
web is the tests in a browser (tests/web).
A test program speaks TAP and counts for each of its cases.

Tests that wait (for a browser, for a server, for the longest of them) leave processors idle: lint and the build with
sanitizers take what is left over beside the plain tests, at the lowest priority there is.
"""

import argparse
import json
import os
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tools"))
import fuzz  # noqa: E402
import lint  # noqa: E402

passed = failed = 0
counting = threading.Lock()


def add(good, bad):
    global passed, failed
    with counting:
        passed += good
        failed += bad


def count(name, good, started, detail=""):
    """One line for one check."""
    add(good, not good)
    print(f"{'ok    ' if good else 'FAILED'} {name:40} {time.time() - started:6.1f} s  {detail}", flush=True)


def build(folder, options, env, targets=()):
    started = time.time()
    done = subprocess.run(["tools/configure", folder, *options], cwd=ROOT, env=env)
    if done.returncode == 0:
        done = subprocess.run(["ninja", "-C", folder, "--quiet", "all", "meson-test-prereq", *targets], cwd=ROOT,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if done.returncode:
            print(done.stdout)
    count(f"build {folder}", done.returncode == 0, started)
    return done.returncode == 0


def count_program(folder, test):
    """Counts the cases of one test program and shows what failed."""
    lines = test.get("stdout", "").splitlines()
    good = sum(line.startswith("ok ") for line in lines)
    bad = sum(line.startswith("not ok ") for line in lines)
    fine = test["result"] in ("OK", "EXPECTEDFAIL", "SKIP")
    if fine and good == 0 and test["result"] != "SKIP":
        good = 1
    if not fine and bad == 0:  # crashed, timed out or said so by its exit code only
        bad = 1
    add(good, bad)
    if fine and not bad:
        return
    print(f"FAILED {folder} {test['name']}: {test['result']}")
    shown = lines + test.get("stderr", "").splitlines()
    print("\n".join("    " + line for line in shown if not line.startswith("ok "))[-6000:])


def run_tests(folder, suites, env):
    started = time.time()
    log = ROOT / folder / "meson-logs" / "testlog.json"
    log.unlink(missing_ok=True)
    command = ["meson", "test", "-C", folder, "--no-rebuild", "--quiet"]
    for suite in suites:
        command += ["--suite", suite]
    done = subprocess.run(command, cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    tests = [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []
    for test in tests:
        count_program(folder, test)
    good = done.returncode == 0 and tests
    if not tests:
        print(done.stdout)
    slowest = max(tests, key=lambda t: t["duration"], default=None)
    detail = f"{len(tests)} programs" + (f", slowest {slowest['name']} {slowest['duration']:.1f} s" if slowest else "")
    count(f"tests in {folder}", bool(good), started, detail)


def run_web(folder, env):
    """The tests in a browser, one after another: they measure time, and there is one browser for all."""
    started = time.time()
    web = ROOT / "tests" / "web"
    installed, lock = web / "node_modules" / ".package-lock.json", web / "package-lock.json"
    if not installed.exists() or installed.stat().st_mtime < lock.stat().st_mtime:
        done = subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"], cwd=web, env=env)
        if done.returncode:
            count("npm ci in tests/web", False, started)
            return
        installed.touch()
    env = dict(env, TTX_PROGRAM=str(ROOT / folder / "tt-explorer"))
    done = subprocess.run(["node", "tests/web/run.mjs"], cwd=ROOT, env=env, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True)
    count_program(folder, {"name": "web", "result": "OK" if done.returncode == 0 else "FAIL", "stdout": done.stdout,
                           "stderr": done.stderr})
    count("tests in a browser", done.returncode == 0, started)


def run_lint():
    for name, check in lint.CHECKS.items():
        started = time.time()
        count(name, check(), started)


def run_fuzz(seconds):
    """All targets, as many at once as there are processors; those with many seeds, which take longer, first."""
    def one(name):
        started = time.time()
        good, text = fuzz.fuzz(name, seconds / len(targets))
        count(f"fuzz {name}", good, started, fuzz.summary(text))
        if not good:
            print("\n".join(text.splitlines()[-60:]))

    targets = sorted(fuzz.build(), key=lambda name: (not (ROOT / "fuzz" / f"{name}.seeds").exists(), name))
    lint.in_parallel(one, targets)


def left_over():
    """What this thread and the processes it starts do runs when nothing else wants a processor."""
    try:
        os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    except (AttributeError, OSError):
        pass  # where that is not allowed it runs beside the rest


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--fuzz-seconds", type=float, default=float(os.environ.get("FUZZ_SECONDS", 60)))
    parser.add_argument("suites", nargs="*")
    args = parser.parse_args()
    plain = {k: v for k, v in os.environ.items() if k != "CC"}
    # clang with sanitizers, gcc without: both must build without warnings.
    checked = dict(plain, CC="clang-14", ASAN_OPTIONS="detect_stack_use_after_return=1",
                   UBSAN_OPTIONS="print_stacktrace=1")

    rooms = [suite for suite in args.suites if suite != "web"]
    built = build("build", ["-Dtests=enabled"], plain)
    with ThreadPoolExecutor(1, initializer=left_over) as beside:
        linted = later = None
        if not args.quick:
            linted = beside.submit(run_lint)
            later = beside.submit(build, fuzz.BUILD.name, fuzz.OPTIONS, checked,
                                  ["fuzz-targets"] if args.fuzz_seconds > 0 else [])
        if built and (rooms or not args.suites):
            run_tests("build", rooms, plain)
        if built and (len(rooms) < len(args.suites) or not args.suites):
            run_web("build", plain)
    if later:
        linted.result()
        if later.result() and (rooms or not args.suites):
            run_tests(fuzz.BUILD.name, rooms, checked)
        if args.fuzz_seconds > 0:
            run_fuzz(args.fuzz_seconds)
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
