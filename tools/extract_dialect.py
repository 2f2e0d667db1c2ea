#!/usr/bin/env python3
"""Makes src/dialect/data/*.def from TableGen dumps. Not part of the build; run by hand when a dialect changes.

    llvm-tblgen -dump-json -I <mlir include dir> x.td -o dumps/<dialect>.json     (x.td includes the dialect's ops,
                                                                                   attributes and types)
    tools/extract_dialect.py --out src/dialect/data dumps/*.json

Only facts go out: names, arities, constraints, traits, assembly formats, enum cases. Descriptions stay behind; the
one-line help texts live in src/dialect/data/docs.tsv and are written by hand. What the header of each file says of its
source comes from the table SOURCES below.
"""
import argparse
import collections
import json
import os
import re
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from dialect_schema import OP_FLAGS, asm_normal, quote, spec_text, split_args  # noqa: E402

LLVM = ('llvm/llvm-project', 'release 22.1.8 (Debian libmlir-22-dev 1:22.1.8-1~deb12u1)',
        'Apache-2.0 WITH LLVM-exception')
TT = ('tenstorrent/tt-mlir', 'commit 19c86fca45ae7c3d8f886c0401d8b40a40d2f294', 'Apache-2.0')
HLO = ('openxla/stablehlo', 'commit 3c9301c116f97fbaf696959a0ede32712aec587b', 'Apache-2.0')
SDY = ('openxla/shardy', 'commit a0277a83e7f84d40075be0d71a131cb71d806ff6', 'Apache-2.0')
SOURCES = {d: TT for d in ('ttcore', 'ttir', 'ttnn', 'debug', 'd2m', 'ttmetal', 'ttkernel', 'emitpy', 'sfpi')}
SOURCES.update({d: HLO for d in ('stablehlo', 'chlo', 'vhlo')})
SOURCES['sdy'] = SDY
ATTRS_ONLY = {'nvvm'}  # too many ops nobody meets; its target attribute stands on gpu.module

# Types and attributes that upstream defines in C++ only: dialect -> names.
HAND_TYPES = {'llvm': ['void', 'token', 'label', 'metadata'],
              'quant': ['any', 'calibrated', 'uniform'],
              'gpu': ['async.token', 'mma_matrix', 'sparse.dntensor_handle', 'sparse.spgemmop_handle',
                      'sparse.spmat_handle']}
# What a definition holds that TableGen does not say: definition -> parameter lines, after those it does say.
HAND_PARAMS = {
    'llvm.struct': ['packed bool optional = false', 'opaque bool optional = false'],
    'quant.any': ['storage type', 'storageMin int(i64) optional', 'storageMax int(i64) optional',
                  'expressed type optional'],
    'quant.calibrated': ['expressed type', 'min float', 'max float'],
    'quant.uniform': ['storage type', 'storageMin int(i64) optional', 'storageMax int(i64) optional',
                      'expressed type',
                      'axes int(i64) array optional', 'blockSizes int(i64) array optional', 'scales float array',
                      'zeroPoints int(i64) array', 'shape int(i64) array optional'],
}
# Forms that print otherwise than their format says: a std::optional<Attr> parameter is never stripped.
HAND_FORMS = {
    'ttnn.conv3d_config': '`<` struct($weights_dtype, $t_out_block, $w_out_block, $h_out_block, $c_out_block, '
                          '$c_in_block, qualified($compute_with_storage_grid_size)) `>`',
}
# Definitions whose text has another name than the record: StableHLO's own parser writes type extensions as bounds<..>.
HAND_MNEMONICS = {'stablehlo.type_extensions': 'bounds'}
HAND_TYPE_CLASSES = {'LLVMVoidType': 'llvm.void', 'LLVMTokenType': 'llvm.token', 'LLVMPPCFP128Type': 'llvm.ppc_fp128',
                     'LLVMX86AMXType': 'llvm.x86_amx', 'AsyncTokenType': 'gpu.async.token',
                     'MMAMatrixType': 'gpu.mma_matrix', 'SparseDnTensorHandleType': 'gpu.sparse.dntensor_handle',
                     'SparseSpGEMMOpHandleType': 'gpu.sparse.spgemmop_handle',
                     'SparseSpMatHandleType': 'gpu.sparse.spmat_handle'}

# Native traits and interfaces -> flag. What is not here has no use in this program.
TRAIT_FLAGS = {
    'Elementwise': 'elementwise', 'Broadcastable': 'broadcastable', 'IsCommutative': 'commutative',
    'IsTerminator': 'terminator', 'ReturnLike': 'return_like', 'ConstantLike': 'constant_like',
    'AttrSizedOperandSegments': 'operand_segments', 'AttrSizedResultSegments': 'result_segments',
    'SameVariadicOperandSize': 'same_variadic_operands', 'SameVariadicResultSize': 'same_variadic_results',
    'SymbolTable': 'symbol_table', 'IsIsolatedFromAbove': 'isolated', 'NoTerminator': 'no_terminator',
    'SingleBlock': 'single_block', 'HasOnlyGraphRegion': 'graph_region', 'NoRegionArguments': 'no_region_arguments',
    'SameOperandsAndResultType': 'same_operand_result_type', 'SameTypeOperands': 'same_operands_type',
    'SameOperandsAndResultElementType': 'same_operand_result_element',
    'SameOperandsElementType': 'same_operands_element',
    'SameOperandsAndResultShape': 'same_operand_result_shape', 'SameOperandsShape': 'same_operands_shape',
    'SameOperandsAndResultRank': 'same_operand_result_rank', 'HasRecursiveMemoryEffects': 'recursive_effects',
    'AffineScope': 'affine_scope', 'AutomaticAllocationScope': 'allocation_scope', 'IsIdempotent': 'idempotent',
    'TTIRIdempotence': 'idempotent', 'TTIRInvolution': 'involution', 'TTIRBinaryIdempotence': 'binary_idempotent',
    'TTCoreCreationOpTrait': 'creation', 'CanExecuteOnHostTrait': 'host',
    'ResultsBroadcastableShape': 'types_broadcast',
    'CompatibleOperandsAndResultType': 'compatible_types', 'FirstAttrDerivedResultType': 'first_attr_type',
    'Commutative': 'commutative', 'BroadcastingElementwise': 'elementwise',
}
INTERFACE_FLAGS = {
    'SymbolOpInterface': 'symbol', 'SymbolUserOpInterface': 'symbol_user', 'InferTypeOpInterface': 'infers_types',
    'DestinationStyleOpInterface': 'destination_style', 'FunctionOpInterface': 'function', 'CallOpInterface': 'call',
    'BranchOpInterface': 'branch', 'RegionBranchOpInterface': 'region_branch', 'LoopLikeOpInterface': 'loop',
    'OpAsmOpInterface': 'names_itself', 'ElementwiseUnary': 'elementwise', 'ElementwiseBinary': 'elementwise',
    'ElementwiseTernary': 'elementwise', 'CCL': 'collective', 'CollectiveOpInterface': 'collective',
    'VectorUnrollOpInterface': 'vector_unroll',
}
TRANSFORMS = {
    '$_self': 'same', '::llvm::cast<Type>($_self)': 'same', '::getI1SameShape($_self)': 'i1_same_shape',
    '::llvm::cast<FunctionType>($_self).getInputs()': 'function_inputs',
    '::llvm::cast<FunctionType>($_self).getResults()': 'function_results',
    '::llvm::cast<LValueType>($_self).getValueType()': 'pointee',
    'emitc::PointerType::get(::llvm::cast<emitc::LValueType>($_self).getValueType())': 'emitc_pointer_to',
    'emitc::LValueType::get(::llvm::cast<emitc::PointerType>($_self).getPointee())': 'emitc_lvalue_of',
    'getValAndBoolStructType($_self)': 'llvm_with_i1',
}


