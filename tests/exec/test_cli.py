"""`tt-explorer run` as its users call it: where accuracy falls, and the tensors of all ops."""

import ast
import json
import os
import struct
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import tap  # noqa: E402

T = "tensor<64x64xbf16>"


def chain(*ops):
    """Ops over %arg0, %arg1 and each other's results (numbers), one after the other."""
    body = "".join(f'    %{i} = "ttir.{name}"({", ".join(f"%{o}" for o in of)}) : ({", ".join([T] * len(of))}) -> {T}\n'
                   for i, (name, *of) in enumerate(ops))
    return f"module {{\n  func.func @main(%arg0: {T}, %arg1: {T}) -> {T} {{\n{body}    return %{len(ops) - 1} : {T}\n  }}\n}}\n"


# In bf16 (a + b) - a keeps of b what the sum had room for; taking b away as well leaves nothing but the error.
CANCELS = chain(("matmul", "arg0", "arg1"), ("multiply", 0, 0), ("add", 1, 0), ("subtract", 2, 1), ("subtract", 3, 0), ("exp", 4))


def npy(path):
    """Shape and values of a .npy of bf16 or f32."""
    data = path.read_bytes()
    length = struct.unpack_from("<H", data, 8)[0]
    header = ast.literal_eval(data[10 : 10 + length].decode().strip())
    body = data[10 + length :]
    if header["descr"] == "<f4":
        return header["shape"], list(struct.unpack(f"<{len(body) // 4}f", body))
    raw = struct.unpack(f"<{len(body) // 2}H", body)
    return header["shape"], [struct.unpack("<f", struct.pack("<I", r << 16))[0] for r in raw]


@tap.case
def says_where_accuracy_falls():
    done = tap.run("run", "-", "--golden", "--json", stdin=CANCELS)
    tap.equal((done.code, done.err), (0, ""))
    told = json.loads(done.out)["divergence"]
    tap.equal((told["pcc"], told["compared"], told["bad"]), (0.99, 6, 2))
    # the second subtraction; exp only passes it on
    for what in "first", "origin", "fall":
        tap.equal((told[what]["name"], told[what]["line"]), ("ttir.subtract", 7))
    done = tap.run("run", "-", "--golden", stdin=CANCELS)
    tap.contains(done.out, "first divergence in order of execution: ttir.subtract (op ")
    tap.contains(done.out, "line 7)")


@tap.case
def says_that_nothing_falls():
    done = tap.run("run", "-", "--golden", stdin=chain(("add", "arg0", "arg1"), ("relu", 0)))
    tap.contains(done.out, "all 2 compared ops agree with pcc 0.99 or better")
    tap.equal("first divergence" in done.out, False)
    done = tap.run("run", "-", "--golden", "--pcc", "2", stdin=CANCELS)
    tap.equal(done.code, 2)
    tap.contains(done.err, "--pcc is a number above -1 and up to 1, not '2'")


@tap.case
def runs_older_forms():
    """Older versions of tt-mlir wrote memory for its result behind an op's operands: it is not the bias that may stand there."""
    x, w, out = "tensor<1x4x4x2xf32>", "tensor<3x2x1x1xf32>", "tensor<1x4x4x3xf32>"
    attrs = "<{stride = 1 : i32, padding = 0 : i32, dilation = 1 : i32, groups = 1 : i32}>"

    def result(memory, operands, types):
        done = tap.run("run", "-", stdin=f"""func.func @main(%x: {x}, %w: {w}) -> {out} {{
  {memory}
  %0 = "ttir.conv2d"(%x, %w{operands}) {attrs} : ({x}, {w}{types}) -> {out}
  return %0 : {out}
}}
""")
        tap.equal((done.code, done.err), (0, ""))
        return done.out.splitlines()[0]
    tap.equal(result(f"%e = ttir.empty() : {out}", ", %e", f", {out}"), result("", "", ""))


