"""Executions, their tensors, and traces of other programs over our own API (api.py)."""

import ast
import csv
import io
import json
import struct
import time
import zipfile
from urllib.parse import quote

import serving
import tensors
from api import API, all_answered, call, ended, of_executions, opened
from serving import tap


@tap.case
def executes():
    with serving.Server() as s:
        model = opened(s)
        for wrong in ({"repeat": 1001}, {"numbers": "odd"}, {"golden": 1}, {"stage": 2}, {"threads": "many"}):
            call(s, "POST", f"/models/{model}/executions", wrong, expect=400)
        run = call(s, "POST", f"/models/{model}/runs", {})
        last = len(run["stages"]) - 1
        for where, ops in (({}, ["ttir.matmul", "ttir.relu"]),
                           ({"run": run["id"], "stage": last}, ["ttnn.matmul", "ttnn.relu"])):
            job = ended(s, call(s, "POST", f"/models/{model}/executions", {"repeat": 3, "golden": True, **where}))
            tap.equal((job["state"], job["error"]), ("done", None))
            told = call(s, "GET", f"/executions/{job['result']['execution']}")
            by_op = {op["op"]: op for op in told["ops"]}
            for op in ops:
                # 784 products and sums for each of 64 results
                tap.equal(by_op[op]["flops"], 2 * 784 * 64 if op.endswith("matmul") else 64)
                assert by_op[op]["least_us"] <= by_op[op]["us"] <= by_op[op]["most_us"]
                assert abs(by_op[op]["pcc"] - 1) < 1e-6
            assert told["least_us"] <= told["us"] <= told["most_us"]
            tap.equal(told["runs"], 3)
        listed = call(s, "GET", f"/models/{model}/executions")["executions"]
        tap.equal(len(listed), 2)
        # its numbers are overlays like others
        overlays = call(s, "GET", f"/models/{model}/overlays")["overlays"]
        tap.equal(len(overlays), 6)
        values = call(s, "GET", f"/overlays/{overlays[0]['id']}/values")
        tap.equal((len(values["values"]), values["unbound"]), (2, 0))
        # compile runs are listed by themselves
        tap.equal(len(call(s, "GET", f"/models/{model}/runs")["runs"]), 1)
        call(s, "DELETE", f"/executions/{listed[0]['id']}")
        call(s, "GET", f"/executions/{listed[0]['id']}", expect=404)
        call(s, "DELETE", f"/executions/{listed[0]['id']}", expect=404)
        tap.equal(len(call(s, "GET", f"/models/{model}/executions")["executions"]), 1)


@tap.case
def executes_as_often_as_needed():
    """What const-eval functions make once is warmed up: it is an op of the execution, and part of no run that is timed."""
    block = (tap.ROOT / "examples/transformer_block.mlir").read_text()
    with serving.Server(files={"block.mlir": block}) as s:
        model = opened(s, "block.mlir")
        run = call(s, "POST", f"/models/{model}/runs", {})
        last = len(run["stages"]) - 1
        job = ended(s, call(s, "POST", f"/models/{model}/executions", {"repeat": 0, "run": run["id"], "stage": last}))
        told = call(s, "GET", f"/executions/{job['result']['execution']}")
        assert 1 <= told["runs"] <= 3, told["runs"]
        tap.contains(call(s, "GET", f"/jobs/{job['id']}/log")["text"], "to warm up: ")
        once = [op for op in told["ops"] if op["us"] == 0]
        always = [op for op in told["ops"] if op["op"] == "ttnn.matmul"]
        assert once and all(op["least_us"] == op["last_us"] == 0 < op["most_us"] for op in once), once
        assert always and all(op["least_us"] > 0 and op["last_us"] > 0 for op in always), always
        # accuracy was not asked for: none is told, and there is no overlay of it
        assert not any("pcc" in op or "no_accuracy" in op for op in told["ops"]), told["ops"]
        tap.equal(len(call(s, "GET", f"/models/{model}/overlays")["overlays"]), 2)


SLOW = "tensor<768x768xf32>"
PRODUCTS = (f"func.func @main(%a: {SLOW}) -> {SLOW} {{\n"
            + "".join(f'  %{i} = "ttir.matmul"(%{i - 1 if i else "a"}, %a) : ({SLOW}, {SLOW}) -> {SLOW}\n' for i in range(16))
            + f"  return %15 : {SLOW}\n}}\n")


@tap.case
def times_come_before_accuracy():
    """The document is told of when the times are in it; a golden run that does not come to its end takes nothing back."""
    with serving.Server(files={"products.mlir": PRODUCTS}) as s:
        model = opened(s, "products.mlir")
        events = serving.Stream(s, API + "/events")
        events.lines(1)
        job = call(s, "POST", f"/models/{model}/executions", {"golden": True, "keep": True})
        while (told := json.loads(events.event('"result":{"execution"', 500)))["id"] != job["id"]:
            pass
        tap.equal(told["state"], "running")
        call(s, "DELETE", f"/jobs/{job['id']}")
        tap.equal(ended(s, job)["state"], "cancelled")
        events.close()
        number = told["result"]["execution"]
        stopped = call(s, "GET", f"/executions/{number}")
        assert all(op["us"] > 0 for op in stopped["ops"]) and len(stopped["ops"]) == 16, stopped["ops"]
        tap.equal({op.get("no_accuracy") for op in stopped["ops"]}, {"the golden run did not come to its end"})
        tap.equal((stopped["kept"]["bytes"], "divergence" in stopped), (0, False))
        tap.equal(len(call(s, "GET", f"/models/{model}/overlays")["overlays"]), 2)
        # one that comes to its end has all of it, in one document
        job = ended(s, call(s, "POST", f"/models/{model}/executions", {"golden": True, "keep": True}))
        tap.equal((job["state"], job["result"]), ("done", {"execution": number + 1}))
        whole = call(s, "GET", f"/executions/{number + 1}")
        assert all(op["pcc"] > 0.999999 and "no_accuracy" not in op for op in whole["ops"]), whole["ops"]
        assert whole["kept"]["bytes"] > 0 and whole["divergence"]["compared"] == 16
        tap.equal(len(call(s, "GET", f"/models/{model}/executions")["executions"]), 2)
        tap.equal(len(call(s, "GET", f"/models/{model}/overlays")["overlays"]), 5)


