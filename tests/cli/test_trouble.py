"""What the command line says when a file is not what it should be, or cannot be written."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import tap  # noqa: E402

MODEL = "examples/mnist.mlir"
WRITERS = (("check", "--json", MODEL), ("compile", MODEL), ("convert", MODEL), ("export", MODEL, "-o", "-"), ("info", MODEL),
           ("print", MODEL), ("render", MODEL), ("run", "--json", MODEL))


@tap.case
def standard_output_that_takes_nothing_is_said_with_its_cause():
    with open("/dev/full", "wb") as full:
        for args in WRITERS:
            done = subprocess.run([tap.PROGRAM, *args], stdout=full, stderr=subprocess.PIPE, cwd=tap.ROOT, timeout=60)
            tap.equal((args, done.returncode, done.stderr.decode()),
                      (args, 2, "tt-explorer: cannot write to standard output: No space left on device; make room, then do it again\n"))


@tap.case
def a_file_that_cannot_be_written_is_said_with_its_cause_and_half_of_one_is_removed():
    with tempfile.TemporaryDirectory() as folder:
        away = Path(folder) / "no" / "such.svg"
        for command in ("compile", "convert", "export", "render"):
            done = tap.run(command, MODEL, "-o", away)
            tap.equal((command, done.code, done.err), (command, 2, f"tt-explorer: cannot write {away}: No such file or directory; look whether its folder is there\n"))
        for command in ("compile", "convert", "render"):
            small = Path(folder) / f"{command}.json"
            limited = f"trap '' XFSZ; ulimit -f 1; exec {tap.PROGRAM} {command} {tap.ROOT / MODEL} -o {small}"
            done = subprocess.run(["bash", "-c", limited], stderr=subprocess.PIPE, timeout=60)
            tap.equal((command, done.returncode, done.stderr.decode(), small.exists()),
                      (command, 2, f"tt-explorer: cannot write {small}: File too large\n", False))
        done = tap.run("compile", MODEL, "--stages", os.path.join(folder, "no", "such"))
        tap.equal((done.code, "No such file or directory" in done.err), (2, True))


@tap.case
def what_is_no_model_is_told_apart_from_a_model_with_an_error():
    text = (tap.ROOT / MODEL).read_text()
    not_text, not_mlir, half = "this is no text", "this does not look like MLIR", "it may be only a part of one"
    for given, hint in ((bytes(range(256)) * 4, not_text), ("Gl\u00fcck\n".encode("latin-1") * 400, not_text), (b"Dear reader,\n", not_mlir),
                        (b"// a comment\n\nDear reader,\n", not_mlir), (b"", None), (text[:1500].encode(), half),
                        ("".join(text.splitlines(True)[:12]).encode(), half), (b"module { what }\n", None),
                        (b"func.func @f() { what }\n", None), ('module { "Gl\u00fcck" what }\n'.encode(), None)):
        done = tap.run("check", "-", stdin=given)
        tap.equal((given[:20], done.code), (given[:20], 1 if given else 0))
        said = [h for h in (not_text, not_mlir, half) if h in done.err]
        tap.equal((given[:20], said), (given[:20], [hint] if hint else []))


@tap.case
def overrides_that_are_none_are_shown_at_their_place():
    with tempfile.TemporaryDirectory() as folder:
        for text, line in (("// no JSON\n", 1), ('{"a":\n {"named_location": 1}}\n', 2), ('{"a": [1,\n', 1)):
            (Path(folder) / "o.json").write_text(text)
            for command in ("compile", "export"):
                done = tap.run(command, MODEL, "--overrides", f"{folder}/o.json", "-o", f"{folder}/out")
                start = f"{folder}/o.json:{line}:"
                tap.equal((text, command, done.code, done.err[:len(start)], "error: overrides cannot be read" in done.err),
                          (text, command, 1, start, True))
        for command, why in (("compile", "is 0, 1 or 2"), ("export", "is 0, 1 or 2")):
            done = tap.run(command, MODEL, "--level", "7", "-o", f"{folder}/out")
            tap.equal((command, done.code, why in done.err), (command, 2, True))


tap.main()
