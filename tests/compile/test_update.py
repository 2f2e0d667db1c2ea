"""Ops of older TTIR that were StableHLO's by another name: with update-older-forms they become what the same op of StableHLO
becomes. Tensors that came in parts, and what is refused. And the models of older versions in the corpus: all compile, at every
level; where their StableHLO is there, to the same ops as from it, else to as many of each that matters as the compiler of then.
"""

import collections
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import tap  # noqa: E402

CORPUS = Path(os.environ.get("TTX_CORPUS", tap.ROOT.parent / "shared" / "corpus")) / "compile-pairs"
TOOL = os.environ.get("TTX_COMPARE_TOOL", str(tap.ROOT / "build" / "tests" / "compile" / "compare_tool"))
UPDATE = "update-older-forms=true"


def run(source, stop="", options=UPDATE):
    """What the tool answers, and the module that came out. `source` is a file or a text."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder, "out.mlir")
        if not isinstance(source, Path):
            Path(folder, "in.mlir").write_text(source)
            source = Path(folder, "in.mlir")
        fields = [str(source), "in.mlir", "", "", stop, options.replace(" ", "\x1f"), str(out), ""]
        done = subprocess.run([TOOL], input="\t".join(fields) + "\n", stdout=subprocess.PIPE, text=True, timeout=60)
        return json.loads(done.stdout), out.read_text() if out.exists() else ""


def compiled(source, stop="", options=UPDATE):
    answer, text = run(source, stop, options)
    tap.equal(answer["status"], "equal")
    return text


def function(text):
    """The function @f without locations."""
    text = re.sub(r' loc\((?:#loc\d*|"[^"]*"(?:\([^()]*\))?|[^()]*)\)', "", text)
    return re.search(r"func\.func @f\b.*?\n *\}", text, flags=re.S)[0]


def operands(types):
    """%a0: type, ..."""
    return ", ".join(f"%a{i}: {t}" for i, t in enumerate(types))


def older(op, types, result, props, empty="ttir.empty"):
    names = ", ".join(f"%a{i}" for i in range(len(types)))
    return f"""func.func @f({operands(types)}) -> {result} {{
  %out = {empty}() : {result}
  %0 = "ttir.{op}"({names}, %out) <{{{props}}}> : ({", ".join([*types, result])}) -> {result}
  return %0 : {result}
}}
"""


def newer(types, result, body):
    return f"func.func @f({operands(types)}) -> {result} {{\n{body}\n  return %0 : {result}\n}}\n"


def same(older_text, newer_text, must):
    ours = function(compiled(older_text, "convert-stablehlo-to-ttir"))
    theirs = function(compiled(newer_text, "convert-stablehlo-to-ttir"))
    tap.equal(ours, theirs)
    tap.contains(ours, must)
    compiled(older_text)


def layout(i, k, o):
    """The words for dimensions in `b0f`, `oi01`: where each stands."""
    def space(text):
        return [text.index(c) for c in sorted(c for c in text if c.isdigit())]

    def x(dims):
        return "x".join(map(str, dims))
    return (f"#ttir<convolution_layout input_batch = {i.index('b')}, input_feature = {i.index('f')}, "
            f"input_spatial_dimensions = {x(space(i))}, kernel_output_feature = {k.index('o')}, "
            f"kernel_input_feature = {k.index('i')}, kernel_spatial_dimensions = {x(space(k))}, "
            f"output_batch = {o.index('b')}, output_feature = {o.index('f')}, "
            f"output_spatial_dimensions = {x(space(o))}>")


def tensor(*dims, of="f32"):
    return f"tensor<{''.join(f'{d}x' for d in dims)}{of}>"


# name: input, kernel, output; their types; strides, padding, dilation of input and kernel; groups and batch groups; what comes out
CONVOLUTIONS = {
    "plain": ("bf01", "oi01", "bf01", (1, 8, 9, 10), (16, 8, 3, 3), (1, 16, 5, 5), (2, 2), (1, 1, 1, 1), (1, 1), (1, 1),
              1, 1, "ttir.conv2d"),
    "channels_last": ("b01f", "01io", "b01f", (2, 9, 10, 8), (3, 2, 8, 16), (2, 7, 9, 16), (1, 1), (0, 0, 0, 0), (1, 1),
                      (1, 1), 1, 1, "ttir.conv2d"),
    "in_groups": ("b01f", "01io", "b01f", (1, 9, 9, 8), (3, 3, 2, 16), (1, 5, 5, 16), (1, 1), (0, 0, 0, 0), (1, 1), (2, 2),
                  4, 1, "groups = 4"),
    "batch_groups": ("f01b", "i01o", "01bf", (4, 8, 8, 6), (4, 3, 3, 6), (6, 6, 3, 6), (1, 1), (0, 0, 0, 0), (1, 1), (1, 1),
                     1, 2, "ttir.concat"),
    "transposed": ("bf01", "io01", "bf01", (1, 8, 5, 5), (8, 4, 3, 3), (1, 4, 11, 11), (1, 1), (2, 2, 2, 2), (2, 2), (1, 1),
                   1, 1, "ttir.conv_transpose2d"),
    "one_dimension": ("bf0", "oi0", "bf0", (1, 8, 20), (16, 8, 3), (1, 16, 20), (1,), (1, 1), (1,), (1,), 1, 1, "ttir.conv"),
    "three_dimensions": ("b012f", "oi012", "b012f", (1, 5, 8, 8, 4), (8, 4, 3, 3, 3), (1, 5, 8, 8, 8), (1, 1, 1),
                         (1, 1, 1, 1, 1, 1), (1, 1, 1), (1, 1, 1), 1, 1, "ttir.conv3d"),
}


def add_convolutions():
    for name, (i, k, o, x, w, y, stride, pad, grow, dilate, groups, batches, must) in CONVOLUTIONS.items():
        def case(i=i, k=k, o=o, x=x, w=w, y=y, stride=stride, pad=pad, grow=grow, dilate=dilate, groups=groups,
                 batches=batches, must=must):
            types, result = [tensor(*x), tensor(*w)], tensor(*y)

            def dense(v):
                return "array<i64: " + ", ".join(map(str, v)) + ">"
            no_turn = ", ".join(["false"] * len(stride))
            old = older("convolution", types, result, (
                f"batch_group_count = {batches} : i64, convolution_layout = {layout(i, k, o)}, "
                f"feature_group_count = {groups} : i64, input_dilation = {dense(grow)}, padding = {dense(pad)}, "
                f"weight_dilation = {dense(dilate)}, window_reversal = array<i1: {no_turn}>, window_strides = {dense(stride)}"))
            pairs = ", ".join(str(list(pad[2 * d:2 * d + 2])) for d in range(len(stride)))
            new = newer(types, result, (
                f"  %0 = stablehlo.convolution(%a0, %a1) dim_numbers = [{', '.join(i)}]x[{', '.join(k)}]->[{', '.join(o)}], "
                f"window = {{stride = {list(stride)}, pad = [{pairs}], lhs_dilate = {list(grow)}, "
                f"rhs_dilate = {list(dilate)}}} {{batch_group_count = {batches} : i64, feature_group_count = {groups} : i64}} "
                f": ({', '.join(types)}) -> {result}"))
            same(old, new, must)
        case.__name__ = f"convolution_{name}"
        tap.case(case)


def bias_of_a_convolution():
    """It lies like the result, here with the features in front of rows and columns, and becomes the convolution's own."""
    x, w, y, b = tensor(1, 3, 20, 20), tensor(8, 3, 3, 3), tensor(1, 8, 20, 20), tensor(1, 8, 1, 1)
    props = (f"batch_group_count = 1 : i64, convolution_layout = {layout('bf01', 'oi01', 'bf01')}, feature_group_count = 1 : i64, "
             "input_dilation = array<i64: 1, 1>, padding = array<i64: 1, 1, 1, 1>, weight_dilation = array<i64: 1, 1>, "
             "window_reversal = array<i1: false, false>, window_strides = array<i64: 1, 1>")
    new = newer([x, w, b], y, (
        "  %1 = stablehlo.convolution(%a0, %a1) dim_numbers = [b, f, 0, 1]x[o, i, 0, 1]->[b, f, 0, 1], window = "
        "{stride = [1, 1], pad = [[1, 1], [1, 1]], lhs_dilate = [1, 1], rhs_dilate = [1, 1]} "
        f"{{batch_group_count = 1 : i64, feature_group_count = 1 : i64}} : ({x}, {w}) -> {y}\n"
        f"  %2 = stablehlo.broadcast_in_dim %a2, dims = [0, 1, 2, 3] : ({b}) -> {y}\n"
        f"  %0 = stablehlo.add %1, %2 : {y}"))
    old = older("convolution", [x, w, b], y, props)
    same(old, new, "ttir.add")
    tap.contains(compiled(old, "ttir-fusing"), '"ttir.conv2d"(%arg0, %arg1, %arg2)')
    tap.equal('"ttir.add"' in compiled(old, "ttir-fusing"), False)
    for shape in (tensor(1, 1, 1, 8), tensor(8), tensor(1, 8, 1, 1, of="bf16")):
        refused(older("convolution", [x, w, shape], y, props),
                "'ttir.convolution' op of an older version has a bias that is not one number per feature of its result: give it "
                "the element type and rank of the result, with size 1 in all other dimensions")


