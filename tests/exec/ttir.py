"""Reads TTIR as `tt-explorer print --generic` writes it: one op to a line, no regions inside the function.

    module = read(program, path)
    module.arguments: [Value]    module.ops: [Op]    module.results: [name]

Attribute values become Python's: numbers, booleans, strings, lists; of dense constants a Dense; of anything else its text.
It is a reader for tests and measurements, not for files of unknown make: what it does not know raises ValueError.
"""
import re
import struct
import subprocess
from dataclasses import dataclass, field

SIZES = {'f64': 8, 'f32': 4, 'f16': 2, 'bf16': 2, 'i1': 1, 'i8': 1, 'ui8': 1, 'i16': 2, 'ui16': 2, 'i32': 4, 'ui32': 4,
         'si32': 4, 'i64': 8, 'ui64': 8, 'si64': 8}


@dataclass
class Value:
    name: str
    shape: tuple
    number: str  # the element type
    role: str = ''  # of arguments: input, parameter, constant
    count: int = field(init=False)

    def __post_init__(self):
        self.count = 1
        for dim in self.shape:
            self.count *= dim


@dataclass
class Dense:
    shape: tuple
    number: str
    values: list  # one for all, or all of them in order


@dataclass
class Op:
    name: str
    operands: list  # names
    attrs: dict
    results: list  # of Value


@dataclass
class Module:
    arguments: list
    ops: list
    results: list


def tensor(text):
    """tensor<2x3xf32, encoding> as shape and element type."""
    found = re.match(r'tensor<((?:\d+x)*)(\w+)', text)
    if not found:
        raise ValueError(f'not a tensor type: {text[:80]}')
    return tuple(int(d) for d in found[1].split('x') if d), found[2]


def split(text):
    """The parts between commas that stand in no brackets or quotes."""
    parts, depth, quoted, start = [], 0, False, 0
    for i, c in enumerate(text):
        if c == '"':
            quoted = not quoted
        elif quoted:
            continue
        elif c in '<([{':
            depth += 1
        elif c in ')]}' or (c == '>' and text[i - 1] != '-'):
            depth -= 1
        elif c == ',' and depth == 0:
            parts.append(text[start:i].strip())
            start = i + 1
    last = text[start:].strip()
    return parts + [last] if last else parts


def scalar(text, number):
    if text in ('true', 'false'):
        return text == 'true'
    if text.startswith('0x'):
        bits = int(text, 16)
        if number == 'bf16':
            bits, number = bits << 16, 'f32'
        code = {'f64': '<d', 'f32': '<f', 'f16': '<e'}[number]
        return struct.unpack(code, bits.to_bytes(struct.calcsize(code), 'little'))[0]
    return float(text) if re.search(r'[.eE]', text) else int(text)


def dense(text):
    body, kind = re.fullmatch(r'dense<(.*)> : (tensor<.*>)', text, re.S).groups()
    shape, number = tensor(kind)
    if body.startswith('"'):
        data = bytes.fromhex(body[3:-1])
        size = SIZES[number]
        if number == 'bf16':
            values = [struct.unpack('<f', b'\0\0' + data[i:i + 2])[0] for i in range(0, len(data), 2)]
        else:
            code = {'f64': 'd', 'f32': 'f', 'f16': 'e', 'i1': '?'}.get(number) or {1: 'b', 2: 'h', 4: 'i', 8: 'q'}[size]
            values = list(struct.unpack(f'<{len(data) // size}{code}', data))
    else:
        values = [scalar(word, number) for word in re.findall(r'[^\s,\[\]]+', body)]
    return Dense(shape, number, values)


def attribute(text):
    if text.startswith('dense<'):
        return dense(text)
    if text.startswith('array<'):
        body = text[6:-1].partition(':')[2]
        return [scalar(word, '') for word in split(body)]
    if text.startswith('['):
        return [attribute(part) for part in split(text[1:-1])]
    if text.startswith('"'):
        return text[1:-1]
    found = re.fullmatch(r'(true|false|-?[\d.]+(?:[eE][-+]?\d+)?)(?: : (\w+))?', text)
    return scalar(found[1], found[2]) if found else text


def attributes(text):
    out = {}
    for part in split(text):
        name, _, value = part.partition(' = ')
        out[name] = attribute(value) if value else True
    return out


def closing(text, start):
    """Where the bracket at `start` is closed."""
    depth, quoted = 0, False
    for i in range(start, len(text)):
        c = text[i]
        if c == '"':
            quoted = not quoted
        elif not quoted and c in '<([{':
            depth += 1
        elif not quoted and (c in ')]}' or (c == '>' and text[i - 1] != '-')):
            depth -= 1
            if depth == 0:
                return i
    raise ValueError('a bracket is not closed')


def op(line):
    names, equals, rest = line.partition(' = "')
    if not equals:
        names, rest = '', line[1:]
    name, _, rest = rest.partition('"')
    end = closing(rest, 0)
    operands = split(rest[1:end])
    rest = rest[end + 1:].lstrip()
    attrs = {}
    for opening in '<', '{':
        if rest.startswith(opening):
            end = closing(rest, 0)
            body = rest[2:end - 1] if opening == '<' else rest[1:end]
            attrs.update(attributes(body))
            rest = rest[end + 1:].lstrip()
    types = rest[2:].partition(' -> ')[2].strip()
    types = split(types[1:-1]) if types.startswith('(') else [types]
    results = [Value(n, *tensor(t)) for n, t in zip(split(names), types)]
    return Op(name, operands, attrs, results)


def read(program, path):
    done = subprocess.run([program, 'print', '--generic', path], stdout=subprocess.PIPE, text=True, check=True)
    roles, module = '', None
    for line in done.stdout.splitlines():
        line = line.strip()
        if line.startswith('"func.func"'):
            if module:
                raise ValueError('several functions')
            roles = line
        elif line.startswith('^bb0(') and roles:
            arguments = [Value(name, *tensor(kind))
                         for name, kind in (part.split(': ', 1) for part in split(line[5:-2]))]
            start = roles.find('arg_attrs = [')
            dicts = split(roles[start + 13:closing(roles, start + 12)]) if start >= 0 else []
            for argument, given in zip(arguments, dicts):
                found = re.search(r'argument_type<(\w+)>', given)
                argument.role = found[1] if found else ''
            module = Module(arguments, [], [])
        elif module and line.startswith('"func.return"'):
            module.results = op(line).operands
        elif module and re.match(r'%|"', line):
            if line.endswith('({'):
                raise ValueError(f'an op with a region: {line[:80]}')
            module.ops.append(op(line))
    return module
