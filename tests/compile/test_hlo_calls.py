"""StableHLO that becomes TTIR by way of other ops, compiled and run beside PyTorch: calls of attention kernels, the gradient of
batch normalization, complex numbers, tuples."""
import math
import os
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import tap  # noqa: E402
from with_torch import np, torch  # noqa: E402

PROGRAM = os.environ.get("TTX_PROGRAM", str(tap.ROOT / "build" / "tt-explorer"))


def run(text, inputs, level, options=()):
    """What the module computes after it was compiled at a level: one array per result."""
    with tempfile.TemporaryDirectory() as folder:
        source, made = Path(folder, "in.mlir"), Path(folder, "out.mlir")
        source.write_text(text)
        subprocess.run([PROGRAM, "compile", "--level", str(level), *options, str(source), "-o", str(made)], check=True, timeout=60)
        files = []
        for i, tensor in enumerate(inputs):
            files.append(str(Path(folder, f"in{i}.npy")))
            np.save(files[-1], tensor.numpy())
        subprocess.run([PROGRAM, "run", str(made), "--inputs", *files, "--outputs", str(Path(folder, "out%d.npy"))],
                       check=True, stdout=subprocess.DEVNULL, timeout=60)
        return [np.load(path) for path in sorted(Path(folder).glob("out*.npy"))]


def check(text, inputs, want, levels=(0, 2), options=(), tolerance=2e-3):
    for level in levels:
        got = run(text, inputs, level, options)
        tap.equal([g.shape for g in got], [tuple(w.shape) for w in want])
        for g, w in zip(got, want):
            w = w.numpy()
            finite = np.isfinite(w)
            tap.equal(np.isfinite(g).tolist(), finite.tolist())
            error = np.abs(g[finite] - w[finite]).max() / np.abs(w[finite]).max()
            if not error < tolerance:
                raise AssertionError(f"level {level}: the largest error is {error}")


def stage(text, name):
    """The module after a pass."""
    return subprocess.run([PROGRAM, "compile", "-", "--stop-after", name], input=text, text=True, capture_output=True, check=True,
                          timeout=60).stdout


def tensor(*shape):
    return f'tensor<{"x".join(map(str, shape))}xf32>'


