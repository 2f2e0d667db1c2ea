"""Passes on small modules: what tests/compile/passes/*.mlir say comes out.

Each file has, in comments at its top, what it is about and

    // stop: PASS              the last pass (default: all run)
    // options: NAME=VALUE ... of the pipeline
    // error: TEXT             the module is refused with this error
    // note: TEXT              and this note
    // warning: TEXT           it is compiled, with this warning

and, behind a line "// becomes", the functions and layouts that come out. `test_passes.py --update` writes that part anew.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import tap  # noqa: E402

FOLDER = Path(__file__).resolve().parent / "passes"
TOOL = os.environ.get("TTX_COMPARE_TOOL", str(tap.ROOT / "build" / "tests" / "compile" / "compare_tool"))
BECOMES = "\n// becomes\n"


def without_locations(text):
    text = re.sub(r"^#loc\d* = .*\n", "", text, flags=re.M)
    return re.sub(r' loc\((?:#loc\d*|"[^"]*":\d+:\d+|unknown)\)', "", text)


def essence(text):
    """The layouts and functions of a module, without what surrounds them and the trailing location of each op."""
    lines = []
    inside = None
    for line in without_locations(text).splitlines():
        depth = len(line) - len(line.lstrip())
        if line.startswith("#ttnn_layout"):
            lines.append(line)
        if inside is None and re.match(r"\s*func\.func ", line):
            inside = depth
        if inside is not None:
            lines.append(line[inside:])
            if depth == inside and (line.strip() == "}" or not line.endswith("{")):
                inside = None
    return "\n".join(lines) + "\n"


def compile_module(source, settings):
    with tempfile.TemporaryDirectory() as folder:
        module, out = Path(folder, "in.mlir"), Path(folder, "out.mlir")
        module.write_text(source)
        options = "\x1f".join(settings.get("options", "").split())
        fields = [str(module), "in.mlir", "", "", settings.get("stop", ""), options, str(out), ""]
        done = subprocess.run([TOOL], input="\t".join(fields) + "\n", stdout=subprocess.PIPE, text=True, timeout=30)
        answer = json.loads(done.stdout)
        return answer, out.read_text() if out.exists() else ""


def split(text):
    head = re.match(r"(?://.*\n)*", text).group(0)
    settings = dict(re.findall(r"^// (stop|options|error|note|warning): (.*)$", head, flags=re.M))
    source, _, expected = text.partition(BECOMES)
    return settings, source + "\n", expected


def check(path, update):
    settings, source, expected = split(path.read_text())
    answer, text = compile_module(source, settings)
    if "error" in settings:
        tap.equal(answer["status"], "refused")
        tap.contains(answer["errors"], "error: " + settings["error"])
        tap.contains(answer["errors"], "note: " + settings.get("note", ""))
        return
    tap.equal(answer["status"], "equal")
    if "warning" in settings:
        tap.contains(answer["errors"], "warning: " + settings["warning"])
    else:
        tap.equal(answer["errors"], "")
    if update:
        path.write_text(source.rstrip("\n") + "\n" + BECOMES + essence(text))
    else:
        tap.equal(essence(text).splitlines(), expected.splitlines())


def main():
    update = "--update" in sys.argv[1:]
    for path in sorted(FOLDER.glob("*.mlir")):
        def case(path=path):
            check(path, update)
        case.__name__ = path.stem
        tap.case(case)
    tap.main()


main()
