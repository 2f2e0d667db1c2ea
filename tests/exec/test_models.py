"""Whole models against PyTorch, in f32 to 1e-4 of the largest value: the examples, decoder layers and, where the corpus is,
its models. The same bytes must come out with another number of threads, and of a second run. Without python3-torch the test is skipped."""
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from op_cases import PROGRAM, np, torch  # which ends the test where there is no torch
import ttir
import ttir_models
import ttir_torch

ROOT = Path(__file__).resolve().parents[2]
MODELS = Path(os.environ.get('TTX_CORPUS', ROOT.parent / 'shared' / 'corpus')) / 'mlir' / 'ttir' / 'models'
LAYERS = MODELS / 'single_blocks_and_layers'
LIMIT = 1e-4


def small_layer(tokens, past):
    return ttir_models.llama_layer(tokens, past, hidden=256, inner=512, heads=8, kv_heads=2)


# Name, and where its text comes from: a file (of the corpus: may be absent) or a function.
CASES = [
    ('example mnist', ROOT / 'examples' / 'mnist.mlir', None),
    ('example resnet_small', ROOT / 'examples' / 'resnet_small.mlir', None),
    ('example transformer_block', ROOT / 'examples' / 'transformer_block.mlir', None),
    ('decoder layer, 24 tokens', None, lambda: small_layer(24, 0)),
    ('decoder layer, one token behind 30', None, lambda: small_layer(1, 30)),
    ('decoder layer, 24 tokens, bf16 kept in f32', None, lambda: ttir_models.in_bf16(small_layer(24, 0))),
    ('convolutions and what follows them', None, ttir_models.convolutions),
    ('convolutions and what follows them, bf16 kept in f32', None,
     lambda: ttir_models.in_bf16(ttir_models.convolutions())),
    ('mnist', MODELS / 'mnist.mlir', None),
    ('resnet_hf, one image', MODELS / 'resnet_hf.mlir', ttir_models.one_image),
    ('segformer', MODELS / 'segformer.mlir', None),
    ('llama_attention', MODELS / 'llama_attention.mlir', None),
    ('llama_3_2_1b_decode_block', LAYERS / 'llama_3_2_1b_decode_block.mlir', None),
    ('qwen_2_5_0_5b_decode_block', LAYERS / 'qwen_2_5_0_5b_decode_block.mlir', None),
    ('segformer_vision_block', LAYERS / 'segformer_vision_block.mlir', None),
]


def run(path, module, arrays, folder, *options):
    for i, (array, value) in enumerate(zip(arrays, module.arguments)):
        if value.number == 'i1':
            array = array.astype(bool)
        elif value.number in ttir_torch.INTEGERS:
            kind = value.number.removeprefix('s')
            array = array.astype(kind[0] + str(ttir.SIZES[value.number]))
        np.save(f'{folder}/{i}.npy', array)
    done = subprocess.run([PROGRAM, 'run', path, '--numbers', 'f32', '--outputs', f'{folder}/out_%d.npy', *options,
                           '--inputs', *(f'{i}={folder}/{i}.npy' for i in range(len(arrays)))],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        raise RuntimeError(done.stdout[-2000:])
    return [np.load(f'{folder}/out_{i}.npy') for i in range(len(module.results))]


def problems(path, folder):
    module = ttir.read(PROGRAM, path)
    lacking = ttir_torch.missing(module)
    if lacking:
        return [f'the table has no {", ".join(lacking)}']
    arrays = ttir_torch.arguments(module)
    want = ttir_torch.run(module, ttir_torch.tensors(module, arrays))
    got = run(path, module, arrays, folder, '--threads', '1')
    out = []
    for i, (g, w) in enumerate(zip(got, want)):
        worst = ttir_torch.difference(g, w)
        if not worst <= LIMIT:
            out.append(f'result {i} differs by {worst:.2e} of its largest value')
        if w.is_floating_point() and not (torch.isfinite(w).all() and w.std() > 1e-3):
            out.append(f'result {i} says nothing: PyTorch gives no spread of finite numbers')
    for threads in '2', '3':
        again = run(path, module, arrays, folder, '--threads', threads, '--repeat', '2')
        out += [f'result {i} is another with {threads} threads' for i, (a, b) in enumerate(zip(got, again))
                if a.tobytes() != b.tobytes()]
    return out


def main():
    print(f'1..{len(CASES)}')
    failed = 0
    for i, (name, source, change) in enumerate(CASES):
        if source and not source.exists():
            print(f'ok {i + 1} - {name} # SKIP the corpus is not there')
            continue
        with tempfile.TemporaryDirectory() as folder:
            path = source
            if change:
                path = Path(folder) / 'module.mlir'
                path.write_text(change(source.read_text()) if source else change())
            try:
                found = problems(path, folder)
            except RuntimeError as e:
                found = [str(e)]
        failed += bool(found)
        print(f'{"not ok" if found else "ok"} {i + 1} - {name}', flush=True)
        for text in found:
            print('# ' + text.replace('\n', '\n# '))
    return 1 if failed else 0


sys.exit(main())
