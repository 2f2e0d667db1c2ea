"""Our own API (api.py): models, graphs, runs, overrides, overlays. Executions are in test_executions.py."""

import ast
import base64
import gzip
import json
import os
import re
import struct
import time
from pathlib import Path
from urllib.parse import quote

import schema
import serving
from api import API, all_answered, call, ended, of_executions, opened, used
from serving import tap

TTSYS = Path(os.environ.get("TTX_CORPUS", tap.ROOT.parent / "shared" / "corpus")) / "flatbuffers" / "ttsys"


@tap.case
def the_server():
    with serving.Server() as s:
        told = call(s, "GET", "/server")
        tap.equal((told["name"], told["api"], told["read_only"]), ("tt-explorer", 1, False))
        tap.contains(told["layers"], "auto")


@tap.case
def opens_lists_and_deletes():
    with serving.Server() as s:
        tap.equal(call(s, "GET", "/models"), {"models": []})
        model = call(s, "POST", "/models", {"path": str(s.root / "tiny.mlir")})
        tap.equal((model["name"], model["format"], model["size"]), ("tiny.mlir", "mlir", len(serving.MODULE)))
        # the same bytes are the same model, however they come
        same = call(s, "POST", "/models", {"text": serving.MODULE, "name": "pasted.mlir"})
        tap.equal(same["id"], model["id"])
        sent = call(s, "POST", "/models/upload?name=up.mlir", serving.MODULE.encode(),
                    headers={"Content-Type": "application/octet-stream"})
        tap.equal([m["id"] for m in sent["models"]], [model["id"]])
        tap.equal([m["id"] for m in call(s, "GET", "/models")["models"]], [model["id"]])
        form = s.upload(API + "/models/upload", "form.mlir", serving.MODULE + "// another\n").json
        tap.equal([m["name"] for m in form["models"]], ["form.mlir"])
        tap.equal(len(call(s, "GET", "/models")["models"]), 2)
        call(s, "DELETE", "/models/" + form["models"][0]["id"])
        call(s, "GET", "/models/" + form["models"][0]["id"], expect=404)
        call(s, "DELETE", "/models/" + form["models"][0]["id"], expect=404)
        tap.equal(call(s, "GET", "/models/" + model["id"])["id"], model["id"])


@tap.case
def opening_that_fails():
    with serving.Server(files={"bad.mlir": "func.func @f() {\n  %0 = \"a.b\"(%1) : () -> ()\n}\n"}) as s:
        for body in ("", "{", "[]", "1", '{"path": 1}', "{}", '{"path": "a", "text": "b"}', "[" * 100000,
                     '{"a":' * 3000):
            error = call(s, "POST", "/models", body, expect=400)
            tap.equal(error["code"], "bad_request")
        at = call(s, "POST", "/models", '{\n  "path": nonsense}', expect=400)
        tap.equal((at["file"], at["line"], at["column"]), ("body", 2, 11))
        assert s.request("POST", API + "/models", {"path": "/etc/passwd"}).status in (403, 404)
        assert s.request("POST", API + "/models", {"path": str(s.root / "none.mlir")}).status in (403, 404)
        tap.equal(s.upload(API + "/models/upload", "x", "y", field="f").status, 200)
        bad = opened(s, "bad.mlir")
        error = call(s, "GET", f"/models/{bad}/stages/0/graph", expect=422)
        tap.equal((error["code"], error["line"]), ("unreadable", 2))
        tap.contains(error["file"], "bad.mlir")
        model = call(s, "GET", f"/models/{bad}")
        tap.equal(model["parts"][0]["readable"], False)
        tap.equal(model["diagnostics"][0]["line"], 2)
        # its text can be read all the same
        tap.contains(call(s, "GET", f"/models/{bad}/stages/0/text")["text"], "func.func")


@tap.case
def what_is_not_there():
    with serving.Server() as s:
        model = opened(s)
        for path in ("/models/xyz", "/models/" + 64 * "0", f"/models/{model}/stages/1/graph",
                     f"/models/{model}/stages/x/graph", f"/models/{model}/stages/0/graph?part=7",
                     f"/models/{model}/stages/0/node?node=99999", f"/models/{model}/stages/0/node?id=nobody",
                     "/jobs/999", "/overlays/999", "/overrides/999", "/ui/global/none", "/ui/somewhere/x",
                     f"/models/{64 * '0'}/overlays"):
            tap.equal(call(s, "GET", path, expect=404)["code"], "not_found")
        for path in (f"/models/{model}/stages/0/graph?part=x", f"/models/{model}/stages/0/graph?layers=odd",
                     f"/models/{model}/stages/0/node", f"/models/{model}/stages/0/search",
                     f"/models/{model}/stages/0/search?q=(", f"/models/{model}/stages/0/search?q=a&in=nowhere",
                     f"/models/{model}/stages/0/text?from=5&to=2", "/diff",
                     f"/models/{model}/stages/0/graph.json?style=x"):
            tap.equal(call(s, "GET", path, expect=400)["code"], "bad_request")
        nothing = s.get(API + "/nothing")
        tap.equal((nothing.status, nothing.json["error"]["code"]), (404, "not_found"))
        wrong = s.request("PATCH", API + "/models")
        tap.equal((wrong.status, wrong.json["error"]["code"]), (405, "method_not_allowed"))


@tap.case
def loads_as_a_job():
    with serving.Server() as s:
        model = opened(s)
        events = serving.Stream(s, API + "/events")
        events.lines(1)
        job = call(s, "POST", f"/models/{model}/load")
        tap.equal(job["kind"], "load")
        deadline = time.monotonic() + 10
        while job["state"] in ("queued", "running") and time.monotonic() < deadline:
            time.sleep(0.02)
            job = call(s, "GET", f"/jobs/{job['id']}")
        tap.equal((job["state"], job["error"]), ("done", None))
        tap.equal(job["result"], {"model": model, "parts": 1})
        told = json.loads(events.event('"done"'))
        tap.equal(told["id"], job["id"])
        used.add(("GET", API + "/events"))
        events.close()
        tap.equal(call(s, "GET", "/jobs")["jobs"][0]["id"], job["id"])
        tap.equal(sorted(call(s, "GET", f"/jobs/{job['id']}/log")), ["next", "text"])
        tap.equal(call(s, "DELETE", f"/jobs/{job['id']}")["state"], "done")
        tap.equal(call(s, "GET", f"/models/{model}")["loaded"], True)
        (stage,) = call(s, "GET", f"/models/{model}/stages")["stages"]
        tap.equal((stage["stage"], stage["bytes"], len(stage["parts"])), (0, len(serving.MODULE), 1))