def values_of(npy):
    """Shape and values of a .npy of f32."""
    length = struct.unpack_from("<H", npy, 8)[0]
    header = ast.literal_eval(npy[10 : 10 + length].decode().strip())
    body = npy[10 + length :]
    tap.equal(header["descr"], "<f4")
    return header["shape"], struct.unpack(f"<{len(body) // 4}f", body)


KEPT = """module {
  func.func @main(%arg0: tensor<2x3x4x5xf32>) -> tensor<2x3x4x5xf32> {
    %0 = "ttir.abs"(%arg0) : (tensor<2x3x4x5xf32>) -> tensor<2x3x4x5xf32>
    %1 = "ttir.log"(%0) : (tensor<2x3x4x5xf32>) -> tensor<2x3x4x5xf32>
    %2 = "ttir.subtract"(%1, %1) : (tensor<2x3x4x5xf32>, tensor<2x3x4x5xf32>) -> tensor<2x3x4x5xf32>
    %3 = "ttir.log"(%2) : (tensor<2x3x4x5xf32>) -> tensor<2x3x4x5xf32>
    return %3 : tensor<2x3x4x5xf32>
  }
}
"""


DEVICE = """func.func @main(%a: tensor<4x4xbf16>, %device: !ttnn.device, %b: tensor<4x4xbf16>) -> tensor<4x4xbf16> {
  %0 = "ttnn.subtract"(%a, %b) : (tensor<4x4xbf16>, tensor<4x4xbf16>) -> tensor<4x4xbf16>
  return %0 : tensor<4x4xbf16>
}
"""


@tap.case
def executes_with_a_device_among_the_arguments():
    with serving.Server(files={"device.mlir": DEVICE}) as s:
        model = opened(s, "device.mlir")
        job = ended(s, call(s, "POST", f"/models/{model}/executions", {"keep": True, "golden": True}))
        told = call(s, "GET", f"/executions/{job['result']['execution']}")
        tap.equal((told["divergence"]["compared"], told["divergence"]["bad"]), (1, 0))


# Squares of whole powers of two are exact in bf16, those of other numbers are not.
ODD_DEVICE = """module attributes {ttcore.meshes = #ttcore.meshes<[<"mesh" = 1x2>]>} {
func.func @main(%a: tensor<4x4xbf16>) -> tensor<4x4xbf16> {
  %two = "ttir.constant"() <{value = dense<[[2.0, 4.0, 1.0, 2.0], [1.0, 2.0, 4.0, 8.0], [1.0078125, 1.0234375, 1.0390625, 1.0546875], [1.1, 1.2, 1.3, 1.4]]> : tensor<4x4xbf16>}> : () -> tensor<4x4xbf16>
  %s = "ttir.mesh_shard"(%two) <{shard_dims = array<i64: -1, 0>, shard_direction = #ttcore.shard_direction<full_to_shard>, shard_shape = array<i64: 2, 1>, shard_type = #ttcore.shard_type<devices>}> : (tensor<4x4xbf16>) -> tensor<2x4xbf16>
  %m = "ttir.multiply"(%s, %s) : (tensor<2x4xbf16>, tensor<2x4xbf16>) -> tensor<2x4xbf16>
  %r = "ttir.mesh_shard"(%m) <{shard_dims = array<i64: -1, 0>, shard_direction = #ttcore.shard_direction<shard_to_full>, shard_shape = array<i64: 2, 1>, shard_type = #ttcore.shard_type<devices>}> : (tensor<2x4xbf16>) -> tensor<4x4xbf16>
  return %r : tensor<4x4xbf16>
}
}
"""


@tap.case
def says_which_device_agrees_least():
    with serving.Server(files={"mesh.mlir": ODD_DEVICE}) as s:
        model = opened(s, "mesh.mlir")
        job = ended(s, call(s, "POST", f"/models/{model}/executions", {"golden": True}))
        ops = {op["op"]: op for op in call(s, "GET", f"/executions/{job['result']['execution']}")["ops"] if op["op"] != "ttir.mesh_shard"}
        op = ops["ttir.multiply"]
        tap.equal((op["device"], op["devices"], op["absolute"] > 0, op["pcc"] < 1), (1, 2, True, True))
        tap.equal([op for op in ops.values() if op["op"] != "ttir.multiply" and "device" in op], [])