# name: method; input, output; windows, strides, dilations, padding; what comes out
POOLS = {
    "max": ("Max", (1, 4, 9, 9), (1, 4, 4, 4), (1, 1, 3, 3), (1, 1, 2, 2), (1, 1, 1, 1), [0] * 8, "ttir.max_pool2d"),
    "max_padded": ("Max", (1, 8, 8, 4), (1, 8, 8, 4), (1, 3, 3, 1), (1, 1, 1, 1), (1, 1, 1, 1), [0, 0, 1, 1, 1, 1, 0, 0],
                   "padding = array<i32: 1, 1, 1, 1>"),
    "max_3d": ("Max", (1, 3, 8, 8, 8), (1, 3, 4, 4, 4), (1, 1, 2, 2, 2), (1, 1, 2, 2, 2), (1, 1, 1, 1, 1), [0] * 10,
               "ttir.max_pool2d"),
    "sum": ("Sum", (1, 8, 8, 4), (1, 4, 4, 4), (1, 2, 2, 1), (1, 2, 2, 1), (1, 1, 1, 1), [0] * 8, "ttir.multiply"),
    "average": ("Average", (1, 8, 8, 4), (1, 4, 4, 4), (1, 2, 2, 1), (1, 2, 2, 1), (1, 1, 1, 1), [0] * 8,
                "count_include_pad = true"),
}


