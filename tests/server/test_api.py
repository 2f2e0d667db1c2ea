"""Our own API. Every answer is held against the schema that the OpenAPI document names for it."""

import ast
import csv
import gzip
import io
import json
import os
import re
import struct
import time
import zipfile
from urllib.parse import quote

import schema
import serving
import tensors
from serving import tap

API = "/api/ttx/v1"
used = set()  # (method, pattern) of all answers that were checked
document = None


def operation(method, path):
    """The operation of the document that a request means."""
    path = path.split("?")[0]
    best = None
    for pattern, operations in document["paths"].items():
        fits = re.fullmatch(re.sub(r"\\\{[^}]*\\\}", "[^/]+", re.escape(pattern)), path)
        if fits and method.lower() in operations and (best is None or best.count("{") > pattern.count("{")):
            best = pattern
    assert best, f"{method} {path} is in no document"
    return best, document["paths"][best][method.lower()]


def call(s, method, path, body=None, expect=None, headers=None):
    """A request whose answer must be what the document says. Gives the JSON of good answers, or the Answer."""
    global document
    if document is None:
        document = s.get(API + "/openapi.json").json
    answer = s.request(method, API + path, body, headers)
    pattern, told = operation(method, API + path)
    if expect is None:
        assert answer.status < 300, f"{method} {path}: {answer.status} {answer.body[:500]}"
        tap.contains(told["responses"], str(answer.status))
    else:
        tap.equal((path, answer.status), (path, expect))
    if answer.status >= 400:
        tap.equal(answer.headers["Content-Type"], "application/json")
        schema.check(answer.json, {"$ref": "#/components/schemas/Error"}, document)
        return answer.json["error"]
    used.add((method, pattern))
    if answer.status in (204, 304):
        tap.equal(answer.body, b"")
        return answer
    content = told["responses"][str(answer.status)]["content"]
    if "application/json" in content:
        tap.equal(answer.headers["Content-Type"], "application/json")
        schema.check(answer.json, content["application/json"]["schema"], document)
        return answer.json
    return answer


def opened(s, name="tiny.mlir"):
    return call(s, "POST", "/models", {"path": str(s.root / name)})["id"]


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
                            ({"mesh": {}}, "mesh"), ({"colour": 1}, "colour"), ({"options": {"enable-const-eval": "x"}}, "")):
            tap.contains(call(s, "POST", f"/models/{model}/runs", wrong, expect=400)["message"], word)
        tap.contains(call(s, "POST", f"/models/{model}/runs", {"part": 1}, expect=404)["message"], "part 1")
        run = call(s, "POST", f"/models/{model}/runs", {"device": "n150"})
        tap.equal(run["settings"], {"part": 0, "level": 0, "device": "n150"})
        tap.equal([stage["stage"] for stage in run["stages"]], list(range(len(run["stages"]))))
        tap.equal(run["stages"][0]["same_as"], 0)
        # asked again, in other words, it is the same run
        again = call(s, "POST", f"/models/{model}/runs", '{ "device":"n150", "level": 0, "mesh": null }')
        tap.equal((again["id"], again["us"]), (run["id"], run["us"]))
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


def ended(s, job):
    """Waits for a job; gives it."""
    until = time.monotonic() + 60
    while job["state"] in ("queued", "running"):
        assert time.monotonic() < until, job
        time.sleep(0.02)
        job = call(s, "GET", f"/jobs/{job['id']}")
    return job


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
        assert told["kept"]["bytes"] >= 2 * 5 * 480, told["kept"]
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
        tap.equal(listed - used, set())
        for path, operations in told["paths"].items():
            for one in operations.values():
                named = {p["name"] for p in one["parameters"] if p["in"] == "path"}
                tap.equal(named, set(re.findall(r"\{(\w+)\}", path)))
        tag = s.get(API + "/openapi.json").headers["ETag"]
        call(s, "GET", "/openapi.json", expect=304, headers={"If-None-Match": tag})


tap.main()