@tap.case
def keeps_tensors():
    with serving.Server(files={"kept.mlir": KEPT}) as s:
        model = opened(s, "kept.mlir")
        for wrong in ({"keep": 1}, {"keep_memory": -1}, {"keep_memory": 1 << 40}, {"pcc": 2}, {"pcc": "x"}):
            call(s, "POST", f"/models/{model}/executions", wrong, expect=400)

        def execute(**settings):
            return ended(s, call(s, "POST", f"/models/{model}/executions", settings))["result"]["execution"]
        first = execute(keep=True, golden=True)
        told = call(s, "GET", f"/executions/{first}")
        tap.equal("why" in told["kept"], False)
        # the results of four ops in both runs, and the argument, which they share
        assert told["kept"]["bytes"] >= (2 * 4 + 1) * 480, told["kept"]
        tap.equal((told["divergence"]["compared"], told["divergence"]["bad"], told["divergence"]["first"]), (4, 0, None))
        ids = {op["op"]: op["id"] for op in told["ops"]}  # of the two logs the second
        node = {op: "id=" + quote(ids[op], safe="") for op in ids}
        tensor = f"/executions/{first}/tensor"
        about = call(s, "GET", f"{tensor}?{node['ttir.abs']}&bins=10")
        tap.equal((about["shape"], about["dtype"], about["outs"], about["devices"]), ([2, 3, 4, 5], "f32", 1, 1))
        # .npy and windows say the same, and the statistics are those of the values
        answer = call(s, "GET", f"{tensor}/npy?{node['ttir.abs']}")
        shape, values = values_of(answer.body)
        tap.equal(shape, (2, 3, 4, 5))
        tap.contains(answer.headers["Content-Disposition"], 'filename="ttir.abs_0.npy"')
        told = about["statistics"]
        tap.equal((told["count"], told["nans"], told["min"], told["max"]), (120, 0, min(values), max(values)))
        assert abs(told["mean"] - sum(values) / 120) < 1e-9
        tap.equal(sum(about["bins"]), 120)
        edge = told["min"] + (told["max"] - told["min"]) / 10
        tap.equal(about["bins"][0], sum(v < edge for v in values))
        part = call(s, "GET", f"{tensor}/values?{node['ttir.abs']}&index=1,2&row=1&rows=2&column=3&columns=9")
        tap.equal((part["height"], part["width"]), (4, 5))
        tap.equal(part["rows"], [[values[(5 * 4 + y) * 5 + x] for x in (3, 4)] for y in (1, 2)])
        # the argument, too: abs of it is abs
        _, given = values_of(call(s, "GET", f"{tensor}/npy?id=" + quote(argument_of(s, model), safe="")).body)
        tap.equal(tuple(abs(v) for v in given), values)
        # what JSON has no numbers for
        part = call(s, "GET", f"{tensor}/values?{node['ttir.log']}&rows=1&columns=1")
        tap.equal(part["rows"], [["-inf"]])
        about = call(s, "GET", f"{tensor}?{node['ttir.log']}")
        tap.equal((about["statistics"]["infinities"], about["accuracy"]["pcc"]), (120, 1))
        # the golden run beside it
        for which in "golden", "difference":
            about = call(s, "GET", f"{tensor}?{node['ttir.abs']}&which={which}")
            tap.equal(about["statistics"]["max"], max(values) if which == "golden" else 0)
        tap.equal(values_of(call(s, "GET", f"{tensor}/npy?{node['ttir.abs']}&which=golden").body)[1], values)
        # what makes no sense
        for path, status in ((f"{tensor}?{node['ttir.abs']}&out=1", 404), (f"{tensor}?{node['ttir.abs']}&device=1", 404),
                             (f"{tensor}?id=nowhere", 404), (f"{tensor}?{node['ttir.abs']}&which=x", 400),
                             (f"{tensor}/values?{node['ttir.abs']}&index=2", 400),
                             (f"{tensor}/values?{node['ttir.abs']}&index=0,0,0", 400),
                             (f"{tensor}/npy?{node['ttir.abs']}&which=difference", 400),
                             ("/executions/999/tensor?node=1", 404)):
            call(s, "GET", path, expect=status)
        # one that may not hold all of them makes them when they are looked at: the same
        later = execute(keep=True, golden=True, keep_memory=call(s, "GET", f"/executions/{first}")["kept"]["bytes"] - 1)
        told = call(s, "GET", f"/executions/{later}")["kept"]
        assert told["makes"] and 0 < told["bytes"], told
        for at in [*node.values(), "id=" + quote(argument_of(s, model), safe="")]:
            about, before = (call(s, "GET", f"/executions/{n}/tensor?{at}") for n in (later, first))
            tap.equal(about, before)
            for which in ("value", "golden") if "accuracy" in about else ("value",):
                made, held = (call(s, "GET", f"/executions/{n}/tensor/npy?{at}&which={which}").body for n in (later, first))
                assert made == held, (at, which)
        tap.equal(*(call(s, "GET", f"/executions/{n}/tensor/values?{node['ttir.abs']}") for n in (later, first)))
        tap.equal(*(call(s, "GET", f"/executions/{n}/results/npz").body for n in (later, first)))
        tap.equal(*(call(s, "GET", f"/executions/{n}/results/0/npy").body for n in (later, first)))
        for path, status in ((f"{node['ttir.abs']}&out=1", 404), (f"{node['ttir.abs']}&device=1", 404)):
            call(s, "GET", f"/executions/{later}/tensor?{path}", expect=status)
        # an execution that did not keep any, and one that may not
        second, third = execute(), execute(keep=True, keep_memory=100)
        # 480 bytes each: one run reuses the memory of what is dead, keeping all does not
        fourth = call(s, "GET", f"/executions/{execute(keep=True, max_memory=1000)}")
        tap.equal(fourth["kept"]["bytes"], 0)
        tap.contains(fourth["kept"]["why"], "are allowed")
        told = call(s, "GET", f"/executions/{third}")
        tap.equal(told["kept"]["bytes"], 0)
        tap.contains(told["kept"]["why"], "are allowed")
        error = call(s, "GET", f"/executions/{second}/tensor?node=1", expect=404)
        tap.contains(error["message"], "keeps no tensors")
        listed = {x["id"]: x["kept"] for x in call(s, "GET", f"/models/{model}/executions")["executions"]}
        tap.equal((listed[first] > 0, listed[second], listed[third]), (True, 0, 0))
        call(s, "DELETE", f"/executions/{first}/tensors")
        call(s, "GET", f"{tensor}?{node['ttir.abs']}", expect=404)
        call(s, "DELETE", f"/executions/{first}/tensors", expect=404)
        call(s, "GET", f"/executions/{first}")


