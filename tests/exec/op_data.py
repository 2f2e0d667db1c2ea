"""What is known of ops: their operands and attributes from src/dialect/data, their kernels from `tt-explorer run --ops`.

    OPS['ttir.sum'].attrs['dim_arg']     'array(i32) ...'
    OPS['stablehlo.and'].admits          the element types that its main operand may have
    KERNELS['ttnn.abs']                  'elementwise'
    family('ttir.abs')                   the ops that compute the same with the same operands: ttir.abs, stablehlo.abs, ttnn.abs
"""
import os
import re
import subprocess
from collections import defaultdict
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

DATA = Path(os.environ.get('TTX_SOURCE', Path(__file__).resolve().parents[2]), 'src', 'dialect', 'data')
FLOATS = ('f32', 'bf16', 'f16')
REALS = (*FLOATS, 'f64')
INTEGERS = ('i32', 'i8', 'i16', 'i64', 'ui8', 'ui16', 'ui32', 'ui64')
KINDS = (*REALS, *INTEGERS, 'i1')


@dataclass
class Op:
    flags: list
    operands: list  # (name, constraint, mark)
    results: list
    attrs: dict  # name: definition
    optional: set  # attributes that need not be given
    constraints: dict

    def kinds_of(self, constraint):
        """The element types a type constraint lets through; all of them when it says nothing of elements."""
        said = self.constraints.get(constraint, '')
        if 'element(' not in said:
            return set(KINDS)
        words = set(re.findall(r'float\((\w+)\)', said))
        words |= {('i' if sign == 'signless' else 'ui') + width for sign, width in re.findall(r'int\((signless|unsigned), (\d+)\)', said)}
        return {k for k in KINDS if k in words or (k in INTEGERS and 'kind(integer' in said)}

    @property
    def admits(self):
        """Of the first operand that is no condition; of an op without operands, of the result."""
        tensors = [c for _, c, _ in self.operands] + [c for _, c, _ in self.results]
        kinds = [self.kinds_of(c) for c in tensors] or [set()]
        return next((k for k in kinds if k != {'i1'}), kinds[0])

    @property
    def truth(self):
        """Whether its result is a truth value by type."""
        return bool(self.results) and self.kinds_of(self.results[0][1]) == {'i1'}


def constraints(text):
    return {m[1]: m[2] for m in re.finditer(r'^constraint (\S+) ".*?" (.*)$', text, re.M)}


def read(dialect):
    text = (DATA / f'{dialect}.def').read_text()
    known = {**constraints((DATA / 'common.def').read_text()), **(constraints((DATA / 'stablehlo.def').read_text()) if dialect == 'chlo' else {}), **constraints(text)}
    for m in re.finditer(r'^op (\S+)(.*)\n((?:  .*\n)*)', text, re.M):
        op = Op(m[2].split(), [], [], {}, set(), known)
        for line in m[3].splitlines():
            word, *rest = line.split(None, 3)
            if word.startswith('in'):
                op.operands.append((rest[0], rest[1], word[2:]))
            elif word.startswith('out'):
                op.results.append((rest[0], rest[1], word[3:]))
            elif word.startswith('attr'):
                op.attrs[rest[0]] = ' '.join(rest[1:])
                if word == 'attr?' or ' = ' in line:
                    op.optional.add(rest[0])
        yield f'{dialect}.{m[1]}', op


OPS = {name: op for dialect in ('ttir', 'ttnn', 'stablehlo', 'chlo') for name, op in read(dialect)}


def table():
    text = subprocess.run([os.environ['TTX_PROGRAM'], 'run', '--ops'], capture_output=True, text=True, check=True).stdout
    for line in text[:text.index('## Ops that cannot')].splitlines():
        cells = [c.strip() for c in line.split('|')[1:-1]]
        if len(cells) == 3 and '.' in cells[0]:
            yield cells


KERNELS, LEADERS = {}, {}
for _op, _kernel, _checked in table():
    KERNELS[_op] = _kernel
    LEADERS[_op] = _checked.partition(', as ')[2] or _op
FAMILIES = defaultdict(list)
for _op, _leader in LEADERS.items():
    FAMILIES[_leader].append(_op)


def family(op):
    """The ops that the kernel table says do the same, itself the first."""
    return [op, *(o for o in FAMILIES.get(op, ()) if o != op)]


@lru_cache(None)
def twins(op, given):
    """Of the ops that do the same, those of the same results that take these attributes (a frozenset of names)."""
    found = []
    for other in family(op)[1:]:
        a, b = OPS.get(op), OPS.get(other)
        if not a or not b or len(a.results) != len(b.results):
            continue
        known = {'operandSegmentSizes'} | set(b.attrs)
        if given <= known and set(b.attrs) - b.optional <= given:
            found.append(other)
    return found


def attributes_for(op, text):
    """The attributes `text` of another op with the integer types that this one's have."""
    for name, said in OPS[op].attrs.items():
        width = re.match(r'(?:array\()?([su]?i\d+)\)?', said)
        if width:
            text = re.sub(rf'\b{name} = (-?\d+) : \w+', rf'{name} = \1 : {width[1]}', text)
    return text