@tap.case
def finds_the_module_that_has_the_function():
    """Tests of compilers keep many modules in a file, and often begin with words alone."""
    def module(name, size):
        t = f"tensor<{size}xf32>"
        return f"""module {{ func.func @{name}(%x: {t}) -> {t} {{
          %0 = "ttir.neg"(%x) : ({t}) -> {t}
          return %0 : {t} }} }}
"""
    text = "// RUN: words\n// -----\n" + module("a", 2) + "// -----\n" + module("b", 3)
    for arguments, size in ((), "2"), (("--function", "a"), "2"), (("--function", "b"), "3"):
        done = tap.run("run", "-", *arguments, stdin=text)
        tap.equal(done.code, 0)
        tap.contains(done.out, f"result 0: {size}xf32")
    done = tap.run("run", "-", "--function", "c", stdin=text)
    tap.equal(done.code, 1)
    tap.contains(done.err, "has no function 'c'")
    done = tap.run("compile", "-", stdin=text)
    tap.equal(done.code, 0)
    tap.contains(done.out, "func.func @a(")


@tap.case
def a_device_among_the_arguments_has_no_values():
    done = tap.run("run", "-", "--golden", stdin="""
        func.func @main(%a: tensor<4x4xbf16>, %device: !ttnn.device, %b: tensor<4x4xbf16>) -> tensor<4x4xbf16> {
          %0 = "ttnn.subtract"(%a, %b) : (tensor<4x4xbf16>, tensor<4x4xbf16>) -> tensor<4x4xbf16>
          return %0 : tensor<4x4xbf16>
        }""")
    tap.equal((done.code, done.err), (0, ""))
    tap.contains(done.out, "all 1 compared ops agree")


@tap.case
def says_that_the_golden_run_does_not_fit():
    """In bf16 the results that are in use together take 32 KiB, in f32 twice that."""
    done = tap.run("run", "-", "--golden", "--max-memory", "40K", stdin=CANCELS)
    tap.equal(done.code, 1)
    tap.contains(done.err, "needs 65536 bytes to run, 40960 are allowed")
    tap.equal(tap.run("run", "-", "--save", "/dev/null/x", "--max-memory", "70K", stdin=CANCELS).code, 2)  # runs, and cannot save


@tap.case
def the_golden_run_is_exact_enough():
    """Beside plain kernels in f64: what it is compared with for, numbers of 8 and 11 bits, is a million times coarser."""
    corpus = Path(os.environ.get("TTX_CORPUS", tap.ROOT.parent / "shared" / "corpus")) / "mlir" / "ttir" / "models"
    paths = [tap.ROOT / "examples" / f"{name}.mlir" for name in ("mnist", "resnet_small", "transformer_block")]
    paths += [path for path in (corpus / "mnist.mlir", corpus / "llama_attention.mlir") if path.exists()]
    for path in paths:
        done = tap.run("run", "--numbers", "f64", "--reference", "--golden", "--json", path)
        tap.equal((path.name, done.code), (path.name, 0))
        compared = json.loads(done.out)["accuracy"]
        tap.equal(len(compared) > 5, True)
        tap.equal([(path.name, op) for op in compared if not op["pcc"] > 1 - 1e-9], [])
        # not the same numbers: the two were computed in different ways
        tap.equal(max(op["absolute"] for op in compared) > 0, True)


@tap.case
def complex_numbers_are_refused_before_anything_runs():
    """Of functions that are defined for real numbers only, each of which is named with its line."""
    for c in "complex<f32>", "complex<f64>":
        a, v, n = f"tensor<4x6x{c}>", f"tensor<6x{c}>", f"tensor<{c}>"
        ops = {
            "floor": f'"stablehlo.floor"(%a) : ({a}) -> {a}',
            "round_nearest_even": f'"stablehlo.round_nearest_even"(%a) : ({a}) -> {a}',
            "remainder": f'"stablehlo.remainder"(%a, %a) : ({a}, {a}) -> {a}',
            "reduce_precision": f'"stablehlo.reduce_precision"(%a) <{{exponent_bits = 8 : i32, mantissa_bits = 7 : i32}}> : ({a}) -> {a}',
        }
        for name, op in ops.items():
            done = tap.run("run", "-", stdin=f"func.func @main(%a: {a}, %v: {v}, %n: {n}, %i: tensor<4x1xi32>) {{\n  %0 = {op}\n  return\n}}\n")
            tap.equal((name, done.code, done.out), (name, 1, ""))
            tap.contains(done.err, f"2:8: error: 'stablehlo.{name}' op ")
            tap.contains(done.err, "complex")


