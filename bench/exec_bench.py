"""The executor beside PyTorch and onnxruntime: same ops, shapes, numbers and threads, one run of each in turn.

Times are the best of the rounds. With one thread they are the processor's, so that what else runs on the machine counts
less; with more, the clock's, and all are at rest for a while before another's turn: threads look for more work for some
milliseconds before they sleep, which would take a processor from whoever runs next. Caches are cold then, so that each runs
twice in its turn and the better counts. Memory is the most that was resident, of the peers less what their interpreter takes
alone. TTX_BENCH_THREADS says how many threads (default 1), TTX_BENCH_MODELS which models (words of their names).
"""

import array
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests" / "exec"))

import ttir_models

PYTHON = "/usr/bin/python3"  # where Debian's PyTorch is
THREADS = int(os.environ.get("TTX_BENCH_THREADS", "1"))
ONLY = os.environ.get("TTX_BENCH_MODELS", "").split()
SECONDS = 12  # for the rounds of one model
REST = 0.02  # seconds before a turn


class Peer:
    """A process that runs one model when it is told to."""

    def __init__(self, command, **environment):
        self.process = subprocess.Popen([str(word) for word in command], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.DEVNULL, text=True,
                                        env={**os.environ, "OMP_NUM_THREADS": str(THREADS), **environment})
        answer = self.process.stdout.readline().split()
        self.base = int(answer[1]) if answer else 0
        self.alive = bool(answer)

    def ask(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().split()

    def run(self):
        wall, processor = map(float, self.ask("run"))
        return processor if THREADS == 1 else wall

    def resident(self):
        with open(f"/proc/{self.process.pid}/status") as f:
            peak = next(int(line.split()[1]) * 1024 for line in f if line.startswith("VmHWM"))
        return peak - self.base

    def saved(self, path):
        self.ask(f"save {path}")
        numbers = array.array("f")
        numbers.frombytes(Path(path).read_bytes())
        return numbers

    def close(self):
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()


def rounds(peers, seconds=SECONDS):
    """The best time of each, running in turn."""
    best, spent = {name: float("inf") for name in peers}, 0.0
    count = 0
    while count < 3 or (spent < seconds * 1e3 and count < 200):
        for name, peer in peers.items():
            if THREADS > 1:
                time.sleep(REST)
            runs = peer.run(), peer.run()
            ms = min(runs)
            spent += sum(runs)
            best[name] = min(best[name], ms)
        count += 1
    return best


def distance(a, b):
    """The largest difference, relative to the largest value."""
    if len(a) != len(b):
        return float("inf")
    scale = max(map(abs, b)) or 1.0
    return max(abs(x - y) for x, y in zip(a, b)) / scale


def has_torch():
    return os.path.exists(PYTHON) and subprocess.run([PYTHON, "-c", "import torch"], stderr=subprocess.DEVNULL).returncode == 0


def has_ort():
    return shutil.which("node") and (ROOT / "bench" / "node_modules" / "onnxruntime-node").is_dir()


def models(corpus):
    """Names and texts."""
    files = corpus / "mlir" / "ttir" / "models"
    out = [("llama prefill, 128 tokens", ttir_models.llama_layer(128, 0)),
           ("llama decode, behind 127", ttir_models.llama_layer(1, 127))]
    if files.is_dir():
        out += [("resnet-50, one image", ttir_models.one_image((files / "resnet_hf.mlir").read_text())),
                ("BERT base block, 8 x 384", (files / "single_blocks_and_layers/bert_encoder_block.mlir").read_text()),
                ("segformer", (files / "segformer.mlir").read_text()),
                ("yolo_v8", (files / "yolo_v8.mlir").read_text())]
    return [m for m in out if not ONLY or any(word in m[0] for word in ONLY)]


def compare(name, text, program, runner):
    """Rows for one model."""
    with tempfile.TemporaryDirectory(prefix="tt-explorer-bench-") as folder:
        path, halves = Path(folder, "f32.mlir"), Path(folder, "bf16.mlir")
        path.write_text(text)
        halves.write_text(text if "xbf16>" in text else ttir_models.in_bf16(text))
        peers = {}
        with_torch = has_torch()
        arguments = []
        if with_torch:  # whose NumPy writes the arguments
            subprocess.run([PYTHON, ROOT / "bench" / "exec_prepare.py", program, path, folder], check=True)
            arguments = [folder]
        peers["ours"] = Peer([runner, path, "f32", THREADS, *arguments])
        if with_torch:
            peers["torch"] = Peer([PYTHON, ROOT / "bench" / "peer_torch.py", program, path, folder, THREADS])
            if has_ort():
                peers["onnxruntime"] = Peer(["node", ROOT / "bench" / "peer_ort.mjs", folder, THREADS])
        for peer in [p for p in peers if not peers[p].alive]:
            yield f"{name}: {peer} does not run it", float("nan"), ""
            del peers[peer]
        best = rounds(peers)
        for peer, ms in best.items():
            yield f"{name}: {peer}", ms, "ms"
            if peer != "ours":
                yield f"{name}: {peer} : ours", ms / best["ours"], "times"
        own = peers["ours"].saved(f"{folder}/ours.bin")
        for peer in list(peers)[1:]:
            yield f"{name}: difference from {peer}", distance(own, peers[peer].saved(f"{folder}/{peer}.bin")) * 1e6, "e-6"
        for peer in peers:
            yield f"{name}: memory, {peer}", peers[peer].resident() / 1e6, "MB"
        for peer in list(peers)[1:]:
            peers.pop(peer).close()
        half = {"f32": peers["ours"], "bf16": Peer([runner, halves, "as-written", THREADS, *arguments])}
        best = rounds(half, SECONDS / 3)
        yield f"{name}: ours, bf16", best["bf16"], "ms"
        yield f"{name}: f32 : bf16", best["f32"] / best["bf16"], "times"
        for peer in half.values():
            peer.close()


def function(body, arguments, result):
    given = ", ".join(f"%{name}: {kind} {{ttcore.argument_type = #ttcore.argument_type<{role}>}}"
                      for name, kind, role in arguments)
    return f"func.func @main({given}) -> {result} {{\n{body}\n}}\n"


def matmul_module(m, n, k, number):
    a, b, c = (f"tensor<{r}x{s}x{number}>" for r, s in ((m, k), (k, n), (m, n)))
    return function(f'%0 = "ttir.matmul"(%a, %b) : ({a}, {b}) -> {c}\nreturn %0 : {c}',
                    [("a", a, "input"), ("b", b, "parameter")], c)


def conv_module(batch, size, channels, out, kernel, stride, number):
    pad, to = kernel // 2, (size - 1) // stride + 1
    x, w, y = (f"tensor<{'x'.join(map(str, s))}x{number}>" for s in (
        (batch, size, size, channels), (out, channels, kernel, kernel), (batch, to, to, out)))
    attrs = f"stride = {stride} : i32, padding = {pad} : i32, dilation = 1 : i32, groups = 1 : i32"
    return function(f'%0 = "ttir.conv2d"(%x, %w) <{{{attrs}}}> : ({x}, {w}) -> {y}\nreturn %0 : {y}',
                    [("x", x, "input"), ("w", w, "parameter")], y)


MATMULS = [(512, 512, 512), (2048, 2048, 2048), (128, 8192, 2048), (3072, 3072, 768)]
CONVS = [(1, 56, 64, 64, 3, 1), (1, 56, 256, 64, 1, 1), (1, 28, 128, 128, 3, 1), (1, 80, 320, 320, 3, 1),
         (1, 14, 512, 256, 1, 1), (1, 224, 3, 64, 7, 2)]


def shapes(runner, raw):
    """Single products and convolutions beside oneDNN alone. Threads of both look for work equally long before they sleep: to
    wake one takes a fifth of the time of the small ones."""
    with tempfile.TemporaryDirectory(prefix="tt-explorer-bench-") as folder:
        path = Path(folder, "one.mlir")
        for kind, cases, module in ("matmul", MATMULS, matmul_module), ("conv", CONVS, conv_module):
            for case in cases:
                for number in "f32", "bf16":
                    path.write_text(module(*case, number))
                    peers = {"ours": Peer([runner, path, "as-written", THREADS]),
                             "oneDNN": Peer([raw, kind, number, THREADS, *case], GOMP_SPINCOUNT="10000")}
                    best = rounds(peers, 1.5)
                    yield f"{kind} {' '.join(map(str, case))} {number}: part of oneDNN's speed", (
                        best["oneDNN"] / best["ours"] * 100), "%"
                    for peer in peers.values():
                        peer.close()


def chains(runner):
    """Ten thousand tiny ops: additions, which become loops together, and softmaxes, which are steps of their own."""
    kind, count = "tensor<4x4xf32>", 10000
    for what, op in (("additions", f'"ttir.add"(%{{}}, %a) : ({kind}, {kind}) -> {kind}'),
                     ("softmaxes", f'"ttir.softmax"(%{{}}) <{{{{dimension = 1 : si32}}}}> : ({kind}) -> {kind}')):
        lines = [f"%{i} = " + op.format(i - 1 if i else "a") for i in range(count)]
        with tempfile.TemporaryDirectory(prefix="tt-explorer-bench-") as folder:
            path = Path(folder, "chain.mlir")
            path.write_text(function("\n".join(lines) + f"\nreturn %{count - 1} : {kind}", [("a", kind, "input")], kind))
            peer = Peer([runner, path, "as-written", THREADS])
            best = rounds({"ours": peer}, 0.5)["ours"]
            yield f"a chain of 10,000 tiny {what}", best, "ms"
            yield f"a chain of 10,000 tiny {what}, each op", best * 1e3 / count, "us"
            peer.close()
