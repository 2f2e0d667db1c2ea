#!/usr/bin/env python3
"""Turns src/dialect/data/*.def and docs.tsv into constant C tables. Run by the build:

    gen_dialect.py --data src/dialect/data --tables tables.c --ids ids.h

dialect.h says what the tables mean; docs/dialect-data.md describes the .def format. Besides translating, this works out
what the data only implies: how each type of a declarative form is found (type_source), where its printer puts spaces
(as mlir-tblgen's OpFormatGen and AttrOrTypeFormatGen do), jump distances, hash tables.
"""
import argparse
import glob
import os
import re
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from dialect_schema import (FLOATS, OP_FLAGS, PARAM_KINDS, TRANSFORMS, TYPE_KINDS, asm_parse, int_text,  # noqa: E402
                            spec_text, split_args, unquote)

# Part of MLIR 22 but not tabulated here: their ops are read in generic form only.
UPSTREAM_NAMES = ['acc', 'amdgpu', 'amx', 'arm_neon', 'arm_sme', 'arm_sve', 'async', 'dlti', 'irdl', 'mpi', 'nvgpu',
                  'omp', 'pdl',
                  'pdl_interp', 'ptr', 'rocdl', 'shard', 'smt', 'spirv', 'transform', 'wasmssa', 'x86vector', 'xegpu',
                  'xevm']
OTHER_NAMES = ['mhlo', 'torch', 'tt']

ARITY = {'': 0, '?': 1, '*': 2, '**': 3}
VAR_KINDS = ['operand', 'result', 'attr', 'region', 'successor', 'param', 'operands', 'results', 'regions',
             'successors']
PREDS = ['any', 'and', 'or', 'not', 'element', 'members', 'kind', 'int', 'float', 'def', 'dialect', 'rank', 'static',
         'scalable']
ATTR_KINDS = ['any', 'bool', 'int', 'index', 'float', 'string', 'unit', 'type', 'symbol_name', 'symbol_ref',
              'flat_symbol_ref', 'array',
              'dict', 'dense', 'elements', 'affine_map', 'integer_set', 'enum', 'def', 'any_of', 'location', 'typed']
PRINT = {'full': 0, 'stripped': 1, 'no_type': 2, 'keyword': 3, 'symbol': 4, 'native': 5}
ASM = ['literal', 'var', 'type', 'functional-type', 'attr-dict', 'attr-dict-with-keyword', 'prop-dict', 'custom',
       'string', 'struct',
       'params', 'group', 'else', 'oilist', 'clause', 'space', 'newline']
F_SPACE, F_QUALIFIED, F_REF, F_ANCHOR, F_ELIDED, F_INVERTED = (1 << i for i in range(6))
NONE = 0xffff


class Error(Exception):
    pass


# ---- reading the data ----------------------------------------------------------------------------------------------

WORD = re.compile(r'"(?:[^"\\]|\\.)*"|\S+')


class Item:
    """An op, definition or enum: its head line's words and the lines below it."""

    def __init__(self, kind, words, where):
        self.kind, self.words, self.where = kind, words, where
        self.lines = []


def read_def(path):
    """(dialect, is upstream, constraints, items) of a .def file."""
    dialect, upstream, constraints, items = None, False, {}, []
    with open(path, encoding='utf-8') as f:
        text = f.read()
    for number, line in enumerate(text.splitlines(), 1):
        line = line.rstrip('\n')
        where = '%s:%d' % (path, number)
        if not line.strip() or line.startswith('#'):
            continue
        if line.startswith('  '):
            if not items:
                raise Error(where + ': indented line without an item')
            items[-1].lines.append((line.strip(), where))
            continue
        words = WORD.findall(line)
        if words[0] == 'dialect':
            dialect, upstream = words[1], 'upstream' in words[2:]
        elif words[0] == 'constraint':
            m = re.fullmatch(r'constraint (\S+) ("(?:[^"\\]|\\.)*") (.*?)(?: build=(\S+))?', line)
            if not m:
                raise Error(where + ': bad constraint')
            constraints[m.group(1)] = (unquote(m.group(2)), m.group(3), m.group(4) or '')
        elif words[0] in ('op', 'enum', 'attrdef', 'typedef'):
            items.append(Item(words[0], words[1:], where))
        else:
            raise Error(where + ': unknown word ' + words[0])
    return dialect, upstream, constraints, items


# ---- the tables ----------------------------------------------------------------------------------------------------

class Pool:
    """All text, each once."""

    def __init__(self):
        self.bytes = bytearray(b'\0')
        self.at = {'': 0}

    def add(self, s):
        if s not in self.at:
            raw = s.encode('utf-8')
            if len(raw) >= 1 << 12 or len(self.bytes) >= 1 << 20:
                raise Error('text pool overflow at: ' + s[:60])
            self.at[s] = len(raw) << 20 | len(self.bytes)
            self.bytes += raw + b'\0'
        return self.at[s]


class Runs:
    """A flat table of rows in which equal runs are stored once."""

    def __init__(self, name, limit=1 << 16):
        self.name, self.limit, self.rows, self.seen = name, limit, [], {}

    def add(self, rows):
        rows = tuple(rows)
        if not rows:
            return 0
        if rows not in self.seen:
            self.seen[rows] = len(self.rows)
            self.rows += rows
            if len(self.rows) > self.limit:
                raise Error('table overflow: ' + self.name)
        return self.seen[rows]

    def one(self, row):
        return self.add([row])