@tap.case
def graphs():
    with serving.Server() as s:
        stage = f"/models/{opened(s)}/stages/0"
        answer = call(s, "GET", stage + "/graph")
        tap.equal(answer.headers["Content-Type"], "application/vnd.ttx.graph")
        assert len(answer.body) > 64
        tag = answer.headers["ETag"]
        tap.equal(call(s, "GET", stage + "/graph", expect=304, headers={"If-None-Match": tag}).body, b"")
        other = call(s, "GET", stage + "/graph?layers=flat", headers={"If-None-Match": tag})
        tap.equal(other.status, 200)
        (own,) = call(s, "GET", stage + "/graph.json")["graphs"]
        (adapter,) = call(s, "GET", stage + "/graph.json?style=adapter")["graphs"]
        for graph in (own, adapter):
            tap.contains([n["label"] for n in graph["nodes"]], "ttir.relu")
        raw = s.get(API + stage + "/graph.json", headers={"Accept-Encoding": "gzip"})
        if raw.headers["Content-Encoding"]:
            tap.equal(json.loads(gzip.decompress(raw.body))["graphs"][0]["id"], own["id"])


@tap.case
def documentation_of_ops():
    # As tt-mlir's TableGen files declare them.
    with serving.Server() as s:
        doc = call(s, "GET", "/ops/ttir.matmul")
        tap.equal([(v["name"], v["arity"]) for v in doc["operands"]], [("a", "one"), ("b", "one")])
        tap.equal([(a["name"], a["optional"], a["default"]) for a in doc["attributes"]],
                  [("transpose_a", True, "false"), ("transpose_b", True, "false")])
        tap.equal(doc["dialect"], "ttir")
        shard = {a["name"]: a for a in call(s, "GET", "/ops/ttir.mesh_shard")["attributes"]}
        tap.equal(shard["shard_direction"]["cases"], ["full_to_shard", "shard_to_full"])
        tap.equal(call(s, "GET", "/ops/ttir.concat")["operands"][0]["arity"], "variadic")
        tap.equal(len(call(s, "GET", "/ops/scf.while")["regions"]), 2)
        call(s, "GET", "/ops/ttir.nothing", expect=404)


@tap.case
def looks_of_graphs():
    """What graph JSON says of how it is shown; parts by the ids of their graphs."""
    node = {"id": "n", "label": "x", "namespace": "a", "style": {"backgroundColor": "red"}, "subgraphIds": ["h"]}
    graphs = [{"id": "g", "nodes": [node], "groupNodeConfigs": [{"namespaceRegex": "a", "layoutDirection": 1}]}, {"id": "h", "nodes": []}]
    with serving.Server() as s:
        model = call(s, "POST", "/models", {"text": json.dumps({"label": "l", "graphs": graphs}), "name": "g.json"})["id"]
        parts = call(s, "GET", f"/models/{model}/stages")["stages"][0]["parts"]
        tap.equal([(p["graph"], p["subgraphs"], p["ops"]) for p in parts], [("g", ["h"], 1), ("h", [], 0)])
        looks = call(s, "GET", f"/models/{model}/stages/0/looks")
        layer, op = (call(s, "GET", f"/models/{model}/stages/0/node?id={i}")["node"] for i in ("layer:a", "n"))
        tap.equal(
            looks,
            {"styles": [{"node": op, "fill": "red"}], "leftRight": [layer], "hidden": [], "overlays": [],
             "subgraphs": [{"node": op, "graphs": ["h"]}]},
        )
        tap.equal(call(s, "GET", f"/models/{opened(s)}/stages/0/looks")["styles"], [])


@tap.case
def constants():
    """The values of constants, however they are written."""
    rows = [  # text, type, struct format, elements
        ("dense<[[1.0, 0.0, -2.5], [4.0, 0x7FC00000, 6.0]]>", "2x3xf32", "6f", (1, 0, -2.5, 4, float("nan"), 6)),
        ('dense<"0x0000803F00000040">', "2xf32", "2f", (1, 2)),
        ("dense<true>", "3xi1", "3?", (1, 1, 1)),
        ('dense<"0x05">', "3xi1", "3?", (1, 0, 1)),
        ("dense<[-1, 300]>", "2xi16", "2h", (-1, 300)),
        ("dense<7>", "2x2xui8", "4B", (7, 7, 7, 7)),
        ("dense<>", "0x4xf32", "", ()),
        ("dense_resource<blob>", "2xi32", "2i", (5, -6)),
    ]
    ops = "".join(f'    %{i} = "ttir.constant"() <{{value = {text} : tensor<{t}>}}> : () -> tensor<{t}>\n' for i, (text, t, _, _) in enumerate(rows))
    text = f"module {{\n  func.func @main() {{\n{ops}    return\n  }}\n}}\n"
    text += '{-#\n  dialect_resources: {\n    builtin: {\n      blob: "0x0400000005000000FAFFFFFF"\n    }\n  }\n#-}\n'
    with serving.Server() as s:
        stage = f"/models/{call(s, 'POST', '/models', {'text': text, 'name': 'constants.mlir'})['id']}/stages/0"
        for i, (_, t, packed, elements) in enumerate(rows):
            told = call(s, "GET", f"{stage}/constant?node={i + 1}")
            numbers = [v for v in elements if v == v]
            shape = [int(d) for d in t.split("x")[:-1]]
            tap.equal((told["shape"], told["statistics"]["count"]), (shape, len(elements)))
            tap.equal(told["statistics"]["nans"], len(elements) - len(numbers))
            tap.equal(told["statistics"]["zeros"], sum(v == 0 for v in elements))
            if numbers:
                tap.equal((told["statistics"]["min"], told["statistics"]["max"]), (min(numbers), max(numbers)))
            npy = call(s, "GET", f"{stage}/constant/npy?node={i + 1}").body
            tap.equal(npy[:6], b"\x93NUMPY")
            (length,) = struct.unpack("<H", npy[8:10])
            tap.equal(ast.literal_eval(npy[10 : 10 + length].decode())["shape"], tuple(shape))
            tap.equal(npy[10 + length :], struct.pack("<" + packed, *elements))
        call(s, "GET", f"{stage}/constant?node={len(rows) + 1}", expect=404)
        call(s, "GET", f"{stage}/constant/npy?node=0", expect=404)


