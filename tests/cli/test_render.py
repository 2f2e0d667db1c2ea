"""tt-explorer render: pictures and places."""

import ctypes.util
import json
import re
import struct
import sys
import tempfile
import xml.etree.ElementTree as ET
import zlib
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import tap  # noqa: E402

MNIST = tap.ROOT / "examples" / "mnist.mlir"
SVG = "{http://www.w3.org/2000/svg}"


def places(*options, file=MNIST):
    done = tap.run("render", "--format", "json", *options, file)
    tap.equal((done.code, done.err), (0, ""))
    return json.loads(done.out)


def inside(a, b):
    return a["x"] >= b["x"] and a["y"] >= b["y"] and a["x"] + a["w"] <= b["x"] + b["w"] and a["y"] + a["h"] <= b["y"] + b["h"]


@tap.case
def boxes_lie_in_their_layers_and_apart():
    for options in ((), ("--expand-all",), ("--flatten",), ("--expand-all", "--left-right")):
        nodes = places(*options)["nodes"]
        by_id = {n["id"]: n for n in nodes}
        tap.equal(len(by_id), len(nodes))
        for n in nodes:
            if "parent" in n and not inside(n, by_id[n["parent"]]):
                raise AssertionError(f"{n['id']} lies outside {n['parent']}")
        for i, a in enumerate(nodes):
            for b in nodes[:i]:
                apart = (a["x"] + a["w"] <= b["x"] or b["x"] + b["w"] <= a["x"] or a["y"] + a["h"] <= b["y"]
                         or b["y"] + b["h"] <= a["y"])
                if a.get("parent") == b.get("parent") and not apart:
                    raise AssertionError(f"{a['id']} and {b['id']} overlap with {options}")


@tap.case
def opens_what_is_asked_for():
    closed = places()["nodes"]
    tap.equal([n["id"] for n in closed if n.get("expanded")], [])
    one = places("--layer", "layer:fc2")["nodes"]
    tap.equal([n["id"] for n in one if n.get("expanded")], ["layer:fc2"])
    tap.equal(places("--layer", "fc2")["nodes"], one)
    tap.equal(places("--depth", "9")["nodes"], places("--expand-all")["nodes"])
    tap.equal(any(n.get("layer") for n in places("--flatten")["nodes"]), False)
    tap.equal([n["label"] for n in places("--root", "fc3")["nodes"]], ["ttir.matmul", "ttir.add"])


@tap.case
def graph_json_says_how_it_is_drawn():
    """Directions, hidden labels, colours, pinned nodes and distances of the file, as on the page."""
    nodes = [
        {"id": "a", "label": "first", "namespace": "n", "style": {"backgroundColor": "tomato"}},
        {"id": "b", "label": "second", "namespace": "n", "incomingEdges": [{"sourceNodeId": "a"}]},
        {"id": "c", "label": "Const", "namespace": "n", "incomingEdges": [{"sourceNodeId": "a"}]},
        {"id": "p", "label": "pin", "namespace": "m", "config": {"pinToGroupTop": True}},
        {"id": "q", "label": "other", "namespace": "m", "incomingEdges": [{"sourceNodeId": "p"}]},
    ]
    looks = {"groupNodeConfigs": [{"namespaceRegex": "n", "layoutDirection": 1}], "nodeLabelsToHide": ["const"],
             "layoutConfigs": {"rankSep": 77}}
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "g.json"
        file.write_text(json.dumps({"label": "g", "graphs": [{"id": "g", "nodes": nodes, **looks}]}))
        at = {n["id"]: n for n in places("--expand-all", file=file)["nodes"]}
        tap.equal("c" in at, False)
        tap.equal((at["a"]["y"], at["b"]["x"] - at["a"]["x"] - at["a"]["w"]), (at["b"]["y"], 77))
        tap.equal(at["q"]["y"] - at["p"]["y"] - at["p"]["h"], 77)
        tap.equal("#ff6347" in tap.run("render", "--expand-all", file).out, True)


@tap.case
def svg_has_a_box_and_a_name_for_each_node():
    done = tap.run("render", "--expand-all", MNIST)
    tap.equal((done.code, done.err), (0, ""))
    root = ET.fromstring(done.out)
    texts = sorted("".join(t.itertext()) for t in root.iter(SVG + "text"))
    for n in places("--expand-all")["nodes"]:
        if n["label"] not in texts:
            raise AssertionError(f"{n['label']} is not written")
    tap.equal(len(list(root.iter(SVG + "rect"))) >= len(places("--expand-all")["nodes"]), True)
    plain = tap.run("render", "--transparent", MNIST).out
    tap.equal('width="100%"' in plain, False)


@tap.case
def labels_edges_with_shapes():
    text = tap.run("render", "--flatten", "--edge-labels", MNIST).out
    tap.contains(text, "x784x")
    tap.equal("x784x" in tap.run("render", "--flatten", MNIST).out, False)


def read_png(data):
    """Size and the pixels' bytes of a PNG with 8 bits of RGB(A), unfiltered only as far as the first row."""
    tap.equal(data[:8], b"\x89PNG\r\n\x1a\n")
    width, height, depth, kind = struct.unpack(">IIBB", data[16:26])
    at, body = 8, b""
    while at < len(data):
        n, name = struct.unpack(">I4s", data[at:at + 8])
        if name == b"IDAT":
            body += data[at + 8:at + 8 + n]
        at += n + 12
    channels = {2: 3, 6: 4}[kind]
    raw = zlib.decompress(body)
    tap.equal(len(raw), height * (1 + width * channels * depth // 8))
    return width, height


@tap.case
def png_has_the_size_of_the_drawing():
    if not ctypes.util.find_library("cairo"):
        raise tap.Skip("no cairo here")
    drawing = places("--expand-all")
    with tempfile.TemporaryDirectory() as folder:
        for scale in (1, 2):
            out = Path(folder) / f"{scale}.png"
            tap.equal(tap.run("render", "--expand-all", "--scale", scale, MNIST, "-o", out).code, 0)
            width, height = read_png(out.read_bytes())
            tap.equal(abs(width - scale * (drawing["width"] + 48)) <= 1, True)
            tap.equal(abs(height - scale * (drawing["height"] + 48)) <= 1, True)


@tap.case
def takes_graphs_as_json():
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "g.json"
        file.write_text(json.dumps({"graphs": [{"id": "g", "nodes": [
            {"id": "a", "label": "Conv <&>", "namespace": "x/y"},
            {"id": "b", "label": "Relu", "namespace": "", "incomingEdges": [
                {"sourceNodeId": "a", "sourceNodeOutputId": "0", "targetNodeInputId": "0"}]}]}]}))
        nodes = places("--expand-all", file=file)["nodes"]
        tap.equal([n["id"] for n in nodes], ["layer:x", "layer:x/y", "a", "b"])
        ET.fromstring(tap.run("render", "--expand-all", file).out)


@tap.case
def says_what_is_wrong():
    for args, what in ((("--layer", "nowhere", MNIST), "no layer 'nowhere'"), (("-o", "x.gif", MNIST), "ends in neither"),
                       (("--scale", "0", MNIST), "not a number"), ((), "no file given"), (("--bad", MNIST), "unknown option"),
                       (("--parameters", "some", MNIST), "not auto")):
        done = tap.run("render", *args)
        tap.equal((done.code, done.out), (2, ""))
        tap.contains(done.err, what)
    done = tap.run("render", "-", stdin="module {")
    tap.equal((done.code, bool(re.search(r"error", done.err))), (1, True))


tap.main()