@tap.case
def complex_numbers_are_kept_in_what_is_asked_for():
    """The golden run compares both parts; --numbers decides what their parts are."""
    t = "tensor<3x5xcomplex<f64>>"
    text = (f'func.func @main(%a: {t}) -> {t} {{\n  %c = "stablehlo.constant"() <{{value = dense<(0.1, -0.7)> : {t}}}> : () -> {t}\n'
            f'  %0 = "stablehlo.multiply"(%a, %c) : ({t}, {t}) -> {t}\n  return %0 : {t}\n}}\n')
    with tempfile.TemporaryDirectory() as folder:
        made = {}
        for numbers, descr, part in ("written", "<c16", "d"), ("f32", "<c8", "f"), ("f64", "<c16", "d"):
            done = tap.run("run", "-", *(() if numbers == "written" else ("--numbers", numbers)), "--outputs", f"{folder}/out%d.npy", stdin=text)
            tap.equal((done.code, done.err), (0, ""))
            data = Path(folder, "out0.npy").read_bytes()
            tap.contains(data[10:100].decode(), f"'descr': '{descr}'")
            body = data[10 + struct.unpack_from("<H", data, 8)[0] :]
            made[numbers] = struct.unpack(f"<30{part}", body)
        tap.equal(made["written"], made["f64"])
        far = [abs(a - b) for a, b in zip(made["f64"], made["f32"])]
        tap.equal(0 < max(far) < 1e-5, True)
        done = tap.run("run", "-", "--golden", "--json", stdin=text)
        tap.equal((done.code, done.err), (0, ""))
        tap.equal([op["pcc"] > 1 - 1e-9 and op["absolute"] < 1e-5 for op in json.loads(done.out)["accuracy"]], [True])