@tap.case
def complex_values():
    """Complex numbers are shown as pairs, in one more dimension, and saved as they are."""
    for c, part, descr, packed in ("complex<f32>", "f32", "<c8", "f"), ("complex<f64>", "f64", "<c16", "d"):
        t = f"tensor<3x{c}>"
        text = (f'func.func @main(%a: {t}) -> {t} {{\n  %c = "stablehlo.constant"() <{{value = dense<[(0.5, -2.0), (3.0, 0.0), (1.5, 4.0)]> : {t}}}> : () -> {t}\n'
                f'  %0 = "stablehlo.add"(%c, %c) : ({t}, {t}) -> {t}\n  return %0 : {t}\n}}\n')
        pairs = [0.5, -2, 3, 0, 1.5, 4]
        with serving.Server() as s:
            model = call(s, "POST", "/models", {"text": text, "name": "pairs.mlir"})["id"]
            n = ended(s, call(s, "POST", f"/models/{model}/executions", {"keep": True, "golden": True}))["result"]["execution"]
            (op,) = (op["id"] for op in call(s, "GET", f"/executions/{n}")["ops"] if op["op"] == "stablehlo.add")
            at = f"/executions/{n}/tensor"
            told = call(s, "GET", f"{at}?id={quote(op, safe='')}")
            tap.equal((told["shape"], told["dtype"], told["bytes"]), ([3, 2], part, 6 * struct.calcsize(packed)))
            tap.equal([told["statistics"][k] for k in ("count", "zeros", "min", "max")], [6, 1, -4, 8])
            tap.equal((told["accuracy"]["pcc"], told["accuracy"]["absolute"]), (1, 0))
            shown = call(s, "GET", f"{at}/values?id={quote(op, safe='')}")
            tap.equal(shown["rows"], [[1, -4], [6, 0], [3, 8]])
            shown = call(s, "GET", f"{at}/values?id={quote(op, safe='')}&which=difference")
            tap.equal(shown["rows"], [[0, 0]] * 3)
            stage = f"/models/{model}/stages/0"
            node = call(s, "GET", f"{stage}/search?q=stablehlo.constant&in=label")["hits"][0]["node"]
            told = call(s, "GET", f"{stage}/constant?node={node}")
            tap.equal((told["shape"], told["dtype"], told["statistics"]["min"], told["statistics"]["max"]), ([3, 2], part, -2, 4))
            for npy, want in ((call(s, "GET", f"{at}/npy?id={quote(op, safe='')}").body, [2 * v for v in pairs]), (call(s, "GET", f"{stage}/constant/npy?node={node}").body, pairs)):
                (length,) = struct.unpack("<H", npy[8:10])
                header = ast.literal_eval(npy[10 : 10 + length].decode())
                tap.equal((header["descr"], header["shape"]), (descr, (3,)))
                tap.equal(npy[10 + length :], struct.pack(f"<6{packed}", *want))


@tap.case
def nodes():
    with serving.Server() as s:
        stage = f"/models/{opened(s)}/stages/0"
        hits = call(s, "GET", stage + "/search?q=relu&in=label")
        tap.equal((hits["total"], hits["hits"][0]["label"]), (1, "ttir.relu"))
        relu = hits["hits"][0]
        node = call(s, "GET", f"{stage}/node?node={relu['node']}")
        tap.equal((node["id"], node["label"]), (relu["id"], "ttir.relu"))
        tap.equal(call(s, "GET", f"{stage}/node?id={quote(relu['id'])}"), node)
        tap.equal(len(node["inputs"]), 1)
        several = call(s, "POST", stage + "/nodes", {"nodes": [relu["node"], 0, relu["node"]]})["nodes"]
        tap.equal([n["id"] for n in several][::2], [relu["id"]] * 2)
        call(s, "GET", f"{stage}/node?edit=1&node={relu['node']}")
        for body, status in (({"nodes": [10 ** 6]}, 404), ({"nodes": "x"}, 400), ({}, 400), ({"nodes": [1.5]}, 404),
                             ({"nodes": [1] * 2000}, 413)):
            call(s, "POST", stage + "/nodes", body, expect=status)


@tap.case
def search():
    with serving.Server() as s:
        stage = f"/models/{opened(s)}/stages/0"
        tap.equal(call(s, "GET", stage + "/search?q=TTIR&in=label")["total"], 2)
        weights = 'module { func.func @f(%a: tensor<4xf32> {ttcore.argument_type = #ttcore.argument_type<parameter>, ' \
            'ttir.name = "fc.bias"}) -> tensor<4xf32> { return %a : tensor<4xf32> } }'
        (s.root / "weights.mlir").write_text(weights)
        of = opened(s, "weights.mlir")
        tap.equal([h["name"] for h in call(s, "GET", f"/models/{of}/stages/0/search?q=.&in=weights")["hits"]], ["fc.bias"])
        tap.equal(call(s, "GET", stage + "/search?q=TTIR&in=label&case=1")["total"], 0)
        tap.equal(call(s, "GET", stage + "/search?q=ttir.(relu|matmul)&in=label&limit=1")["total"], 2)
        tap.equal(call(s, "GET", stage + "/search?q=ttir.(relu|matmul)&in=label&plain")["total"], 0)
        terms = {"terms": [{"text": "ttir", "where": ["label"]}, {"text": "relu", "where": ["label"], "not": True}]}
        found = call(s, "POST", stage + "/search", terms)
        tap.equal([h["label"] for h in found["hits"]], ["ttir.matmul"])
        for body in ({}, {"terms": []}, {"terms": [1]}, {"terms": [{}]}, {"terms": [{"text": "a"}] * 40},
                     {"terms": [{"text": "a", "where": ["x"]}]}, {"terms": [{"text": "["}]},
                     {"terms": [{"text": "a"}], "limit": -1}):
            call(s, "POST", stage + "/search", body, expect=400)


