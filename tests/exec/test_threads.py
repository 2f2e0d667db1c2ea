"""Whole models give the same bytes with one, two and three threads, in the numbers that they are written in: examples and a few
of the corpus, with TTX_THREADS=all every one of it (which takes minutes and some GB), with TTX_THREADS=NAME,... those."""
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = os.environ['TTX_PROGRAM']
MODELS = Path(os.environ.get('TTX_CORPUS', ROOT.parent / 'shared' / 'corpus')) / 'mlir' / 'ttir' / 'models'
WANTED = os.environ.get('TTX_THREADS', 'mnist,llama_attention,resnet_hf,segformer_vision_block').split(',')
EXAMPLES = [ROOT / 'examples' / f'{name}.mlir' for name in ('mnist', 'resnet_small', 'transformer_block')]


def run(path, folder, threads):
    for file in folder.iterdir():
        file.unlink()
    command = [PROGRAM, 'run', path, '--threads', str(threads), '--outputs', f'{folder}/%d.npy']
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        raise RuntimeError(done.stdout.strip().split('\n')[0])
    return {file.name: file.read_bytes() for file in folder.iterdir()}


def wrong(path, folder):
    """What is wrong; empty: nothing."""
    try:
        first = run(path, folder, 1)
        different = [threads for threads in (2, 3) if run(path, folder, threads) != first]
    except RuntimeError as e:
        return str(e)
    if not first:
        return 'there are no results'
    return f'other bytes with {" and ".join(map(str, different))} threads' if different else ''


def main():
    files = sorted(MODELS.glob('*.mlir')) + sorted(MODELS.glob('single_blocks_and_layers/*.mlir'))
    paths = EXAMPLES + [p for p in files if WANTED == ['all'] or p.stem in WANTED]
    print(f'1..{len(paths)}')
    failed = 0
    for i, path in enumerate(paths):
        with tempfile.TemporaryDirectory() as folder:
            why = wrong(path, Path(folder))
        failed += bool(why)
        print(f'{"not ok" if why else "ok"} {i + 1} - {path.parent.name}/{path.stem}', flush=True)
        if why:
            print(f'# {why}')
    return 1 if failed else 0


sys.exit(main())
