"""The REST protocol of Model Explorer and Tenstorrent's fork, as their pages, the Python package, ttnn-visualizer and
scripts speak it. The requests are those that the real clients send."""

import concurrent.futures
import json
import shutil
import subprocess
import time
from urllib.parse import quote, unquote

import serving
from serving import tap

# What Tenstorrent's page sends as settings with every conversion.
SETTINGS_F = {
    "const_element_count_limit": 16, "artificial_layer_node_count_threshold": 1000, "edge_label_font_size": 7.5,
    "keep_layers_with_a_single_child": False, "show_welcome_card": True, "disallow_vertical_edge_labels": False,
    "show_op_node_out_of_layer_edges_without_selecting": False, "highlight_layer_node_inputs_outputs": False,
    "hide_empty_node_data_entries": False, "show_side_panel_on_node_selection": False,
}
# Google's page adds to them.
SETTINGS_G = dict(SETTINGS_F, op_node_label_font_size=11, layer_node_label_font_size=11, info_panel_font_size=12,
                  max_edge_label_char_count=0)


def command(server, cmd, path="", extension="tt_adapter", settings=None, delete=False, **more):
    answer = server.post("/apipost/v1/send_command", dict(
        {"cmdId": cmd, "extensionId": extension, "modelPath": str(path),
         "settings": SETTINGS_F if settings is None else settings, "deleteAfterConversion": delete}, **more))
    tap.equal(answer.status, 200)
    common_headers(answer)
    return answer.json


def common_headers(answer, kind="application/json"):
    tap.equal(answer.headers["Content-Type"], kind)
    tap.equal(answer.headers.get_all("Cache-Control"), ["public, max-age=0"])


def check_graph(graph):
    """What the app needs of a graph."""
    ids = set()
    for node in graph["nodes"]:
        assert node["id"], "an empty id"
        assert node["id"] not in ids, f"{node['id']} twice"
        ids.add(node["id"])
        assert isinstance(node["namespace"], str)
        for attr in node.get("attrs") or []:
            assert isinstance(attr["key"], str) and isinstance(attr["value"], (str, dict)), attr
    for node in graph["nodes"]:
        for edge in node.get("incomingEdges") or []:
            assert edge["sourceNodeId"] in ids, edge
            assert isinstance(edge["sourceNodeOutputId"], str) and isinstance(edge["targetNodeInputId"], str)


@tap.case
def start_of_a_page():
    with serving.Server() as s:
        tap.equal(s.get("/").status, 200)
        extensions = s.get("/api/v1/get_extensions")
        common_headers(extensions)
        listed = extensions.json
        tap.equal(listed[-1]["id"], "builtin_json")
        tap.equal(listed[-1]["fileExts"], ["json"])
        ours = {e["id"]: e for e in listed}
        tap.equal(ours["tt_adapter"]["fileExts"], ["mlir", "ttir", "ttnn"])
        tap.equal(ours["tt_adapter"]["type"], "adapter")
        tap.equal(ours["tt_adapter"]["enableExecution"], True)
        tap.equal(ours["tt_adapter"]["settings"],
                  {"optimizationPolicies": ["Optimizer Disabled", "Optimizer Enabled"], "supportsPreload": True})
        tap.contains(ours["builtin_mlir"]["fileExts"], "mlir")
        version = s.get("/api/v1/check_new_version")
        common_headers(version)
        tap.equal(sorted(version.json), ["desktopAppUrl", "releaseUrl", "runningVersion", "version"])
        tap.equal(version.json["version"], "")
        director = serving.Stream(s, "/apistream/server_director")
        tap.equal(director.reply.status, 200)
        tap.contains(director.reply.headers["Content-Type"], "text/event-stream")
        began = time.monotonic()
        heartbeats = [line for line in director.lines(6) if line.startswith(":")]
        tap.equal(heartbeats[:3], [": heartbeat"] * 3)
        assert time.monotonic() - began < 9, "heartbeats come each second"
        director.close()


@tap.case
def execution_can_be_switched_off():
    with serving.Server("-x") as s:
        tap.equal({e.get("enableExecution", False) for e in s.get("/api/v1/get_extensions").json}, {False})
        tap.contains(command(s, "execute", s.root / "tiny.mlir", settings={})["error"], "--no-model-execution")