@tap.case
def text_and_lines():
    with serving.Server() as s:
        stage = f"/models/{opened(s)}/stages/0"
        whole = call(s, "GET", stage + "/text?count=1")
        tap.equal((whole["text"], whole["begin"], whole["total_lines"]), (serving.MODULE, 0, 8))
        part = call(s, "GET", stage + "/text?line=4&lines=2")
        tap.equal(part["text"], "".join(serving.MODULE.splitlines(True)[3:5]))
        tap.equal((part["line"], part["column"]), (4, 1))
        tap.equal(call(s, "GET", stage + "/text?from=5&to=9")["text"], serving.MODULE[5:9])
        tap.equal(call(s, "GET", stage + "/text?from=100000")["text"], "")
        ops = call(s, "GET", stage + "/ops?from=4&to=5")
        tap.equal([(op["op"], op["line"], op["end_line"]) for op in ops["ops"]],
                  [("ttir.matmul", 4, 4), ("ttir.relu", 5, 5)])
        assert ops["around"] is not None
        relu = ops["ops"][1]
        lines = call(s, "GET", f"{stage}/lines?node={relu['node']}")
        tap.equal((lines["line"], lines["end_line"], lines["begin"]), (5, 5, relu["begin"]))
        tap.contains(serving.MODULE[lines["begin"]:lines["end"]], "ttir.relu")
        argument = call(s, "GET", stage + "/search?q=arg0&in=label")["hits"][0]["node"]
        at = call(s, "GET", f"{stage}/lines?node={argument}")
        tap.equal(serving.MODULE[at["begin"]:at["end"]], "%arg0")
        source = call(s, "GET", f"{stage}/user-source?node={relu['node']}&around=1")
        tap.equal((source["file"], source["line"], source["readable"]), ("net.py", 4, True))
        tap.equal((source["first_line"], source["text"]), (3, "".join(serving.SOURCE.splitlines(True)[2:])))
        (s.root / "net.py").unlink()
        source = call(s, "GET", f"{stage}/user-source?node={relu['node']}")
        tap.equal((source["readable"], "text" in source), (False, False))


@tap.case
def several_modules_in_a_file():
    text = "// é\n" + serving.MODULE + "// -----\n" + serving.MODULE.replace("relu", "gelu")
    with serving.Server(files={"two.mlir": text}) as s:
        stage = f"/models/{opened(s, 'two.mlir')}/stages/0"
        tap.equal(call(s, "GET", stage + "/search?part=1&q=gelu&in=label")["total"], 1)
        tap.equal(call(s, "GET", stage + "/search?part=0&q=gelu&in=label")["total"], 0)
        part = call(s, "GET", stage + "/text?part=1")
        tap.equal(part["text"][part["first"]:], text.split("// -----\n")[1])
        # lines are those of the file
        gelu = next(i for i, line in enumerate(text.splitlines(), 1) if "ttir.gelu" in line)
        (op,) = call(s, "GET", f"{stage}/ops?part=1&from={gelu}")["ops"]
        tap.equal((op["op"], op["line"]), ("ttir.gelu", gelu))
        tap.contains(call(s, "GET", f"{stage}/text?part=1&from={op['begin']}&to={op['end']}")["text"], "ttir.gelu")


@tap.case
def files_with_ranges():
    with serving.Server() as s:
        path = opened(s)
        for model in (path, call(s, "POST", "/models", {"text": serving.MODULE + "// x\n"})["id"]):
            whole = call(s, "GET", f"/models/{model}/file")
            tap.equal(whole.body[:len(serving.MODULE)].decode(), serving.MODULE)
            part = s.get(f"{API}/models/{model}/file", headers={"Range": "bytes=10-19"})
            tap.equal((part.status, part.body), (206, whole.body[10:20]))
            tap.equal(part.headers["Content-Range"], f"bytes 10-19/{len(whole.body)}")
            tag = whole.headers["ETag"]
            call(s, "GET", f"/models/{model}/file", expect=304, headers={"If-None-Match": tag})


@tap.case
def differences():
    with serving.Server() as s:
        left = opened(s)
        right = call(s, "POST", "/models", {"text": serving.MODULE.replace("relu", "gelu")})["id"]
        same = call(s, "GET", f"/diff?left={left}&right={left}")
        tap.equal((same["changed"], same["removed"], same["added"]), ([], [], []))
        diff = call(s, "GET", f"/diff?left={left}&right={right}")
        assert diff["changed"] or (diff["removed"] and diff["added"]), diff
        sync = call(s, "GET", f"/diff?left={left}&right={right}&form=sync")
        tap.equal(sync["type"], "sync_navigation")
        numbers = call(s, "GET", f"/diff?left={left}&right={right}&form=nodes")
        tap.equal(len(numbers["changed"]), 2 * len(diff["changed"]))
        tap.equal((len(numbers["removed"]), len(numbers["added"])), (len(diff["removed"]), len(diff["added"])))
        tap.equal(len(numbers["pairs"]), 2 * (numbers["same"] + len(diff["changed"])))
        call(s, "GET", f"/diff?left={left}&right={right}&form=other", expect=400)


@tap.case
def overlays():
    with serving.Server() as s:
        model = opened(s)
        relu = call(s, "GET", f"/models/{model}/stages/0/search?q=relu&in=label")["hits"][0]
        data = {"name": "time", "results": {relu["id"]: {"value": 12.5}, "net/dense/matmul": {"value": 2},
                                            "nobody": {"value": 1}},
                "gradient": [{"stop": 0, "bgColor": "yellow"}, {"stop": 1, "bgColor": "red"}]}
        (one,) = call(s, "POST", f"/models/{model}/overlays", data)["overlays"]
        tap.equal((one["name"], one["model"]), ("time", model))
        kept = call(s, "GET", f"/overlays/{one['id']}")
        tap.equal(kept["results"][relu["id"]]["value"], 12.5)
        values = call(s, "GET", f"/overlays/{one['id']}/values")
        tap.equal(values["max"], 12.5)
        tap.equal({v["node"]: v["value"] for v in values["values"]}[relu["node"]], 12.5)
        tap.equal(values["unbound"], 1)
        assert re.fullmatch("#[0-9a-f]{8}", values["values"][0]["colour"])
        both = call(s, "POST", f"/models/{model}/overlays?name=two", {"g1": data, "g2": data})["overlays"]
        tap.equal([o["graph"] for o in both if o["name"] == "two"], ["g1", "g2"])
        # today's pages get it with the next conversion
        answer = s.post("/apipost/v1/send_command", {"cmdId": "convert", "extensionId": "tt_adapter", "settings": {},
                                                     "modelPath": str(s.root / "tiny.mlir")}).json
        graph = answer["graphs"][0]
        tap.equal(graph["overlays"]["time"][graph["id"]]["results"][relu["id"]]["value"], 12.5)
        s.restart()
        tap.equal(len(call(s, "GET", f"/models/{model}/overlays")["overlays"]), 3)
        call(s, "DELETE", f"/overlays/{one['id']}")
        call(s, "GET", f"/overlays/{one['id']}", expect=404)
        for bad in ({"results": 1}, {"results": {"a": 1}}, {"g": {"x": 1}}):
            tap.equal(call(s, "POST", f"/models/{model}/overlays", bad, expect=422)["code"], "unreadable")