GIVEN = """module {
  func.func @main(%arg0: tensor<2x2xf32> loc("x"), %arg1: tensor<2x2xf32> {ttir.name = "y"}, %arg2: tensor<2xi32>) -> (tensor<2x2xf32>, tensor<2xi32>) {
    %0 = "ttir.subtract"(%arg0, %arg1) : (tensor<2x2xf32>, tensor<2x2xf32>) -> tensor<2x2xf32>
    %1 = "ttir.neg"(%arg2) : (tensor<2xi32>) -> tensor<2xi32>
    return %0, %1 : tensor<2x2xf32>, tensor<2xi32>
  }
}
"""


OPEN = """func.func @main(%x: tensor<?x2xf32>) -> tensor<?x2xf32> {
  %0 = "ttir.abs"(%x) : (tensor<?x2xf32>) -> tensor<?x2xf32>
  return %0 : tensor<?x2xf32>
}
"""


@tap.case
def takes_inputs_and_gives_results():
    with serving.Server(files={"given.mlir": GIVEN, "open.mlir": OPEN}) as s:
        model = opened(s, "given.mlir")
        told = call(s, "GET", f"/models/{model}/stages/0/arguments")["arguments"]
        tap.equal([(a["argument"], a["name"], a["dtype"], a["shape"]) for a in told],
                  [(0, "x", "f32", [2, 2]), (1, "y", "f32", [2, 2]), (2, "arg2", "i32", [2])])

        open_one = opened(s, "open.mlir")
        tap.equal(call(s, "GET", f"/models/{open_one}/stages/0/arguments")["arguments"][0]["shape"], [-1, 2])
        error = ended(s, call(s, "POST", f"/models/{open_one}/executions", {}))["error"]
        tap.contains(error, "a shape that is left open; give it an input")
        number = call(s, "POST", f"/models/{open_one}/tensors?name=rows.npy", tensors.npy_of((1, -2, 3, 4, -5, 6), (3, 2)), expect=201)["tensors"][0]["id"]
        job = ended(s, call(s, "POST", f"/models/{open_one}/executions", {"keep": True, "golden": True, "inputs": [{"tensor": number}]}))
        data = call(s, "GET", f"/executions/{job['result']['execution']}/results/0/npy").body
        tap.equal(values_of(data), ((3, 2), (1.0, 2.0, 3.0, 4.0, 5.0, 6.0)))

        def upload(name, data):
            answer = call(s, "POST", f"/models/{model}/tensors?name={name}", data, expect=201)["tensors"]
            tap.equal(len(answer), 1)
            return answer[0]

        def execute(inputs, state="done", **settings):
            job = ended(s, call(s, "POST", f"/models/{model}/executions", {"keep": True, "inputs": inputs, **settings}))
            tap.equal((job["state"], job["error"] if state == "done" else None), (state, None))
            return job["error"] if state == "failed" else job["result"]["execution"]

        def results(execution):
            got = []
            for i, code in enumerate("fi"):
                data = call(s, "GET", f"/executions/{execution}/results/{i}/npy").body
                got.append(struct.unpack(f"<{len(data[128:]) // 4}{code}", data[128:]))
            return got

        x, y, z = (1.5, 2, 3, -4), (0.25, 1, -1, 8), (7, -9)
        want = [tuple(a - b for a, b in zip(x, y)), (-7, 9)]
        first = upload("x.npy", tensors.npy_of(x, (2, 2)))
        tap.equal((first["format"], first["entries"]), ("npy", [{"name": "", "dtype": "f32", "shape": [2, 2]}]))
        tap.equal(upload("x.npy", tensors.npy_of(x, (2, 2)))["id"], first["id"])
        both = upload("both.npz", tensors.npz_of({"y": tensors.npy_of(y, (2, 2)), "x": tensors.npy_of(x, (2, 2))}))
        tap.equal([e["name"] for e in both["entries"]], ["y", "x"])
        safe = upload("both.safetensors", tensors.safetensors_of({"y": ([2, 2], y), "x": ([2, 2], x)}))
        raw = upload("z.bin", struct.pack("<2i", *z))
        tap.equal((raw["format"], raw["entries"], raw["bytes"]), ("raw", [], 8))
        second = upload("y.npy", tensors.npy_of(y, (2, 2)))
        # by order, by name, by number, by the names in a file
        for inputs in ([first, second, raw], [(second, "y"), (raw, 2), (first, "0")], [both, (raw, "arg2")], [safe, (raw, "%arg2")]):
            inputs = [{"tensor": i["id"]} if isinstance(i, dict) else {"tensor": i[0]["id"], "argument": i[1]} for i in inputs]
            number = execute(inputs, golden=True)
            tap.equal(results(number), want)
        told = call(s, "GET", f"/executions/{number}")
        tap.equal(told["inputs"], [{"argument": 0, "name": "x", "file": "both.safetensors"}, {"argument": 1, "name": "y", "file": "both.safetensors"},
                                   {"argument": 2, "name": "arg2", "file": "z.bin"}])
        tap.equal([r["shape"] for r in call(s, "GET", f"/executions/{number}/results")["results"]], [[2, 2], [2]])
        with zipfile.ZipFile(io.BytesIO(call(s, "GET", f"/executions/{number}/results/npz").body)) as z_file:
            tap.equal(z_file.namelist(), ["result_0.npy", "result_1.npy"])
            tap.equal(values_of(z_file.read("result_0.npy")), ((2, 2), want[0]))
        # a compiled stage takes them as well
        run = call(s, "POST", f"/models/{model}/runs", {})
        stage = len(run["stages"]) - 1
        told = call(s, "GET", f"/models/{model}/stages/{stage}/arguments?run={run['id']}")["arguments"]
        tap.equal([a["shape"] for a in told], [[2, 2], [2, 2], [2]])
        compiled = execute([{"tensor": both["id"]}, {"tensor": raw["id"]}], run=run["id"], stage=stage, golden=True)
        tap.equal(results(compiled), want)
        # where they are not given, they come of the seed: the same ones again
        seeded = [execute([{"tensor": first["id"]}], seed=7) for _ in range(2)]
        tap.equal(results(seeded[0]), results(seeded[1]))
        tap.equal(len(call(s, "GET", f"/executions/{seeded[0]}")["inputs"]), 1)
        # the trace of the last run, which another execution can be made of
        for form in "chrome", "csv":
            answer = call(s, "GET", f"/executions/{compiled}/trace?format={form}")
            tap.contains(answer.headers["Content-Disposition"], f"execution_{compiled}.{'json' if form == 'chrome' else 'csv'}")
            if form == "chrome":
                times = {e["name"]: e["dur"] for e in json.loads(answer.body)["traceEvents"] if e["ph"] == "X"}
            else:
                table = {row["name"]: int(row["ns"]) / 1000 for row in csv.DictReader(answer.body.decode().splitlines())}
            back = call(s, "POST", f"/models/{model}/traces?name=t&run={run['id']}&stage={stage}", answer.body, expect=201)
            assert back["bound"] == back["ops"] > 0, back
        tap.equal(times.keys(), table.keys())
        assert "ttnn.subtract" in times and abs(times["ttnn.subtract"] - table["ttnn.subtract"]) < 1e-3, (times, table)
        told = {op["op"]: op["last_us"] for op in call(s, "GET", f"/executions/{compiled}")["ops"]}
        assert abs(told["ttnn.subtract"] - times["ttnn.subtract"]) < 1e-3
        call(s, "GET", f"/executions/{compiled}/trace?format=x", expect=400)
        call(s, "GET", f"/executions/{back['execution']}/trace", expect=404)
        # a server that was started anew has no tensors, and makes them again
        before = call(s, "GET", f"/executions/{number}")
        s.restart()
        error = call(s, "GET", f"/executions/{number}/results", expect=404)
        tap.contains(error["message"] + error["hint"], "makes them again")
        job = ended(s, call(s, "POST", f"/executions/{number}/tensors"))
        tap.equal((job["error"], job["result"]), (None, {"execution": number}))
        tap.equal(results(number), want)
        tap.equal(call(s, "GET", f"/executions/{number}"), before)
        assert {e["id"]: e["kept"] for e in call(s, "GET", f"/models/{model}/executions")["executions"]}[number] > 0
        # what does not fit is said, before anything runs
        wide = upload("wide.npy", tensors.npy_of((1, 2, 3), (3,)))
        for inputs, text in (([{"tensor": wide["id"]}], "wide.npy, which holds 3xf32, does not fit argument 0 'x' (2x2xf32): its shape does not match"),
                             ([{"tensor": first["id"], "argument": "q"}], "no argument is called 'q', for which x.npy is meant; the function has argument 0 'x' (2x2xf32), "),
                             ([{"tensor": raw["id"], "argument": "x"}], "z.bin has 8 bytes and is no .npy, .npz or .safetensors; as raw elements argument 0 'x' (2x2xf32) takes 16"),
                             ([{"tensor": both["id"], "argument": 2}], "both.npz holds 2 tensors, none of them for argument 2 'arg2' (2xi32)"),
                             ([{"tensor": first["id"]}] * 2 + [{"tensor": raw["id"]}] * 2, "there is no argument for z.bin: the function takes 3")):
            tap.contains(execute(inputs, "failed"), text)
        for inputs in ({}, [1], [{}], [{"tensor": "x"}], [{"tensor": 1, "argument": []}]):
            call(s, "POST", f"/models/{model}/executions", {"inputs": inputs}, expect=400)
        call(s, "POST", f"/models/{model}/executions", {"inputs": [{"tensor": 999}]}, expect=404)
        call(s, "GET", f"/executions/{number}/results/2/npy", expect=404)
        call(s, "GET", f"/executions/{number}/results/0/npy?device=1", expect=404)
        error = call(s, "POST", f"/models/{model}/tensors?name=broken.npy", tensors.npy_of(x, (2, 2))[:-4], expect=422)
        tap.contains(error["message"], "cannot read broken.npy")
        call(s, "POST", f"/models/{'0' * 64}/tensors?name=x.npy", tensors.npy_of(x, (2, 2)), expect=404)
        # a file that is deleted is gone, and the executions that used it say so
        tap.equal(len(call(s, "GET", f"/models/{model}/tensors")["tensors"]), 6)
        call(s, "DELETE", f"/tensors/{safe['id']}")
        call(s, "DELETE", f"/tensors/{safe['id']}", expect=404)
        call(s, "DELETE", f"/executions/{number}/tensors")
        tap.contains(ended(s, call(s, "POST", f"/executions/{number}/tensors"))["error"], "has no uploaded file")