class Numbered:
    """Names that get numbers in the order of first use."""

    def __init__(self):
        self.index = {}

    def get(self, name):
        return self.index.setdefault(name, len(self.index))


class Op:
    pass


def ident(name):
    return re.sub(r'[^A-Za-z0-9]', '_', name)


class Generator:
    def __init__(self, data):
        self.pool = Pool()
        self.refs = Runs('refs')
        self.preds = Runs('preds')
        self.constraints = Runs('constraints')
        self.attr_constraints = Runs('attr_constraints')
        self.values = Runs('values')
        self.op_attrs = Runs('op_attrs')
        self.regions = Runs('regions')
        self.successors = Runs('successors')
        self.rules = Runs('rules')
        self.params = Runs('params')
        self.asm = Runs('asm')
        self.cases = Runs('enum_cases')
        self.literals, self.customs = Numbered(), Numbered()
        self.hands, self.attr_hands, self.type_hands, self.infers = [], [], [], []
        self.load(data)

    # ---- names first: everything may refer to everything ------------------------------------------------------

    def load(self, data):
        self.docs = {}
        with open(os.path.join(data, 'docs.tsv'), encoding='utf-8') as f:
            docs = f.read()
        for line in docs.splitlines():
            if line and not line.startswith('#'):
                name, _, text = line.partition('\t')
                self.docs[name] = text
        self.common = {}
        files = {}
        for path in sorted(glob.glob(os.path.join(data, '*.def'))):
            dialect, upstream, constraints, items = read_def(path)
            if dialect is None:
                self.common.update(constraints)
            else:
                files[dialect] = (upstream, constraints, items)
        names = sorted(set(files) | set(UPSTREAM_NAMES) | set(OTHER_NAMES))
        self.dialects = {n: i for i, n in enumerate(names)}
        self.files = files
        self.names = {}
        for kind in ('op', 'attrdef', 'typedef', 'enum'):
            full = sorted('%s.%s' % (d, it.words[0]) for d, f in files.items() for it in f[2] if it.kind == kind)
            if len(set(full)) != len(full):
                raise Error('%s names twice: %s' % (kind, [f for f in full if full.count(f) > 1][:3]))
            self.names[kind] = {n: i for i, n in enumerate(full)}
        stray = [n for n in self.docs if n not in self.names['op'] and n not in self.dialects]
        if stray:
            raise Error('docs.tsv: no such op or dialect: ' + stray[0])

    def ref(self, kind, name, where):
        if name not in self.names[kind]:
            raise Error('%s: unknown %s %s' % (where, kind, name))
        return self.names[kind][name]

    # ---- type constraints ---------------------------------------------------------------------------------------

    def pred(self, text, where):
        m = re.fullmatch(r'(\w+)(?:\((.*)\))?', text, re.S)
        if not m:
            raise Error('%s: bad predicate %s' % (where, text))
        word, args = m.group(1), split_args(m.group(2) or '')
        n = first = mask = 0
        if word in ('and', 'or'):
            kids = [self.pred(a, where) for a in args]
            n, first = len(kids), self.refs.add(kids)
        elif word in ('not', 'element', 'members'):
            n, first = 1, self.pred(args[0], where)
        elif word == 'never':
            word, n, first = 'not', 1, self.pred('any', where)
        elif word == 'kind':
            mask = sum(1 << TYPE_KINDS.index(a) for a in args)
        elif word == 'int':
            mask, first = 1 << ('signless', 'signed', 'unsigned').index(args[0]), int(args[1])
        elif word == 'float':
            mask = sum(1 << FLOATS.index(a) for a in args)
        elif word == 'def':
            first = self.ref('typedef', args[0], where)
        elif word == 'dialect':
            first = self.dialects[args[0]]
        elif word == 'rank':
            mask = 1 << min(int(args[0]), 31)
        elif word == 'rank_min':
            word, mask = 'rank', 0xffffffff & ~((1 << min(int(args[0]), 31)) - 1)
        elif word == 'scalable':
            mask = 1
        elif word not in ('any', 'static'):
            raise Error('%s: unknown predicate %s' % (where, word))
        return self.preds.one((PREDS.index(word), n, first, mask))

    def constraint(self, dialect, name, where):
        if name == 'any':
            return self.constraints.one((self.pool.add('any type'), 0, self.pred('any', where)))
        body = self.files[dialect][1].get(name) or self.common.get(name)
        if not body:
            raise Error('%s: unknown constraint %s' % (where, name))
        text, pred, build = body
        return self.constraints.one((self.pool.add(text), self.pool.add(build), self.pred(pred, where)))

    def buildable(self, dialect, name):
        body = self.files[dialect][1].get(name) or self.common.get(name)
        return bool(body and body[2])

    # ---- attribute constraints ----------------------------------------------------------------------------------

    def attr_constraint(self, spec, where, native=None):
        """Index of an attribute constraint expression, with modifiers behind it."""
        m = re.match(r'[\w.]+(?:\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\))?', spec)
        base, rest = m.group(0), spec[m.end():].strip()
        text, flags, low, high = None, 0, 0, 0
        for word in WORD.findall(rest):
            if word.startswith('"'):
                text = unquote(word)
            elif word.startswith('min='):
                flags, low = flags | 1, int(word[4:])
            elif word.startswith('max='):
                flags, high = flags | 2, int(word[4:])
            elif word.startswith('count>='):
                flags, low = flags | 4, int(word[7:])
            elif word.startswith('count='):
                flags, low = flags | 8, int(word[6:])
            elif word == 'power_of_2':
                flags |= 32
            else:
                raise Error('%s: unknown modifier %s' % (where, word))
        word, _, inner = base.partition('(')
        args = split_args(inner[:-1]) if inner else []
        kind, width, sign, ref, first, n, value_type, style = word, 0, 0, NONE, 0, 0, '', 'no_type'
        number = int_text(word)
        if number:
            kind, width, sign, value_type = 'int', number[0], ('signless', 'signed',
                                                               'unsigned').index(number[1]), word
        elif re.fullmatch(r'f\d+', word):
            kind, width, value_type = 'float', int(word[1:]), word
        elif word == 'bool':
            width, value_type = 1, 'i1'
        elif word == 'index':
            value_type = 'index'
        elif word == 'dense':
            style = 'stripped'
            if args[0][0] == 'f':
                width, flags = int(args[0][1:]), flags | 16
            else:
                width = int(args[0].lstrip('siu'))
        elif word == 'enum':
            ref, value_type, style = self.ref('enum', args[0], where), args[1], 'keyword'
            width = int(args[1][1:])
            if text is None:
                text = 'allowed %d-bit signless integer cases: %s' % (width,
                                                                      ', '.join(str(v)
                                                                                for v in self.enum_values(args[0])))
        elif word == 'def':
            ref, style = self.ref('attrdef', args[0], where), 'stripped'
            if text is None:
                text = self.summary.get(args[0], '')
        elif word == 'any_of':
            style = 'full'
            kids = [self.attr_constraint(a, where) for a in args]
            n, first = len(kids), self.refs.add(kids)
            if text is None:
                text = ' or '.join(self.attr_text[k] for k in kids)
        elif word == 'array':
            ref = self.attr_constraint(args[0], where) if args else NONE
        elif word == 'elements':
            style = 'full'
            ref = self.constraint_of_element(args[0], where) if args else NONE
        elif word in ('any', 'typed', 'int', 'float', 'location'):
            style = 'full'
        elif word == 'symbol_name':
            style = 'symbol'
        elif word not in ('string', 'unit', 'type', 'symbol_ref', 'flat_symbol_ref', 'dict', 'affine_map',
                          'integer_set'):
            raise Error('%s: unknown attribute constraint %s' % (where, base))
        if native is not None:
            style, value_type = 'native', native or value_type
        if text is None:
            text = spec_text(base) or ''
        row = (self.pool.add(text), self.pool.add(value_type), ATTR_KINDS.index(kind), PRINT[style], width, sign,
               flags, n, ref, first, low, high)
        index = self.attr_constraints.one(row)
        self.attr_text[index] = text
        return index

    def constraint_of_element(self, t, where):
        return self.constraints.one((self.pool.add(t), self.pool.add(t), self.pred(
            'kind(index)' if t == 'index' else 'int(%s, %d)' % (int_text(t)[1], int_text(t)[0]), where)))

    def enum_values(self, name):
        d, _, short = name.partition('.')
        for it in self.files[d][2]:
            if it.kind == 'enum' and it.words[0] == short:
                return [int(WORD.findall(line)[1]) for line, _ in it.lines]
        return []

    # ---- everything ---------------------------------------------------------------------------------------------

    def run(self):
        self.attr_text, self.summary = {}, {}
        for d, (_, _, items) in self.files.items():
            for it in items:
                if it.kind == 'attrdef' and it.words[-1].startswith('"'):
                    self.summary['%s.%s' % (d, it.words[0])] = unquote(it.words[-1])
        self.pred('any', '')
        self.constraint('', 'any', '')
        self.attr_constraint('any', '')
        self.rows = {kind: [None] * len(self.names[kind]) for kind in self.names}
        # In name order, so that indices (HAND_*, INFER_*, ...) are stable.
        todo = sorted((kind, self.names[kind]['%s.%s' % (d, it.words[0])], d, it)
                      for d, (_, _, items) in self.files.items() for it in items for kind in (it.kind,))
        for kind, index, d, it in todo:
            full = '%s.%s' % (d, it.words[0])
            make = {'op': self.make_op, 'enum': self.make_enum, 'attrdef': self.make_def,
                    'typedef': self.make_def}[kind]
            try:
                self.rows[kind][index] = make(d, full, it)
            except (ValueError, KeyError, IndexError) as e:
                raise Error('%s: %s: %r' % (it.where, full, e))
        self.dialect_rows = []
        for name in self.dialects:
            upstream = self.files[name][0] if name in self.files else name in UPSTREAM_NAMES
            has_ops = name in self.files and any(it.kind == 'op' for it in self.files[name][2])
            row = [self.pool.add(name), self.pool.add(self.docs.get(name, '')), has_ops | upstream << 1]
            for kind in ('op', 'attrdef', 'typedef', 'enum'):
                own = [i for n, i in self.names[kind].items() if n.split('.')[0] == name]
                assert not own or max(own) - min(own) + 1 == len(own)
                row += [min(own) if own else 0, len(own)]
            self.dialect_rows.append(tuple(row))

    def make_enum(self, d, full, it):
        bits = int(it.words[1][1:])
        separator = unquote(it.words[3]) if len(it.words) > 3 and it.words[2] == 'bits' else None
        rows = []
        for line, _ in it.lines:
            w = WORD.findall(line)
            text = unquote(w[0]) if w[0].startswith('"') else w[0]
            rows.append((int(w[1]), self.pool.add(text), int('group' in w[2:])))
        return (self.pool.add(full), self.pool.add(separator or ''), self.dialects[d], self.cases.add(rows),
                len(rows),
                int(separator is not None), bits)

    # ---- attribute and type definitions -------------------------------------------------------------------------

    def make_def(self, d, full, it):
        words = it.words[1:]
        wraps = self.ref('enum', words[words.index('wraps') + 1], it.where) if 'wraps' in words else NONE
        params, names, fmt = [], [], None
        if wraps != NONE:
            names.append(('value', False))
            params.append((self.pool.add('value'), 0, PARAM_KINDS.index('enum'), 0, 0, 0, wraps))
        for line, where in it.lines:
            w = WORD.findall(line)
            if w[0] == 'asm':
                fmt = line[4:]
            elif w[0] == 'param':
                params.append(self.make_param(w[1], line.split(None, 2)[2], where))
                names.append((w[1], 'optional' in w))
            else:
                raise Error(where + ': unknown word ' + w[0])
        form, first, n, hand = 0, 0, 0, NONE
        style = 2 if not params and fmt is None else 3
        if fmt == 'hand':
            form = 2
            hands = self.attr_hands if it.kind == 'attrdef' else self.type_hands
            hand = len(hands)
            hands.append(full)
        elif fmt is not None:
            form = 1
            builder = AsmBuilder(self, {n: ('param', i) for i, (n, _) in enumerate(names)}, len(names), None)
            rows = builder.build(asm_parse(fmt))
            first, n = self.asm.add(rows), len(rows)
            style = 0 if fmt.startswith('`<`') else 1
        elif params:
            raise Error('%s: %s has parameters but no assembly' % (it.where, full))
        return (self.pool.add(full), self.pool.add(it.words[0]), self.dialects[d], self.params.add(params),
                len(params), style, form,
                int('alias' in words), first, n, hand, wraps)

    def make_param(self, name, spec, where):
        preset = ''
        m = re.search(r' = (.*)$', spec)
        if m:
            preset, spec = m.group(1), spec[:m.start()]
        words = spec.split()
        kind, _, arg = words[0].partition('(')
        arg = arg.rstrip(')')
        flags = sum(1 << i for i, w in enumerate(('array', 'optional', 'signed', 'self_type', 'brackets', 'hand'))
                    if w in words[1:])
        width, ref = 0, NONE
        if kind == 'int':
            width = int(arg[1:])
            flags |= 4 if arg[0] == 'i' else 0
        elif kind == 'enum':
            ref = self.ref('enum', arg, where)
        elif kind == 'attr' and arg:
            ref = self.ref('attrdef', arg, where)
        elif kind == 'type' and arg:
            ref = self.ref('typedef', arg, where)
        if preset.startswith('"'):
            preset = unquote(preset)
        return (self.pool.add(name), self.pool.add(preset), PARAM_KINDS.index(kind), flags, width, 0, ref)

    # ---- ops ----------------------------------------------------------------------------------------------------

    def make_op(self, d, full, it):
        flags = 0
        for f in it.words[1:]:
            flags |= 1 << OP_FLAGS.index(f)
        o = Op()
        o.full, o.dialect, o.flags = full, d, set(it.words[1:])
        o.operands, o.results, o.attrs, o.regions, o.succs, o.rules = [], [], [], [], [], []
        o.vars, o.parents, o.terminator, o.fmt, o.default_dialect = {}, [], NONE, None, NONE
        for line, where in it.lines:
            self.op_line(o, line, where)
        for flag, name in (('operand_segments', 'operandSegmentSizes'), ('result_segments', 'resultSegmentSizes')):
            if flag in o.flags:
                o.vars[name] = ('attr', len(o.attrs))
                o.attrs.append((self.pool.add(name), 0, self.attr_constraint('dense(i32)', it.where), 16, False, ''))
        rules = [self.make_rule(o, line, where) for line, where in o.rules if line != 'first_attr_type']
        rules = [r for r in rules if r]
        form, hand, rows = 0, NONE, []
        if o.fmt == 'hand':
            form, hand = 2, len(self.hands)
            self.hands.append(full)
        elif o.fmt is not None:
            form = 1
            elements = asm_parse(o.fmt)
            rows = AsmBuilder(self, o.vars, 0, o).build(elements)
            self.type_sources(o, elements)
        infer = 3 if 'infers_types' in o.flags else 0
        if any(line == 'first_attr_type' for line, _ in o.rules):
            infer = 2
        elif 'same_operand_result_type' in o.flags:
            infer = 1
        infer_id = NONE
        if form == 1 and any(v['source'] == 3 for v in o.results):
            if infer == 0:
                raise Error('%s: no way to find the result types of %s' % (it.where, full))
            if infer == 3:
                infer_id = len(self.infers)
                self.infers.append(full)

        def value_rows(values):
            return [(self.pool.add(v['name']), v['constraint'], v['arity'], v['effects'], v['source'], *v['from'],
                     v['transform'])
                    for v in values]
        return (hex(flags) + 'ull', self.pool.add(full), self.pool.add(self.docs.get(full, '')), self.dialects[d],
                self.values.add(value_rows(o.operands)), self.values.add(value_rows(o.results)),
                self.op_attrs.add(a[:4] for a in o.attrs),
                self.regions.add(o.regions), self.successors.add(o.succs), self.rules.add(rules),
                self.refs.add(o.parents),
                len(o.operands), len(o.results), len(o.attrs), len(o.regions), len(o.succs), len(rules),
                len(o.parents),
                form, infer, o.terminator, self.asm.add(rows), len(rows), hand, infer_id, o.default_dialect)

    def op_line(self, o, line, where):
        w = WORD.findall(line)
        m = re.fullmatch(r'(in|out|attr|prop|region|succ)([?*]*)', w[0])
        if m:
            word, mark = m.groups()
            name = '' if w[1] == '-' else w[1]
            if word in ('in', 'out'):
                group = o.operands if word == 'in' else o.results
                effects = sum(1 << ('read', 'write', 'allocate', 'free').index(e) for e in w[3:])
                if name:
                    o.vars[name] = ('operand' if word == 'in' else 'result', len(group))
                group.append({'name': name, 'constraint': self.constraint(o.dialect, w[2], where),
                              'arity': ARITY[mark], 'effects': effects,
                              'source': 0, 'from': (0, 0), 'transform': 0,
                              'buildable': self.buildable(o.dialect, w[2])})
            elif word in ('attr', 'prop'):
                spec, preset, native = line.split(None, 2)[2], '', None
                if word == 'prop':
                    native = ''
                    m = re.search(r' mnemonic=(\S*)$', spec)
                    if m:
                        native, spec = m.group(1), spec[:m.start()]
                m = re.search(r' = (.*)$', spec)
                flags = (1 if mark == '?' else 0) | (4 if word == 'prop' else 0)
                if m and spec[:m.start()].count('"') % 2 == 0:
                    preset, spec, flags = m.group(1), spec[:m.start()], flags | 2
                c = self.attr_constraint(spec, where, native)
                o.vars[name] = ('attr', len(o.attrs))
                o.attrs.append((self.pool.add(name), self.pool.add('' if preset == '?' else preset), c, flags,
                                spec == 'unit', spec))
            elif word == 'region':
                m = re.fullmatch(r'(>=|<=)?(\d+)|any', w[2])
                low, high = 0, 0xff
                if m.group(2):
                    n = int(m.group(2))
                    low, high = {'>=': (n, 0xff), '<=': (0, n), None: (n, n)}[m.group(1)]
                if name:
                    o.vars[name] = ('region', len(o.regions))
                o.regions.append((self.pool.add(name), ARITY[mark], low, high, 0))
            else:
                o.vars[name] = ('successor', len(o.succs))
                o.succs.append((self.pool.add(name), ARITY[mark]))
        elif w[0] == 'rule':
            o.rules.append((line[5:], where))
        elif w[0] == 'parents':
            o.parents = [self.ref('op', p, where) for p in w[1:]]
        elif w[0] == 'terminator':
            o.terminator = self.ref('op', w[1], where)
        elif w[0] == 'default_dialect':
            o.default_dialect = self.dialects[w[1]]
        elif w[0] == 'asm':
            o.fmt = line[4:]
        else:
            raise Error(where + ': unknown word ' + w[0])

    def make_rule(self, o, line, where):
        """(kind, transform, n, first ref, text)"""
        m = re.fullmatch(r'match (\w+) = (\w+)\((\w+)\) ("(?:[^"\\]|\\.)*")', line)
        if m:
            names, kind, transform, text = [m.group(3),
                                            m.group(1)], 4, TRANSFORMS.index(m.group(2)), unquote(m.group(4))
        else:
            w = WORD.findall(line)
            text = unquote(w.pop()) if w[-1].startswith('"') else None
            kind, transform, names = ('same_type', 'same_element', 'same_shape', 'same_rank').index(w[0]), 0, w[1:]
            if text is None:
                text = 'all of {%s} have same %s' % (', '.join(names),
                                                     ('type', 'element type', 'shape', 'rank')[kind])
        if any(n not in o.vars for n in names):
            raise Error('%s: rule about unknown %s' % (where, names))
        refs = [VAR_KINDS.index(o.vars[n][0]) << 8 | o.vars[n][1] for n in names]
        return (self.pool.add(text), kind, transform, len(refs), self.refs.add(refs))

    def type_sources(self, o, elements):
        """Decides for each operand and result where its type comes from, as mlir-tblgen's OpFormatParser does."""
        seen, flags = set(), {'operands': False, 'results': False}
        attrs = set()

        def walk(list_):
            for e in list_:
                if e.get('ref'):
                    continue
                if e.get('dir') in ('type', 'functional-type'):
                    for a in e['args']:
                        if 'var' in a:
                            seen.add(a['var'])
                        else:
                            flags[a['dir']] = True
                elif 'var' in e:
                    attrs.add(e['var'])
                for part in ('group', 'else'):
                    walk(e.get(part) or [])
                for clause in e.get('oilist') or []:
                    walk(clause)
                if 'custom' in e:
                    walk(e['args'])
        walk(elements)
        known = set(seen)
        if flags['operands']:
            known |= {v['name'] for v in o.operands}
        if flags['results']:
            known |= {v['name'] for v in o.results}
        usable = known | {a for a in attrs if o.vars.get(a, ('',))[0] == 'attr'}
        resolver = {}
        for line, _ in o.rules:
            m = re.fullmatch(r'match (\w+) = (\w+)\((\w+)\) .*', line)
            if m and m.group(3) in usable:
                resolver[m.group(1)] = (m.group(3), TRANSFORMS.index(m.group(2)))
            elif line.startswith('same_type '):
                names = [w for w in WORD.findall(line)[1:] if not w.startswith('"')]
                source = next((n for n in names if n in usable), None)
                for n in names:
                    if source and n != source:
                        resolver.setdefault(n, (source, 0))
        same_all, same_in = 'same_operand_result_type' in o.flags, 'same_operands_type' in o.flags
        if same_all or same_in:
            source = next((v['name'] for v in o.operands if v['name'] in known), None)
            if source is None and same_all:
                source = next((v['name'] for v in o.results if v['name'] in known), None)
            for v in (o.operands + (o.results if same_all else [])) if source else []:
                if v['name'] not in known:
                    resolver[v['name']] = (source, 0)
        inferred = 'infers_types' in o.flags or any(line == 'first_attr_type' for line, _ in o.rules)
        written_results = flags['results'] or any(v['name'] in seen for v in o.results if v['name'])
        for group, all_seen in ((o.operands, flags['operands']), (o.results, flags['results'])):
            for v in group:
                if all_seen or v['name'] in seen:
                    continue
                if v['name'] in resolver:
                    source, v['transform'] = resolver[v['name']]
                    kind, index = o.vars[source]
                    v['source'], v['from'] = 2, (VAR_KINDS.index(kind), index)
                elif v['buildable'] and (group is o.operands or v['arity'] == 0):
                    v['source'] = 1
                elif group is o.results and (inferred or same_all) and not written_results:
                    v['source'] = 3
                else:
                    raise Error('%s: no type for %s' % (o.full, v['name'] or 'a result'))