@tap.case
def health():
    with serving.Server() as s:
        answer = s.get("/check_health")
        tap.equal((answer.status, answer.text), (200, "model_explorer_ok"))


@tap.case
def opens_by_path_as_the_fork_does():
    with serving.Server() as s:
        answer = command(s, "convert", s.root / "tiny.mlir")
        tap.equal(list(answer), ["graphs"])
        graph = answer["graphs"][0]
        check_graph(graph)
        labels = [n["label"] for n in graph["nodes"]]
        for label in ("ttir.matmul", "ttir.relu"):
            tap.contains(labels, label)
        relu = next(n for n in graph["nodes"] if n["label"] == "ttir.relu")
        tap.equal({"full_location", "named_location", "schedule"} - {a["key"] for a in relu["attrs"]}, set())


@tap.case
def opens_by_path_as_google_does():
    with serving.Server() as s:
        path = s.root / "tiny.mlir"
        note = s.get("/api/v1/notify_user_provided_model_path?path=" + quote(str(path)))
        common_headers(note)
        tap.equal(note.json, {"status": "ok"})
        answer = command(s, "convert", path, extension="builtin_mlir", settings=SETTINGS_G)
        check_graph(answer["graphs"][0])


@tap.case
def opens_an_upload():
    with serving.Server() as s:
        sent = s.upload("/apipost/v1/upload", "up loaded.mlir", serving.MODULE)
        tap.equal(sent.status, 200)
        common_headers(sent)
        path = sent.json["path"]
        tap.equal(path.split("/")[-1], "up loaded.mlir")
        for adapter, settings in (("tt_adapter", SETTINGS_F), ("builtin_mlir", SETTINGS_G)):
            answer = command(s, "convert", path, extension=adapter, settings=settings, delete=True)
            check_graph(answer["graphs"][0])
        # a page that is reloaded converts it again
        check_graph(command(s, "convert", path, delete=True)["graphs"][0])


@tap.case
def uploads_that_are_none():
    with serving.Server() as s:
        tap.equal(s.upload("/apipost/v1/upload", "x.mlir", "text", field="other").status, 400)
        answer = command(s, "convert", "upload:" + 64 * "0" + "/x.mlir")
        tap.contains(answer["error"], "FileNotFoundError")


@tap.case
def a_deleted_upload_goes_with_the_server():
    with serving.Server() as s:
        path = s.upload("/apipost/v1/upload", "a.mlir", serving.MODULE + "// a\n").json["path"]
        kept = s.upload("/apipost/v1/upload", "b.mlir", serving.MODULE + "// b\n").json["path"]
        command(s, "convert", path, delete=True)
        command(s, "convert", kept)
        s.restart()
        tap.contains(command(s, "convert", path)["error"], "FileNotFoundError")
        check_graph(command(s, "convert", kept)["graphs"][0])


@tap.case
def commands_by_get():
    with serving.Server() as s:
        body = json.dumps({"cmdId": "convert", "extensionId": "tt_adapter", "modelPath": str(s.root / "tiny.mlir"),
                           "settings": {}, "deleteAfterConversion": False})
        answer = s.get("/api/v1/send_command?json=" + quote(body))
        common_headers(answer)
        check_graph(answer.json["graphs"][0])
        tap.equal(s.get("/api/v1/send_command").json, {"error": "KeyError: 'extensionId'"})


