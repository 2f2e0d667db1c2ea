"""`tt-explorer convert` from outside: its options, tt_adapter's graphs by hand-derived expectations, the JSON of every
module of the corpus against an independent schema.

The expectations of the cases named adapter_* were derived by hand from the code of tt_adapter (tools/explorer/tt_adapter
of tt-mlir, mlir.py), not from what the program writes.
"""

import json
import os
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import me_schema  # noqa: E402
import tap  # noqa: E402

T = "tensor<4xf32>"
LAYOUT = ("#ttnn.ttnn_layout<(d0, d1) -> (d0, d1), <8x1>, memref<2x4x!ttcore.tile<32x32, bf16>, #ttnn.buffer_type<l1>>, "
          "<height_sharded>, core_ranges = <[#ttnn.core_range<(0,0), (7,0)>]>>")


def convert(text, *options):
    """The one graph of a module given as text."""
    done = tap.run("convert", *options, "-", stdin=text)
    tap.equal((done.code, done.err), (0, ""))
    document = json.loads(done.out)
    tap.equal(me_schema.check(document), [])
    return document["graphs"][0]


def adapter(text, *options):
    return convert(text, "--format", "adapter", *options)


def nodes(graph):
    return [(n["id"], n["label"], n["namespace"]) for n in graph["nodes"]]


def edges(node):
    return [(e["sourceNodeId"], e["sourceNodeOutputId"], e["targetNodeInputId"]) for e in node["incomingEdges"]]


def attrs(node):
    return {a["key"]: a["value"] for a in node["attrs"]}


def find(graph, label):
    return next(n for n in graph["nodes"] if n["label"] == label)


@tap.case
def adapter_ids_count_per_location():
    # The module takes number 0 of its location, each op the next of its own; a return has no namespace.
    graph = adapter(f"""
module {{
  func.func @main(%x: {T}, %y: {T}) -> {T} {{
    %0 = "ttir.add"(%x, %y) : ({T}, {T}) -> {T} loc("a"("f":1:2))
    %1 = "ttir.add"(%0, %0) : ({T}, {T}) -> {T} loc("a"("f":1:2))
    return %1 : {T} loc(unknown)
  }} loc(unknown)
}} loc(unknown)
""")
    tap.equal(nodes(graph), [
        ('loc("a"("f":1:2))__0', "ttir.add", "a"),
        ('loc("a"("f":1:2))__1', "ttir.add", "a"),
        ("loc(unknown)__1", "func.return", ""),
        ("input_0", "%arg0", "Inputs"),
        ("input_1", "%arg1", "Inputs"),
    ])
    first, second, last = graph["nodes"][:3]
    tap.equal(edges(first), [("input_0", "0", "0"), ("input_1", "0", "1")])
    # An edge takes the next output of its source, whatever result it is of.
    tap.equal(edges(second), [('loc("a"("f":1:2))__0', "0", "0"), ('loc("a"("f":1:2))__0', "1", "1")])
    tags = [a["value"] for m in first["outputsMetadata"] for a in m["attrs"] if a["key"] == "__tensor_tag"]
    tap.equal(tags, ["ttir.add", "ttir.add"])
    tap.equal(list(attrs(first).items()), [
        ("named_location", "a"), ("full_location", 'loc("a"("f":1:2))'), ("shape", "[4]"), ("dtype", "f32"),
        ("rank", "1"), ("schedule", "1")])
    tap.equal(attrs(last)["schedule"], "3")
    tap.equal(graph["groupNodeAttributes"], {"": {"full_location": "loc(unknown)", "schedule": "0"}})