def last(cpp):
    return cpp.split('::')[-1].strip()


def slug(text, limit=48):
    return re.sub(r'[^a-z0-9]+', '_', text.lower()).strip('_')[:limit].strip('_') or 'constraint'


class Dump:
    """One llvm-tblgen -dump-json output."""

    def __init__(self, path):
        self.d = json.load(open(path))
        self.name = os.path.basename(path)[:-5]
        inst = self.d['!instanceof']
        self.ops = [self.d[o] for o in inst.get('Op', []) if self.dialect(self.d[o]['opDialect']) == self.name]
        self.all_ops = [self.d[o] for o in inst.get('Op', [])]
        self.attr_defs = [self.d[o] for o in inst.get('AttrDef', [])]
        self.type_defs = [self.d[o] for o in inst.get('TypeDef', [])]
        self.enums = [self.d[o] for o in inst.get('EnumInfo', [])]

    def dialect(self, ref):
        return self.d[ref['def']]['name']

    def rec(self, ref):
        return self.d[ref['def']]

    def is_a(self, r, cls):
        return cls in r['!superclasses']


def op_class(record_name):
    """The C++ class name of an op record."""
    prefix, _, rest = record_name.partition('_')
    return rest if prefix and rest else record_name.strip('_')


class Extractor:
    def __init__(self, dump, common):
        self.x = dump
        self.common = common          # name -> (text, predicate, buildable), shared by all dialects
        self.constraints = {}         # of this dialect
        self.anonymous = {}           # record name -> given name
        self.notes = collections.Counter()
        self.enum_names = {}
        self.used_enums = collections.OrderedDict()
        for e in dump.enums:
            self.enum_names[e['!name']] = e['className']

    # ---- enums ------------------------------------------------------------------------------------------------

    def enum_dialect(self, e):
        space = e['cppNamespace'].strip(':').split('::')
        aliases = {'LLVM': 'llvm', 'NVVM': 'nvvm', 'utils': 'linalg', 'comdat': 'llvm', 'cconv': 'llvm',
                   'tailcallkind': 'llvm', 'linkage': 'llvm', 'framePointerKind': 'llvm'}
        for part in reversed(space):
            part = aliases.get(part, part)
            if part in ALL_DIALECTS:
                return part
        return self.x.name

    def enum_ref(self, e):
        return '%s.%s' % (self.enum_dialect(e), e['className'])

    def enum_by_class(self, cpp):
        """An enum by (possibly qualified) C++ class name; prefers this dialect's."""
        found = [e for e in self.x.enums if e['className'] == last(cpp)]
        own = [e for e in found if self.enum_dialect(e) == self.x.name]
        qualified = [e for e in found if cpp.count('::')
                     and (e['cppNamespace'] + '::' + e['className']).endswith(cpp.lstrip(':'))]
        return (qualified or own or found or [None])[0]

    def enum_lines(self, e):
        bits = self.x.is_a(e, 'BitEnumBase')
        out = ['enum %s i%s%s' % (e['className'], e['bitwidth'], ' bits %s' % quote(e['separator']) if bits else '')]
        for c in e['enumerants']:
            c = self.x.rec(c)
            group = bits and (c['value'] == 0 or bin(c['value']).count('1') > 1)
            text = c['str'] if re.fullmatch(r'[\w.$-]+', c['str']) else quote(c['str'])
            out.append('  %s %d%s' % (text, c['value'], ' group' if group else ''))
        return out

    # ---- type predicates --------------------------------------------------------------------------------------

    def qualified(self, r):
        return self.x.rec(r['dialect'])['cppNamespace'] + '::' + r['cppClassName']

    def type_def_of_class(self, cpp):
        name = last(cpp)
        if name in HAND_TYPE_CLASSES:
            return HAND_TYPE_CLASSES[name]
        found = [t for t in self.x.type_defs if t['cppClassName'] == name and t['mnemonic']]
        if not found:
            return None
        own = [t for t in found if self.qualified(t).endswith(cpp.lstrip(':'))] or found
        t = own[0]
        d = self.x.dialect(t['dialect'])
        return None if d == 'builtin' else '%s.%s' % (d, t['mnemonic'])

    ISA = {
        'RankedTensorType': 'kind(tensor)', 'UnrankedTensorType': 'kind(unranked_tensor)',
        'TensorType': 'kind(tensor, unranked_tensor)', 'MemRefType': 'kind(memref)',
        'UnrankedMemRefType': 'kind(unranked_memref)', 'BaseMemRefType': 'kind(memref, unranked_memref)',
        'VectorType': 'kind(vector)', 'ComplexType': 'kind(complex)', 'TupleType': 'kind(tuple)',
        'FunctionType': 'kind(function)', 'IndexType': 'kind(index)', 'NoneType': 'kind(none)',
        'FloatType': 'kind(float)',
        'IntegerType': 'kind(integer)', 'BFloat16Type': 'float(bf16)', 'FloatTF32Type': 'float(tf32)',
        'ShapedType': 'kind(tensor, unranked_tensor, memref, unranked_memref, vector, dialect)',
        'FixedVectorType': 'and(kind(vector), not(scalable(any)))', 'ScalableVectorType': 'scalable(any)',
    }

    def leaf(self, text):
        """A predicate leaf as (at most, at least): the widest and the narrowest reading."""
        t = re.sub(r'\s+', ' ', text.strip())
        while t.startswith('(') and t.endswith(')') and balanced(t[1:-1]):
            t = t[1:-1].strip()
        if t == 'true':
            return 'any', 'any'
        if t.startswith('!') and not t.startswith('!!'):
            hi, lo = self.leaf(t[1:])
            return negate(lo), negate(hi)
        m = re.fullmatch(r'(?:::)?llvm::isa<([\w:]+)>\(\$_self\)', t)
        if m:
            name = last(m.group(1))
            if name in ('QuantizedType', 'UniformQuantizedType', 'UniformQuantizedPerAxisType'):
                return 'dialect(quant)', 'never'
            m8 = re.fullmatch(r'Float([468])(E\w+)Type', name)
            if m8:
                return ('float(f%s%s)' % m8.groups(),) * 2
            if name in self.ISA:
                return (self.ISA[name],) * 2
            d = self.type_def_of_class(m.group(1))
            if d:
                return ('def(%s)' % d,) * 2
        m = re.fullmatch(r'\$_self\.is(Signless|Signed|Unsigned)Integer\((\d*)\)', t)
        if m:
            return ('int(%s, %s)' % (m.group(1).lower(), m.group(2) or 0),) * 2
        m = re.fullmatch(r'\$_self\.isF(16|32|64|80|128)\(\)', t)
        if m:
            return ('float(f%s)' % m.group(1),) * 2
        if t == '$_self.isSignlessIntOrIndex()':
            return ('or(int(signless, 0), kind(index))',) * 2
        if t == '$_self.hasTrait<::mlir::ValueSemantics>()':
            return 'kind(tensor, unranked_tensor, vector, dialect)', 'kind(tensor, unranked_tensor, vector)'
        if t == '::llvm::cast<::mlir::ShapedType>($_self).hasRank()':
            return 'not(kind(unranked_tensor, unranked_memref))', 'kind(tensor, memref, vector)'
        if t == '::llvm::cast<::mlir::ShapedType>($_self).hasStaticShape()':
            return ('static',) * 2
        m = re.fullmatch(r'::llvm::cast<::mlir::(?:ShapedType|VectorType|RankedTensorType)>\(\$_self\)'
                         r'\.getRank\(\) (==|>=|>) (\d+)', t)
        if m:
            n = int(m.group(2)) + (m.group(1) == '>')
            return ('rank(%d)' % n if m.group(1) == '==' else 'rank_min(%d)' % n,) * 2
        too_fine = ('emitc::isSupportedEmitCType(', '::mlir::LLVM::', 'mlir::hlo::', '::mlir::tt::sfpi::isSFPI')
        if t.startswith(too_fine) or 'getShape(), [](auto v)' in t:
            return 'any', 'never'
        if 'QuantizedType>($_self)' in t or 'QuantizedPerAxisType>($_self)' in t or 'getAddressSpace()' in t:
            return 'any', 'never'  # known, but finer than a checker here needs
        self.notes['unclassified predicate: ' + t] += 1
        return 'any', 'never'

    def pred(self, ref):
        """The predicate as (at most, at least)."""
        r = self.x.rec(ref)
        if self.x.is_a(r, 'CPred'):
            return self.leaf(r['predExpr'])
        kind = r['kind']['def']
        kids = [self.pred(c) for c in r['children']]
        if kind == 'PredCombinerAnd':
            return combine('and', [k[0] for k in kids]), combine('and', [k[1] for k in kids])
        if kind == 'PredCombinerOr':
            return combine('or', [k[0] for k in kids]), combine('or', [k[1] for k in kids])
        if kind == 'PredCombinerNot':
            return negate(kids[0][1]), negate(kids[0][0])
        if kind == 'PredCombinerConcat':
            if 'ShapedType>($_self).getElementType()' in r['suffix']:
                return wrap('element', kids[0])
            if 'getFlattenedTypes' in r['prefix']:
                return wrap('members', kids[0])
        elif kind == 'PredCombinerSubstLeaves':
            if r['replacement'] in ('elementType', 't'):
                return kids[0]  # renamed inside a concat
            if re.search(r'(Complex|Vector)Type>\(\$_self\)\.getElementType\(\)', r['replacement']):
                return wrap('element', kids[0])
        self.notes['unclassified combination: %s %s' % (kind, r.get('replacement') or r.get('suffix'))] += 1
        return 'any', 'never'

    def buildable(self, r):
        call = (r.get('builderCall') or '').strip()
        if not call:
            return ''
        m = re.fullmatch(r'\$_builder\.getIntegerType\((\d+)(?:, /\*isSigned=\*/(true|false))?\)', call)
        if m:
            return {None: 'i', 'true': 'si', 'false': 'ui'}[m.group(2)] + m.group(1)
        m = re.fullmatch(r'\$_builder\.getF(\d+)Type\(\)', call)
        if m:
            return 'f' + m.group(1)
        if call == '$_builder.getIndexType()':
            return 'index'
        if call.startswith('::mlir::RankedTensorType::get({ShapedType::kDynamic}, '
                           '$_builder.getType<::mlir::IndexType>())'):
            return 'tensor<?xindex>'
        m = re.fullmatch(r'\$_builder\.getType<([\w:]+)>\((\d*)\)',
                         call) or re.fullmatch(r'([\w:]+)::get\(\$_builder\.getContext\(\)()\)', call)
        if m:
            name = last(m.group(1))
            plain = {'NoneType': 'none', 'BFloat16Type': 'bf16', 'IndexType': 'index', 'FloatTF32Type': 'tf32'}
            m8 = re.fullmatch(r'Float([468])(E\w+)Type', name)
            if name in plain:
                return plain[name]
            if m8:
                return 'f%s%s' % m8.groups()
            if re.fullmatch(r'Float(16|32|64|80|128)Type', name):
                return 'f' + name[5:-4]
            d = self.type_def_of_class(m.group(1))
            if d == 'llvm.ptr' and m.group(2) not in ('', '0'):
                return '!llvm.ptr<%s>' % m.group(2)
            if d:
                return '!' + d
        self.notes['builder call not understood: ' + call] += 1
        return ''

    def constraint(self, r):
        """The name of a type constraint, registering it."""
        if r['!name'] == 'AnyType':
            return 'any'
        build = self.buildable(r)
        hi, _ = self.pred(r['predicate'])
        body = (r['summary'], hi, build)
        shared = any(loc.split(':')[0] in ('CommonTypeConstraints.td', 'BuiltinTypes.td')
                     for loc in r['!locs']) and not r['!anonymous']
        if shared:
            if self.common.setdefault(r['!name'], body) != body:
                self.notes['constraint differs between dialects: ' + r['!name']] += 1
            return r['!name']
        if r['!name'] in self.anonymous:
            return self.anonymous[r['!name']]
        base = name = slug(r['summary']) if r['!anonymous'] else r['!name']
        n = 1
        while self.constraints.get(name, body) != body:
            n += 1
            name = '%s_%d' % (base, n)
        self.constraints[name] = body
        self.anonymous[r['!name']] = name
        return name

    # ---- attributes -------------------------------------------------------------------------------------------

    def attr_def_ref(self, r):
        return '%s.%s' % (self.x.dialect(r['dialect']), r['mnemonic'])

    def attr_def_by_class(self, cpp):
        name = last(cpp)
        found = [a for a in self.x.attr_defs if a['cppClassName'] == name and a['mnemonic']]
        q = [a for a in found if self.qualified(a).endswith(cpp.lstrip(':'))] if '::' in cpp else []
        own = [a for a in found if self.x.dialect(a['dialect']) == self.x.name]
        return (q or own or found or [None])[0]

    def attr_spec(self, r):
        """A base attribute record as a constraint expression."""
        x, name, text = self.x, r['!name'], r['summary']
        if x.is_a(r, 'AttrDef'):
            if x.dialect(r['dialect']) == 'builtin':
                return {'StringAttr': 'string', 'IntegerAttr': 'int', 'FloatAttr': 'float', 'ArrayAttr': 'array',
                        'TypeAttr': 'type',
                        'DictionaryAttr': 'dict', 'UnitAttr': 'unit',
                        'SymbolRefAttr': 'symbol_ref'}.get(r['cppClassName'], 'any')
            return 'def(%s)' % self.attr_def_ref(r)
        if x.is_a(r, 'EnumAttrInfo'):
            return 'enum(%s, %s%s)' % (self.enum_ref(r), 'i', r['bitwidth'])
        simple = {'BoolAttr': 'bool', 'I1Attr': 'i1', 'StrAttr': 'string', 'SymbolNameAttr': 'symbol_name',
                  'UnitAttr': 'unit',
                  'FlatSymbolRefAttr': 'flat_symbol_ref', 'SymbolRefAttr': 'symbol_ref', 'ArrayAttr': 'array',
                  'DictionaryAttr': 'dict', 'AnyAttr': 'any', 'AffineMapAttr': 'affine_map',
                  'IntegerSetAttr': 'integer_set',
                  'TypedAttrInterface': 'typed', 'IndexAttr': 'index', 'ElementsAttr': 'elements', 'TypeAttr': 'type',
                  'APIntAttr': 'int', 'Tosa_IntegerAttr': 'int', 'Tosa_FloatAttr': 'float', 'LevelAttr': 'index',
                  'DimensionAttr': 'index', 'I64BitSetAttr': 'i64',
                  'AnyIntElementsAttr': 'elements', 'IndexElementsAttr': 'elements(index)',
                  'LocationAttr': 'location',
                  'DictArrayAttr': 'array(dict)', 'AffineMapArrayAttr': 'array(affine_map)',
                  'StrArrayAttr': 'array(string)',
                  'BoolArrayAttr': 'array(bool)', 'I32ArrayAttr': 'array(i32)', 'I64ArrayAttr': 'array(i64)',
                  'I64SmallVectorArrayAttr': 'array(i64)', 'IndexListArrayAttr': 'array(array(i64))',
                  'FlatSymbolRefArrayAttr': 'array(flat_symbol_ref)',
                  'StableHLO_FlatSymbolRefArrayAttr': 'array(flat_symbol_ref)',
                  'F32ArrayAttr': 'array(f32)', 'F64ArrayAttr': 'array(f64)', 'TypeArrayAttr': 'array(type)'}
        if name in simple:
            return simple[name]
        m = re.fullmatch(r'(S|U)?I(\d+)Attr', name)
        if m:
            return '%si%s' % ({'S': 's', 'U': 'u', None: ''}[m.group(1)], m.group(2))
        m = re.fullmatch(r'F(\d+)Attr', name)
        if m:
            return 'f' + m.group(1)
        m = re.fullmatch(r'Dense(Bool|[IF]\d+)ArrayAttr', name)
        if m:
            return 'dense(%s)' % ('i1' if m.group(1) == 'Bool' else m.group(1).lower())
        m = re.fullmatch(r'([IU]+)(\d+)ElementsAttr', name)
        if m:
            return 'elements(%s%s)' % (m.group(1).lower(), m.group(2))
        if x.is_a(r, 'RankedI64ElementsAttr'):
            return 'elements(i64)'
        if x.is_a(r, 'AnyAttrOf'):
            specs = [self.attr_spec(x.rec(a)) for a in r['allowedAttributes']]
            return 'any' if 'any' in specs else 'any_of(%s)' % ', '.join(specs)
        if x.is_a(r, 'TypeAttrBase') or name == 'MemRefTypeAttr':
            return 'type'
        if r['storageType'].strip() == '::mlir::ArrayAttr':
            return 'array'
        if r['storageType'].strip() in ('::mlir::DenseIntElementsAttr', '::mlir::DenseElementsAttr'):
            return 'elements'
        if x.is_a(r, 'DialectAttr'):
            d = self.attr_def_by_class(r['storageType'].strip())
            if d:
                return 'def(%s)' % self.attr_def_ref(d)
        if r['storageType'].strip() not in ('::mlir::Attribute', '::mlir::TypedAttr',
                                            '::mlir::ub::PoisonAttrInterface'):
            self.notes['attribute constraint taken as any: %s (%s)' % (name, text)] += 1
        return 'any'

    def attribute(self, r):
        """An op attribute's constraint: (spec with modifiers, optional, has default, preset)."""
        x = self.x
        optional, default = bool(r['isOptional']), r['defaultValue']
        mods, b = [], r
        while b.get('baseAttr'):
            for c in b.get('attrConstraints') or []:
                c = x.rec(c)
                mods.append((c, c['summary']))
            b = x.rec(b['baseAttr'])
        spec = self.attr_spec(b)
        for c, text in reversed(mods):
            known = {'IntMinValue': 'min=%s' % c.get('minValue'), 'IntMaxValue': 'max=%s' % c.get('maxValue'),
                     'IntNonNegative': 'min=0', 'IntPositive': 'min=1', 'IntPowerOf2': 'power_of_2',
                     'ArrayMinCount': 'count>=%s' % c.get('count', c.get('n')),
                     'ArrayCount': 'count=%s' % c.get('count', c.get('n')),
                     'DenseArrayCount': 'count=%s' % c.get('count', c.get('n'))}
            for cls, word in known.items():
                if (x.is_a(c, cls) or c['!name'] == cls) and 'None' not in word:
                    spec += ' ' + word
        text = r['summary'] or b['summary']
        usual = None if ' ' in spec else spec_text(spec)
        if spec.startswith('def(') and b['summary'] == text:
            usual = text  # the definition has it
        elif spec.startswith('enum(') and b['summary'] == text:
            usual = text if text == enum_words(x, b) else None
        if usual != text:
            spec += ' ' + quote(text)
        if b['!name'] == 'UnitAttr':
            return spec, True, False, ''
        if default == 'nullptr':
            return spec, True, False, ''
        return spec, optional, default is not None, self.preset(b, default) if default is not None else ''

    def preset(self, b, value):
        """A C++ default as MLIR attribute text; '' when there is no way to say it."""
        x, v = self.x, value.strip()
        spec = self.attr_spec(b)
        if spec in ('bool', 'i1') and v in ('true', 'false'):
            return v
        if re.fullmatch(r'-?\d+', v) and re.fullmatch(r'[su]?i\d+|index', spec):
            return '%s : %s' % (v, spec)
        m = re.fullmatch(r'(-?\d+(?:\.\d*)?(?:e-?\d+)?)f?', v)
        if m and re.fullmatch(r'f\d+', spec):
            return '%s : %s' % (float_text(float(m.group(1))), spec)
        if spec == 'string' and v.startswith('"'):
            return v
        if v == '{}' and spec.startswith('array'):
            return '[]'
        if v == '{}' and spec == 'dict':
            return '{}'
        m = re.fullmatch(r'dense\((\w+)\)', spec)
        if m and re.fullmatch(r'\{[-\d, ]*\}', v):
            items = v[1:-1].strip()
            return 'array<%s%s>' % (m.group(1), ': ' + items if items else '')
        items = re.findall(r'static_cast<int64_t>\((-?\d+)\)', v)
        if items and spec.startswith('elements(i64)'):
            body = items[0] if len(set(items)) == 1 else '[%s]' % ', '.join(items)
            return 'dense<%s> : tensor<%dxi64>' % (body, len(items))
        if spec.startswith('enum('):
            e = self.enum_by_class(spec[5:].split(',')[0].split('.')[1])
            for c in e['enumerants'] if e else []:
                c = x.rec(c)
                if c['symbol'] == last(v):
                    return '%d : i%s' % (c['value'], e['bitwidth'])
        if spec.startswith('def('):
            name = spec[4:-1]
            known = {'llvm.linkage': '#llvm.linkage<external>', 'llvm.cconv': '#llvm.cconv<ccc>',
                     'ub.poison': '#ub.poison',
                     'llvm.tailcallkind': '#llvm.tailcallkind<none>', 'llvm.di_expression': '#llvm.di_expression<>',
                     'stablehlo.result_accuracy':
                     '#stablehlo.result_accuracy<mode = #stablehlo.result_accuracy_mode<DEFAULT>>'}
            if name in known:
                return known[name]
            for a in x.attr_defs:
                if self.attr_def_ref(a) == name and x.is_a(a, 'EnumAttr'):
                    e = x.rec(a['enum'])
                    for c in e['enumerants']:
                        c = x.rec(c)
                        if c['symbol'] == last(v) or (v == '{}' and c['value'] == 0):
                            angle = (a['assemblyFormat'] or '').startswith('`<`')
                            return ('#%s<%s>' % (name, c['str'])) if angle else '#%s<%s %s>' % (*name.split('.', 1),
                                                                                                c['str'])
        maps = {'MatmulOp': (3, ['d0, d2', 'd2, d1', 'd0, d1']),
                'BatchMatmulOp': (4, ['d0, d1, d3', 'd0, d3, d2', 'd0, d1, d2']),
                'BatchReduceMatmulOp': (4, ['d0, d1, d3', 'd0, d3, d2', 'd1, d2'])}.get(v.split('::')[0])
        if maps and 'getDefaultIndexingMaps' in v:
            dims = ', '.join('d%d' % i for i in range(maps[0]))
            return '[%s]' % ', '.join('affine_map<(%s) -> (%s)>' % (dims, m) for m in maps[1])
        if b['!name'] == 'PoisonAttrInterface':
            return '#ub.poison'
        if v != 'nullptr':
            self.notes['default without text: %s of %s' % (v, spec)] += 1
        return ''

    # ---- attribute and type definitions -----------------------------------------------------------------------

    def param(self, arg):
        """A parameter: 'name kind modifiers'."""
        x, (what, name) = self.x, arg
        optional, default, parser, cpp, self_type = False, None, '', what, False
        if isinstance(what, dict):
            r = x.rec(what)
            if x.is_a(r, 'AttrDef') or x.is_a(r, 'TypeDef'):
                cpp = r['cppType']
            else:
                cpp, default, parser = r['cppType'], r.get('defaultValue'), r.get('parser') or ''
                self_type = x.is_a(r, 'AttributeSelfTypeParameter')
                optional = default not in (None, '') and not self_type
        cpp = cpp.strip()
        mods = []
        m = re.fullmatch(r'(?:::)?llvm::ArrayRef<(.*)>', cpp) or re.fullmatch(r'::?llvm::SmallVector<(.*)>', cpp)
        if m:
            mods.append('array')
            cpp = m.group(1).strip()
        m = re.fullmatch(r'std::optional<(.*)>', cpp)
        if m:
            cpp = m.group(1).strip()
        kind = self.param_kind(cpp)
        if isinstance(what, dict) and 'dwarf' in ((x.rec(what).get('printer') or '')):
            kind = 'keyword'
        if 'DimSizes' in parser:
            mods.append('brackets')
        elif parser and not kind.startswith('enum') and kind not in ('keyword',) and not x.is_a(x.rec(what),
                                                                                                'APFloatParameter'):
            mods.append('hand')
        if optional:
            mods.append('optional')
            if default not in ('""',) and not re.match(r'^[\w:<>, ]*\(\)$',
                                                       default) and not default.startswith('::llvm::SmallVector'):
                text = self.param_default(kind, default)
                if text:
                    mods.append('= ' + text)
        if self_type:
            mods.append('self_type')
        return ' '.join([name, kind] + mods)

    def param_default(self, kind, v):
        if re.fullmatch(r'-?\d+|true|false', v):
            return v
        if kind.startswith('enum('):
            e = self.enum_by_class(kind[5:-1].split('.')[1])
            for c in e['enumerants']:
                c = self.x.rec(c)
                if c['symbol'] == last(v):
                    return c['str']
        m = re.fullmatch(r'StringAttr::get\(\$_ctxt, "(.*)"\)', v)
        if m:
            return '"%s"' % m.group(1)
        m = re.fullmatch(r'"(.*)"', v)
        if m:
            return v
        if v not in ('$_builder.getEmptyAffineMap()', 'nullptr', '{}'):
            self.notes['parameter default without text: ' + v] += 1
        return ''

    def param_kind(self, cpp):
        name = last(cpp)
        m = re.fullmatch(r'(u?)int(\d+)_t', name)
        if m:
            return 'int(%s%s)' % ('u' if m.group(1) else 'i', m.group(2))
        fixed = {'unsigned': 'int(u32)', 'unsigned int': 'int(u32)', 'int': 'int(i32)', 'size_t': 'int(u64)',
                 'bool': 'bool', 'StringRef': 'string', 'string': 'string',
                 'APFloat': 'float', 'double': 'float', 'float': 'float', 'APInt': 'big_int', 'Type': 'type',
                 'Attribute': 'attr', 'IntegerAttr': 'int_attr',
                 'FloatAttr': 'float_attr', 'BoolAttr': 'bool_attr', 'StringAttr': 'string_attr',
                 'ArrayAttr': 'array_attr',
                 'DictionaryAttr': 'dict_attr', 'SymbolRefAttr': 'symbol_ref', 'FlatSymbolRefAttr': 'symbol_ref',
                 'TypeAttr': 'type_attr', 'DenseElementsAttr': 'dense_attr', 'DenseIntElementsAttr': 'dense_attr',
                 'ElementsAttr': 'dense_attr', 'UnitAttr': 'unit_attr', 'AffineMap': 'affine_map',
                 'AffineMapAttr': 'affine_map_attr',
                 'RankedTensorType': 'tensor_type', 'TensorType': 'tensor_type', 'MemRefType': 'memref_type',
                 'ShapedType': 'shaped_type',
                 'IntegerType': 'integer_type', 'FunctionType': 'function_type',
                 'DenseI32ArrayAttr': 'dense_array_attr',
                 'DenseI64ArrayAttr': 'dense_array_attr', 'FusedLoc': 'location', 'Location': 'location',
                 'LocationAttr': 'location',
                 'Dimension': 'int(u64)', 'Level': 'int(u64)'}
        e = self.enum_by_class(cpp)
        if name in fixed and not (e and name == 'Dimension' and 'gpu' in cpp):
            return fixed[name]
        a = self.attr_def_by_class(cpp)
        if a:
            return 'attr(%s)' % self.attr_def_ref(a)
        if e:
            return 'enum(%s)' % self.enum_ref(e)
        t = self.type_def_of_class(cpp)
        if t:
            return 'type(%s)' % t
        if name.endswith('Attr') or name.endswith('AttrInterface') or 'Interface' in name:
            return 'attr'
        if name.endswith('Type'):
            return 'type'
        self.notes['parameter type not understood: ' + cpp] += 1
        return 'unknown'

    def def_lines(self, r, word):
        x = self.x
        line = '%s %s' % (word, r['mnemonic'])
        if word == 'attrdef' and x.is_a(r, 'EnumAttr'):
            line += ' wraps %s' % self.enum_ref(x.rec(r['enum']))
        if r.get('genMnemonicAlias'):
            line += ' alias'
        if word == 'attrdef' and r['summary']:
            line += ' ' + quote(r['summary'])
        out = [line]
        if not x.is_a(r, 'EnumAttr'):
            out += ['  param ' + self.param(a) for a in r['parameters']['args']]
        if r['hasCustomAssemblyFormat']:
            out.append('  asm hand')
        elif r['assemblyFormat'] is not None:
            out.append('  asm ' + asm_normal(r['assemblyFormat']))
        return out

    # ---- ops --------------------------------------------------------------------------------------------------

    def flat_traits(self, traits):
        for t in traits:
            r = self.x.rec(t)
            if self.x.is_a(r, 'TraitList'):
                yield from self.flat_traits(r['traits'])
            else:
                yield r

    def op_by_class(self, name):
        name = last(name)
        if name == 'ModuleOp':
            return 'builtin.module'
        found = [o for o in self.x.all_ops if op_class(o['!name']) == name]
        own = [o for o in found if self.x.dialect(o['opDialect']) == self.x.name]
        pick = (own or found or [None])[0]
        if not pick:
            self.notes['op class not found: ' + name] += 1
            return None
        return '%s.%s' % (self.x.dialect(pick['opDialect']), pick['opName'])

    def transform(self, expr):
        expr = re.sub(r'\s+', ' ', expr.strip())
        if expr in TRANSFORMS:
            return TRANSFORMS[expr]
        if re.fullmatch(r'::llvm::cast<(::mlir::)?(ComplexType|MemRefType|TensorType|gpu::MMAMatrixType|VectorType|'
                        r'ShapedType)>\(\$_self\)\.getElementType\(\)', expr):
            return 'element'
        if expr.startswith('SmallVector<Type, 2>(') and 'getNumElements()' in expr:
            return 'elements'
        if 'getDimSize(lastDim) / 2' in expr:
            return 'vector_last_dim_halved'
        if 'getDimSize(lastDim) * 2' in expr:
            return 'vector_last_dim_doubled'
        self.notes['type transform not understood: ' + expr] += 1
        return None

    def op_lines(self, r):
        x = self.x
        flags, rules, parents, terminator, effects = set(), [], [], None, []
        for t in self.flat_traits(r['traits']):
            if x.is_a(t, 'PredTrait') or x.is_a(t, 'PredOpTrait'):
                rules += self.rule(t, {a[1] for a in r['arguments']['args'] + r['results']['args']})
                continue
            if x.is_a(t, 'SideEffectsTraitBase') or x.is_a(t, 'MemoryEffects'):
                effects.append(t)
            trait = t.get('trait') or ''
            name = t.get('cppInterfaceName') or trait.split('::')[-1]
            m = re.fullmatch(r'SingleBlockImplicitTerminator<(.*)>::Impl', trait)
            if m:
                terminator = self.op_by_class(m.group(1))
                continue
            m = re.fullmatch(r'HasParent<(.*)>::Impl', trait)
            if m:
                parents += [p for p in (self.op_by_class(c) for c in m.group(1).split(',')) if p]
                flags.add('has_parent')
                continue
            if name in INTERFACE_FLAGS and t.get('cppInterfaceName'):
                flags.add(INTERFACE_FLAGS[name])
            elif name in TRAIT_FLAGS:
                flags.add(TRAIT_FLAGS[name])
            elif trait.endswith('AlwaysSpeculatableImplTrait'):
                flags.add('pure')
        names = {t['!name'] for t in self.flat_traits(r['traits'])}
        no_effect = 'NoMemoryEffect' in names or any(t['!name'] == 'NoMemoryEffect' for t in effects)
        if not no_effect:
            flags.discard('pure')
        elif 'pure' not in flags:
            flags.add('no_effect')
        if 'no_effect' in flags and x.name in ('stablehlo', 'chlo'):
            flags ^= {'no_effect', 'pure'}  # speculatable once shapes are static
        if any('Elementwise' in c for c in r['!superclasses'] if c.startswith('TTNN_')):
            flags.add('elementwise')
        if terminator:
            flags |= {'implicit_terminator', 'single_block'}
        if 'first_attr_type' in flags:
            flags.discard('first_attr_type')
            rules.insert(0, 'first_attr_type')
        if r['hasVerifier'] or r['hasRegionVerifier']:
            flags.add('has_verifier')
        if r['hasFolder']:
            flags.add('has_folder')
        body, named = [], 0
        for a in r['arguments']['args']:
            body.append(self.argument(a, flags))
        for a in r['results']['args']:
            body.append(self.value('out', a, flags))
            named += bool(a[1])
        if len(r['results']['args']) > 1 and named and 'names_itself' not in flags:
            flags.add('names_results')
        for a in r['regions']['args']:
            body.append(self.region(a))
        for a in r['successors']['args']:
            c = x.rec(a[0])
            body.append('succ%s %s' % ('*' if x.is_a(c, 'VariadicSuccessor') else '', a[1]))
        body += ['rule ' + t for t in rules]
        if parents:
            body.append('parents ' + ' '.join(parents))
        if terminator:
            body.append('terminator ' + terminator)
        extra = (r['extraClassDeclaration'] or '') + (r['extraClassDefinition'] or '')
        m = re.search(r'getDefaultDialect\(\)\s*\{\s*return\s*"(\w*)"', extra)
        if m and m.group(1):
            body.append('default_dialect ' + m.group(1))
        elif 'getDefaultDialect' in extra:
            body.append('default_dialect ' + x.name)
        if r['assemblyFormat'] is not None:
            body.append('asm ' + asm_normal(r['assemblyFormat']))
        elif r['hasCustomAssemblyFormat']:
            body.append('asm hand')
        head = ' '.join(['op', r['opName']] + [f for f in OP_FLAGS if f in flags])
        assert all(f in OP_FLAGS for f in flags), flags
        return [head] + ['  ' + b for b in body]

    def rule(self, t, names):
        x, text = self.x, t['summary']
        if x.is_a(t, 'TypesMatchWith'):
            how = self.transform(t['transformer'])
            return ['match %s = %s(%s) %s' % (t['rhs'], how, t['lhs'], quote(text))] if how else []
        if x.is_a(t, 'ShapedTypeMatchesElementCountAndTypes'):
            return ['match %s = elements(%s) %s' % (t['elements'], t['shaped'], quote(text))]
        words = {'AllTypesMatch': 'same_type', 'AllElementTypesMatch': 'same_element', 'AllShapesMatch': 'same_shape',
                 'AllRanksMatch': 'same_rank'}
        for cls, word in words.items():
            if x.is_a(t, cls):
                return ['%s %s' % (word, ' '.join(t['values']))]
        m = re.fullmatch(r'(?:\w+ operand )?(\w+)(?: operand)? and (\w+) have same element type', text)
        if m and set(m.groups()) <= names:
            return ['same_element %s %s %s' % (m.group(1), m.group(2), quote(text))]
        return []

    def argument(self, a, flags):
        x, r = self.x, self.x.rec(a[0])
        if x.is_a(r, 'OpVariable'):
            inner = x.rec(r['constraint'])
        else:
            inner = r
        if x.is_a(inner, 'AttrConstraint'):
            spec, optional, has_default, preset = self.attribute(inner)
            return 'attr%s %s %s%s' % ('?' if optional else '', a[1], spec, ' = ' + (preset or '?') if has_default
                                       else '')
        if x.is_a(inner, 'PropConstraint'):
            return self.property(inner, a[1])
        return self.value('in', a, flags)

    def property(self, r, name):
        if r['!name'] == 'UnitProp':
            return 'prop? %s unit' % name
        if self.x.is_a(r, 'EnumProp'):
            e = self.x.rec(r['enum'])
            zero = [c['str'] for c in map(self.x.rec, e['enumerants'])
                    if c['symbol'] == last(r['defaultValue'] or '')]
            return 'prop %s enum(%s, i%s)%s mnemonic=%s' % (name, self.enum_ref(e), e['bitwidth'],
                                                            ' = 0 : i%s' % e['bitwidth'] if zero or r['defaultValue']
                                                            else '', r.get('mnemonic', ''))
        self.notes['property not understood: ' + r['!name']] += 1
        return 'prop %s any' % name

    def value(self, word, a, flags):
        x, r = self.x, self.x.rec(a[0])
        effects = []
        if x.is_a(r, 'OpVariable'):
            for e in r.get('decorators') or []:
                e = x.rec(e)
                m = re.search(r'::(Read|Write|Allocate|Free)\b', e.get('effect', ''))
                if m:
                    effects.append(m.group(1).lower())
            r = x.rec(r['constraint'])
        arity = ''
        for cls, mark in (('VariadicOfVariadic', '**'), ('Variadic', '*'), ('Optional', '?')):
            if x.is_a(r, cls):
                arity = mark
                r = x.rec(r['baseType'])
        if word == 'in' and 'write' in effects:
            flags.add('in_place')
        return ' '.join([word + arity, a[1] or '-', self.constraint(r)] + sorted(set(effects)))

    def region(self, a):
        x, r = self.x, self.x.rec(a[0])
        word = 'region'
        if x.is_a(r, 'VariadicRegion'):
            word = 'region*'
            if r.get('baseRegion'):
                r = x.rec(r['baseRegion'])
        text = r['summary']
        size = 'any'
        m = re.search(r'region with (at least|at most)? ?(\d+) blocks', text)
        if m:
            size = {'at least': '>=', 'at most': '<=', None: ''}[m.group(1)] + m.group(2)
        return '%s %s %s' % (word, a[1] or '-', size)

    # ---- a whole dialect --------------------------------------------------------------------------------------

    def run(self):
        x = self.x
        source = SOURCES.get(x.name, LLVM)
        out = ['# The %s dialect: facts extracted from TableGen definitions by tools/extract_dialect.py; do not edit.' % x.name,
               '# Source: %s, %s. Licence of the source: %s.' % source, '']
        out.append('dialect %s%s' % (x.name, ' upstream' if source is LLVM else ''))
        ops = [] if x.name in ATTRS_ONLY else sorted(x.ops, key=lambda o: o['opName'])
        own_attrs = sorted((a for a in x.attr_defs if x.dialect(a['dialect']) == x.name and a['mnemonic']),
                           key=lambda a: a['mnemonic'])
        own_types = sorted((a for a in x.type_defs if x.dialect(a['dialect']) == x.name and a['mnemonic']),
                           key=lambda a: a['mnemonic'])
        op_text = [self.op_lines(o) for o in ops]
        attr_text = [] if x.name == 'builtin' else [self.def_lines(a, 'attrdef') for a in own_attrs]
        if x.name == 'builtin':
            own_types = []
        type_text = [self.def_lines(a, 'typedef') for a in own_types]
        type_text += [['typedef ' + n, '  asm hand'] for n in HAND_TYPES.get(x.name, [])]
        for lines in attr_text + type_text:
            words = lines[0].split(' ', 2)
            full = '%s.%s' % (x.name, words[1])
            lines[-1:-1] = ['  param ' + p for p in HAND_PARAMS.get(full, [])]
            if full in HAND_FORMS:
                lines[-1] = '  asm ' + HAND_FORMS[full]
            if full in HAND_MNEMONICS:
                lines[0] = ' '.join([words[0], HAND_MNEMONICS[full]] + words[2:])
                lines[-1] = '  asm hand'
        type_text.sort(key=lambda lines: lines[0].split()[1])
        enums = {}
        for e in x.enums:
            if self.enum_dialect(e) == x.name and not (x.is_a(e, 'EnumCase')):
                enums[e['className']] = e
        for name in sorted(enums):
            out += [''] + self.enum_lines(enums[name])
        for lines in attr_text + type_text:
            out += [''] + lines
        if self.constraints:
            out.append('')
            out += [constraint_line(n, self.constraints[n]) for n in sorted(self.constraints)]
        for lines in op_text:
            out += [''] + lines
        return '\n'.join(out) + '\n'