def argument_of(s, model):
    """The id of the first argument's node."""
    nodes = call(s, "GET", f"/models/{model}/stages/0/search?q=arg0&in=label")["hits"]
    return nodes[0]["id"]


@tap.case
def says_where_accuracy_falls():
    t = "tensor<64x64xbf16>"
    ops = (("matmul", "arg0", "arg1"), ("multiply", 0, 0), ("add", 1, 0), ("subtract", 2, 1), ("subtract", 3, 0), ("exp", 4))
    body = "".join(f'  %{i} = "ttir.{n}"({", ".join(f"%{o}" for o in of)}) : ({", ".join([t] * len(of))}) -> {t}\n'
                   for i, (n, *of) in enumerate(ops))
    text = f"func.func @main(%arg0: {t}, %arg1: {t}) -> {t} {{\n{body}  return %5 : {t}\n}}\n"
    w = "tensor<32x32xbf16>"
    linear = f"""func.func @main(%arg0: {w}, %arg1: {w}) -> {w} {{
  %0 = "ttir.matmul"(%arg0, %arg1) : ({w}, {w}) -> {w}
  %1 = "ttir.gelu"(%0) : ({w}) -> {w}
  return %1 : {w}
}}
"""
    with serving.Server(files={"cancels.mlir": text, "linear.mlir": linear}) as s:
        model = opened(s, "cancels.mlir")
        job = ended(s, call(s, "POST", f"/models/{model}/executions", {"golden": True}))
        told = call(s, "GET", f"/executions/{job['result']['execution']}")
        parting, ops = told["divergence"], told["ops"]
        tap.equal((parting["bad"], parting["origins"], parting["compared"]), (2, 1, 6))
        # the second subtraction leaves nothing but what bf16 rounded away
        tap.equal((parting["first"], parting["origin"], parting["fall"]), (ops[4]["id"],) * 3)
        # after the compiler: steps that no op of the source stands for say so
        run = call(s, "POST", f"/models/{model}/runs", {})
        job = ended(s, call(s, "POST", f"/models/{model}/executions",
                            {"golden": True, "run": run["id"], "stage": len(run["stages"]) - 1}))
        told = call(s, "GET", f"/executions/{job['result']['execution']}")
        for op in told["ops"]:
            tap.equal("pcc" in op, "no_accuracy" not in op)
        # an activation that became part of a linear is what its value is compared with; the steps before say why they
        # are not
        model = opened(s, "linear.mlir")
        run = call(s, "POST", f"/models/{model}/runs", {})
        job = ended(s, call(s, "POST", f"/models/{model}/executions",
                            {"golden": True, "run": run["id"], "stage": len(run["stages"]) - 1}))
        ops = call(s, "GET", f"/executions/{job['result']['execution']}")["ops"]
        fused = [op for op in ops if op["op"] in ("ttnn.matmul", "ttnn.linear")]
        tap.equal(len(fused), 1)
        assert fused[0]["pcc"] > 0.9999, fused