@tap.case
def errors_of_commands():
    with serving.Server(files={"bad.mlir": "func.func @f( {\n", "tiny.mlir": serving.MODULE, "empty.mlir": ""}) as s:
        tiny = s.root / "tiny.mlir"
        tap.equal(command(s, "convert", tiny, extension="nobody")["error"], 'Exception: Extension "nobody" not found')
        tap.equal(command(s, "fly", tiny)["error"],
                  'Exception: Method fly not implemented in the adapter extension "Tenstorrent MLIR Adapter"')
        tap.contains(command(s, "convert", s.root / "none.mlir")["error"], "Error: ")
        for outside in ("/etc/passwd", s.root / ".." / "workspace" / "workspace.db", "relative.mlir", "~/secret.mlir"):
            answer = command(s, "convert", outside)
            tap.equal(list(answer), ["error"])
        bad = command(s, "convert", s.root / "bad.mlir")["error"]
        tap.contains(bad, "MLIRError: ")
        tap.contains(bad, "bad.mlir:1:")
        tap.equal(s.post("/apipost/v1/send_command", {"extensionId": "tt_adapter"}).json,
                  {"error": "KeyError: 'cmdId'"})
        tap.equal(s.post("/apipost/v1/send_command", {"extensionId": "tt_adapter", "cmdId": "convert"}).json,
                  {"error": "KeyError: 'modelPath'"})
        tap.contains(command(s, "convert", tiny, settings=[])["error"], "TypeError: ")
        tap.contains(command(s, "convert", tiny, deleteAfterConversion="yes")["error"], "TypeError: ")
        command(s, "convert", s.root / "empty.mlir")


@tap.case
def bodies_that_are_no_json():
    with serving.Server() as s:
        for body in ("", "{", "nonsense", "[1,2", '{"a":' * 2000 + "1" + "}" * 2000, "[" * 1000000, '"\\ud800', "\x00",
                     '{"cmdId":"convert"}{}'):
            answer = s.post("/apipost/v1/send_command", body)
            tap.equal((answer.status, list(answer.json)), (400, ["error"]))
        tap.equal(s.post("/apipost/v1/send_command", "[]").json, {"error": "TypeError: a command must be an object"})
        # unknown members, however large, are passed over
        big = command(s, "convert", s.root / "tiny.mlir", graph={"nodes": ["x" * 100] * 20000})
        check_graph(big["graphs"][0])
        tap.equal(s.get("/check_health").status, 200)


@tap.case
def too_large_a_body():
    with serving.Server() as s:
        try:
            answer = s.post("/apipost/v1/send_command", b" " * (65 << 20), timeout=60)
            tap.equal(answer.status, 413)
        except (BrokenPipeError, ConnectionResetError):
            pass  # the server need not read it all
        tap.equal(s.get("/check_health").status, 200)


@tap.case
def preloads():
    files = {"a.mlir": serving.MODULE, "deep/b.ttir": serving.MODULE, "dump.mlir/1.mlir": serving.MODULE,
             "dump.mlir/2.mlir": serving.MODULE, "note.txt": "no", ".hidden/c.mlir": serving.MODULE}
    with serving.Server(files=files) as s:
        answer = command(s, "preload", settings={})
        tap.equal(list(answer), ["graphs"])
        root = s.root.resolve()
        tap.equal(sorted(answer["graphs"][0]["graphPaths"]),
                  [str(root / "a.mlir"), str(root / "deep/b.ttir"), str(root / "dump.mlir")])
        # then the page converts them all in parallel
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            answers = list(pool.map(lambda path: command(s, "convert", path), answer["graphs"][0]["graphPaths"]))
        tap.equal([list(a) for a in answers].count(["graphCollections"]), 1)
        (folder,) = [a for a in answers if "graphCollections" in a]
        (collection,) = folder["graphCollections"]
        tap.equal(collection["label"], "dump.mlir")
        tap.equal(len(collection["graphs"]), 2)
        tap.equal(len({g["id"] for g in collection["graphs"]}), 2)
        for graph in collection["graphs"]:
            check_graph(graph)


def execute(server, path, policy="Optimizer Disabled", overrides=None):
    """What the fork's page does: execute, then status_check until it is done. Gives the log and the error."""
    answer = command(server, "execute", path, settings={
        "optimizationPolicy": policy, "generateCppCode": False, "overrides": overrides or {}})
    tap.equal(answer, {"graphs": []})
    log, progress, until = "", 0, time.monotonic() + 60
    while time.monotonic() < until:
        (state,) = command(server, "status_check", path, settings={})["graphs"]
        tap.equal(sorted(state), ["error", "isDone", "progress", "stdout", "total"])
        tap.equal(state["total"], 100)
        assert progress <= state["progress"] <= 100, (progress, state["progress"])
        progress = state["progress"]
        log += state["stdout"]
        if state["error"]:
            return log, state["error"]
        if state["isDone"]:
            tap.equal((state["progress"], state["stdout"], state["error"]), (100, "", None))
            return log, None
        time.sleep(0.05)
    raise AssertionError("it does not end")


