"""PyTorch as a peer of the executor: peer_torch.py PROGRAM MODULE FOLDER THREADS. Speaks as bench_exec does."""
import resource
import sys
import time
from pathlib import Path

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / 'tests' / 'exec'))

import ttir
import ttir_torch


def main():
    program, path, folder, threads = sys.argv[1:5]
    torch.set_num_threads(int(threads))
    base = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    module = ttir.read(program, path)
    tensors = ttir_torch.tensors(module, [np.load(f'{folder}/{i}.npy') for i in range(len(module.arguments))])
    dead = ttir_torch.last_uses(module)
    results = ttir_torch.run(module, tensors, dead)
    print('ready', base, flush=True)
    for line in sys.stdin:
        command, _, file = line.strip().partition(' ')
        if command == 'run':
            wall, processor = time.perf_counter(), time.process_time()
            results = ttir_torch.run(module, tensors, dead)
            print((time.perf_counter() - wall) * 1e3, (time.process_time() - processor) * 1e3, flush=True)
        else:
            results[0].contiguous().numpy().tofile(file)
            print('saved', flush=True)


main()