FILL = """func.func @f(%cache: tensor<1x2x64x32xbf16>, %rows: tensor<1x2x17x32xbf16>) -> tensor<1x2x64x32xbf16> {
  "ttir.fill_cache"(%cache, %rows) <{batch_offset = 0 : i32}> : (tensor<1x2x64x32xbf16>, tensor<1x2x17x32xbf16>) -> ()
  return %cache : tensor<1x2x64x32xbf16>
}
"""


@tap.case
def caches_that_are_filled_say_that_whole_tiles_are():
    with serving.Server(files={"fill.mlir": FILL}) as s:
        model = opened(s, "fill.mlir")
        run = call(s, "POST", f"/models/{model}/runs", {})
        job = ended(s, call(s, "POST", f"/models/{model}/executions",
                            {"golden": True, "run": run["id"], "stage": len(run["stages"]) - 1}))
        told = call(s, "GET", f"/executions/{job['result']['execution']}")
        tap.contains({op["op"]: op.get("no_accuracy") for op in told["ops"]}["ttnn.fill_cache"],
                     "it writes whole tiles into the cache, as on the device: rows behind its input become zero")


PARTS = """sdy.mesh @mesh = <["x"=1, "y"=2]>
func.func @main(%a: tensor<8x64xf32> {sdy.sharding = #sdy.sharding<@mesh, [{"y"}, {}]>, ttcore.shard_status = #ttcore.shard_status<presharded>}) -> tensor<8x64xf32> {
  %0 = stablehlo.exponential %a : tensor<8x64xf32>
  return %0 : tensor<8x64xf32>
}
"""


@tap.case
def programs_that_take_parts_are_not_compared():
    """The source takes whole tensors: other numbers go in, so others come out."""
    with serving.Server(files={"parts.mlir": PARTS}) as s:
        model = opened(s, "parts.mlir")
        for options, compared in ({}, False), ({"argument-shard-status": "unsharded"}, True):
            run = call(s, "POST", f"/models/{model}/runs", {"options": options})
            job = ended(s, call(s, "POST", f"/models/{model}/executions",
                                {"golden": True, "run": run["id"], "stage": len(run["stages"]) - 1}))
            ops = call(s, "GET", f"/executions/{job['result']['execution']}")["ops"]
            assert compared or not any("pcc" in op for op in ops), ops
            why = " ".join(op.get("no_accuracy", "") for op in ops)
            tap.equal("compile with argument-shard-status=unsharded" in why, not compared)


@tap.case
def weights_are_not_compared_with_products():
    """Products of one operand become one: their weights, joined beforehand, come from the products but are not their values."""
    t, one, bias = "tensor<64x64xbf16>", "tensor<1x64x64xbf16>", "tensor<64xbf16>"
    args, ops = [f"%x: {t} {{ttcore.argument_type = #ttcore.argument_type<input>}}"], ""
    for i in range(3):
        args += [f"%{n}{i}: {of} {{ttcore.argument_type = #ttcore.argument_type<parameter>}}" for n, of in (("w", t), ("b", bias))]
        ops += f'''  %m{i} = "ttir.matmul"(%x, %w{i}) : ({t}, {t}) -> {t}
  %u{i} = "ttir.unsqueeze"(%m{i}) <{{dim = 0 : si32}}> : ({t}) -> {one}
  %{i} = "ttir.add"(%u{i}, %b{i}) : ({one}, {bias}) -> {one}
'''
    text = f"func.func @main({', '.join(args)}) -> ({one}, {one}, {one}) {{\n{ops}  return %0, %1, %2 : {one}, {one}, {one}\n}}\n"
    with serving.Server(files={"joined.mlir": text}) as s:
        model = opened(s, "joined.mlir")
        run = call(s, "POST", f"/models/{model}/runs", {})
        job = ended(s, call(s, "POST", f"/models/{model}/executions",
                            {"golden": True, "run": run["id"], "stage": len(run["stages"]) - 1}))
        ops = call(s, "GET", f"/executions/{job['result']['execution']}")["ops"]
        tap.contains(" ".join(op["id"] for op in ops if op["op"] == "ttir.concat"), "const_eval")
        weights = [op for op in ops if "const_eval" in op["id"]]
        tap.equal([op["id"] for op in weights if "pcc" in op], [])
        tap.equal([op["id"] for op in ops if op.get("pcc", 1) < 0.99], [])
        assert sum("pcc" in op for op in ops) >= 3, ops


