#!/usr/bin/env python3
"""Runs tests of the executor under valgrind: tools/valgrind.py [TEST...], by default all that need no corpus (some 30 minutes).

    make valgrind                    make valgrind ARGS='ops hlo run'

Tests in C run under it themselves; tests in Python are given, as the program, a script that hands on to it. What it finds makes a
test fail. Valgrind knows instructions up to AVX2: our kernels and oneDNN's are those for such a machine. In some models (not in these
tests) the product that oneDNN 2.6 makes for AVX2 reads 64 bytes behind a buffer of its own: code without a name, called from run_piece.
"""
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / os.environ.get('BUILD', 'build')
TESTS = ROOT / 'tests' / 'exec'
# An error is told of on standard error, which tests show; the process fails.
VALGRIND = ['valgrind', '-q', '--error-exitcode=99']
# Their own lists of ops and files, which are as quick as they are long elsewhere.
NOT_RUN = {'coverage', 'table'}


def main():
    programs = {p.stem.removeprefix('test_'): p for p in sorted(TESTS.glob('test_*.*'))}
    wanted = sys.argv[1:] or [name for name in programs if name not in NOT_RUN]
    unknown = [name for name in wanted if name not in programs]
    if unknown:
        sys.exit(f'no test {unknown[0]}; there are {", ".join(programs)}')
    targets = [f'tests/exec/test_exec_{name}' for name in wanted if programs[name].suffix == '.c']
    subprocess.run(['ninja', '-C', BUILD, '--quiet', 'tt-explorer', *targets], check=True)
    failed = []
    with tempfile.TemporaryDirectory() as folder:
        program = Path(folder, 'tt-explorer')
        program.write_text(f'#!/bin/sh\nexec {" ".join(VALGRIND)} "{BUILD}/tt-explorer" "$@"\n')
        program.chmod(0o755)
        env = {'TTX_CORPUS': folder, 'TTX_CASE_THREADS': '3', 'TTX_SANITIZED': '1', **os.environ, 'TTX_SOURCE': str(ROOT), 'TTX_PROGRAM': str(program)}
        for name in wanted:
            in_c = programs[name].suffix == '.c'
            command = [*VALGRIND, str(BUILD / 'tests' / 'exec' / f'test_exec_{name}')] if in_c else [sys.executable, str(programs[name])]
            done = subprocess.run(command, cwd=folder, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
            bad = done.returncode or '\nnot ok' in '\n' + done.stdout
            print(f'{"not ok" if bad else "ok"} - {name}', flush=True)
            if bad:
                failed.append(name)
                print(done.stdout)
    sys.exit(1 if failed else 0)


main()