def node_of(graph, label):
    return next(n for n in graph["nodes"] if n["label"] == label)


def attr(node, key):
    return next((a for a in node["attrs"] if a["key"] == key), None)


def check_measured(graph):
    """Overlays as the page reads them, on nodes that are there; a meter of each kind on each op."""
    ids = {n["id"] for n in graph["nodes"]}
    tap.equal(list(graph["overlays"]), ["perf_data", "accuracy_data"])
    for name, overlay in graph["overlays"].items():
        tap.equal(list(overlay), [graph["id"]])
        results = overlay[graph["id"]]["results"]
        assert results and set(results) <= ids, (name, set(results) - ids)
    perf = graph["overlays"]["perf_data"][graph["id"]]
    tap.equal([stop["bgColor"] for stop in perf["gradient"]], ["yellow", "red"])
    assert all(r["value"] >= 0 for r in perf["results"].values())
    accuracy = graph["overlays"]["accuracy_data"][graph["id"]]
    tap.equal([stop["bgColor"] for stop in accuracy["thresholds"]], ["red", "green"])
    assert all(-0.1 < r["value"] <= 0.0101 for r in accuracy["results"].values()), accuracy
    for node in graph["nodes"]:
        if node["label"].startswith("ttnn."):
            for key in ("dram_memory", "l1_memory", "l1_small_memory"):
                meter = attr(node, key)
                tap.equal(meter["display_type"], "memory")
                assert 0 <= float(meter["value"]) <= 1, meter


@tap.case
def executes_and_shows_what_was_compiled():
    with serving.Server() as s:
        path = s.root / "tiny.mlir"
        before = command(s, "convert", path)["graphs"][0]
        tap.equal(command(s, "status_check", path, settings={})["graphs"],
                  [{"isDone": True, "progress": 0, "total": 100, "error": None, "stdout": ""}])
        log, error = execute(s, path)
        tap.equal(error, None)
        tap.contains(log, "Running compile TTIR to TTNN Backend Pipeline")
        answer = command(s, "convert", path)
        tap.equal(list(answer), ["graphs"])
        (graph,) = answer["graphs"]
        check_graph(graph)
        check_measured(graph)
        labels = {n["label"] for n in graph["nodes"]}
        tap.contains(labels, "ttnn.matmul")
        assert "ttir.matmul" not in labels and "overlays" not in before
        # 784 x 64 weights of 32 bits, padded to 800 x 64, alone are 204,800 bytes of DRAM
        share = float(attr(node_of(graph, "ttnn.matmul"), "dram_memory")["value"])
        assert 204800 / 13e9 < share < 204800 * 3 / 12e9, share
        # the other adapter still shows the file, and other files are as they were
        tap.contains({n["label"] for n in command(s, "convert", path, extension="builtin_mlir")["graphs"][0]["nodes"]},
                     "ttir.matmul")
        (s.root / "other.mlir").write_text(serving.MODULE.replace("relu", "gelu"))
        tap.contains({n["label"] for n in command(s, "convert", s.root / "other.mlir")["graphs"][0]["nodes"]},
                     "ttir.gelu")


