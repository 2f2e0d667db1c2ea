"""What tools/extract_dialect.py and tools/gen_dialect.py share: the vocabulary of src/dialect/data/*.def.

A .def file is lines; a line's first word says what it is; lines indented by two spaces belong to the op, definition or
enum above. docs/dialect-data.md describes the format.
"""

# Op flags in the order of the OP_* bits in dialect.h.
OP_FLAGS = [
    'pure', 'no_effect', 'elementwise', 'broadcastable', 'commutative', 'terminator', 'return_like', 'constant_like',
    'operand_segments', 'result_segments', 'same_variadic_operands', 'same_variadic_results', 'destination_style',
    'in_place', 'symbol', 'symbol_table', 'symbol_user', 'isolated', 'no_terminator', 'single_block', 'graph_region',
    'no_region_arguments', 'implicit_terminator', 'same_operand_result_type', 'same_operands_type',
    'same_operand_result_element', 'same_operands_element', 'same_operand_result_shape', 'same_operands_shape',
    'same_operand_result_rank', 'infers_types', 'has_parent', 'function', 'call', 'branch', 'region_branch', 'loop',
    'recursive_effects', 'affine_scope', 'allocation_scope', 'creation', 'collective', 'host', 'idempotent',
    'involution', 'binary_idempotent', 'names_results', 'names_itself', 'has_verifier', 'has_folder',
    'types_broadcast', 'vector_unroll', 'compatible_types',
]

FLOATS = ['f4E2M1FN', 'f6E2M3FN', 'f6E3M2FN', 'f8E3M4', 'f8E4M3', 'f8E4M3FN', 'f8E4M3FNUZ', 'f8E4M3B11FNUZ', 'f8E5M2',
          'f8E5M2FNUZ', 'f8E8M0FNU', 'bf16', 'f16', 'tf32', 'f32', 'f64', 'f80', 'f128']  # ir_float order

TYPE_KINDS = ['tensor', 'unranked_tensor', 'memref', 'unranked_memref', 'vector', 'complex', 'tuple', 'function',
              'index',
              'none', 'integer', 'float', 'dialect']  # TYPE_IS_* order

TRANSFORMS = ['same', 'element', 'element_or_self', 'i1_same_shape', 'index_same_shape', 'i32_same_shape',
              'complex_element',
              'complex_of', 'tensor_of_memref', 'memref_of_tensor', 'pointee', 'function_inputs', 'function_results',
              'tuple_types',
              'vector_1d_of', 'emitc_pointer_to', 'emitc_lvalue_of', 'llvm_with_i1', 'elements',
              'vector_last_dim_halved',
              'vector_last_dim_doubled']  # type_transform order

PARAM_KINDS = ['unknown', 'int', 'bool', 'string', 'float', 'enum', 'type', 'attr', 'int_attr', 'float_attr',
               'bool_attr',
               'string_attr', 'array_attr', 'dict_attr', 'symbol_ref', 'type_attr', 'dense_attr', 'unit_attr',
               'affine_map', 'affine_map_attr', 'tensor_type', 'memref_type', 'shaped_type', 'integer_type',
               'function_type', 'dense_array_attr', 'location', 'keyword', 'big_int']  # param_kind order

SIMPLE_ATTRS = {
    'any': 'any attribute', 'bool': 'bool attribute', 'index': 'index attribute', 'string': 'string attribute',
    'unit': 'unit attribute', 'type': 'any type attribute', 'symbol_name': 'string attribute',
    'symbol_ref': 'symbol reference attribute', 'flat_symbol_ref': 'flat symbol reference attribute',
    'array': 'array attribute', 'dict': 'dictionary of named attribute values',
    'elements': 'constant vector/tensor attribute', 'affine_map': 'AffineMap attribute',
    'integer_set': 'IntegerSet attribute', 'typed': 'TypedAttr instance', 'int': 'arbitrary integer attribute',
    'float': 'arbitrary float attribute',
}


def int_text(spec):
    """'si32' -> (32, 'signed'); None when it is no integer type."""
    for prefix, sign in (('si', 'signed'), ('ui', 'unsigned'), ('i', 'signless')):
        if spec.startswith(prefix) and spec[len(prefix):].isdigit():
            return int(spec[len(prefix):]), sign
    return None