@tap.case
def compares_what_is_computed_once():
    """Const-eval functions run in the first of several runs only; their ops are compared all the same."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "stage.mlir")
        tap.equal(tap.run("compile", "-o", path, tap.ROOT / "examples" / "transformer_block.mlir").code, 0)
        tap.contains(path.read_text(), "ttcore.load_cached")
        compared = []
        for repeat in 1, 3:
            done = tap.run("run", path, "--golden", "--json", "--repeat", repeat)
            tap.equal((done.code, done.err), (0, ""))
            compared.append(json.loads(done.out)["divergence"]["compared"])
        tap.equal(compared[0], compared[1])
        assert compared[0] > 10, compared


@tap.case
def runs_what_a_trace_records():
    """A module whose ops were hoisted into a trace gives what its source gives, and does each op once; so it does where the capturing
    function does not run them before."""
    t = "tensor<32x32xbf16>"
    source = (f'module {{ func.func @main(%a: {t}, %b: {t} {{ttcore.argument_type = #ttcore.argument_type<parameter>}}) -> ({t}, {t}) {{\n  %0 = "ttir.add"(%a, %b) : ({t}, {t}) -> {t}\n'
              f'  %1 = "ttir.multiply"(%0, %b) : ({t}, {t}) -> {t}\n  return %0, %1 : {t}, {t}\n}} }}\n')
    with tempfile.TemporaryDirectory() as folder:
        hoisted = tap.run("compile", "-", "--option", "enable-trace=true", stdin=source).out
        warm = [line for line in hoisted.splitlines() if "call @trace_0_main" in line]
        tap.equal(len(warm), 2)
        seen = []
        for name, text in (("source", source), ("hoisted", hoisted), ("cold", hoisted.replace(warm[0] + "\n", "", 1))):
            done = tap.run("run", "-", "--seed", "3", "--trace", f"{folder}/{name}.csv", "--outputs", f"{folder}/{name}_%d.npy", stdin=text)
            tap.equal((name, done.code, done.err), (name, 0, ""))
            seen.append([npy(Path(folder, f"{name}_{i}.npy")) for i in range(2)])
            if name != "source":
                rows = Path(folder, f"{name}.csv").read_text().splitlines()
                tap.equal([sum(row.split(",")[1] == f"ttnn.{op}" for row in rows) for op in ("add", "multiply")], [1, 1])
        tap.equal(seen[1], seen[0])
        tap.equal(seen[2], seen[0])
        execute = [line for line in hoisted.splitlines() if "@execute_trace_0_main(" in line][0]
        done = tap.run("run", "-", "--function", "execute_trace_0_main", stdin=hoisted)
        tap.contains(execute, "private")
        tap.equal(done.code, 1)
        tap.contains(done.err, "replays a trace that is not captured in this function")


@tap.case
def saves_every_op():
    with tempfile.TemporaryDirectory() as folder:
        done = tap.run("run", "-", "--save", f"{folder}/kept", "--outputs", f"{folder}/out%d.npy", stdin=CANCELS)
        tap.equal((done.code, done.err), (0, ""))
        files = sorted(Path(folder, "kept").iterdir(), key=lambda p: int(p.name.split("_")[0]))
        tap.equal([p.name.split("_", 1)[1] for p in files],
                  [f"ttir.{n}.npy" for n in ("matmul", "multiply", "add", "subtract", "subtract", "exp")])
        kept = [npy(p) for p in files]
        tap.equal([shape for shape, _ in kept], [(64, 64)] * 6)
        for a, b in zip(kept[0][1], kept[1][1]):  # bf16 has 8 bits: one rounding
            assert abs(a * a - b) <= a * a / 256, (a, b)
        tap.equal(npy(Path(folder, "out0.npy")), kept[5])


@tap.case
def saves_all_results_and_devices():
    sort = '''func.func @main(%a: tensor<4xf32>) -> tensor<4xf32> {
  %v, %i = "ttir.sort"(%a) <{dim = -1 : si32}> : (tensor<4xf32>) -> (tensor<4xf32>, tensor<4xi32>)
  return %v : tensor<4xf32>
}
'''
    with tempfile.TemporaryDirectory() as folder:
        done = tap.run("run", "-", "--save", folder, stdin=sort)
        tap.equal((done.code, done.err), (0, ""))
        names = sorted(p.name for p in Path(folder).iterdir())
        tap.equal(len(names), 2)
        tap.equal([n.split("_", 1)[1] for n in names], ["ttir.sort.npy", "ttir.sort_1.npy"])
        values = npy(Path(folder, names[0]))[1]
        tap.equal(values, sorted(values))
        parallel = tap.ROOT / "examples" / "tensor_parallel.mlir"
        done = tap.run("run", parallel, "--save", f"{folder}/mesh")
        tap.equal((done.code, done.err), (0, ""))
        names = [p.name for p in Path(folder, "mesh").iterdir()]
        for device in "01":
            tap.equal(any(n.endswith(f"ttir.matmul_device{device}.npy") for n in names), True)


@tap.case
def keeping_has_a_bound():
    done = tap.run("run", "-", "--save", "/nowhere", "--max-memory", "20K", stdin=CANCELS)
    tap.equal(done.code, 1)
    tap.contains(done.err, "20480 are allowed")  # six results of 8 KB


@tap.case
def numbers_that_stand_for_nothing():
    """Rows of a table that are not there: the run goes on, and says so; by a custom call and between functions, too."""
    text = """module {
func.func private @look(%t: tensor<9x2xf32>, %i: tensor<4xi32>) -> tensor<4x2xf32> {
  %0 = "ttir.embedding"(%i, %t) : (tensor<4xi32>, tensor<9x2xf32>) -> tensor<4x2xf32>
  return %0 : tensor<4x2xf32>
}
func.func @main(%ids: tensor<4xi32>, %t: tensor<9x2xf32>, %free: tensor<4xi32>) -> (tensor<4x2xf32>, tensor<4xi32>) {
  %m = stablehlo.custom_call @tt.mark_argument(%ids) : (tensor<4xi32>) -> tensor<4xi32>
  %0 = call @look(%t, %m) : (tensor<9x2xf32>, tensor<4xi32>) -> tensor<4x2xf32>
  %1 = "ttir.add"(%free, %free) : (tensor<4xi32>, tensor<4xi32>) -> tensor<4xi32>
  return %0, %1 : tensor<4x2xf32>, tensor<4xi32>
}
}
"""
    with tempfile.TemporaryDirectory() as folder:
        for ids, told in (((0, 8, 3, 1), ""), ((0, 9, -3, 70000), "argument 0 'ids' (4xi32) has numbers from -3 to 70000 in ids.npy, where there are 9 to count from 0: 3 of 4 stand for nothing")):
            for name, values in (("ids", ids), ("free", (99, -99, 7, 70000))):
                header = "{'descr': '<i4', 'fortran_order': False, 'shape': (4,), }".ljust(117) + "\n"
                Path(folder, f"{name}.npy").write_bytes(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode() + struct.pack("<4i", *values))
            done = tap.run("run", "-", "--inputs", f"ids={folder}/ids.npy", f"free={folder}/free.npy", stdin=text)
            tap.equal(done.code, 0)
            if told:
                assert done.err.count("\n") == 1 and told in done.err.replace(folder + "/", ""), done.err
            else:
                tap.equal(done.err, "")


tap.main()