@tap.case
def executes_with_overrides():
    with serving.Server() as s:
        path = s.root / "tiny.mlir"
        # the page removes double quotes from what it shows and sends back
        location = "loc(net/dense/relu(net.py:4:5))"
        overrides = {location: {"named_location": "net/dense/relu", "full_location": location,
                                "attributes": [{"key": "data_type", "value": "bf16"},
                                               {"key": "buffer_type", "value": "l1"}]}}
        log, error = execute(s, path, "Optimizer Enabled", overrides)
        tap.equal(error, None)
        (graph,) = command(s, "convert", path)["graphs"]
        check_measured(graph)
        tap.equal(graph["overrides"], overrides)
        relu = next(n for n in graph["nodes"] if n["label"].startswith("ttnn.") and
                    (attr(n, "named_location") or {}).get("value") == "net/dense/relu")
        tap.equal((attr(relu, "data_type")["value"], attr(relu, "buffer_type")["value"]), ("bf16", "l1"))
        assert 0 < float(attr(relu, "l1_memory")["value"]) < 0.01, relu
        # what cannot be applied is said
        nobody = {"loc(nobody)": dict(overrides[location], named_location="nobody", full_location="loc(nobody)")}
        log, error = execute(s, path, "Optimizer Enabled", nobody)
        tap.equal(error, None)
        for setting in ("data_type = bf16", "buffer_type = l1"):
            tap.contains(log, f"override of nobody, {setting}: unmatched")
        log, error = execute(s, path, "Optimizer Enabled", overrides)
        s.restart()  # the overrides stay, what was executed is shown until the server ends
        (graph,) = command(s, "convert", path)["graphs"]
        tap.equal(graph["overrides"], overrides)
        tap.contains({n["label"] for n in graph["nodes"]}, "ttir.relu")
        execute(s, path)
        assert not command(s, "convert", path)["graphs"][0].get("overrides")
        settings = {"optimizationPolicy": "Optimizer Enabled", "generateCppCode": True}
        bad = {location: dict(overrides[location], attributes=[{"key": "colour", "value": "red"}])}
        tap.equal(command(s, "execute", path, settings=dict(settings, overrides=bad))["error"],
                  "ValueError: Invalid override attribute: colour")
        tap.equal(command(s, "execute", path, settings=dict(settings, optimizationPolicy="Magic"))["error"],
                  "ValueError: Invalid optimization policy selected: Magic")


@tap.case
def a_whole_sitting_of_the_page():
    """From its start page to an execution with overrides, in the order the fork's page asks."""
    mnist = (tap.ROOT / "examples/mnist.mlir").read_text()
    with serving.Server(files={"mnist.mlir": mnist}) as s:
        path = s.root / "mnist.mlir"
        # the start page, a model by path
        tap.contains([e["id"] for e in s.get("/api/v1/get_extensions").json], "tt_adapter")
        tap.equal(s.get("/api/v1/check_new_version").status, 200)
        (graph,) = command(s, "convert", path)["graphs"]
        check_graph(graph)
        matmuls = [n for n in graph["nodes"] if n["label"] == "ttir.matmul"]
        tap.equal(attr(matmuls[2], "named_location")["value"], "fc3/matmul")
        # executed: the same model now shows what was compiled, with its overlays
        _, error = execute(s, path)
        tap.equal(error, None)
        (graph,) = command(s, "convert", path)["graphs"]
        check_graph(graph)
        check_measured(graph)
        linear = next(n for n in graph["nodes"] if n["label"] == "ttnn.linear" and
                      attr(n, "named_location")["value"] == "fc3/add")
        # a field of it is changed from its list, and the model is executed again
        options = attr(linear, "data_type")["editable"]["options"]
        tap.contains(options, "bfp_bf8")
        location = attr(linear, "full_location")["value"].replace('"', "")
        overrides = {location: {"named_location": "fc3/add", "full_location": location, "attributes": [
            {"key": "data_type", "value": "bfp_bf8"}, {"key": "buffer_type", "value": "l1"},
            {"key": "tensor_memory_layout", "value": "block_sharded"}]}}
        _, error = execute(s, path, "Optimizer Enabled", overrides)
        tap.equal(error, None)
        (graph,) = command(s, "convert", path)["graphs"]
        check_graph(graph)
        check_measured(graph)
        tap.equal(graph["overrides"], overrides)
        linear = next(n for n in graph["nodes"] if n["label"] == "ttnn.linear" and
                      attr(n, "named_location")["value"] == "fc3/add")
        tap.equal([attr(linear, k)["value"] for k in ("data_type", "buffer_type", "tensor_memory_layout")],
                  ["bfp_bf8", "l1", "block_sharded"])