@tap.case
def adapter_leaves_housekeeping_out_but_counts_it():
    graph = adapter("""
module {
  func.func @main(%x: tensor<4x4xbf16>) -> tensor<4x4xbf16> {
    %0 = "ttir.empty"() : () -> tensor<4x4xbf16> loc("e")
    %1 = "ttir.relu"(%x) : (tensor<4x4xbf16>) -> tensor<4x4xbf16> loc("e")
    "ttnn.deallocate"(%1) <{force = false}> : (tensor<4x4xbf16>) -> () loc("e")
    return %1 : tensor<4x4xbf16> loc("r")
  }
} loc("m")
""")
    tap.equal(nodes(graph), [('loc("e")__1', "ttir.relu", "e"), ('loc("r")__0', "func.return", ""),
                             ("input_0", "%arg0", "Inputs")])
    relu, back = graph["nodes"][:2]
    # The edge to deallocate is gone, the output it took is not.
    tap.equal([m["id"] for m in relu["outputsMetadata"]], ["0", "1"])
    tap.equal(edges(back), [('loc("e")__1', "1", "0")])
    tap.equal(attrs(relu)["schedule"], "2")
    tap.equal(list(graph["groupNodeAttributes"]), ["m"])


@tap.case
def adapter_locations_of_fused_ops():
    # named_location: the last name; full_location: the last file position, else the whole.
    graph = adapter(f"""
module {{
  func.func @main(%x: {T}) -> {T} {{
    %0 = "ttir.relu"(%x) : ({T}) -> {T} loc(fused["a", "b", "f.py":3:4])
    %1 = "ttir.exp"(%0) : ({T}) -> {T} loc(fused["a"("g":1:1), "c"])
    return %1 : {T} loc(unknown)
  }} loc("main_fn")
}} loc(unknown)
""")
    relu, exp = find(graph, "ttir.relu"), find(graph, "ttir.exp")
    tap.equal((relu["id"], relu["namespace"]), ('loc("f.py":3:4)__0', "main_fn/b"))
    tap.equal(attrs(relu)["named_location"], "b")
    tap.equal((exp["id"], exp["namespace"]), ('loc(fused["a"("g":1:1), "c"])__0', "main_fn/c"))


@tap.case
def adapter_regions_and_constants():
    graph = adapter(f"""
module {{
  ttcore.device_module {{
    builtin.module {{
      func.func @main_const_eval_0(%p: {T}) -> {T} {{
        %0 = "ttir.exp"(%p) : ({T}) -> {T} loc("ce")
        return %0 : {T} loc("r")
      }} loc(unknown)
      func.func @main(%p: {T}, %x: tensor<4x4xf32>, %i: tensor<f32>) -> {T} {{
        %0 = ttcore.load_cached(@main_const_eval_0, [%p]) : ({T}) -> {T} loc("lc")
        %1 = "stablehlo.reduce"(%x, %i) <{{dimensions = array<i64: 1>}}> ({{
        ^bb0(%a: tensor<f32>, %b: tensor<f32>):
          %2 = "stablehlo.add"(%a, %b) : (tensor<f32>, tensor<f32>) -> tensor<f32> loc("s")
          "stablehlo.return"(%2) : (tensor<f32>) -> () loc("t")
        }}) : (tensor<4x4xf32>, tensor<f32>) -> {T} loc("red")
        %3 = "ttir.add"(%0, %1) : ({T}, {T}) -> {T} loc("sum")
        return %3 : {T} loc("r")
      }} loc(unknown)
    }} loc(unknown)
  }} loc(unknown)
}} loc(unknown)
""")
    tap.equal(nodes(graph), [
        ('loc("ce")__0', "ttir.exp", "const_eval/main_const_eval_0/ce"),
        ('loc("r")__0', "func.return", "const_eval/main_const_eval_0"),
        ("input_0", "%arg0", "const_eval/main_const_eval_0/Inputs"),
        ('loc("lc")__0', "ttcore.load_cached", "lc"),
        ('loc("red")__0', "stablehlo.reduce", "stablehlo.reduce_0/red"),
        ('loc("s")__0', "stablehlo.add", "stablehlo.reduce_0/red/s"),
        ('loc("t")__0', "stablehlo.return", "stablehlo.reduce_0/red/t"),
        ("input_1", "%arg3", "stablehlo.reduce_0/Inputs"),
        ("input_2", "%arg4", "stablehlo.reduce_0/Inputs"),
        ('loc("sum")__0', "ttir.add", "sum"),
        ('loc("r")__1', "func.return", ""),
        ("input_3", "%arg1", "Inputs"),
        ("input_4", "%arg2", "Inputs"),
    ])
    # What is only loaded from the cache has no edge there, and its argument no node.
    tap.equal(edges(find(graph, "ttcore.load_cached")), [])
    pinned = [n["label"] for n in graph["nodes"] if (n.get("config") or {}).get("pinToGroupTop")]
    tap.equal(pinned, ["stablehlo.reduce"])


