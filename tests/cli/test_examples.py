"""The models of examples/: each is checked, compiled and executed as a user would do it first."""

import json
import struct
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import tap  # noqa: E402

NAMES = ["mnist.mlir", "resnet_small.mlir", "tensor_parallel.mlir", "transformer_block.mlir"]
EXAMPLES = sorted((tap.ROOT / "examples").glob("*.mlir"))

# What examples/tensor_parallel.mlir computes, on one device.
PLAIN = """func.func @forward(
    %arg0: tensor<32x128xbf16> {ttcore.argument_type = #ttcore.argument_type<input>, ttir.name = "input"},
    %arg1: tensor<128x64xbf16> {ttcore.argument_type = #ttcore.argument_type<parameter>, ttir.name = "fc.weight"},
    %arg2: tensor<1x64xbf16> {ttcore.argument_type = #ttcore.argument_type<parameter>, ttir.name = "fc.bias"})
    -> tensor<32x64xbf16> {
  %0 = "ttir.matmul"(%arg0, %arg1) <{transpose_a = false, transpose_b = false}>
      : (tensor<32x128xbf16>, tensor<128x64xbf16>) -> tensor<32x64xbf16>
  %1 = "ttir.add"(%0, %arg2) : (tensor<32x64xbf16>, tensor<1x64xbf16>) -> tensor<32x64xbf16>
  return %1 : tensor<32x64xbf16>
}
"""


def mesh_of(path):
    """What the model has to be compiled with: --mesh for those over several devices."""
    text = path.read_text()
    return ["--mesh", "1x2"] if "ttir.mesh_shard" in text else []


@tap.case
def all_four_are_there():
    tap.equal([p.name for p in EXAMPLES], NAMES)


@tap.case
def they_are_right():
    done = tap.run("check", *EXAMPLES)
    tap.equal((done.code, done.err), (0, ""))


@tap.case
def they_compile():
    for path in EXAMPLES:
        for level in "012":
            done = tap.run("compile", *mesh_of(path), "--level", level, path)
            tap.equal((path.name, level, done.code, done.err), (path.name, level, 0, ""))
            tap.equal((path.name, '"ttnn.' in done.out), (path.name, True))


@tap.case
def what_they_compile_to_is_right():
    with tempfile.TemporaryDirectory() as folder:
        for path in EXAMPLES:
            tap.equal(tap.run("compile", *mesh_of(path), "-o", f"{folder}/{path.name}", path).code, 0)
            done = tap.run("check", f"{folder}/{path.name}")
            tap.equal((path.name, done.code, done.err), (path.name, 0, ""))


@tap.case
def they_run_and_every_op_is_accurate():
    for path in EXAMPLES:
        done = tap.run("run", "--golden", "--json", path, timeout=120)
        tap.equal((path.name, done.code, done.err), (path.name, 0, ""))
        accuracy = json.loads(done.out)["accuracy"]
        # bf16 keeps 8 bits: against f32 an op's result has a correlation near 1, never one far below.
        low = [(o["name"], o["pcc"]) for o in accuracy if o["pcc"] is None or o["pcc"] < 0.99]
        tap.equal((path.name, bool(accuracy), low), (path.name, True, []))


def write_floats(path, rows, columns, numbers):
    """A .npy of f32."""
    head = f"{{'descr': '<f4', 'fortran_order': False, 'shape': ({rows}, {columns}), }}".ljust(117) + "\n"
    data = struct.pack(f"<{rows * columns}f", *numbers)
    Path(path).write_bytes(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head)) + head.encode() + data)


def floats(path):
    """The elements of a .npy of f32."""
    data = Path(path).read_bytes()
    tap.contains(data[:128].decode("latin-1"), "'<f4'")
    start = 10 + struct.unpack("<H", data[8:10])[0]
    return [x[0] for x in struct.iter_unpack("<f", data[start:])]


@tap.case
def two_devices_compute_what_one_does():
    with tempfile.TemporaryDirectory() as folder:
        inputs = []
        for k, (rows, columns) in enumerate([(32, 128), (128, 64), (1, 64)]):
            # Small whole numbers over 8: bf16 has them exactly, and so are their sums in f32.
            numbers = [((i * 7919 + k * 31) % 23 - 11) / 8 for i in range(rows * columns)]
            write_floats(f"{folder}/{k}.npy", rows, columns, numbers)
            inputs.append(f"{folder}/{k}.npy")
        for name, path, text in (("two", tap.ROOT / "examples/tensor_parallel.mlir", ""), ("one", "-", PLAIN)):
            done = tap.run("run", "--inputs", *inputs, "--numbers", "f32", "--outputs", f"{folder}/{name}%d.npy", path, stdin=text)
            tap.equal((done.code, done.err), (0, ""))
        two, one = floats(f"{folder}/two0.npy"), floats(f"{folder}/one0.npy")
    tap.equal((len(two), len(one)), (32 * 64, 32 * 64))
    tap.equal([(i, a, b) for i, (a, b) in enumerate(zip(two, one)) if a != b], [])
    tap.equal(len(set(two)) > 100, True)


@tap.case
def mnist_tells_the_digits_it_is_shown():
    weights, model = tap.ROOT / "examples/mnist/weights.npz", tap.ROOT / "examples/mnist.mlir"
    with tempfile.TemporaryDirectory() as folder:
        # What it was compiled to tells them as well.
        tap.equal(tap.run("compile", "--level", "2", "-o", f"{folder}/ttnn.mlir", model).code, 0)
        for digit in range(10):
            for path in (model, f"{folder}/ttnn.mlir"):
                drawing = tap.ROOT / f"examples/mnist/digit_{digit}.npy"
                done = tap.run("run", path, "--inputs", weights, f"input={drawing}", "--outputs", f"{folder}/%d.npy")
                tap.equal((done.code, done.err), (0, ""))
                probabilities = floats(f"{folder}/0.npy")
                tap.equal((digit, probabilities.index(max(probabilities)), max(probabilities) > 0.9), (digit, digit, True))


tap.main()