def spec_text(spec):
    """The usual description of an attribute constraint in words, None when there is no usual one."""
    if spec in SIMPLE_ATTRS:
        return SIMPLE_ATTRS[spec]
    number = int_text(spec)
    if number:
        return '%d-bit %s integer attribute' % number
    if spec.startswith('f') and spec[1:].isdigit():
        return '%s-bit float attribute' % spec[1:]
    if spec.startswith('dense('):
        return '%s dense array attribute' % spec[6:-1]
    if spec.startswith('any_of('):
        parts = [spec_text(p) for p in split_args(spec[7:-1])]
        return None if None in parts else ' or '.join(parts)
    return None


def split_args(s):
    """Splits at commas outside parentheses and quotes."""
    out, depth, quoted, start = [], 0, False, 0
    for i, ch in enumerate(s):
        if ch == '"' and (i == 0 or s[i - 1] != '\\'):
            quoted = not quoted
        elif quoted:
            continue
        elif ch in '(<[{':
            depth += 1
        elif ch in ')>]}':
            depth -= 1
        elif ch == ',' and depth == 0:
            out.append(s[start:i].strip())
            start = i + 1
    last = s[start:].strip()
    if last:
        out.append(last)
    return out


def quote(s):
    return '"' + s.replace('\\', '\\\\').replace('"', '\\"').replace('\n', '\\n') + '"'


def unquote(s):
    return s[1:-1].replace('\\n', '\n').replace('\\"', '"').replace('\\\\', '\\')


# ---- assembly formats ----------------------------------------------------------------------------------------------

def asm_tokens(fmt):
    """Tokens of an assembly format: ('lit', text), ('space', text), ('var', name), ('str', text), ('word', name) and
    (punctuation, punctuation)."""
    out, i = [], 0
    while i < len(fmt):
        ch = fmt[i]
        if ch.isspace():
            i += 1
        elif ch == '`':
            j = fmt.index('`', i + 1)
            text = fmt[i + 1:j]
            out.append(('space', text) if text in ('', ' ', '\\n') else ('lit', text))
            i = j + 1
        elif ch == '$':
            j = i + 1
            while j < len(fmt) and (fmt[j].isalnum() or fmt[j] == '_'):
                j += 1
            out.append(('var', fmt[i + 1:j]))
            i = j
        elif ch == '"':
            j = i + 1
            while fmt[j] != '"':
                j += 2 if fmt[j] == '\\' else 1
            out.append(('str', unquote(fmt[i:j + 1])))
            i = j + 1
        elif ch.isalpha() or ch == '_':
            j = i
            while j < len(fmt) and (fmt[j].isalnum() or fmt[j] in '_-'):
                j += 1
            out.append(('word', fmt[i:j]))
            i = j
        elif ch in '()<>,^?:|=[]':
            out.append((ch, ch))
            i += 1
        else:
            raise ValueError('unexpected %r in assembly format: %s' % (ch, fmt))
    return out