@tap.case
def override_sets():
    with serving.Server() as s:
        model = opened(s)
        place = "loc(net/dense/relu)"
        one = {"named_location": "net/dense/relu", "full_location": place,
               "attributes": [{"key": "data_type", "value": "bf16"}]}
        made = call(s, "POST", f"/models/{model}/overrides", {"name": "try", "overrides": {place: one}})
        tap.equal((made["name"], made["overrides"]), ("try", {place: one}))
        changed = call(s, "PUT", f"/overrides/{made['id']}", {"name": "better"})
        tap.equal((changed["name"], changed["overrides"]), ("better", {place: one}))
        tap.equal(call(s, "GET", f"/overrides/{made['id']}"), changed)
        tap.equal([o["id"] for o in call(s, "GET", f"/models/{model}/overrides")["overrides"]], [made["id"]])
        own = {"x": {"bind": "identity", "target": "@f/ttnn.relu#0", "attributes": [{"key": "output_layout.buffer_type", "value": "l1"}]}}
        second = call(s, "POST", f"/models/{model}/overrides", {"name": "ours", "overrides": own})
        tap.equal(second["overrides"], own)
        call(s, "DELETE", f"/overrides/{second['id']}")
        s.restart()
        tap.equal(call(s, "GET", f"/overrides/{made['id']}"), changed)
        for bad in ({place: {}}, {place: dict(one, attributes=[{"key": "colour", "value": "x"}])}, [],
                    {place: dict(one, attributes={})}, {place: 1}):
            call(s, "POST", f"/models/{model}/overrides", {"overrides": bad}, expect=422)
        call(s, "DELETE", f"/overrides/{made['id']}")
        call(s, "GET", f"/overrides/{made['id']}", expect=404)


@tap.case
def ui_state():
    with serving.Server() as s:
        model = opened(s)
        for scope in ("global", model):
            call(s, "PUT", f"/ui/{scope}/panes", {"a": [1, "é"]})
            call(s, "PUT", f"/ui/{scope}/a%2Fb", "3")
            tap.equal(call(s, "GET", f"/ui/{scope}/panes"), {"a": [1, "é"]})
            tap.equal(call(s, "GET", f"/ui/{scope}"), {"a/b": 3, "panes": {"a": [1, "é"]}})
            s.restart()
            tap.equal(call(s, "GET", f"/ui/{scope}/panes"), {"a": [1, "é"]})
            call(s, "DELETE", f"/ui/{scope}/panes")
            call(s, "GET", f"/ui/{scope}/panes", expect=404)
        call(s, "PUT", "/ui/global/x", "{", expect=400)
        call(s, "PUT", "/ui/global/" + "k" * 300, "1", expect=400)
        call(s, "PUT", "/ui/global/x", '"' + "x" * (2 << 20) + '"', expect=413)


@tap.case
def workspace_and_files():
    files = {"tiny.mlir": serving.MODULE, "deep/er/one.mlir": serving.MODULE, "deep/note.txt": "x", ".hidden": "x"}
    with serving.Server(files=files) as s:
        opened(s)
        told = call(s, "GET", "/workspace")
        tap.equal((told["models"], told["read_only"]), (1, False))
        tap.equal(call(s, "POST", "/workspace/clean")["models"], 1)
        os.symlink("/etc", s.root / "deep" / "out")
        names = [f["name"] for f in call(s, "GET", f"/files?path={quote(str(s.root))}/")["files"]]
        tap.equal(names, ["deep", "tiny.mlir"])
        found = call(s, "GET", f"/files?path={quote(str(s.root / 'de'))}")["files"]
        tap.equal([(f["path"], f["folder"]) for f in found], [(str(s.root / "deep"), True)])
        found = call(s, "GET", f"/files?path={quote(str(s.root / 'deep'))}/")["files"]
        tap.equal([f["name"] for f in found], ["er", "note.txt"])  # a link that leads out is not shown
        for outside in ("/etc/", "/", str(s.root) + "/../", "/nowhere/"):
            for f in call(s, "GET", f"/files?path={quote(outside)}")["files"]:
                assert f["path"].startswith(str(s.root)), f
        preload = call(s, "GET", "/preload")
        tap.equal(preload["files"], [str(s.root / "deep/er/one.mlir"), str(s.root / "tiny.mlir")])
        tap.equal(preload["roots"], [str(s.root)])
    examples = tap.ROOT.resolve() / "examples"
    with serving.Server(str(examples / "mnist.mlir"), str(examples)) as s:  # a file, and the folder it lies in
        files = [path for path in call(s, "GET", "/preload")["files"] if path.startswith(str(examples))]
        tap.equal(files, sorted(map(str, examples.rglob("*.mlir"))))


@tap.case
def read_only():
    with serving.Server("--read-only") as s:
        tap.equal(call(s, "GET", "/server")["read_only"], True)
        model = opened(s)
        call(s, "GET", f"/models/{model}/stages/0/graph")
        for method, path, body in (("POST", "/models", {"text": "x"}), ("POST", "/models/upload", b"x"),
                                   ("DELETE", f"/models/{model}", None), ("PUT", "/ui/global/x", "1"),
                                   ("POST", f"/models/{model}/overlays", {"results": {}}),
                                   ("POST", f"/models/{model}/overrides", {})):
            answer = s.request(method, API + path, body)
            assert answer.status in (403, 405), (method, path, answer.status)
            tap.contains(answer.json["error"]["message"], "read-only")


@tap.case
def a_large_model():
    n = 20000
    ops = "".join(f"    %{i + 1} = \"ttir.relu\"(%{i}) : (tensor<32x32xf32>) -> tensor<32x32xf32> "
                  f"loc(\"b{i // 100}/r{i}\")\n" for i in range(n))
    text = ("module {\n  func.func @main(%0: tensor<32x32xf32>) -> tensor<32x32xf32> {\n" + ops +
            f"    return %{n} : tensor<32x32xf32>\n  }}\n}}\n")
    with serving.Server(files={"large.mlir": text}) as s:
        model = opened(s, "large.mlir")
        binary = call(s, "GET", f"/models/{model}/stages/0/graph").body
        assert len(binary) < 80 * n, f"{len(binary)} bytes for {n} nodes"
        hits = call(s, "GET", f"/models/{model}/stages/0/search?q=relu&in=label&limit=10")
        tap.equal((hits["total"], len(hits["hits"])), (n, 10))
        ops = call(s, "GET", f"/models/{model}/stages/0/ops?from=10003&to=10005")["ops"]
        tap.equal([op["line"] for op in ops], [10003, 10004, 10005])


