"""tt-explorer export: the parts of the page. That it opens in a browser is tested in tests/web."""

import base64
import gzip
import hashlib
import json
import re
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import tap  # noqa: E402

MODEL = tap.ROOT / "examples" / "mnist.mlir"


def part(page, name):
    """The text of a part."""
    found = re.findall(rf'<script type="text/plain" id="ttx-{name}">(.*?)</script>', page, re.S)
    tap.equal(len(found), 1)
    return found[0]


def unpacked(page, name):
    return gzip.decompress(base64.b64decode(part(page, name), validate=True))


@tap.case
def holds_the_model_and_the_program():
    done = tap.run("export", MODEL, "-o", "-")
    tap.equal((done.code, done.err), (0, ""))
    page = done.out
    assert page.startswith("<!doctype html>"), page[:100]
    tap.equal(unpacked(page, "model-0"), MODEL.read_bytes())
    for wasm in ("engine", "core"):
        tap.equal(unpacked(page, wasm)[:4], b"\0asm")
    tap.contains(unpacked(page, "style").decode(), "--accent")
    for script in ("app", "editor", "worker"):
        assert len(unpacked(page, script)) > 10000
    info = json.loads(part(page, "info"))
    tap.equal(info["models"], [{"name": "mnist.mlir", "id": hashlib.sha256(MODEL.read_bytes()).hexdigest()}])
    # nothing is loaded from anywhere
    tap.equal(re.findall(r'(?:src|href)="(?!data:)[^"]*"', page.split('id="ttx-info"')[0]), [])
    assert tap.SANITIZED or len(page) < 1_500_000, f"{len(page)} bytes"


@tap.case
def titles_are_text():
    title = "</script><b>&é"
    page = tap.run("export", "--title", title, MODEL, "-o", "-").out
    tap.contains(page, "<title>&lt;/script>&lt;b>&amp;é</title>")
    tap.equal(json.loads(part(page, "info"))["models"][0]["name"], title)


@tap.case
def takes_graphs_and_standard_input():
    graph = tap.run("convert", MODEL).out
    done = tap.run("export", "--title", "g", "-", "-o", "-", stdin=graph)
    tap.equal(done.code, 0)
    tap.equal(unpacked(done.out, "model-0").decode(), graph)


@tap.case
def several_stand_beside_each_other():
    other = tap.ROOT / "examples" / "transformer_block.mlir"
    page = tap.run("export", MODEL, other, "-o", "-").out
    tap.contains(page, "<title>mnist.mlir, transformer_block.mlir</title>")
    tap.equal([unpacked(page, f"model-{i}") for i in range(2)], [MODEL.read_bytes(), other.read_bytes()])
    tap.equal([m["name"] for m in json.loads(part(page, "info"))["models"]], ["mnist.mlir", "transformer_block.mlir"])
    tap.contains(tap.run("export", "--title", "two", MODEL, other, "-o", "-").out, "<title>two</title>")
    # one that has errors makes no page of all
    with tempfile.TemporaryDirectory() as folder:
        done = tap.run("export", MODEL, "-", "-o", Path(folder) / "page.html", stdin="module { nonsense }")
        tap.equal((done.code, list(Path(folder).iterdir())), (1, []))


@tap.case
def stages_and_node_data_are_in_it_when_asked_for():
    """The stages are those that compile writes; what an op came from stands beside each."""
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "times.json"
        data.write_text(json.dumps({"g": {"results": {"fc1": {"value": 2.5}}}, "h": {"results": {}, "name": "other"}}))
        stages = Path(folder) / "stages"
        tap.equal(tap.run("compile", "--level", "1", "--locations", "--stages", stages, MODEL, "-o", "/dev/null").code, 0)
        done = tap.run("export", "--level", "1", MODEL, "--data", data, "-o", "-")
        tap.equal((done.code, done.err), (0, ""))
        model = json.loads(part(done.out, "info"))["models"][0]
        tap.equal(model["data"], [{"name": "times", "graph": "g"}, {"name": "other", "graph": "h"}])
        tap.equal(json.loads(unpacked(done.out, "data-0-0")), {"results": {"fc1": {"value": 2.5}}})
        run = model["runs"][0]["run"]
        tap.equal((run["ok"], run["settings"], run["model"]), (True, {"part": 0, "level": 1}, model["id"]))
        changed = [s for s in run["stages"][1:] if s["changed"]]
        files = sorted(stages.iterdir())[1:]  # the first is the input
        tap.equal([s["pass"] for s in changed], [f.stem.split("-", 1)[1] for f in files])
        before = 0
        for stage, file in zip(changed, files):
            text = unpacked(done.out, f"run-0-0-{stage['stage']}").decode()
            tap.equal(text, file.read_text().replace(str(MODEL), MODEL.name))
            origins = json.loads(unpacked(done.out, f"origins-0-0-{stage['stage']}"))
            # the op of each name at the beginning of a line has its origins; the module's is the module
            tap.equal(origins[0], [0])
            if before:
                assert max(max(o, default=0) for o in origins) < before, stage
            before = len(origins)
        tap.equal(before, run["stages"][-1]["ops"] + 1)  # the module is none of the ops that are counted


@tap.case
def what_cannot_be_compiled_or_read_is_said():
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "bad.json"
        data.write_text('{"results": 1}')
        for args, code, text in (
            (("--level", "3"), 2, "level"),
            (("--level", "x"), 2, "level"),
            (("--device", "n999"), 2, "n999"),
            (("--overrides", "/nowhere.json"), 2, "/nowhere.json"),
            (("--data", "/nowhere.json"), 2, "/nowhere.json"),
            (("--data", data), 1, "bad.json"),
        ):
            done = tap.run("export", MODEL, *args, "-o", Path(folder) / "page.html")
            tap.equal((args, done.code), (args, code))
            tap.contains(done.err, text)
        done = tap.run("export", "--data", data, MODEL, "-o", "-")
        tap.equal((done.code, done.out), (2, ""))
        tap.contains(done.err, "name that first")


@tap.case
def a_model_with_errors_makes_no_page():
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder) / "page.html"
        done = tap.run("export", "-", "-o", page, stdin="module { nonsense }")
        tap.equal((done.code, page.exists()), (1, False))
        tap.contains(done.err, "error")


@tap.case
def a_full_disk_is_said_and_a_device_stays():
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder) / "page.html"
        page.symlink_to("/dev/full")
        done = tap.run("export", MODEL, "-o", page)
        tap.equal((done.code, done.err), (2, f"tt-explorer: cannot write {page}: No space left on device; make room, then do it again\n"))
        tap.equal(page.is_symlink(), True)  # half a page is removed, what is no file is not


@tap.case
def wrong_usage():
    for args in ((), (MODEL,), (MODEL, "-o"), ("--what", MODEL, "-o", "x")):
        done = tap.run("export", *args)
        tap.equal((args, done.code, done.out), (args, 2, ""))
    done = tap.run("export", MODEL, "-o", "/nowhere/page.html")
    tap.equal(done.code, 2)
    tap.contains(done.err, "/nowhere/page.html")
    tap.contains(tap.run("export", "--help").out, "usage: tt-explorer export")


tap.main()