@tap.case
def adapter_layouts_are_decoded():
    tensor = f"tensor<512x128xbf16, {LAYOUT}>"
    graph = adapter(f"""
module {{
  func.func @main(%x: {tensor}) -> {tensor} {{
    %0 = "ttnn.relu"(%x) : ({tensor}) -> {tensor} loc("r")
    return %0 : {tensor}
  }}
}}
""", "--editable")
    relu = find(graph, "ttnn.relu")
    found = list(attrs(relu).items())
    start = found.index(("shape", "[512, 128]"))
    tap.equal(found[start:], [
        ("shape", "[512, 128]"), ("dtype", "bf16"), ("rank", "2"), ("linear", "(d0, d1) -> (d0, d1)"),
        ("tensor_memory_layout", "height_sharded"), ("grid_shape", "8x1"), ("memref_shape", "[2, 4]"),
        ("buffer_type", "l1"), ("memory_layout", "tile"), ("data_type", "bf16"), ("schedule", "1")])
    editable = {a["key"]: a["editable"] for a in relu["attrs"] if "editable" in a}
    tap.equal(sorted(editable), ["buffer_type", "data_type", "grid_shape", "memory_layout", "tensor_memory_layout"])
    tap.equal(editable["grid_shape"],
              {"input_type": "grid", "separator": "x", "min_value": 1, "max_value": 100, "step": 1})
    tap.equal(editable["memory_layout"], {"input_type": "value_list", "options": ["row_major", "tile", "invalid"]})
    # ours says more
    own = attrs(find(convert(f"""
func.func @main(%x: {tensor}) -> {tensor} {{
  %0 = "ttnn.relu"(%x) : ({tensor}) -> {tensor} loc("r")
  return %0 : {tensor}
}}"""), "ttnn.relu"))
    tap.equal([own[key] for key in ("shard_shape", "tile_shape", "bytes_per_core", "core_ranges")],
              ["64x128", "32x32", str(8 * 2048), "(0,0)-(7,0)"])


@tap.case
def adapter_conv2d_config():
    config = ("#ttnn.conv2d_config<weights_dtype = bf16, activation = <op_type = relu>, deallocate_activation = false, "
              "act_block_h_override = 32, shard_layout = interleaved, output_layout = tile>")
    graph = adapter(f"""
module {{
  func.func @main(%x: {T}) -> {T} {{
    %0 = "x.conv"(%x) {{conv2d_config = {config}}} : ({T}) -> {T} loc("c")
    return %0 : {T}
  }}
}}
""", "--editable")
    node = find(graph, "x.conv")
    tap.equal(list(attrs(node).items())[:14], [
        ("weights_dtype", "bf16"), ("activation", "relu"), ("deallocate_activation", "False"),
        ("reallocate_halo_output", "None"), ("act_block_h_override", "32"), ("act_block_w_div", "None"),
        ("reshard_if_not_optimal", "None"), ("override_sharding_config", "None"), ("shard_layout", "None"),
        ("core_grid", "None"), ("transpose_shards", "None"), ("output_layout", "tile"),
        ("enable_act_double_buffer", "None"), ("enable_weights_double_buffer", "None")])
    editable = {a["key"]: a["editable"] for a in node["attrs"] if "editable" in a}
    tap.equal(editable["act_block_h_override"], {"input_type": "int_list", "min_value": 0, "step": 32})
    tap.equal(editable["activation"]["options"], ["relu", "None"])
    tap.equal(editable["output_layout"]["options"], ["row_major", "tile", "invalid", "None"])
    tap.equal("core_grid" in editable, False)