def add_pools():
    for name, (method, x, y, size, stride, dilate, pad, must) in POOLS.items():
        def case(method=method, x=x, y=y, size=size, stride=stride, dilate=dilate, pad=pad, must=must):
            types, result = [tensor(*x)], tensor(*y)
            ones = [1] * len(x)

            def dense(v):
                return "array<i64: " + ", ".join(map(str, v)) + ">"
            old = older("pooling", types, result, (
                f"base_dilations = {dense(ones)}, operandSegmentSizes = array<i32: 1, 1>, padding = {dense(pad)}, "
                f"pooling_method = #ttir<pooling_method {method}>, window_dilations = {dense(dilate)}, "
                f"window_dimensions = {dense(size)}, window_strides = {dense(stride)}"))
            start = "0xFF800000" if method == "Max" else "0.0"
            rows = [pad[2 * d:2 * d + 2] for d in range(len(x))]
            reduce = "%w" if method == "Average" else "%0"
            body = f"""  %s = stablehlo.constant dense<{start}> : tensor<f32>
  {reduce} = "stablehlo.reduce_window"(%a0, %s) <{{base_dilations = {dense(ones)}, padding = dense<{rows}> : tensor<{len(x)}x2xi64>, window_dilations = {dense(dilate)}, window_dimensions = {dense(size)}, window_strides = {dense(stride)}}}> ({{
  ^bb0(%l: tensor<f32>, %r: tensor<f32>):
    %b = stablehlo.{"maximum" if method == "Max" else "add"} %l, %r : tensor<f32>
    stablehlo.return %b : tensor<f32>
  }}) : ({types[0]}, tensor<f32>) -> {result}"""
            if method == "Average":
                count = 1
                for d in size:
                    count *= d
                body += f"""
  %n = stablehlo.constant dense<{count}> : tensor<i32>
  %m = stablehlo.convert %n : (tensor<i32>) -> tensor<f32>
  %d = stablehlo.broadcast_in_dim %m, dims = [] : (tensor<f32>) -> {result}
  %0 = stablehlo.divide %w, %d : {result}"""

            def pool_only(text):
                """The ops that are not there for the constants of StableHLO."""
                lines = [line.split(" = ", 1)[-1] for line in function(text).splitlines()]
                return [re.sub(r"%\w+", "%", line) for line in lines
                        if not re.search(r"tensor<(f32|i32)>|ttir\.broadcast|\(tensor<1(x1)*xf32>\)|\"ttir.reshape\"\(%\d+\).*tensor<f32>", line)]
            ours = compiled(old, "convert-stablehlo-to-ttir")
            theirs = compiled(newer(types, result, body), "convert-stablehlo-to-ttir")
            tap.equal(pool_only(ours), pool_only(theirs))
            tap.contains(ours, must)
            compiled(old)
        case.__name__ = f"pooling_{name}"
        tap.case(case)