# ---- assembly --------------------------------------------------------------------------------------------------------

def space_before(text, last_punctuation):
    if len(text) != 1 and text != '->':
        return True
    return text[0] not in ('>)}],' if last_punctuation else '<>(){}[],')


class AsmBuilder:
    """Flattens parsed elements into asm_elem rows: (kind, flags, var, n, index, jump)."""

    def __init__(self, gen, names, n_params, op):
        self.gen, self.vars, self.n_params, self.op = gen, names, n_params, op
        self.space, self.punct = True, False
        self.rows = []

    def build(self, elements):
        for e in elements:
            self.element(e)
        return [tuple(r) for r in self.rows]

    def put(self, kind, flags=0, var=0, n=0, index=0, jump=1):
        self.rows.append([ASM.index(kind), flags, var, n, index, jump])
        return len(self.rows) - 1

    def literal(self, text, kind='literal', flags=0):
        if self.space and space_before(text, self.punct):
            flags |= F_SPACE
        at = self.put(kind, flags, index=self.gen.literals.get(text))
        self.space = len(text) != 1 or text not in '<({['
        self.punct = not (text[0] == '_' or text[0].isalpha())
        return at

    def lead(self):
        """The flag of an element that is no literal."""
        flag = F_SPACE if self.space or not self.punct else 0
        self.space, self.punct = True, False
        return flag

    def variable(self, e, kind='var', flags=0):
        flags |= (F_QUALIFIED if e.get('qualified') else 0) | (F_REF if e.get('ref') else 0)
        if 'var' in e:
            if e['var'] not in self.vars:
                raise Error('assembly names unknown $' + e['var'])
            what, index = self.vars[e['var']]
            return self.put(kind, flags, VAR_KINDS.index(what), index=index)
        return self.put(kind, flags, VAR_KINDS.index(e['dir']))

    def argument(self, e, flags=0):
        """An argument of a directive: no spaces of its own."""
        if 'str' in e:
            return self.put('string', flags, index=self.gen.literals.get(e['str']))
        if e.get('dir') == 'type':
            inner = dict(e['args'][0])
            inner['qualified'] = inner.get('qualified') or e.get('qualified')
            inner['ref'] = inner.get('ref') or e.get('ref')
            return self.variable(inner, 'type', flags)
        return self.variable(e, 'var', flags)

    def with_args(self, kind, args, flags, index=0):
        at = self.put(kind, flags, n=len(args), index=index)
        for a in args:
            if 'custom' in a:
                self.with_args('custom', a['args'], 0, self.gen.customs.get(a['custom']))
            else:
                self.argument(a)
        self.rows[at][5] = len(self.rows) - at
        return at

    def element(self, e):
        flags = F_ANCHOR if e.get('anchor') else 0
        if 'lit' in e:
            return self.literal(e['lit'], flags=flags)
        if 'space' in e:
            # Where the two upstream generators differ: a line break in an op's form leaves the state alone.
            if e['space'] == '\\n':
                self.put('newline')
                self.space = self.space and self.op is not None
            else:
                if e['space']:
                    self.put('space')
                self.punct = not e['space'] if self.op is not None else self.punct or not e['space']
                self.space = False
            return None
        if 'group' in e:
            return self.group(e)
        if 'oilist' in e:
            return self.oilist(e)
        if 'custom' in e:
            return self.with_args('custom', e['args'], flags | self.lead(), self.gen.customs.get(e['custom']))
        word = e.get('dir')
        if word in ('attr-dict', 'attr-dict-with-keyword', 'prop-dict'):
            at = self.put(word, flags)
            self.punct = False
            return at
        if word in ('struct', 'params'):
            args = e.get('args', [{'dir': 'params'}])
            if word == 'params' or args == [{'dir': 'params'}]:
                names = sorted(self.vars, key=lambda n: self.vars[n][1])
                args = [{'var': n, 'qualified': e.get('qualified') or args[0].get('qualified')} for n in names]
            lead = F_SPACE if self.space or not self.punct else 0
            at = self.with_args(word, args, flags | lead)
            # The separators are its own; what follows sees the last element.
            self.space, self.punct = (True, False) if args else (self.space, self.punct)
            return at
        if word == 'functional-type':
            return self.with_args(word, [{'dir': 'type', 'args': [a]} for a in e['args']], flags | self.lead())
        if word == 'type':
            inner = dict(e['args'][0])
            inner['qualified'] = inner.get('qualified') or e.get('qualified')
            return self.variable(inner, 'type', flags | self.lead())
        return self.variable(e, 'var', flags | self.lead())

    def is_unit(self, e):
        if self.op is None or 'var' not in e or self.vars[e['var']][0] != 'attr':
            return False
        return self.op.attrs[self.vars[e['var']][1]][4]

    def group(self, e):
        then, other = e['group'], e['else']
        at = self.put('group', F_INVERTED if e['inverted'] else 0)
        anchor = next((x for x in then + other if x.get('anchor')), None)
        first = next((x for x in then if 'space' not in x), None)
        elide = anchor is not None and anchor is not first and (not other
                                                                or anchor is not other[0]) and self.is_unit(anchor)

        def put(list_):
            for x in list_:
                if x is anchor and elide:
                    place = self.variable(x, 'var', F_ANCHOR | F_ELIDED)
                else:
                    place = self.element(x)
                if x is anchor:
                    self.rows[at][4] = place - at
        before = self.space, self.punct
        put(then)
        if other:
            if self.op is None:
                self.space, self.punct = before
            middle = self.put('else')
            self.rows[at][5] = middle - at
            put(other)
            self.rows[middle][5] = len(self.rows) - middle
        else:
            self.rows[at][5] = len(self.rows) - at
        return at

    def oilist(self, e):
        at = self.put('oilist', n=len(e['oilist']))
        for clause in e['oilist']:
            start = self.literal(clause[0]['lit'], 'clause')
            if len(clause) == 2 and self.is_unit(clause[1]):
                self.variable(clause[1], 'var', F_ELIDED)
            else:
                for x in clause[1:]:
                    self.element(x)
            self.rows[start][5] = len(self.rows) - start
        self.rows[at][5] = len(self.rows) - at
        return at