@tap.case
def json_is_read_and_written():
    text = json.dumps({"label": "L", "graphs": [{"id": "g", "nodes": [
        {"id": "a", "label": "A", "namespace": "x", "attrs": [{"key": "k", "value": "v", "display_type": "memory"}],
         "style": {"borderWidth": 2}},
        {"id": "b", "label": "B", "namespace": "", "incomingEdges": [
            {"sourceNodeId": "a", "sourceNodeOutputId": "0", "targetNodeInputId": "0"}]}],
        "groupNodeAttributes": {"x": {"q": "1"}}, "cppCode": "int main;"}]})
    once = convert(text)
    tap.equal(once, json.loads(text)["graphs"][0])
    tap.equal(convert(json.dumps([once])), once)


@tap.case
def exit_codes():
    with tempfile.TemporaryDirectory() as folder:
        bad, out = Path(folder, "bad.mlir"), Path(folder, "out.json")
        bad.write_text("module {")
        done = tap.run("convert", bad, "-o", out)
        tap.equal((done.code, done.out, out.exists()), (1, "", False))
        tap.contains(done.err, "bad.mlir:1")
        bad.write_text('{"nodes":[{"id":""}]}')
        done = tap.run("convert", bad)
        tap.equal((done.code, done.out), (1, ""))
        tap.contains(done.err, "a node without an id")
        tap.equal(tap.run("convert", Path(folder, "none.mlir")).code, 2)
        bad.write_text("module {}")
        tap.equal(tap.run("convert", bad, "-o", Path(folder, "no", "such")).code, 2)
        tap.equal(tap.run("convert", bad, "--format", "bin", "-o", out).code, 0)
        tap.equal(out.read_bytes()[:4], b"TTXG")
    for wrong in (["--no"], ["--format", "x", "f"], ["--layers", "x", "f"], ["f", "g"], [], ["-o"], ["--elements", "0", "f"]):
        done = tap.run("convert", *wrong)
        tap.equal((done.code, done.out), (2, ""))
        tap.contains(done.err, "tt-explorer convert --help")


@tap.case
def constants_are_cut():
    values = ", ".join(map(str, range(40)))
    text = f'module {{ %0 = "ttir.constant"() <{{value = dense<[{values}]> : tensor<40xi32>}}> : () -> tensor<40xi32> }}'
    tap.equal(attrs(convert(text)["nodes"][0])["value"], f"dense<[{values}]> : tensor<40xi32>")
    tap.equal(attrs(convert(text, "--elements", "3")["nodes"][0])["value"], "dense<[0, 1, 2, ...]> : tensor<40xi32>")


@tap.case
def several_modules_in_one_file():
    done = tap.run("convert", "-", stdin="module @a {}\n// -----\nmodule @b {}\n")
    tap.equal(done.code, 0)
    tap.equal(len(json.loads(done.out)["graphs"]), 2)


@tap.case
def every_module_of_the_corpus():
    files = sorted((tap.CORPUS / "mlir").rglob("*.mlir"))
    if not files:
        raise tap.Skip("no corpus here")
    if tap.SANITIZED:
        files = files[::16]

    def one(path):
        for style in ("json", "adapter"):
            done = tap.run("convert", "--format", style, "--editable", path, text=False)
            if done.code == 1 and not done.out:
                return f"{path}: not read"
            complaints = me_schema.check(json.loads(done.out))
            if complaints:
                return f"{path} as {style}: {complaints[0]}"
        return None

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        wrong = [line for line in pool.map(one, files) if line]
    unread = [line for line in wrong if line.endswith("not read")]
    tap.equal([line for line in wrong if line not in unread], [])
    tap.equal(len(unread) <= 2, True)


tap.main()