def gather_of_rows():
    types, result = [tensor(100, 16), tensor(7, of="ui32")], tensor(7, 16)
    same(older("gather", types, result, "collapsed_slice_dims = array<i64: 0>, index_vector_dim = 1 : si64, "
               "indices_are_sorted = false, offset_dims = array<i64: 1>, operand_batching_dims = array<i64>, "
               "slice_sizes = array<i64: 1, 16>, start_index_map = array<i64: 0>, start_indices_batching_dims = array<i64>"),
         newer(types, result, '  %0 = "stablehlo.gather"(%a0, %a1) <{dimension_numbers = #stablehlo.gather<offset_dims = [1], '
               "collapsed_slice_dims = [0], start_index_map = [0], index_vector_dim = 1>, indices_are_sorted = false, "
               f"slice_sizes = array<i64: 1, 16>}}> : ({', '.join(types)}) -> {result}"), "ttir.embedding")


def gather_of_a_batch():
    types, result = [tensor(3, 10), tensor(3, 5, 1, of="i32")], tensor(3, 5)
    same(older("gather", types, result, "collapsed_slice_dims = array<i64: 1>, index_vector_dim = 2 : si64, "
               "indices_are_sorted = false, offset_dims = array<i64>, operand_batching_dims = array<i64: 0>, "
               "slice_sizes = array<i64: 1, 1>, start_index_map = array<i64: 1>, "
               "start_indices_batching_dims = array<i64: 0>", "tensor.empty"),
         newer(types, result, '  %0 = "stablehlo.gather"(%a0, %a1) <{dimension_numbers = #stablehlo.gather<'
               "collapsed_slice_dims = [1], operand_batching_dims = [0], start_indices_batching_dims = [0], "
               "start_index_map = [1], index_vector_dim = 2>, indices_are_sorted = false, "
               f"slice_sizes = array<i64: 1, 1>}}> : ({', '.join(types)}) -> {result}"), '"ttir.gather"')


def scatter_of_rows():
    types, result = [tensor(20, 8), tensor(3, 1, of="i64"), tensor(3, 8)], tensor(20, 8)
    body = f"""  %0 = "stablehlo.scatter"(%a0, %a1, %a2) <{{indices_are_sorted = false, scatter_dimension_numbers = #stablehlo.scatter<update_window_dims = [1], inserted_window_dims = [0], scatter_dims_to_operand_dims = [0], index_vector_dim = 1>, unique_indices = false}}> ({{
  ^bb0(%l: tensor<f32>, %r: tensor<f32>):
    stablehlo.return %r : tensor<f32>
  }}) : ({", ".join(types)}) -> {result}"""
    same(older("scatter", types, result, "index_vector_dim = 1 : i32, indices_are_sorted = false, "
               "input_batching_dims = array<i32>, inserted_window_dims = array<i32: 0>, "
               "scatter_dims_to_operand_dims = array<i32: 0>, scatter_indices_batching_dims = array<i32>, "
               "unique_indices = false, update_window_dims = array<i32: 1>"), newer(types, result, body), "ttir.scatter")