def flash_mla_prefill():
    torch.manual_seed(1)
    for heads, keys, value, mask, causal, scale in ((4, 1, False, False, True, None), (4, 2, True, True, False, 0.3),
                                                    (2, 2, True, False, True, None), (6, 2, False, True, True, 0.2)):
        q, k = torch.randn(2, heads, 32, 64), torch.randn(2, keys, 32, 64)
        v, m = torch.randn(2, keys, 32, 32), torch.randn(2, 1, 32, 32)
        inputs = [q, k] + [v] * value + [m] * mask
        values = v if value else k[..., :32]
        scores = q @ k.repeat_interleave(heads // keys, 1).transpose(2, 3) * (scale or 1 / math.sqrt(64))
        scores = scores + m if mask else scores
        if causal:
            scores = scores.masked_fill(torch.ones(32, 32).triu(1).bool(), -math.inf)
        want = scores.softmax(-1) @ values.repeat_interleave(heads // keys, 1)
        types = ", ".join(tensor(*x.shape) for x in inputs)
        args = ", ".join(f"%a{i}: {tensor(*x.shape)}" for i, x in enumerate(inputs))
        said = (f'head_dim_v = "32", is_causal = "{causal}", has_value = "{value}", has_attention_mask = "{mask}"'
                + (f', scale = "{scale}"' if scale else ""))
        check(f"""func.func @main({args}) -> {tensor(*want.shape)} {{
  %0 = stablehlo.custom_call @tt.flash_mla_prefill({", ".join(f"%a{i}" for i in range(len(inputs)))}) {{mhlo.frontend_attributes = {{{said}}}}} : ({types}) -> {tensor(*want.shape)}
  return %0 : {tensor(*want.shape)}
}}""", inputs, [want])


def indexer_score_dsa():
    torch.manual_seed(2)
    for start in (0, 7):
        q, k, w = torch.randn(1, 4, 32, 64), torch.randn(1, 1, 64, 64), torch.randn(1, 4, 32, 1)
        want = ((q @ k.transpose(2, 3)).relu() * w).sum(1, keepdim=True)
        seen = torch.arange(64)[None, :] <= torch.arange(32)[:, None] + start
        want = want.masked_fill(~seen, -math.inf)
        check(f"""func.func @main(%q: {tensor(1, 4, 32, 64)}, %k: {tensor(1, 1, 64, 64)}, %w: {tensor(1, 4, 32, 1)}) -> {tensor(1, 1, 32, 64)} {{
  %0 = stablehlo.custom_call @tt.indexer_score_dsa(%q, %k, %w) {{mhlo.frontend_attributes = {{chunk_start_idx = "{start}"}}}} : ({tensor(1, 4, 32, 64)}, {tensor(1, 1, 64, 64)}, {tensor(1, 4, 32, 1)}) -> {tensor(1, 1, 32, 64)}
  return %0 : {tensor(1, 1, 32, 64)}
}}""", [q, k, w], [want])


def batch_norm_grad():
    torch.manual_seed(3)
    x = torch.randn(4, 6, 6, 8, requires_grad=True)
    scale, offset = torch.randn(8, requires_grad=True), torch.zeros(8, requires_grad=True)
    mean, variance = x.mean((0, 1, 2)), x.var((0, 1, 2), unbiased=False)
    dy = torch.randn(4, 6, 6, 8)
    ((x - mean) / (variance + 1e-3).sqrt() * scale + offset).backward(dy)
    inputs = [t.detach() for t in (x, scale, mean, variance, dy)]
    a, b = tensor(4, 6, 6, 8), tensor(8)
    check(f"""func.func @main(%x: {a}, %s: {b}, %m: {b}, %v: {b}, %g: {a}) -> ({a}, {b}, {b}) {{
  %0:3 = "stablehlo.batch_norm_grad"(%x, %s, %m, %v, %g) <{{epsilon = 1.0e-3 : f32, feature_index = 3 : i64}}> : ({a}, {b}, {b}, {b}, {a}) -> ({a}, {b}, {b})
  return %0#0, %0#1, %0#2 : {a}, {b}, {b}
}}""", inputs, [x.grad, scale.grad, offset.grad])


def complex_numbers():
    torch.manual_seed(4)
    a, b, c, d = (torch.randn(4, 6) for _ in "abcd")
    z = torch.complex(a, b) * torch.complex(c, d) - torch.complex(d, a)
    z = torch.cat([z.t()[1:5:2], torch.full((2, 4), 0.5 + 2j)]).reshape(2, 8)
    z = z[None].expand(3, 2, 8)
    f, g = tensor(4, 6), "tensor<3x2x8xf32>"

    def of(*shape):
        return f'tensor<{"x".join(map(str, shape))}xcomplex<f32>>'
    check(f"""func.func @main(%a: {f}, %b: {f}, %c: {f}, %d: {f}) -> ({g}, {g}) {{
  %0 = stablehlo.complex %a, %b : {of(4, 6)}
  %1 = stablehlo.complex %c, %d : {of(4, 6)}
  %2 = stablehlo.complex %d, %a : {of(4, 6)}
  %3 = stablehlo.multiply %0, %1 : {of(4, 6)}
  %4 = stablehlo.subtract %3, %2 : {of(4, 6)}
  %5 = stablehlo.transpose %4, dims = [1, 0] : ({of(4, 6)}) -> {of(6, 4)}
  %6 = stablehlo.slice %5 [1:5:2, 0:4] : ({of(6, 4)}) -> {of(2, 4)}
  %7 = stablehlo.constant dense<(0.5, 2.0)> : {of(2, 4)}
  %8 = stablehlo.concatenate %6, %7, dim = 0 : ({of(2, 4)}, {of(2, 4)}) -> {of(4, 4)}
  %9 = stablehlo.reshape %8 : ({of(4, 4)}) -> {of(2, 8)}
  %10 = stablehlo.broadcast_in_dim %9, dims = [1, 2] : ({of(2, 8)}) -> {of(3, 2, 8)}
  %11 = stablehlo.real %10 : ({of(3, 2, 8)}) -> {g}
  %12 = stablehlo.imag %10 : ({of(3, 2, 8)}) -> {g}
  return %11, %12 : {g}, {g}
}}""", [a, b, c, d], [z.real.contiguous(), z.imag.contiguous()])
    refused = subprocess.run([PROGRAM, "compile", "-"], text=True, capture_output=True, timeout=60, input=f"""func.func @main(%a: {of(4)}) -> tensor<4xf32> {{
  %0 = stablehlo.abs %a : ({of(4)}) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}}""")
    tap.equal(refused.returncode, 1)
    tap.contains(refused.stderr, "'stablehlo.abs' op is not supported for complex numbers")


def scatter_of_rows():
    """A row's number that is the same in every column makes a scatter of rows; one that is not, does not."""
    torch.manual_seed(5)
    for same in (True, False):
        table, update = torch.randn(4, 8), torch.randn(2, 8)
        rows = torch.tensor([3, 1]) if same else torch.randint(0, 4, (2, 8, 1))
        index = rows[:, None].expand(2, 8) if same else rows[..., 0]
        want = table.clone()
        want.index_put_((index, torch.arange(8).expand(2, 8)), update, accumulate=True)
        rows_type = "tensor<2xi64>" if same else "tensor<2x8x1xi64>"
        spread = "%1 = stablehlo.broadcast_in_dim %r, dims = [0] : (tensor<2xi64>) -> tensor<2x8x1xi64>\n" if same else ""
        text = f"""func.func @main(%t: {tensor(4, 8)}, %r: {rows_type}, %u: {tensor(2, 8)}) -> {tensor(4, 8)} {{
  %0 = stablehlo.iota dim = 1 : tensor<2x8x1xi64>
  {spread}
  %2 = stablehlo.concatenate {"%1" if same else "%r"}, %0, dim = 2 : (tensor<2x8x1xi64>, tensor<2x8x1xi64>) -> tensor<2x8x2xi64>
  %3 = "stablehlo.scatter"(%t, %2, %u) <{{scatter_dimension_numbers = #stablehlo.scatter<inserted_window_dims = [0, 1], scatter_dims_to_operand_dims = [0, 1], index_vector_dim = 2>}}> ({{
  ^bb0(%a: tensor<f32>, %b: tensor<f32>):
    %s = stablehlo.add %a, %b : tensor<f32>
    stablehlo.return %s : tensor<f32>
  }}) : ({tensor(4, 8)}, tensor<2x8x2xi64>, {tensor(2, 8)}) -> {tensor(4, 8)}
  return %3 : {tensor(4, 8)}
}}"""
        check(text, [table, rows, update], [want])
        tap.equal("scatter_dims_to_operand_dims = [0]," in stage(text, "stablehlo-fusing"), same)


def scatter_outside():
    """Updates outside of the tensor are left out."""
    torch.manual_seed(9)
    table, update, rows = torch.randn(4, 2, 3), torch.randn(4, 2, 3), torch.tensor([[2], [-1], [4], [0]])
    want = table.clone()
    want[2], want[0] = update[0], update[3]
    body = f"""({{
  ^bb0(%a: tensor<f32>, %b: tensor<f32>):
    stablehlo.return %b : tensor<f32>
  }}) : ({tensor(4, 2, 3)}, tensor<4xROWSxi64>, UPDATE) -> {tensor(4, 2, 3)}
  return %0 : {tensor(4, 2, 3)}
}}"""
    check(f"""func.func @main(%t: {tensor(4, 2, 3)}, %r: tensor<4x1xi64>, %u: {tensor(4, 2, 3)}) -> {tensor(4, 2, 3)} {{
  %0 = "stablehlo.scatter"(%t, %r, %u) <{{scatter_dimension_numbers = #stablehlo.scatter<update_window_dims = [1, 2], inserted_window_dims = [0], scatter_dims_to_operand_dims = [0], index_vector_dim = 1>}}> """
          + body.replace("ROWS", "1").replace("UPDATE", tensor(4, 2, 3)), [table, rows, update], [want])
    two = torch.cat([rows, torch.tensor([[1], [0], [1], [0]])], 1)
    want = table.clone()
    want[2, 1], want[0, 0] = update[0, 0], update[3, 0]
    check(f"""func.func @main(%t: {tensor(4, 2, 3)}, %r: tensor<4x2xi64>, %u: {tensor(4, 3)}) -> {tensor(4, 2, 3)} {{
  %0 = "stablehlo.scatter"(%t, %r, %u) <{{scatter_dimension_numbers = #stablehlo.scatter<update_window_dims = [1], inserted_window_dims = [0, 1], scatter_dims_to_operand_dims = [0, 1], index_vector_dim = 1>}}> """
          + body.replace("ROWS", "2").replace("UPDATE", tensor(4, 3)), [table, two, update[:, 0].contiguous()], [want])


def tuples_and_copies():
    """A tuple's elements are what it was made of; a tensor a hundred times is a broadcast, different ones stay."""
    x, y = torch.randn(1, 4), torch.randn(4)
    many = ", ".join(["%x"] * 99 + ["%z"])
    types = ", ".join([tensor(1, 4)] * 100)
    check(f"""func.func @main(%x: {tensor(1, 4)}, %y: {tensor(4)}) -> ({tensor(4)}, {tensor(100, 4)}, {tensor(3, 4)}) {{
  %t = stablehlo.tuple %x, %y : tuple<{tensor(1, 4)}, {tensor(4)}>
  %0 = stablehlo.get_tuple_element %t[1] : (tuple<{tensor(1, 4)}, {tensor(4)}>) -> {tensor(4)}
  %z = stablehlo.add %x, %x : {tensor(1, 4)}
  %1 = stablehlo.concatenate {many}, dim = 0 : ({types}) -> {tensor(100, 4)}
  %2 = stablehlo.concatenate %x, %x, %x, dim = 0 : ({tensor(1, 4)}, {tensor(1, 4)}, {tensor(1, 4)}) -> {tensor(3, 4)}
  return %0, %1, %2 : {tensor(4)}, {tensor(100, 4)}, {tensor(3, 4)}
}}""", [x, y], [y, torch.cat([x] * 99 + [x + x]), x.expand(3, 4)])


def transposed_convolution():
    """With a weight that was turned round before (as front ends do for torch's) and with one that was not; in groups."""
    torch.manual_seed(7)
    groups, inside, out = 2, 3, 4
    a, w = torch.randn(1, 5, 5, groups * inside), torch.randn(3, 3, groups * out, inside)
    spread = torch.zeros(1, groups * inside, 9, 9)
    spread[:, :, ::2, ::2] = a.permute(0, 3, 1, 2)
    for turned in (False, True):
        weight = w.flip(0, 1) if turned else w
        want = torch.nn.functional.conv2d(torch.nn.functional.pad(spread, (1, 2, 1, 2)), weight.permute(2, 3, 0, 1), groups=groups)
        turn = f"%v = stablehlo.reverse %w, dims = [0, 1] : {tensor(3, 3, 8, 3)}" if turned else ""
        check(f"""func.func @main(%a: {tensor(1, 5, 5, 6)}, %w: {tensor(3, 3, 8, 3)}) -> {tensor(1, 10, 10, 8)} {{
  {turn}
  %0 = stablehlo.convolution(%a, {"%v" if turned else "%w"}) dim_numbers = [b, 0, 1, f]x[0, 1, o, i]->[b, 0, 1, f], window = {{pad = [[1, 2], [1, 2]], lhs_dilate = [2, 2]}} {{batch_group_count = 1 : i64, feature_group_count = 2 : i64}} : ({tensor(1, 5, 5, 6)}, {tensor(3, 3, 8, 3)}) -> {tensor(1, 10, 10, 8)}
  return %0 : {tensor(1, 10, 10, 8)}
}}""", [a, w], [want.permute(0, 2, 3, 1).contiguous()], tolerance=1e-2)  # the turning takes bf16


def starts_of_reductions():
    """What a reduction starts from counts, when it is no neutral number."""
    torch.manual_seed(8)
    x, start = torch.randn(3, 5, 4), torch.tensor(1.25)
    for body, want in (("add", x.sum(1) + 1.25), ("multiply", x.prod(1) * 1.25), ("maximum", x.amax(1).clamp(min=1.25)),
                       ("minimum", x.amin(1).clamp(max=1.25))):
        check(f"""func.func @main(%x: {tensor(3, 5, 4)}, %s: tensor<f32>) -> {tensor(3, 4)} {{
  %0 = stablehlo.reduce(%x init: %s) applies stablehlo.{body} across dimensions = [1] : ({tensor(3, 5, 4)}, tensor<f32>) -> {tensor(3, 4)}
  return %0 : {tensor(3, 4)}
}}""", [x, start], [want], (0,), tolerance=1e-2)


MESH = """
  sdy.mesh @mesh = <["x"=2, "y"=2]>"""


def cut(*axes):
    return "{sdy.sharding = #sdy.sharding<@mesh, [" + ", ".join(f'{{"{axis}"}}' if axis else "{}" for axis in axes) + "]>}"


def calls_over_devices():
    """Heads of attention, heads that are summed up, rows of what is looked up: each device does its own, told as XLA's text or as
    attributes; what each device needs whole is gathered."""
    torch.manual_seed(6)
    q, k = torch.randn(2, 4, 32, 64), torch.randn(2, 1, 32, 64)
    want = (q @ k.expand(2, 4, 32, 64).transpose(2, 3) / 8).softmax(-1) @ k[..., :32].expand(2, 4, 32, 32)
    body = f"""-> {tensor(2, 4, 32, 32)} {{
    %0 = stablehlo.custom_call @tt.flash_mla_prefill(%q, %k) {{mhlo.frontend_attributes = {{head_dim_v = "32", is_causal = "False"}}}} : ({tensor(2, 4, 32, 64)}, {tensor(2, 1, 32, 64)}) -> {tensor(2, 4, 32, 32)}
    return %0 : {tensor(2, 4, 32, 32)}
  }}
}}"""
    plain = f'module {{{MESH}\n  func.func @main(%q: {tensor(2, 4, 32, 64)} {cut("x", "y", 0, 0)}, %k: {tensor(2, 1, 32, 64)} {cut("x", 0, 0, 0)}) {body}'
    text = '#sdy.sharding<@mesh, [{\\22x\\22}, {\\22y\\22}, {}, {}]>'
    xla = ('module attributes {mhlo.frontend_attributes = {xla.sdy.meshes = "{mesh = #sdy.mesh<[\\22x\\22=2, \\22y\\22=2]>}"}} {\n'
           f'  func.func @main(%q: {tensor(2, 4, 32, 64)} {{mhlo.frontend_attributes = {{xla.sdy.sharding = "{text}"}}, mhlo.sharding = "{{devices=[2,2,1,1]<=[4]}}"}}, '
           f'%k: {tensor(2, 1, 32, 64)}) {body}')
    for module in (plain, xla):
        tap.contains(stage(module, "update-global-to-local-shapes"),
                     f"({tensor(1, 2, 32, 64)}, {tensor(1, 1, 32, 64)}) -> {tensor(1, 2, 32, 32)}")
        check(module, [q, k], [want])
    whole = plain.replace(cut("x", "y", 0, 0), cut(0, 0, 0, "y")).replace(cut("x", 0, 0, 0), cut(0, 0, 0, "y"))
    tap.equal(stage(whole, "update-global-to-local-shapes").count("stablehlo.all_gather"), 2)
    check(whole, [q, k], [want], (0,))

    q, k, w = torch.randn(1, 4, 32, 64), torch.randn(1, 1, 32, 64), torch.randn(1, 4, 32, 1)
    want = ((q @ k.transpose(2, 3)).relu() * w).sum(1, keepdim=True).masked_fill(torch.ones(32, 32).triu(1).bool(), -math.inf)
    module = f"""module {{{MESH}
  func.func @main(%q: {tensor(1, 4, 32, 64)} {cut(0, "y", 0, 0)}, %k: {tensor(1, 1, 32, 64)}, %w: {tensor(1, 4, 32, 1)} {cut(0, "y", 0, 0)}) -> {tensor(1, 1, 32, 32)} {{
    %0 = stablehlo.custom_call @tt.indexer_score_dsa(%q, %k, %w) : ({tensor(1, 4, 32, 64)}, {tensor(1, 1, 32, 64)}, {tensor(1, 4, 32, 1)}) -> {tensor(1, 1, 32, 32)}
    return %0 : {tensor(1, 1, 32, 32)}
  }}
}}"""
    tap.equal(stage(module, "update-global-to-local-shapes").count("stablehlo.all_reduce"), 1)
    check(module, [q, k, w], [want])

    table, rows = torch.randn(8, 4), torch.randint(0, 8, (6, 4))
    module = f"""module {{{MESH}
  func.func @main(%t: {tensor(8, 4)} {cut("x", "y")}, %i: tensor<6x4xi64> {cut("x", "y")}) -> {tensor(6, 4)} {{
    %0 = stablehlo.custom_call @tenstorrent.gather_dim(%t, %i) {{tt.composite_attributes = {{dim = 0 : i64}}, tt.has_custom_sharding}} : ({tensor(8, 4)}, tensor<6x4xi64>) -> {tensor(6, 4)}
    return %0 : {tensor(6, 4)}
  }}
}}"""
    tap.contains(stage(module, "update-global-to-local-shapes"), f"({tensor(8, 2)}, tensor<3x2xi64>) -> {tensor(3, 2)}")
    check(module, [table, rows], [table.gather(0, rows)], (0,))


def rules_of_the_user():
    """A rule in a call's text says which dimensions go together; one that does not fit the call is an error."""
    def module(rule):
        return f"""module {{{MESH}
  func.func @main(%a: {tensor(8, 4)} {cut("x", 0)}, %b: {tensor(8, 4)} {cut("x", 0)}) -> {tensor(8, 4)} {{
    %0 = stablehlo.custom_call @tt.tt_lang_op(%a, %b) {{mhlo.frontend_attributes = {{kernel_id = "k", version_tag = "1", arg_roles = "in,in,out", xla.sdy.custom_sharding_rule = "{rule}"}}}} : ({tensor(8, 4)}, {tensor(8, 4)}) -> {tensor(8, 4)}
    return %0 : {tensor(8, 4)}
  }}
}}"""
    def local(rule):
        return stage(module(rule), "update-global-to-local-shapes").split("@tt.tt_lang_op", 1)[1].splitlines()[0].split(" : ")[-1]
    tap.equal(local("#sdy.op_sharding_rule<([i, j], [i, j])->([i, j]) {i=8, j=4}>"), f"({tensor(4, 4)}, {tensor(4, 4)}) -> {tensor(4, 4)}")
    # What all tensors are cut along and must not be is cut along something else instead; whole when there is nothing else.
    tap.equal(local("#sdy.op_sharding_rule<([i, j], [i, j])->([i, j]) {i=8, j=4} need_replication={i}>"),
              f"({tensor(8, 2)}, {tensor(8, 2)}) -> {tensor(8, 2)}")
    tap.equal(local("#sdy.op_sharding_rule<([i, j], [i, j])->([i, j]) {i=8, j=4} need_replication={i, j}>"),
              f"({tensor(8, 4)}, {tensor(8, 4)}) -> {tensor(8, 4)}")
    tap.equal(local(" "), f"({tensor(8, 4)}, {tensor(8, 4)}) -> {tensor(8, 4)}")
    for rule, why in (("#sdy.op_sharding_rule<([i, j])->([i, j]) {i=8, j=4}>", "number of operands and mappings must match: 2 != 1"),
                      ("#sdy.op_sharding_rule<([i, j, k], [i, j])->([i, j]) {i=8, j=4, k=1}>", "operand - mapping rank must match: 3 != 2"),
                      ("#sdy.op_sharding_rule<([i, i], [i, j])->([i, j]) {i=8, j=4}>", "operand - cannot reuse factors for the same tensor value"), ("#sdy.op_sharding_rule<([i, j], [i, j])->([i, j]) {i=8, j=5}>", "dimension 1"),
                      ("nonsense", "failed to parse 'xla.sdy.custom_sharding_rule' frontend attribute as an #sdy.op_sharding_rule"),
                      ("42 : i32", "failed to parse 'xla.sdy.custom_sharding_rule' frontend attribute as an #sdy.op_sharding_rule")):
        refused = subprocess.run([PROGRAM, "compile", "-"], input=module(rule), text=True, capture_output=True, timeout=60)
        tap.equal(refused.returncode, 1)
        tap.contains(refused.stderr, why)
    # An op that passes have made again is still found in the source.
    refused = subprocess.run([PROGRAM, "compile", "-"], input=module("").replace('kernel_id = "k", ', ""), text=True, capture_output=True, timeout=60)
    tap.equal(refused.returncode, 1)
    tap.contains(refused.stderr, "<stdin>:4:10: error: failed to legalize operation 'stablehlo.custom_call'")
    tap.contains(refused.stderr, "of a call of @tt.tt_lang_op\n")


for case in (flash_mla_prefill, indexer_score_dsa, batch_norm_grad, complex_numbers, scatter_of_rows, scatter_outside, tuples_and_copies, transposed_convolution, starts_of_reductions,
             calls_over_devices, rules_of_the_user):
    tap.case(case)
tap.main()
