"""Files of tensors, written without the program."""

import io
import json
import struct
import zipfile


def npy_of(values, shape, kind="f4"):
    """A .npy file."""
    head = repr({"descr": "<" + kind, "fortran_order": False, "shape": tuple(shape)}).encode()
    head += b" " * (63 - (10 + len(head)) % 64) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head)) + head + struct.pack(f"<{len(values)}{ {'f4': 'f', 'i4': 'i'}[kind] }", *values)


def npz_of(entries):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as z:
        for name, data in entries.items():
            z.writestr(name + ".npy", data)
    return out.getvalue()


def safetensors_of(entries):
    """Of f32: {name: (shape, values)}."""
    head, body = {}, b""
    for name, (shape, values) in entries.items():
        data = struct.pack(f"<{len(values)}f", *values)
        head[name] = {"dtype": "F32", "shape": shape, "data_offsets": [len(body), len(body) + len(data)]}
        body += data
    text = json.dumps(head).encode()
    return struct.pack("<Q", len(text)) + text + body