PARTS = """module attributes {ttcore.meshes = #ttcore.meshes<[<"mesh" = 1x2>]>} {
  func.func @f(%a: tensor<64x128xf32> {ttir.name = "a"}, %b: tensor<128x32xf32>) -> (tensor<64x32xf32>, tensor<64x128xf32>) {
    %0 = "ttir.mesh_shard"(%a) <{shard_dims = array<i64: -1, 1>, shard_direction = #ttcore.shard_direction<full_to_shard>, shard_shape = array<i64: 1, 2>, shard_type = #ttcore.shard_type<identity>}> : (tensor<64x128xf32>) -> tensor<64x64xf32>
    %1 = "ttir.mesh_shard"(%b) <{shard_dims = array<i64: -1, 0>, shard_direction = #ttcore.shard_direction<full_to_shard>, shard_shape = array<i64: 2, 1>, shard_type = #ttcore.shard_type<identity>}> : (tensor<128x32xf32>) -> tensor<64x32xf32>
    %2 = "ttir.matmul"(%0, %1) <{transpose_a = false, transpose_b = false}> : (tensor<64x64xf32>, tensor<64x32xf32>) -> tensor<64x32xf32>
    %3 = "ttir.all_reduce"(%2) <{cluster_axis = 1 : ui32, reduce_type = #ttcore.reduce_type<sum>}> : (tensor<64x32xf32>) -> tensor<64x32xf32>
    %4 = "ttir.mesh_shard"(%3) <{shard_dims = array<i64: -1>, shard_direction = #ttcore.shard_direction<shard_to_full>, shard_shape = array<i64: 1>, shard_type = #ttcore.shard_type<identity>}> : (tensor<64x32xf32>) -> tensor<64x32xf32>
    %5 = "ttir.mesh_shard"(%0) <{shard_dims = array<i64: -1, 1>, shard_direction = #ttcore.shard_direction<shard_to_full>, shard_shape = array<i64: 1, 2>, shard_type = #ttcore.shard_type<identity>}> : (tensor<64x64xf32>) -> tensor<64x128xf32>
    return %4, %5 : tensor<64x32xf32>, tensor<64x128xf32>
  }
}
"""


def parts_that_come_and_go():
    text = function(compiled(PARTS, "ttir-update"))
    tap.equal(text.count("mesh_shard"), 0)
    head = text.splitlines()[0]
    part = ("{{ttcore.local_shape = #ttcore<local_shape local_shape = {0}>, "
            "ttcore.shard_status = #ttcore.shard_status<presharded>{1}}}")
    a, b = tensor(64, 64), tensor(64, 32)
    named = part.format(a, ', ttir.name = "a"')
    tap.contains(head, f"(%arg0: {a} {named}, %arg1: {b} {part.format(b, '')}) -> ({b}, {a} {part.format(a, '')})")
    compiled(PARTS)


def refused(text, error, note="", options=UPDATE):
    answer, _ = run(text, options=options)
    tap.equal(answer["status"], "refused")
    tap.contains(answer["errors"], "error: " + error)
    tap.contains(answer["errors"], note)


CURE = "the option update-older-forms=true brings the module up to date"


