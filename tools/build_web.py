#!/usr/bin/env python3
"""Builds the web page: installs the packages of web/package-lock.json where they are not there yet, and bundles.

    tools/build_web.py packages [STAMP]                           only the packages
    tools/build_web.py page OUT_FOLDER OUTPUT.c DEPFILE [WASM...] bundle into a folder, then make a C file of it
    tools/build_web.py check                                      check types
"""

import fcntl
import hashlib
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
WEB = ROOT / "web"
QUIET = {"npm_config_update_notifier": "false", "npm_config_fund": "false", "npm_config_audit": "false",
         "npm_config_loglevel": "error"}


def packages(done=None):
    """What is installed is named by the hash of the lock file; several builds may ask at the same time. The file `done`
    is made anew at the end."""
    install()
    if done:
        Path(done).touch()


def install():
    want = hashlib.sha256((WEB / "package-lock.json").read_bytes()).hexdigest()
    stamp = WEB / "node_modules" / ".installed"
    with open(WEB / "package.json") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if stamp.exists() and stamp.read_text() == want:
            return
        done = subprocess.run(["npm", "ci", "--ignore-scripts"], cwd=WEB, env={**os.environ, **QUIET},
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if done.returncode:
            sys.exit(f"{done.stdout}npm could not install the packages of web/package-lock.json: "
                     "the first build needs the npm registry")
        stamp.write_text(want)


def page(folder, output, depfile, *wasm):
    packages()
    command = ["node", str(WEB / "build.mjs"), "--out", folder, "--depfile", depfile, "--target", output]
    for module in wasm:
        command += ["--wasm", module]
    if subprocess.run(command).returncode:
        sys.exit(1)
    sys.exit(subprocess.run([sys.executable, str(ROOT / "tools" / "embed.py"), folder, output]).returncode)


def check():
    packages()
    sys.exit(subprocess.run([str(WEB / "node_modules" / ".bin" / "tsc"), "--noEmit", "-p", str(WEB)]).returncode)


if __name__ == "__main__":
    {"packages": packages, "page": page, "check": check}[sys.argv[1]](*sys.argv[2:])