def compiled_and_compared(s, model):
    """Executes what a model is compiled to beside its source; gives the execution and its ops."""
    run = call(s, "POST", f"/models/{model}/runs", {})
    job = ended(s, call(s, "POST", f"/models/{model}/executions",
                        {"golden": True, "keep": True, "run": run["id"], "stage": len(run["stages"]) - 1}))
    execution = job["result"]["execution"]
    return execution, call(s, "GET", f"/executions/{execution}")["ops"]


@tap.case
def means_are_not_compared_with_sums():
    """What is fused of a sum and a product with 1/n comes from both: they correlate alike, but only one is its value."""
    t, row, one = "tensor<4x64xf32>", "tensor<4xf32>", "tensor<f32>"
    text = f"""func.func @main(%x: {t}) -> {t} {{
  %zero = stablehlo.constant dense<0.0> : {one}
  %part = stablehlo.constant dense<0.015625> : {row}
  %sum = stablehlo.reduce(%x init: %zero) applies stablehlo.add across dimensions = [1] : ({t}, {one}) -> {row}
  %mean = stablehlo.multiply %sum, %part : {row}
  %all = stablehlo.broadcast_in_dim %mean, dims = [0] : ({row}) -> {t}
  %0 = stablehlo.subtract %x, %all : {t}
  return %0 : {t}
}}
"""
    with serving.Server(files={"mean.mlir": text}) as s:
        execution, ops = compiled_and_compared(s, opened(s, "mean.mlir"))
        mean, = (op for op in ops if op["op"] == "ttnn.mean")
        assert mean["pcc"] > 0.99999 and mean["absolute"] < 1e-6, mean
        told = call(s, "GET", f"/executions/{execution}/tensor?id={quote(mean['id'])}&which=difference")
        assert max(abs(told["statistics"]["min"]), abs(told["statistics"]["max"])) < 1e-6, told


@tap.case
def compares_what_changed_places():
    """A convolution of NCHW images is computed in NHWC: every step of it has its accuracy, be the image a cube or not."""
    for size, channels in ((8, 8), (8, 4)):
        t = f"tensor<1x{channels}x{size}x{size}xf32>"
        w, b = f"tensor<{channels}x{channels}x1x1xf32>", f"tensor<1x{channels}x1x1xf32>"
        text = f"""func.func @main(%x: {t}, %w: {w}, %b: {b}) -> {t} {{
  %0 = "ttir.conv2d"(%x, %w) <{{stride = 1 : i32, padding = 0 : i32, dilation = 1 : i32, groups = 1 : i32, batch_dim = 0 : i64,
    height_dim = 2 : i64, width_dim = 3 : i64, channel_dim = 1 : i64}}> : ({t}, {w}) -> {t}
  %1 = "ttir.multiply"(%0, %b) : ({t}, {b}) -> {t}
  %2 = "ttir.sigmoid"(%1) : ({t}) -> {t}
  return %2 : {t}
}}
"""
        with serving.Server(files={"conv.mlir": text}) as s:
            execution, ops = compiled_and_compared(s, opened(s, "conv.mlir"))
            for name in "ttnn.conv2d", "ttnn.multiply", "ttnn.sigmoid":
                tap.equal([(op["op"], op.get("pcc", 0) > 0.9999) for op in ops if op["op"] == name], [(name, True)])
            # beside its golden it is shown number by number
            told = call(s, "GET", f"/executions/{execution}/tensor?id={quote('main/ttnn.conv2d')}&which=difference")
            far = max(abs(told["statistics"]["min"]), abs(told["statistics"]["max"]))
            assert told["accuracy"]["pcc"] > 0.9999 and far < 1e-3, told


NAMED = """func.func @main(%a: tensor<4x8xf32>, %b: tensor<8x2xf32>) -> tensor<4x2xf32> {
  %0 = "ttir.matmul"(%a, %b) : (tensor<4x8xf32>, tensor<8x2xf32>) -> tensor<4x2xf32> loc("fc")
  %1 = "ttir.relu"(%0) : (tensor<4x2xf32>) -> tensor<4x2xf32> loc("act"("net.py":7:3))
  return %1 : tensor<4x2xf32>
}
"""
OPS_PERF = """OP CODE,OP TYPE,GLOBAL CALL COUNT,DEVICE ID,CORE COUNT,HOST START TS,OP TO OP LATENCY [ns],DEVICE FW DURATION [ns],LOC
start,signpost,,,,1,,,
Tilize,tt_dnn_device,1024,0,8,10,0,2000,"loc(""fc"")"
MatmulDeviceOperation,tt_dnn_device,2048,0,64,20,500,7000,"loc(""fc"")"
UnaryDeviceOperation,tt_dnn_device,3072,0,64,30,0,1000,"loc(""act""(""net.py"":7:3))"
Copy,tt_dnn_device,4096,0,64,40,0,1000,loc(unknown)
Other,tt_dnn_device,5120,0,64,50,0,4000,"loc(""elsewhere"")"
"""