def what_it_does_not_know():
    inside = PARTS.replace("return %4, %5 :", "%6 = \"ttir.relu\"(%a) : (tensor<64x128xf32>) -> tensor<64x128xf32>\n    return %4, %6 :")
    refused(inside, "'ttir.mesh_shard' op has the shard_type 'identity' of older versions at a tensor that is no argument")
    x = tensor(1, 8, 9, 9)
    refused(older("pooling", [x], x, "pooling_method = #ttir<pooling_method Median>, window_dimensions = array<i64: 1, 1, 1, 1>"),
            "'ttir.pooling' op of an older version has no pooling_method that is known")
    refused(older("pooling", [x], x, "pooling_method = #ttir<pooling_method Max>, window_dimensions = array<i64: 2, 2, 2>"),
            "'ttir.pooling' op pools windows that no TTIR op pools")
    refused(older("convolution", [x, tensor(8, 8, 1, 1)], x, "window_strides = array<i64: 1, 1>"),
            "'ttir.convolution' op of an older version has no convolution_layout")
    refused(older("nonsense", [x], x, ""), "unregistered operation 'ttir.nonsense' found in dialect ('ttir') that does not "
            "allow unknown operations")
    # What was passed over in an older form is looked at once it is one of today's.
    refused(older("concat", [tensor(2, 2), tensor(2, 2)], tensor(4, 2), "dim = -3 : si32"),
            "'ttir.concat' op Invalid dimension -3 for concatenation.", "in pass ttir-update")


def what_helps_is_said():
    x = tensor(1, 8, 9, 9)
    refused(PARTS, "'ttir.mesh_shard' op has a shard_type other than", CURE, "")
    refused(older("relu", [x], x, ""), "'ttir.relu' op requires a single operand", CURE, "")
    conv = f"""func.func @f(%x: {x}, %w: {tensor(8, 8, 1, 1)}, %o: {x}) -> {x} {{
  %0 = "ttir.convolution"(%x, %w, %o) : ({x}, {tensor(8, 8, 1, 1)}, {x}) -> {x}
  return %0 : {x}
}}
"""
    refused(conv, "unregistered operation 'ttir.convolution' found in dialect ('ttir')", CURE, "")
    rows = f"""func.func @f(%x: {tensor(9, 4)}, %i: {tensor(3, of='i32')}) -> {tensor(3, 4)} {{
  %0 = "ttir.gather"(%x, %i) <{{offset_dims = array<i64: 1>}}> : ({tensor(9, 4)}, {tensor(3, of='i32')}) -> {tensor(3, 4)}
  return %0 : {tensor(3, 4)}
}}
"""
    refused(rows, "'ttir.gather' op requires attribute 'dim'", CURE, "")
    refused(rows, "'ttir.gather' op of an older version does not say all of its dimensions")


def names(text):
    return collections.Counter(re.findall(r'"(ttnn\.\w+)"\(|(?:ttcore\.load_cached)', text))


# Models, with their StableHLO or the ops of which there are as many as the compiler of then left.
MODELS = {
    "clipvision_opt2_b2": "shlo_compiler.mlir",
    "tp_2x4_gather": "shlo.mlir",
    "tp_2x4_32_4": "shlo.mlir",
    "wide_resnet50_2025-11": ["batch_norm_inference", "conv2d", "max_pool2d", "mean", "permute", "relu"],
    "llama_prefill_2025-11": ["cos", "embedding", "fill_cache", "get_device", "gt", "neg", "permute", "sin", "softmax"],
}


def add_models():
    for name, beside in MODELS.items():
        folder = CORPUS / name
        if not folder.is_dir():
            continue

        def case(folder=folder, beside=beside):
            ours = names(compiled(folder / "ttir.mlir"))
            if isinstance(beside, str):
                tap.equal(ours, names(compiled(folder / beside)))
            else:
                theirs = names((folder / "ttnn.mlir").read_text())
                wanted = {f"ttnn.{op}": theirs[f"ttnn.{op}"] for op in beside}
                tap.equal([op for op in wanted if not wanted[op]], [])
                tap.equal({op: ours[op] for op in wanted}, wanted)
            for level in 1, 2:
                compiled(folder / "ttir.mlir", options=f"{UPDATE} optimization-level={level}")
        case.__name__ = name
        tap.case(case)


def main():
    add_convolutions()
    add_pools()
    for case in (bias_of_a_convolution, gather_of_rows, gather_of_a_batch, scatter_of_rows, parts_that_come_and_go, what_it_does_not_know,
                 what_helps_is_said):
        tap.case(case)
    add_models()
    tap.main()


main()