@tap.case
def executes_modules_of_ttnn_as_they_are():
    with serving.Server() as s:
        execute(s, s.root / "tiny.mlir")
        model = s.get("/api/ttx/v1/models").json["models"][0]["id"]
        run = s.get(f"/api/ttx/v1/models/{model}/runs").json["runs"][0]["id"]
        last = len(s.get(f"/api/ttx/v1/models/{model}/runs/{run}").json["stages"]) - 1
        path = s.root / "compiled.mlir"
        path.write_text(s.get(f"/api/ttx/v1/models/{model}/stages/{last}/text?run={run}").json["text"])
        tap.contains(path.read_text(), "ttnn.matmul")
        log, error = execute(s, path)
        tap.equal(error, None)
        assert "Running compile" not in log, log
        (graph,) = command(s, "convert", path)["graphs"]
        check_graph(graph)
        check_measured(graph)


@tap.case
def executes_models_of_the_corpus():
    models = tap.CORPUS / "mlir"
    files = [models / name for name in ("ttir/models/mnist.mlir", "ttir/Silicon/TTNN/n150/optimizer/mnist_sharding.mlir",
                                        "ttir/Silicon/TTNN/n150/perf/mnist.mlir")]
    if not all(f.is_file() for f in files):
        raise tap.Skip("no corpus")
    with serving.Server("--root", models) as s:
        for path in files:
            for policy in ("Optimizer Disabled", "Optimizer Enabled"):
                log, error = execute(s, path, policy)
                tap.equal(error, None)
                (graph,) = command(s, "convert", path)["graphs"]
                check_graph(graph)
                check_measured(graph)


@tap.case
def one_execution_at_a_time():
    t = "tensor<2048x2048xf32>"  # some ten seconds of products, of which few are run
    products = "".join(f'  %{i + 1} = "ttir.matmul"(%{i}, %{i}) : ({t}, {t}) -> {t}\n' for i in range(60))
    long = (f'func.func @main(%arg0: {t}) -> {t} {{\n  %0 = "ttir.relu"(%arg0) : ({t}) -> {t}\n{products}'
            f'  return %60 : {t}\n}}\n')
    settings = {"optimizationPolicy": "Optimizer Disabled", "generateCppCode": False, "overrides": {}}
    with serving.Server(files={"long.mlir": long, "tiny.mlir": serving.MODULE}) as s:
        path = s.root / "long.mlir"
        tap.equal(command(s, "execute", path, settings=settings), {"graphs": []})
        tap.equal(command(s, "execute", s.root / "tiny.mlir", settings=settings),
                  {"error": "AssertionError: a model is being executed already"})
        for _ in range(2):  # the second of the two jobs may have begun meanwhile
            for job in s.get("/api/ttx/v1/jobs").json["jobs"]:
                s.request("DELETE", f"/api/ttx/v1/jobs/{job['id']}")
        state = {}
        until = time.monotonic() + 20
        while not state.get("isDone") and time.monotonic() < until:
            (state,) = command(s, "status_check", path, settings={})["graphs"]
        tap.equal((state["isDone"], state["error"]), (True, "cancelled"))
        tap.equal(execute(s, s.root / "tiny.mlir")[1], None)


@tap.case
def executions_that_fail():
    files = {"unread.mlir": ("func.func @f( {\n", "An unexpected error occurred: "),
             "refused.mlir": ('func.func @main(%arg0: tensor<4xf32>) -> tensor<4xf32> {\n'
                              '  %0 = stablehlo.custom_call @nobody(%arg0) : (tensor<4xf32>) -> tensor<4xf32>\n'
                              '  return %0 : tensor<4xf32>\n}\n',
                              "Error running StableHLO / Shardy to TTIR Pipeline: "),
             "no_kernel.mlir": (serving.MODULE.replace("ttir.relu", "strange.op"), "it cannot run: ")}
    with serving.Server(files=dict({name: text for name, (text, _) in files.items()},
                                   **{"tiny.mlir": serving.MODULE})) as s:
        for name, (_, begins) in files.items():
            log, error = execute(s, s.root / name)
            tap.equal(error[:len(begins)], begins)
        tap.contains(command(s, "execute", s.root / "none.mlir", settings={})["error"], "Error: ")
        tap.equal(execute(s, s.root / "tiny.mlir")[1], None)  # the error of the one before is over