@tap.case
def takes_traces():
    """Measurements of other tools, and our own read back, are executions like others."""
    with serving.Server(files={"named.mlir": NAMED}) as s:
        model = opened(s, "named.mlir")
        told = call(s, "POST", f"/models/{model}/traces?name=ops_perf_results.csv", OPS_PERF.encode())
        tap.equal((told["format"], told["ops"], told["bound"]), ("ops_perf_results", 4, 2))
        notes = " / ".join(told["notes"])
        for part in "1 signposts", "1 of 4 ops name no location", "1 ops name a location that no op of this graph has":
            tap.contains(notes, part)
        got = call(s, "GET", f"/executions/{told['execution']}")
        tap.equal(got["settings"]["trace"], "ops_perf_results.csv")
        tap.equal([(op["op"], op["id"], op["us"]) for op in got["ops"]],
                  [("Tilize", "main/ttir.matmul@fc", 9), ("UnaryDeviceOperation", "main/ttir.relu@act", 1), ("Copy", "", 1), ("Other", "", 4)])
        # 2 us, 0.5 us pause, 7 us; then 1 us
        tap.equal(([op["start_us"] for op in got["ops"]], got["us"]), ([0, 9.5, 10.5, 11.5], 15.5))
        overlays = call(s, "GET", f"/models/{model}/overlays")["overlays"]
        tap.equal([o["name"] for o in overlays], ["time (us), ops_perf_results.csv"])
        values = call(s, "GET", f"/overlays/{overlays[0]['id']}/values")
        tap.equal(([v["value"] for v in values["values"]], values["unbound"]), ([9, 1], 0))
        tap.equal([x["settings"]["trace"] for x in call(s, "GET", f"/models/{model}/executions")["executions"]], ["ops_perf_results.csv"])
        # accuracy and memory of ttrt
        golden = json.dumps({'loc("fc")': {"0": {"expected_pcc": 0.99, "actual_pcc": 0.97, "max": 0.25}}})
        told = call(s, "POST", f"/models/{model}/traces?name=golden_results.json", golden.encode())
        got = call(s, "GET", f"/executions/{told['execution']}")["ops"][0]
        tap.equal((got["id"], got["pcc"], got["absolute"], "us" in got), ("main/ttir.matmul@fc", 0.97, 0.25, False))
        # what is no trace, and what has nothing to bind to
        tap.contains(call(s, "POST", f"/models/{model}/traces", b"a,b\n1,2\n", expect=422)["message"], "no trace")
        call(s, "POST", f"/models/{model}/traces?stage=3", b"x", expect=404)
        call(s, "POST", f"/models/{model}/traces?part=3", OPS_PERF.encode(), expect=404)


@tap.case
def reads_its_own_traces():
    with serving.Server(files={"named.mlir": NAMED}) as s:
        model = opened(s, "named.mlir")
        for ending, form in (("json", "Chrome trace"), ("csv", "trace of tt-explorer run")):
            path = s.root / f"trace.{ending}"
            done = tap.run("run", s.root / "named.mlir", "--trace", path)
            tap.equal((done.code, done.err), (0, ""))
            told = call(s, "POST", f"/models/{model}/traces?name={path.name}", path.read_bytes())
            tap.equal((told["format"], told["bound"], told["ops"], told["notes"]), (form, 2, 2, []))
            got = call(s, "GET", f"/executions/{told['execution']}")["ops"]
            tap.equal([op["id"] for op in got], ["main/ttir.matmul@fc", "main/ttir.relu@act"])
            tap.equal((got[0]["flops"], got[0]["loc"]), (2 * 4 * 8 * 2, '"fc"'))
            assert got[0]["us"] > 0
    # on the command line, beside the model
    beside = serving.Server(files={"named.mlir": NAMED, "ops_perf_results.csv": OPS_PERF})
    beside.args = (beside.root / "named.mlir", beside.root / "ops_perf_results.csv")
    with beside as s:
        until = time.monotonic() + 20
        while not (found := [x for m in call(s, "GET", "/models")["models"] for x in call(s, "GET", f"/models/{m['id']}/executions")["executions"]]):
            assert time.monotonic() < until
            time.sleep(0.05)
        tap.equal([x["settings"]["trace"] for x in found], ["ops_perf_results.csv"])
        tap.equal(len(call(s, "GET", "/models")["models"]), 1)


@tap.case
def reads_real_measurements():
    """The corpus' measurements: the sum of the device's times, and of rows."""
    folder = tap.CORPUS / "perf" / "ops_perf_results"
    if not folder.is_dir():
        raise tap.Skip("no corpus")
    with serving.Server(files={"named.mlir": NAMED}) as s:
        model = opened(s, "named.mlir")
        for path in sorted(folder.glob("*.csv")):
            with open(path, newline="") as f:
                rows = [r for r in csv.DictReader(f) if r["OP TYPE"] == "tt_dnn_device"]
            told = call(s, "POST", f"/models/{model}/traces?name={path.name}", path.read_bytes())
            tap.equal((path.name, told["ops"], told["bound"]), (path.name, len(rows), 0))
            tap.contains(" ".join(told["notes"]), "there is no overlay")
            ops = call(s, "GET", f"/executions/{told['execution']}")["ops"]
            sum_us = sum(float(r["DEVICE FW DURATION [ns]"]) for r in rows) / 1000
            assert abs(sum(op["us"] for op in ops) - sum_us) < 1e-6 * sum_us, path.name
            tap.equal(sorted(op["op"] for op in ops), sorted(r["OP CODE"] for r in rows))


@tap.case
def cannot_execute():
    """What cannot run says which op, and where, before anything runs."""
    module = 'func.func @main(%arg0: tensor<2xf32>) -> tensor<2xf32> {\n' \
             '  %0 = "strange.op"(%arg0) : (tensor<2xf32>) -> tensor<2xf32>\n  return %0 : tensor<2xf32>\n}\n'
    with serving.Server(files={"strange.mlir": module}) as s:
        job = ended(s, call(s, "POST", f"/models/{opened(s, 'strange.mlir')}/executions", {}))
        tap.equal(job["state"], "failed")
        tap.contains(job["error"], "strange.op")
        tap.contains(job["error"], ":2:")


@tap.case
def all_routes_answered():
    """Runs last."""
    all_answered(of_executions)


tap.main()
