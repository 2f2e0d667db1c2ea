#!/usr/bin/env python3
"""Compiles C sources to a WebAssembly reactor (docs in src/scene/engine.c): wasm.py --clang C --objects DIR --depfile D
-o OUT [-O LEVEL] [-I DIR]... SOURCE...

Objects are kept in DIR and made again when their source or a header has changed; as many at once as there are
processors. Modules made one after another may share DIR when their flags are the same. The depfile tells Ninja which
headers were read.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

FLAGS = ["--target=wasm32-wasi", "-std=c17", "-msimd128", "-ffp-contract=off", "-ffunction-sections",
         "-fdata-sections", "-Wall", "-Wextra", "-Werror", '-DTTX_VERSION="wasm"']
# wasm-opt, when it is on the path, would be run by clang and spoil SIMD code without the feature section: hence
# strip-debug, not strip-all.
LINK = ["--target=wasm32-wasi", "-mexec-model=reactor", "-Wl,--gc-sections", "-Wl,--strip-debug",
        "-Wl,-z,stack-size=1048576"]

CCACHE = [path] if (path := shutil.which("ccache")) else []  # as Meson does for its own


def headers(depfile):
    """The prerequisites in a depfile that clang has written."""
    text = depfile.read_text().replace("\\\n", " ")
    return [name.replace("\\ ", " ") for name in re.split(r"(?<!\\)\s+", text.split(":", 1)[1].strip())]


def fresh(target, depfile, command_time):
    if not target.exists() or not depfile.exists() or target.stat().st_mtime < command_time:
        return False
    try:
        return all(os.stat(name).st_mtime <= target.stat().st_mtime for name in headers(depfile))
    except OSError:
        return False


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--clang", required=True)
    parser.add_argument("--objects", type=Path, required=True)
    parser.add_argument("--depfile", type=Path, required=True)
    parser.add_argument("-o", dest="out", type=Path, required=True)
    parser.add_argument("-O", dest="level", default="2")
    parser.add_argument("-I", dest="include", action="append", default=[])
    parser.add_argument("sources", nargs="+", type=Path)
    args = parser.parse_args()
    args.objects.mkdir(parents=True, exist_ok=True)
    flags = FLAGS + [f"-O{args.level}"] + [f"-I{d}" for d in args.include]
    script_time = Path(__file__).stat().st_mtime

    def compile_one(source):
        target = args.objects / (source.parent.name + "_" + source.stem + ".o")
        depfile = target.with_suffix(".d")
        if not fresh(target, depfile, script_time):
            done = subprocess.run([*CCACHE, args.clang, *flags, "-MD", "-MF", depfile, "-c", source, "-o", target])
            if done.returncode:
                target.unlink(missing_ok=True)
                return None
        return target

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        objects = list(pool.map(compile_one, args.sources))
    if None in objects:
        sys.exit(1)
    subprocess.run([args.clang, *LINK, *objects, "-o", args.out], check=True)
    needed = sorted({name for o in objects for name in headers(o.with_suffix(".d"))})
    args.depfile.write_text(f"{args.out}: " + " ".join(name.replace(" ", "\\ ") for name in needed) + "\n")


if __name__ == "__main__":
    main()