def constraint_line(name, body):
    text, pred, build = body
    return 'constraint %s %s %s%s' % (name, quote(text), pred, ' build=' + build if build else '')


def enum_words(x, e):
    return 'allowed %d-bit signless integer cases: %s' % (e['bitwidth'],
                                                          ', '.join(str(x.rec(c)['value']) for c in e['enumerants']))


def balanced(s):
    depth = 0
    for ch in s:
        depth += (ch == '(') - (ch == ')')
        if depth < 0:
            return False
    return depth == 0


def negate(p):
    if p in ('any', 'never'):
        return 'never' if p == 'any' else 'any'
    return p[4:-1] if p.startswith('not(') else 'not(%s)' % p


def combine(word, parts):
    """and / or over predicate texts, flattened and simplified."""
    zero, one = ('never', 'any') if word == 'and' else ('any', 'never')
    flat = []
    for p in parts:
        for q in unpack(word, p):
            if q == zero:
                return zero
            if q != one and q not in flat:
                flat.append(q)
    if not flat:
        return one
    return flat[0] if len(flat) == 1 else '%s(%s)' % (word, ', '.join(flat))


def unpack(word, p):
    if p.startswith(word + '(') and p.endswith(')'):
        return split_args(p[len(word) + 1:-1])
    return [p]


