"""What can go wrong on the way through a sitting says in a sentence what happened and what to do, and works again when the
cause is gone. The table is in docs/guide/failures.md; what needs a page is in tests/web/test_failures.mjs, the killed
server and the full disk in test_survival.py."""

import time

import serving
from serving import tap

API = "/api/ttx/v1"
MNIST = (tap.ROOT / "examples/mnist.mlir").read_text()
SQUARE = "func.func @main(%x: {t}) -> {t} {{\n  %0 = \"{op}\"(%x) : ({t}) -> {t}\n  return %0 : {t}\n}}\n"


def ask(s, method, path, body=None):
    return s.request(method, API + path, body)


def error(answer, status):
    """The parts of an error that must be there: its sentence and what to do."""
    tap.equal((answer.status, sorted(answer.json)), (status, ["error"]))
    told = answer.json["error"]
    assert len(told["message"]) > 8 and len(told.get("hint", "")) > 8, told
    return told


def opened(s, name):
    answer = ask(s, "POST", "/models", {"path": str(s.root / name)})
    return answer.json["id"]


def executed(s, model):
    job = ask(s, "POST", f"/models/{model}/executions", {}).json
    until = time.monotonic() + 30
    while job["state"] in ("queued", "running") and time.monotonic() < until:
        time.sleep(0.02)
        job = ask(s, "GET", f"/jobs/{job['id']}").json
    return job


@tap.case
def a_file_that_is_missing():
    with serving.Server() as s:
        path = s.root / "late.mlir"
        told = error(ask(s, "POST", "/models", {"path": str(path)}), 404)
        tap.contains(told["message"], "late.mlir")
        path.write_text(MNIST)
        tap.equal(ask(s, "GET", f"/models/{opened(s, 'late.mlir')}/stages/0/graph.json").status, 200)
    done = tap.run("info", "/nowhere/at/all.mlir")
    tap.equal((done.code, done.err), (2, "tt-explorer: cannot read /nowhere/at/all.mlir: No such file or directory; "
                                    "look whether the name is right and the file still there\n"))


@tap.case
def a_file_that_is_no_mlir_or_half_of_one():
    with serving.Server(files={"prose.mlir": "Dear reader,\nhow are you?\n", "bytes.mlir": bytes(range(256)) * 20,
                               "half.mlir": MNIST[:1500]}) as s:
        for name, what in (("prose.mlir", "does not look like MLIR"), ("bytes.mlir", "no text"), ("half.mlir", "only a part")):
            told = error(ask(s, "GET", f"/models/{opened(s, name)}/stages/0/graph.json"), 422)
            tap.contains(told["hint"], what)
            tap.equal((told["file"], told["line"] > 0), (name, True))
        (s.root / "half.mlir").write_text(MNIST)  # saved again, as a whole
        tap.equal(ask(s, "GET", f"/models/{opened(s, 'half.mlir')}/stages/0/graph.json").status, 200)


@tap.case
def an_unknown_dialect_is_shown_and_cannot_run():
    with serving.Server(files={"odd.mlir": SQUARE.format(t="tensor<4xf32>", op="strange.op")}) as s:
        model = opened(s, "odd.mlir")
        graph = ask(s, "GET", f"/models/{model}/stages/0/graph.json").json["graphs"][0]
        tap.contains([n["label"] for n in graph["nodes"]], "strange.op")
        job = executed(s, model)
        tap.equal(job["state"], "failed")
        for part in ("odd.mlir:2", "strange.op", "no kernel"):
            tap.contains(job["error"], part)


@tap.case
def a_model_larger_than_memory():
    text = SQUARE.format(t="tensor<900000x900000xf32>", op="ttir.relu")
    with serving.Server(files={"huge.mlir": text, "m.mlir": MNIST}) as s:
        job = executed(s, opened(s, "huge.mlir"))
        tap.equal(job["state"], "failed")
        for part in ("it needs ", "GB", "are free", "smaller batch"):
            tap.contains(job["error"], part)
        tap.equal(executed(s, opened(s, "m.mlir"))["state"], "done")
    done = tap.run("run", "-", stdin=text)
    tap.equal((done.code, done.out), (1, ""))
    tap.contains(done.err, "tt-explorer: cannot run -: it needs ")


@tap.case
def overrides_that_are_illegal_or_of_ops_that_are_gone():
    def one(target, value):
        return {"bind": "identity", "target": target, "attributes": [{"key": "output_layout.data_type", "value": value}]}

    with serving.Server(files={"m.mlir": MNIST}) as s:
        model = opened(s, "m.mlir")
        run = ask(s, "POST", f"/models/{model}/runs", {"overrides": {
            "a": one("@forward/ttnn.linear#2", "u8"), "b": one("@forward/ttnn.linear#9", "bf16"),
            "c": one("@forward/ttnn.linear#1", "bf16")}}).json
        tap.equal(run["ok"], True)  # the others are applied, the model is compiled
        state = {o["target"]: o for o in run["overrides"]}
        illegal, gone = state["@forward/ttnn.linear#2"], state["@forward/ttnn.linear#9"]
        tap.equal((illegal["state"], "bf16" in illegal["nearest"], len(illegal["why"]) > 20), ("illegal", True, True))
        tap.equal((gone["state"], "take it out" in gone["why"]), ("unmatched", True))
        tap.equal(state["@forward/ttnn.linear#1"]["state"], "applied")


@tap.case
def a_port_that_is_taken():
    with serving.Server() as s:
        done = tap.run("serve", "-q", "-p", s.port, "--workspace", s.folder / "other", timeout=10)
        tap.equal(done.code, 2)
        for part in (f"port {s.port}", "in use", "-p 0"):
            tap.contains(done.err, part)


tap.main()