@tap.case
def graph_json_as_a_model():
    graph = {"id": "g", "nodes": [{"id": "a", "label": "A", "namespace": ""},
                                  {"id": "b", "label": "B", "namespace": "x",
                                   "incomingEdges": [{"sourceNodeId": "a", "sourceNodeOutputId": "0",
                                                      "targetNodeInputId": "0"}]}]}
    files = {"one.json": json.dumps({"label": "L", "graphs": [graph]}), "list.json": json.dumps([graph])}
    with serving.Server(files=files) as s:
        answer = command(s, "convert", s.root / "list.json", extension="builtin_json")
        tap.equal([n["id"] for n in answer["graphs"][0]["nodes"]], ["a", "b"])
        answer = command(s, "convert", s.root / "one.json", extension="builtin_json")
        tap.equal([c["label"] for c in answer["graphCollections"]], ["L"])
        tap.equal(answer["graphCollections"][0]["graphs"][0]["id"], "g")


@tap.case
def reads_text_files_below_the_roots_only():
    with serving.Server() as s:
        (s.root / "data.json").write_text('{"results": {"é": {"value": 1}}}')
        (s.root / "link.json").symlink_to("/etc/passwd")
        answer = s.get("/api/v1/read_text_file?path=" + quote(str(s.root / "data.json")))
        common_headers(answer)
        tap.equal(answer.json, {"content": '{"results": {"é": {"value": 1}}}'})
        tap.equal(s.get("/api/v1/read_text_file").json, {"error": "no file path provided"})
        for path in ("/etc/passwd", s.root / "link.json", s.root / ".." / "workspace" / "workspace.db", s.root,
                     s.root / "none.json", ""):
            answer = s.get("/api/v1/read_text_file?path=" + quote(str(path)))
            tap.equal((answer.status, list(answer.json)), (200, ["error"]))


@tap.case
def python_reuses_a_running_server():
    """What visualize(..., reuse_server=True) does: looks for the server, sends its data; tabs load them."""
    graphs = {"graphs": [{"id": "torch", "nodes": [{"id": "0", "label": "input", "namespace": ""}]}]}
    with serving.Server() as s:
        tap.equal(s.get("/check_health").text, "model_explorer_ok")
        tap.equal(s.get("/api/v1/load_graphs_json?graph_index=0").json, {})
        tab = serving.Stream(s, "/apistream/server_director")
        tab.lines(1)
        sources = [{"url": "graphs://toy é/0"}, {"url": str(s.root / "tiny.mlir"), "adapterId": "tt_adapter"}]
        answer = s.post("/apipost/v1/update_config", {
            "graphs_list": json.dumps([json.dumps(graphs)]), "model_sources": sources,
            "node_data_sources": [str(s.root / "data.json")], "node_data_target_models": ["tiny.mlir"]})
        tap.equal((answer.status, answer.body), (200, b""))
        event = json.loads(tab.event("refreshPage"))
        tap.equal(event["name"], "refreshPage")
        assert event["url"].startswith("/?data="), event
        tap.equal(json.loads(unquote(event["url"][len("/?data="):])),
                  {"models": sources, "nodeData": [str(s.root / "data.json")], "nodeDataTargets": ["tiny.mlir"]})
        loaded = s.get("/api/v1/load_graphs_json?graph_index=0")
        common_headers(loaded)
        tap.equal(loaded.json, graphs)
        tap.equal(s.get("/api/v1/load_graphs_json?graph_index=1").json, {})
        tap.equal(s.get("/api/v1/load_graphs_json").json, {})
        tap.equal(s.get("/api/v1/load_graphs_json?graph_index=x").status, 400)
        tap.equal(s.get("/api/v1/load_node_data?node_data_index=0").json, {})
        tap.equal(s.post("/apipost/v1/refresh_page").status, 200)
        tap.equal(json.loads(tab.event("refreshPage")), {"name": "refreshPage", "url": ""})
        tab.close()
        for body in ("", "[]", {}, {"model_sources": 1}, {"model_sources": [], "graphs_list": "nonsense"}):
            tap.equal(s.post("/apipost/v1/update_config", body).status, 400)
        tap.equal(s.get("/api/v1/load_graphs_json?graph_index=0").json, graphs)