class AsmParser:
    """Parses a format into a list of elements (dicts):

    {'lit'}, {'space'}, {'var'}, {'str'}, {'dir', 'args'}, {'custom', 'args'}, {'group', 'else', 'inverted'},
    {'oilist': [[...], ...]}; 'anchor' marks a group's anchor, 'qualified' and 'ref' their arguments.
    """

    def __init__(self, fmt):
        self.t = asm_tokens(fmt)
        self.i = 0
        self.fmt = fmt

    def peek(self):
        return self.t[self.i][0] if self.i < len(self.t) else None

    def take(self, kind):
        if self.peek() != kind:
            raise ValueError('expected %s at token %d of: %s' % (kind, self.i, self.fmt))
        self.i += 1
        return self.t[self.i - 1][1]

    def parse(self):
        out = self.elements(())
        if self.peek() is not None:
            raise ValueError('trailing text in: ' + self.fmt)
        return out

    def elements(self, stop):
        out = []
        while self.peek() is not None and self.peek() not in stop:
            element = self.element()
            if self.peek() == '^':
                self.i += 1
                element['anchor'] = True
            out.append(element)
        return out

    def element(self):
        kind = self.peek()
        if kind in ('lit', 'space', 'var', 'str'):
            return {kind: self.take(kind)}
        if kind == '(':
            return self.group()
        if kind == 'word':
            return self.directive()
        raise ValueError('unexpected %s in: %s' % (kind, self.fmt))

    def group(self):
        self.take('(')
        then = self.elements((')',))
        self.take(')')
        other = []
        if self.peek() == ':':
            self.i += 1
            self.take('(')
            other = self.elements((')',))
            self.take(')')
        self.take('?')
        inverted = any(e.get('anchor') for e in other)
        return {'group': then, 'else': other, 'inverted': inverted}

    def directive(self):
        word = self.take('word')
        if word == 'custom':
            self.take('<')
            name = self.take('word')
            self.take('>')
            return {'custom': name, 'args': self.args()}
        if word == 'oilist':
            self.take('(')
            clauses = []
            while True:
                clauses.append(self.elements(('|', ')')))
                if self.peek() == '|':
                    self.i += 1
                    continue
                break
            self.take(')')
            return {'oilist': clauses}
        if word in ('qualified', 'ref'):
            inner = self.args()
            if len(inner) != 1:
                raise ValueError('%s takes one argument: %s' % (word, self.fmt))
            inner[0][word] = True
            return inner[0]
        if word in ('type', 'functional-type', 'struct'):
            return {'dir': word, 'args': self.args()}
        return {'dir': word}

    def args(self):
        self.take('(')
        out = []
        while self.peek() != ')':
            out.append(self.element())
            if self.peek() == ',':
                self.i += 1
        self.take(')')
        return out


def asm_parse(fmt):
    return AsmParser(fmt).parse()


def asm_normal(fmt):
    """The format on one line with canonical spacing."""
    return asm_format(asm_parse(fmt))


def asm_syntax(elements):
    """One line in the notation of reference/ops/*.json ('lit', $var, [optional], custom:Name(...)), for comparison."""
    out = []
    for e in elements:
        if 'lit' in e:
            s = "'%s'" % e['lit']
        elif 'space' in e:
            continue
        elif 'var' in e:
            s = '$' + e['var']
        elif 'str' in e:
            s = '"%s"' % e['str'].strip('"')
        elif 'custom' in e:
            s = 'custom:%s(%s)' % (e['custom'], ', '.join(asm_syntax([a]) for a in e['args']))
        elif 'group' in e:
            s = '[%s]' % asm_syntax(e['group'])
            if e['else']:
                s += ' else [%s]' % asm_syntax(e['else'])
        elif 'oilist' in e:
            s = 'oilist(%s)' % ' | '.join(asm_syntax(c) for c in e['oilist'])
        elif 'args' in e:
            s = '%s(%s)' % (e['dir'], ', '.join(asm_syntax([a]) for a in e['args']))
        else:
            s = e['dir']
        if e.get('ref'):
            s = 'ref(%s)' % s
        if e.get('qualified'):
            s = 'qualified(%s)' % s
        out.append(s)
    return ' '.join(out)


def asm_format(elements):
    """Elements back to the format text; asm_format(asm_parse(f)) == f for a normal f."""
    out = ''
    for e in elements:
        if 'lit' in e:
            s = '`%s`' % e['lit']
        elif 'space' in e:
            s = '`%s`' % e['space']
        elif 'var' in e:
            s = '$' + e['var']
        elif 'str' in e:
            s = quote(e['str'])
        elif 'custom' in e:
            s = 'custom<%s>(%s)' % (e['custom'], ', '.join(asm_format([a]) for a in e['args']))
        elif 'group' in e:
            s = '(%s)' % asm_format(e['group'])
            if e['else']:
                s += ' : (%s)' % asm_format(e['else'])
            s += '?'
        elif 'oilist' in e:
            s = 'oilist(%s)' % ' | '.join(asm_format(c) for c in e['oilist'])
        elif 'args' in e:
            s = '%s(%s)' % (e['dir'], ', '.join(asm_format([a]) for a in e['args']))
        else:
            s = e['dir']
        if e.get('ref'):
            s = 'ref(%s)' % s
        if e.get('qualified'):
            s = 'qualified(%s)' % s
        if e.get('anchor'):
            s += '^'
        out += (' ' if out else '') + s
    return out