# ---- hash tables -----------------------------------------------------------------------------------------------------

def fnv(name):
    h = 0xcbf29ce484222325
    for b in name.encode():
        h = ((h ^ b) * 0x100000001b3) & 0xffffffffffffffff
    return h


def perfect(names):
    """(mask, displacements, slots): slot of a name = (h + displacements[h >> 32 & dmask] * (h >> 40 | 1)) & mask."""
    size = 4
    while size < len(names) * 5 // 4:
        size *= 2
    buckets_n = max(1, size // 4)
    buckets = [[] for _ in range(buckets_n)]
    for i, n in enumerate(names):
        h = fnv(n)
        buckets[h >> 32 & (buckets_n - 1)].append((h, i))
    slots, disp = [0] * size, [0] * buckets_n
    for b in sorted(range(buckets_n), key=lambda b: -len(buckets[b])):
        for d in range(1 << 16):
            want = [(h + d * (h >> 40 | 1)) & (size - 1) for h, _ in buckets[b]]
            if len(set(want)) == len(want) and all(slots[s] == 0 for s in want):
                break
        else:
            raise Error('no perfect hash')
        disp[b] = d
        for s, (_, i) in zip(want, buckets[b]):
            slots[s] = i + 1
    return size - 1, buckets_n - 1, disp, slots


# ---- writing C -------------------------------------------------------------------------------------------------------

def c_numbers(out, numbers, per_line=20):
    for i in range(0, len(numbers), per_line):
        out.append(','.join(str(n) for n in numbers[i:i + per_line]) + ',')


def c_rows(out, head, rows, comments=None):
    out.append(head + ' = {')
    for i, row in enumerate(rows):
        text = '{' + ','.join(str(v) for v in row) + '},'
        if comments:
            text += ' /* %d %s */' % (i, comments[i])
        out.append(text)
    if not rows:
        out.append('{0},')
    out.append('};')


def c_pool(out, raw):
    out.append('const char dialect_pool[] =')
    for i in range(0, len(raw), 100):
        piece = ''
        for b in raw[i:i + 100]:
            ch = chr(b)
            piece += ch if 32 <= b < 127 and ch not in '"\\?' else '\\%03o' % b
        out.append('"%s"' % piece)
    out.append(';')


def write(g, tables, ids):
    out = ['/* Generated by tools/gen_dialect.py from src/dialect/data; do not edit. */',
           '#include "dialect/dialect.h"',
           '#include "dialect/tables.h"', '']
    order = {k: sorted(v, key=v.get) for k, v in g.names.items()}
    c_rows(out, 'const dialect_info dialect_dialects[]', g.dialect_rows, list(g.dialects))
    c_rows(out, 'const op_def dialect_ops[]', g.rows['op'], order['op'])
    c_rows(out, 'const value_def dialect_values[]', g.values.rows)
    c_rows(out, 'const op_attr dialect_op_attrs[]', g.op_attrs.rows)
    c_rows(out, 'const op_region dialect_regions[]', g.regions.rows)
    c_rows(out, 'const op_successor dialect_successors[]', g.successors.rows)
    c_rows(out, 'const type_rule dialect_rules[]', g.rules.rows)
    c_rows(out, 'const type_constraint dialect_constraints[]', g.constraints.rows)
    c_rows(out, 'const type_pred dialect_preds[]', g.preds.rows)
    c_rows(out, 'const attr_constraint dialect_attr_constraints[]', g.attr_constraints.rows)
    c_rows(out, 'const attr_type_def dialect_attr_defs[]', g.rows['attrdef'], order['attrdef'])
    c_rows(out, 'const attr_type_def dialect_type_defs[]', g.rows['typedef'], order['typedef'])
    c_rows(out, 'const param_def dialect_params[]', g.params.rows)
    c_rows(out, 'const enum_def dialect_enums[]', g.rows['enum'], order['enum'])
    c_rows(out, 'const enum_case dialect_enum_cases[]', g.cases.rows)
    c_rows(out, 'const asm_elem dialect_asm[]', g.asm.rows)
    literals, customs = [sorted(t.index, key=t.index.get) for t in (g.literals, g.customs)]
    for name, words in (('literals', literals), ('custom_names', customs)):
        out.append('const dtext dialect_%s[] = {' % name)
        c_numbers(out, [g.pool.add(w) for w in words])
        out.append('};')
    out.append('const uint16_t dialect_refs[] = {')
    c_numbers(out, g.refs.rows)
    out.append('};')
    for name, kind in (('op', 'op'), ('attr', 'attrdef'), ('type', 'typedef'), ('enum', 'enum'), ('name', 'dialect')):
        words = list(g.dialects) if kind == 'dialect' else order[kind]
        mask, dmask, disp, slots = perfect(words)
        out.append('static const uint16_t %s_disp[] = {' % name)
        c_numbers(out, disp)
        out.append('};\nstatic const uint16_t %s_slots[] = {' % name)
        c_numbers(out, slots)
        out.append('};\nconst dialect_hash dialect_%s_hash = {%d, %d, %s_disp, %s_slots};' % (name, mask, dmask, name,
                                                                                              name))
    c_pool(out, g.pool.bytes)
    counts = [len(g.dialects), len(order['op'])] + [len(t.rows) for t in (
        g.values, g.op_attrs, g.regions, g.successors, g.rules, g.constraints, g.preds, g.attr_constraints)]
    counts += [len(order['attrdef']), len(order['typedef']), len(g.params.rows), len(order['enum']),
               len(g.cases.rows), len(g.asm.rows),
               len(literals), len(customs), len(g.refs.rows), len(g.pool.bytes), len(g.hands), len(g.attr_hands),
               len(g.type_hands),
               len(g.infers)]
    out.append('const dialect_counts dialect_n = {%s};' % ', '.join(map(str, counts)))
    with open(tables, 'w', encoding='utf-8') as f:
        f.write('\n'.join(out) + '\n')

    out = ['/* Generated by tools/gen_dialect.py from src/dialect/data; do not edit. */', '#ifndef DIALECT_IDS_H',
           '#define DIALECT_IDS_H', '']
    for prefix, words in (('DIALECT_', list(g.dialects)), ('OP_', order['op']), ('ATTR_', order['attrdef']),
                          ('TYPE_', order['typedef']),
                          ('ENUM_', order['enum']), ('CUSTOM_', customs), ('HAND_', g.hands),
                          ('HANDATTR_', g.attr_hands),
                          ('HANDTYPE_', g.type_hands), ('INFER_', g.infers)):
        names = [ident(w) for w in words]
        if len(set(names)) != len(names):
            raise Error('identifiers clash: ' + str([n for n in names if names.count(n) > 1]))
        out.append('enum {')
        out += ['    %s%s = %d,' % (prefix, n, i) for i, n in enumerate(names)]
        out.append('    %sN = %d' % (prefix, len(names)))
        out += ['};', '']
    out.append('#endif')
    with open(ids, 'w', encoding='utf-8') as f:
        f.write('\n'.join(out) + '\n')


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument('--data', required=True)
    ap.add_argument('--tables', required=True)
    ap.add_argument('--ids', required=True)
    args = ap.parse_args()
    try:
        g = Generator(args.data)
        g.run()
        write(g, args.tables, args.ids)
    except Error as e:
        sys.exit('gen_dialect: %s' % e)


if __name__ == '__main__':
    main()