@tap.case
def pages_reload_when_a_watched_file_changes():
    with serving.Server("--watch") as s:
        path = s.root / "tiny.mlir"
        s.get("/api/v1/notify_user_provided_model_path?path=" + quote(str(path)))
        before = command(s, "convert", path)
        tab = serving.Stream(s, "/apistream/server_director")
        tab.lines(1)
        path.write_text(serving.MODULE.replace("relu", "gelu"))
        tap.equal(json.loads(tab.event("refreshPage")), {"name": "refreshPage", "url": ""})
        tab.close()
        assert command(s, "convert", path) != before


@tap.case
def headers_for_another_origin():
    with serving.Server("-c", "http://localhost:4200") as s:
        for path in ("/api/v1/get_extensions", "/check_health", "/api/v1/check_new_version"):
            headers = s.get(path, headers={"Origin": "http://localhost:4200"}).headers
            tap.equal(headers.get_all("Access-Control-Allow-Origin"), ["http://localhost:4200"])
            tap.equal(headers["Access-Control-Allow-Credentials"], "true")
            tap.equal(headers["Access-Control-Allow-Headers"], "Content-Type")
        ask = s.request("OPTIONS", "/apipost/v1/send_command", headers={
            "Origin": "http://localhost:4200", "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "content-type"})
        assert ask.status in (200, 204), ask.status
        tap.equal(ask.headers["Access-Control-Allow-Origin"], "http://localhost:4200")
        tap.equal(s.get("/api/v1/get_extensions", headers={"Origin": "http://evil.example"}).status, 403)


@tap.case
def read_only():
    with serving.Server("--read-only") as s:
        check_graph(command(s, "convert", s.root / "tiny.mlir")["graphs"][0])
        answer = s.upload("/apipost/v1/upload", "x.mlir", serving.MODULE)
        assert answer.status in (403, 405) and answer.json["error"]
        assert s.post("/apipost/v1/update_config", {"model_sources": []}).status in (403, 405)
        tap.contains(command(s, "execute", s.root / "tiny.mlir", settings={})["error"], "read-only")


@tap.case
def ttnn_visualizer_with_curl():
    """Its back end runs these on the machine of the server; the second adapter only when the first is not there."""
    curl = shutil.which("curl")
    if not curl:
        raise tap.Skip("no curl")
    with serving.Server() as s:
        base = f"http://127.0.0.1:{s.port}"

        def run(*args):
            done = subprocess.run([curl, "-sS", "--fail-with-body", "--max-time", "60", *args], stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE, timeout=90)
            tap.equal((done.returncode, done.stderr.decode()), (0, ""))
            return json.loads(done.stdout)

        path = run("-X", "POST", "-H", "Expect:", "-F", f"file=@{s.root / 'tiny.mlir'}",
                   base + "/apipost/v1/upload")["path"]
        answer = None
        for extension in ("not_installed", "tt_adapter", "builtin_mlir"):
            body = {"cmdId": "convert", "extensionId": extension, "modelPath": path, "settings": {},
                    "deleteAfterConversion": True}
            answer = run("-X", "POST", "-H", "Content-Type: application/json", "-d", json.dumps(body),
                         base + "/apipost/v1/send_command")
            if "error" not in answer:
                break
            tap.equal(answer["error"], f'Exception: Extension "{extension}" not found')
        graphs = answer.get("graphs") or [g for c in answer["graphCollections"] for g in c["graphs"]]
        for graph in graphs:
            check_graph(graph)


@tap.case
def the_corpus():
    models = tap.CORPUS / "mlir"
    if not models.is_dir():
        raise tap.Skip("no corpus")
    files = sorted(models.rglob("*.mlir"), key=lambda f: f.stat().st_size)[:400:8]
    with serving.Server("--root", models) as s:
        for path in files:
            answer = command(s, "convert", path)
            assert "error" not in answer or answer["error"].startswith("MLIRError"), (path, answer["error"])
            for graph in answer.get("graphs", []):
                check_graph(graph)


tap.main()