@tap.case
def analyses():
    """Over a model of four equal blocks: layers of their own by name, and flat."""
    blocks = "".join(
        f"""    %a{i} = "ttir.relu"(%{'x' if i == 0 else f'd{i - 1}'}) : (tensor<4xf32>) -> tensor<4xf32> loc("b{i}/relu")
    %b{i} = "ttir.exp"(%a{i}) : (tensor<4xf32>) -> tensor<4xf32> loc("b{i}/exp")
    %c{i} = "ttir.neg"(%a{i}) : (tensor<4xf32>) -> tensor<4xf32> loc("b{i}/neg")
    %d{i} = "ttir.add"(%b{i}, %c{i}) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32> loc("b{i}/add")
""" for i in range(4))
    text = ("module {\n  func.func @main(%x: tensor<4xf32>) -> tensor<4xf32> {\n" + blocks +
            "    return %d3 : tensor<4xf32>\n  }\n}\n")
    with serving.Server(files={"blocks.mlir": text}) as s:
        stage = f"/models/{opened(s, 'blocks.mlir')}/stages/0"

        def node(what, **more):
            extra = "".join(f"&{k}={v}" for k, v in more.items())
            return call(s, "GET", f"{stage}/search?q={quote(what)}&in=id,layers{extra}")["hits"][0]["node"]

        def labels(nodes):
            return [n["label"] for n in call(s, "POST", f"{stage}/nodes", {"nodes": nodes})["nodes"]]

        first, last = node("relu@b0"), node("add@b1")
        trace = call(s, "GET", f"{stage}/trace?node={last}")
        tap.equal((len(trace["up"]), len(trace["down"])), (1 + 4 + 3, 2 * 4 + 1))
        tap.equal(sorted(labels(call(s, "GET", f"{stage}/trace?node={last}&direction=up&steps=1")["up"])),
                  ["ttir.exp", "ttir.neg"])
        call(s, "GET", f"{stage}/trace?node={last}&direction=left", expect=400)
        call(s, "GET", f"{stage}/trace?node=12345", expect=404)

        paths = call(s, "GET", f"{stage}/paths?from={first}&to={last}&kind=all")
        tap.equal((paths["steps"], paths["count"], paths["complete"], len(paths["between"])), (5, 4, True, 8))
        tap.equal([len(p) for p in paths["paths"]], [6, 6, 6, 6])
        one = call(s, "GET", f"{stage}/paths?from={first}&to={last}&kind=all&limit=1")
        tap.equal((len(one["paths"]), one["count"], one["complete"]), (1, 4, False))
        none = call(s, "GET", f"{stage}/paths?from={last}&to={first}")
        tap.equal((none["steps"], none["count"], none["paths"]), (None, 0, []))
        call(s, "GET", f"{stage}/paths?from={last}&to={last}", expect=400)
        call(s, "GET", f"{stage}/paths?from={last}", expect=400)

        groups = call(s, "GET", f"{stage}/identical?types=1")["groups"]
        tap.equal([labels(g) for g in groups], [["b0", "b1", "b2", "b3"]])
        tap.equal(call(s, "GET", f"{stage}/identical?node={groups[0][2]}")["groups"], groups)
        tap.equal(call(s, "GET", f"{stage}/identical?node={first}")["groups"], [])

        (run,) = call(s, "GET", f"{stage}/repeats?layers=function")["repeats"]
        tap.equal((run["length"], run["count"]), (4, 4))
        tap.equal(call(s, "GET", f"{stage}/repeats?layers=function&least=5")["repeats"], [])
        grouped = call(s, "GET", f"{stage}/search?q=^block&in=label,layers&layers=function%2Brepeats")["hits"]
        tap.equal([h["label"] for h in grouped], ["block 1", "block 2", "block 3", "block 4"])
        inside = call(s, "GET", f"{stage}/node?id=main/ttir.relu@b2/relu&layers=function%2Brepeats")
        tap.equal(inside["namespace"].split("/")[-1], "block 3")
        call(s, "GET", f"{stage}/search?q=x&layers=nothing%2Brepeats", expect=400)

        bound = call(s, "POST", f"{stage}/bind", {"ids": ["main/ttir.relu@b0/relu", "b1/add", "nobody"]})["nodes"]
        tap.equal(bound, [first, last, 0])
        call(s, "POST", f"{stage}/bind", {"ids": [1]}, expect=400)

        data = {"results": {"b0/relu": {"value": 1}, "b0/exp": {"value": 3}, "b1/add": {"value": 8}},
                "thresholds": [{"value": 2, "bgColor": "#ff0000"}, {"value": 9, "bgColor": "#00ff00"}]}
        overlay = call(s, "POST", stage.replace("/stages/0", "/overlays"), data)["overlays"][0]["id"]
        sums = {l["layer"]: l for l in call(s, "GET", f"/overlays/{overlay}/layers")["layers"]}
        b0, b1 = groups[0][:2]
        whole = sums[0]
        tap.equal([whole[k] for k in ("count", "min", "max", "sum", "avg")], [3, 1, 8, 12, 4])
        tap.equal([sums[b0][k] for k in ("count", "min", "max", "sum", "avg")], [2, 1, 3, 4, 2])
        tap.equal(sums[b0]["bars"], [{"colour": "#ff0000ff", "share": 0.5}, {"colour": "#00ff00ff", "share": 0.5}])
        tap.equal(sums[b1]["bars"], [{"colour": "#00ff00ff", "share": 1}])

        found = call(s, "POST", f"{stage}/search",
                     {"terms": [{"text": "schedule", "min": 2, "max": 5}, {"only": "nodes"}], "form": "nodes"})
        tap.equal((found["total"], len(found["nodes"]), found["hits"]), (4, 4, []))
        tap.equal(call(s, "POST", f"{stage}/search", {"terms": [{"only": "layers"}, {"text": "^b", "where": ["label"]}]}
                       )["total"], 4)
        call(s, "POST", f"{stage}/search", {"terms": [{"only": "few"}]}, expect=400)
        call(s, "POST", f"{stage}/search", {"terms": [{"text": "x", "min": "low"}]}, expect=400)