def wrap(word, pair):
    hi, lo = pair
    return ('any' if hi == 'any' else '%s(%s)' % (word, hi)), ('never' if lo == 'never' else 'any' if lo == 'any'
                                                               else '%s(%s)' % (word, lo))


def float_text(v):
    t = '%.6e' % v
    return t if float(t) == v else repr(v) if '.' in repr(v) else repr(v).replace('e', '.0e')


ALL_DIALECTS = set()


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument('dumps', nargs='+', help='<dialect>.json made by llvm-tblgen -dump-json')
    ap.add_argument('--out', required=True, help='folder of the .def files')
    ap.add_argument('--notes', action='store_true', help='print what could not be classified')
    args = ap.parse_args()
    ALL_DIALECTS.update(os.path.basename(p)[:-5] for p in args.dumps)
    common = {}
    for path in sorted(args.dumps):
        e = Extractor(Dump(path), common)
        text = e.run()
        with open(os.path.join(args.out, e.x.name + '.def'), 'w') as f:
            f.write(text)
        if args.notes:
            for note, n in e.notes.most_common():
                print('%s: %s (%d)' % (e.x.name, note, n))
    with open(os.path.join(args.out, 'common.def'), 'w') as f:
        f.write('# Type constraints that several dialects share: facts extracted from mlir/IR/CommonTypeConstraints.td by\n'
                '# tools/extract_dialect.py; do not edit.\n'
                '# Source: %s, %s. Licence of the source: %s.\n\n' % LLVM)
        f.write('\n'.join(constraint_line(n, common[n]) for n in sorted(common)) + '\n')


if __name__ == '__main__':
    main()
