"""What the peers of the executor's benchmark read: exec_prepare.py PROGRAM MODULE FOLDER writes FOLDER/N.npy for each argument,
FOLDER/model.onnx, and FOLDER/inputs.json: the arguments that are inputs, as [name, shape, type, file]."""
import json
import sys
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent
sys.path.insert(0, str(ROOT.parent / 'tests' / 'exec'))

import ttir
import ttir_onnx
import ttir_torch


def main():
    program, path, folder = sys.argv[1:4]
    module = ttir.read(program, path)
    arrays = ttir_torch.arguments(module)
    for i, array in enumerate(arrays):
        np.save(f'{folder}/{i}.npy', array)
    ttir_onnx.write(module, arrays, f'{folder}/model.onnx')
    inputs = [[a.name[1:], a.shape, ttir_onnx.numpy_type(a.number).str[1:], f'{folder}/{i}.npy']
              for i, a in enumerate(module.arguments) if a.role == 'input']
    Path(folder, 'inputs.json').write_text(json.dumps(inputs))


main()