@tap.case
def compiles():
    with serving.Server() as s:
        model = opened(s)
        for wrong, word in (({"level": 3}, "level"), ({"device": "n9"}, "n150"), ({"options": {"nothing": 1}}, "no such"),
                            ({"mesh": {}}, "mesh"), ({"colour": 1}, "colour"), ({"system": {"name": "a"}}, "system"),
                            ({"system": {"base64": "a-b"}}, "no base64"), ({"device": "n150", "system": {"base64": "AA"}}, "both"),
                            ({"system": {"name": "my.ttsys", "base64": "AAAAAA"}}, "my.ttsys is no system descriptor"), ({"options": {"enable-const-eval": "x"}}, "")):
            tap.contains(call(s, "POST", f"/models/{model}/runs", wrong, expect=400)["message"], word)
        tap.contains(call(s, "POST", f"/models/{model}/runs", {"part": 1}, expect=404)["message"], "part 1")
        run = call(s, "POST", f"/models/{model}/runs", {"device": "n150"})
        tap.equal(run["settings"], {"part": 0, "level": 0, "device": "n150"})
        tap.equal([stage["stage"] for stage in run["stages"]], list(range(len(run["stages"]))))
        tap.equal(run["stages"][0]["same_as"], 0)
        # asked again, in other words, it is the same run
        again = call(s, "POST", f"/models/{model}/runs", '{ "device":"n150", "level": 0, "mesh": null }')
        tap.equal((again["id"], again["us"]), (run["id"], run["us"]))
        for file in sorted(TTSYS.glob("p150_2026-06.ttsys")):
            system = {"name": file.name, "base64": base64.b64encode(file.read_bytes()).decode()}
            board = call(s, "POST", f"/models/{model}/runs", {"system": system})
            tap.equal((board["settings"], board["ok"]), ({"part": 0, "level": 0, "system": system}, True))
            text = call(s, "GET", f"/models/{model}/stages/{len(board['stages']) - 1}/text?run={board['id']}")["text"]
            tap.contains(text, "arch = <blackhole>")
            call(s, "DELETE", f"/models/{model}/runs/{board['id']}")
        other = call(s, "POST", f"/models/{model}/runs", {"options": {"enable-const-eval": False}})
        assert other["id"] != run["id"]
        tap.equal([one["id"] for one in call(s, "GET", f"/models/{model}/runs")["runs"]], [run["id"], other["id"]])
        tap.equal(call(s, "GET", f"/models/{model}/runs/{run['id']}"), run)
        # a stage has all that the source has
        last = max(stage["stage"] for stage in run["stages"] if stage["changed"])
        stage, query = f"/models/{model}/stages/{last}", f"run={run['id']}"
        tap.contains(call(s, "GET", f"{stage}/text?{query}")["text"], "ttcore.device_module")
        graph = call(s, "GET", f"{stage}/graph?{query}")
        tap.equal(graph.body[:4], b"TTXG")
        call(s, "GET", f"{stage}/graph?{query}", expect=304, headers={"If-None-Match": graph.headers["ETag"]})
        hits = call(s, "GET", f"{stage}/search?q=matmul&in=label&{query}")["hits"]
        tap.equal(len(hits), 1)
        # the matmul of the last stage is that of the source, and the other way round
        source = call(s, "GET", f"/models/{model}/stages/0/search?q=matmul&in=label")["hits"]
        follow = f"/models/{model}/runs/{run['id']}/follow"
        tap.equal(call(s, "GET", f"{follow}?stage={last}&node={hits[0]['node']}&to=0,{last}")["stages"],
                  [{"stage": 0, "nodes": [source[0]["node"]]}, {"stage": last, "nodes": [hits[0]["node"]]}])
        became = call(s, "GET", f"{follow}?stage=0&node={source[0]['node']}&to={last}")["stages"][0]["nodes"]
        assert hits[0]["node"] in became, became
        # several at once become what each of them becomes
        all_ops = call(s, "GET", f"/models/{model}/stages/0/search?q=.&in=label")["hits"]
        nodes = [hit["node"] for hit in all_ops]
        each = {n for node in nodes for n in call(s, "GET", f"{follow}?stage=0&node={node}&to={last}")["stages"][0]["nodes"]}
        together = call(s, "GET", f"{follow}?stage=0&nodes={','.join(map(str, nodes))}&to=0,{last}")["stages"]
        tap.equal(together, [{"stage": 0, "nodes": sorted(nodes)}, {"stage": last, "nodes": sorted(each)}])
        assert len(nodes) > 1, nodes
        call(s, "GET", f"{follow}?stage=0&nodes=1,x&to=0", expect=400)
        call(s, "GET", f"{follow}?stage=0&nodes=1,99999&to=0", expect=404)
        diff = call(s, "GET", f"/diff?left={model}&right={model}&right_stage={last}&right_run={run['id']}")
        assert diff["added"], diff
        # what is not there
        call(s, "GET", f"{stage}/graph", expect=404)
        call(s, "GET", f"/models/{model}/stages/{len(run['stages'])}/graph?{query}", expect=404)
        call(s, "GET", f"{stage}/graph?run=0123", expect=404)
        call(s, "GET", f"{follow}?stage=0&node=0&to=x", expect=400)
        call(s, "GET", f"{follow}?stage=0&node=99999&to=1", expect=404)
        # the next server knows the run by its settings, and makes the same of it
        text = call(s, "GET", f"{stage}/text?{query}")["text"]
        s.restart()
        tap.equal(call(s, "GET", f"{stage}/text?{query}")["text"], text)
        exports(s, model, run)
        call(s, "DELETE", f"/models/{model}/runs/{other['id']}")
        call(s, "DELETE", f"/models/{model}/runs/{other['id']}", expect=404)
        tap.equal([one["id"] for one in call(s, "GET", f"/models/{model}/runs")["runs"]], [run["id"]])


def exports(s, model, run):
    """A page with the model, with the stages of a run and node data when asked."""
    call(s, "POST", f"/models/{model}/overlays?name=times", {"results": {"x": {"value": 1}}})
    whole = call(s, "GET", f"/models/{model}/export?run={run['id']}&data=true").body
    info = json.loads(re.search(rb'id="ttx-info">(.*?)</script>', whole).group(1))["models"][0]
    told = info["runs"][0]["run"]
    passes = [[(i["pass"], i["changed"], i["same_as"], i["ops"]) for i in one["stages"]] for one in (told, run)]
    tap.equal((told["id"], told["settings"], passes[0]), (run["id"], run["settings"], passes[1]))
    tap.equal((info["id"], info["data"]), (model, [{"name": "times", "graph": ""}]))
    changed = [str(i["stage"]) for i in run["stages"][1:] if i["changed"]]
    tap.equal([n.decode() for n in re.findall(rb'id="ttx-run-0-0-(\d+)"', whole)], changed)
    alone = call(s, "GET", f"/models/{model}/export").body
    tap.equal(re.findall(rb'id="ttx-(?:run|data)-', alone), [])
    call(s, "GET", f"/models/{model}/export?run={'0' * 24}", expect=404)
    call(s, "GET", f"/models/{model}/export?data=perhaps", expect=400)
    call(s, "GET", f"/models/{'0' * 64}/export", expect=404)


@tap.case
def overrides_of_a_run():
    with serving.Server() as s:
        model = opened(s)
        run = call(s, "POST", f"/models/{model}/runs", {"device": "n150"})
        tap.equal((run["ok"], run["overrides"]), (True, []))
        node = call(s, "GET", f"/models/{model}/stages/0/search?q=matmul&in=label")["hits"][0]["node"]
        fields = call(s, "GET", f"/models/{model}/runs/{run['id']}/fields?stage=0&node={node}")
        tap.equal((fields["total"], fields["ops"][0]["op"]), (1, "ttnn.matmul"))
        of = {f["group"] + "." + f["key"]: f for f in fields["ops"][0]["fields"]}
        choices = {o["value"]: o for o in of["output_layout.data_type"]["options"]}
        tap.equal(of["output_layout.data_type"]["value"], "f32")
        tap.equal((choices["bfp_bf8"]["legal"], choices["u8"]["legal"]), (True, False))
        assert choices["u8"]["why"]
        for one in call(s, "GET", f"/models/{model}/runs/{run['id']}/suggest")["suggestions"]:
            assert one["after_us"] < one["before_us"] and one["settings"], one
        # one that is legal and one that is not, of an op, and one of nothing
        forms = call(s, "POST", "/overrides-convert", {"options": "override-output-layout=relu=l1:interleaved"})
        tap.equal(forms["left_out"], "")
        tap.equal(call(s, "POST", "/overrides-convert", {"overrides": forms["overrides"]})["options"], forms["options"])
        call(s, "POST", "/overrides-convert", {"options": "override-output-layout"}, expect=422)
        wanted = {"a": {"bind": "identity", "target": fields["ops"][0]["identity"],
                        "attributes": [{"key": "output_layout.data_type", "value": "bfp_bf8"}]},
                  "b": {"bind": "query", "target": "op=relu",
                        "attributes": [{"key": "output_layout.data_type", "value": "u8"}]},
                  "c": {"named_location": "nobody", "attributes": [{"key": "data_type", "value": "bf16"}]}}
        other = call(s, "POST", f"/models/{model}/runs", {"device": "n150", "overrides": wanted})
        assert other["id"] != run["id"]
        tap.equal({one["target"]: one["state"] for one in other["overrides"]},
                  {fields["ops"][0]["identity"]: "applied", "op=relu": "illegal", "nobody": "unmatched"})
        assert all(one["why"] for one in other["overrides"] if one["state"] != "applied")
        last = len(other["stages"]) - 1
        tap.contains(call(s, "GET", f"/models/{model}/stages/{last}/text?run={other['id']}")["text"], "bfp_bf8")
        call(s, "POST", f"/models/{model}/runs", {"overrides": {"a": {"attributes": 1}}}, expect=422)
        compares(s, model, run, other, fields["ops"][0]["identity"])


def compares(s, model, run, other, changed):
    """Two runs side by side; the op `changed` got a smaller data type in the second."""
    both = call(s, "GET", f"/models/{model}/runs-compare?runs={run['id']},{other['id']}")
    tap.equal([one["id"] for one in both["runs"]], [run["id"], other["id"]])
    for told, one in zip(both["runs"], (run, other)):
        tap.equal((round(told["us"], 3), told["peak_l1"]), (round(one["estimate"]["us"], 3), one["estimate"]["peak_l1"]))
    for i, told in enumerate(both["runs"]):  # nothing is lost, nothing counted twice
        assert abs(sum(op["us"][i] for op in both["ops"]) + told["rest_us"] - told["us"]) < 1e-3, both
    tap.equal(both["total"], len(both["ops"]))
    spread = [abs(op["us"][0] - op["us"][1]) for op in both["ops"]]
    tap.equal(spread, sorted(spread, reverse=True))
    of = {op["identity"]: op for op in both["ops"]}
    assert of[changed]["us"][0] != of[changed]["us"][1], of[changed]
    one = call(s, "GET", f"/models/{model}/runs-compare?runs={run['id']}&limit=1")
    tap.equal((len(one["runs"]), len(one["ops"]), one["total"]), (1, 1, sum(op["us"][0] > 0 for op in both["ops"])))
    call(s, "GET", f"/models/{model}/runs-compare?runs=", expect=400)
    call(s, "GET", f"/models/{model}/runs-compare?runs=" + ",".join([run["id"]] * 17), expect=400)
    call(s, "GET", f"/models/{model}/runs-compare?runs={run['id']},{'0' * 24}", expect=404)


@tap.case
def cannot_compile():
    """What has no module, or a broken one, says so."""
    with serving.Server(files={"bad.mlir": "func.func @f() {\n", "g.json": '{"graphs": [{"id": "g", "nodes": []}]}'}) as s:
        for name, word in (("bad.mlir", "errors"), ("g.json", "MLIR")):
            model = opened(s, name)
            tap.contains(call(s, "POST", f"/models/{model}/runs", {}, expect=422)["message"], word)


@tap.case
def document_and_routes_agree():
    """Runs last: all routes of the table are in the document, and the cases above had an answer of each."""
    with serving.Server() as s:
        told = call(s, "GET", "/openapi.json")
        tap.equal(told["openapi"], "3.1.0")
        schemas = set(told["components"]["schemas"])
        tap.equal(schema.names(told) - schemas, set())
        tap.equal(schemas - schema.names(told), set())
        source = (tap.ROOT / "src/server/api.c").read_text()
        spelled = {"API_PREFIX": '"/api/ttx/v1"', "MODEL": '"/api/ttx/v1/models/{id}"',
                   "STAGE": '"/api/ttx/v1/models/{id}/stages/{stage}"'}
        routes = set()
        for method, prefix, rest in re.findall(r'\{"([A-Z]+)", (API_PREFIX|MODEL|STAGE)(?: "([^"]*)")?,', source):
            routes.add((method, spelled[prefix].strip('"') + rest))
        listed = {(method.upper(), path) for path, ops in told["paths"].items() for method in ops}
        tap.equal(routes - listed, set())
        tap.equal(listed - routes, set())
        all_answered(lambda path: not of_executions(path))
        for path, operations in told["paths"].items():
            for one in operations.values():
                named = {p["name"] for p in one["parameters"] if p["in"] == "path"}
                tap.equal(named, set(re.findall(r"\{(\w+)\}", path)))
        tag = s.get(API + "/openapi.json").headers["ETag"]
        call(s, "GET", "/openapi.json", expect=304, headers={"If-None-Match": tag})


tap.main()
