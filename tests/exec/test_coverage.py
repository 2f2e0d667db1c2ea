"""Which op is compared with its reference over what: each op of the kernel table, over all that applies to it.

The cases are those that the tests beside this one run (their CASES; test_mesh.py has no such list: its ops are compared by value
on several devices). What applies to an op follows from its definition (src/dialect/data), its kernel, and few rules below."""
import importlib
import re
import sys
from collections import defaultdict
from pathlib import Path

import op_cases
import op_data
from op_data import FLOATS, INTEGERS, KERNELS, LEADERS, OPS

# Kernels whose numbers are real, and those that take whatever the elements are. All others compute with reals and integers.
REAL = {'attention', 'adamw', 'batch norm', 'complex numbers', 'convolution', 'experts', 'fft', 'linear algebra', 'norm', 'precision', 'quantisation',
        'random numbers', 'rotary embedding', 'routing', 'softmax', 'upsample', 'weight order'}
ANY = {'bytes', 'cache', 'concat', 'constant', 'copy', 'dynamic slice', 'embedding', 'gather', 'pad', 'scatter', 'shards', 'strided copy', 'view'}
# Those whose real numbers are f32: the definitions allow no other (StableHLO's transforms: f32 and f64), or PyTorch has no other.
F32_ONLY = {'complex numbers', 'fft', 'precision', 'quantisation'}
# What is left out, and why: by what is done instead of a kernel ...
NO_KERNEL = {
    'jumps': 'its regions are other ops, which are compared; loops and choices by value in test_hlo.py and test_regions.py',
    'inlined': 'the function or region that it stands for is other ops',
    'inlined, between shards': 'as inlined; how its operands are cut, by value in test_mesh.py',
    'inlined, kept between runs': 'as inlined; that it is kept, in test_run.c',
    'by its target': 'each target is an op of its own',
    'done where it is received': 'stablehlo.recv',
    'what it records runs when it is replayed': 'as inlined, in test_layers.py',
    'nothing to do': 'its operand is its result, or it has none with numbers',
}
# ... and by name. Ops between devices have one kernel for all element types, which moves bytes, or computes as the kernels do that are
# compared here.
OUTSIDE = {
    'stablehlo.partition_id': 'one number of one type, by value in test_mesh.py',
    'stablehlo.replica_id': 'one number of one type, by value in test_mesh.py',
    'stablehlo.recv': 'a collective_permute, which is compared; which send is meant, by value in test_mesh.py',
    **{f'{d}.{op}': 'rows of numbers are moved by what other numbers say: by value on two, four and eight devices in test_mesh.py'
       for d in ('ttir', 'ttnn') for op in ('all_to_all_combine', 'all_to_all_dispatch', 'all_to_all_dispatch_metadata', 'moe_expert_token_remap')},
    **{f'{d}.{op}': 'one arrangement of its weights is defined: in test_moe_gpt.py on one and two devices'
       for d in ('ttir', 'ttnn') for op in ('moe_gpt', 'selective_reduce_combine')},
    **{f'{d}.distributed_{op}_norm': 'the norm of the whole tensor, whose kernel is compared: on eight devices in test_mesh.py'
       for d in ('ttir', 'ttnn') for op in ('layer', 'rms')},
    'ttnn.aggregate_tensor': 'ttir.mesh_shard, with the mesh in its attributes', 'ttnn.distribute_tensor': 'ttir.mesh_shard, with the mesh in its attributes',
    'ttnn.prepare_moe_compute_w0_w1_weights': 'what it makes has no order that is told: compared as what ttnn.moe_compute makes of it',
    'ttnn.prepare_moe_compute_w2_weights': 'what it makes has no order that is told: compared as what ttnn.moe_compute makes of it',
}
# Functions of real numbers among ops that compute with integers, too, which StableHLO and CHLO have not, whose constraints would say so.
REAL_FUNCTIONS = {'ttir.avg_pool2d', 'ttir.exp2', 'ttir.frac', 'ttir.gelu', 'ttir.gelu_bw', 'ttir.global_avg_pool2d', 'ttir.hardsigmoid',
                  'ttir.leaky_relu', 'ttir.mish', 'ttir.reciprocal', 'ttir.selu', 'ttir.silu', 'ttir.softsign'}
WHOLE_FUNCTIONS = ('bitwise_', 'shift', 'rng_bit')  # of integers only, by name
# Attributes that count from the end (the reference, section 1): those of TTIR and TTNN.
FROM_THE_END = {'dim', 'dim0', 'dim1', 'dim_arg', 'begins', 'ends', 'all_gather_dim', 'scatter_dim', 'split_dim', 'concat_dim'}


def kinds_of(op):
    """The element types an op has to be tested with: all reals; i32, another width, truth values where they mean something."""
    kernel, known = KERNELS[op], OPS[op]
    admitted = set.intersection(known.admits, *(OPS[o].admits for o in op_data.family(LEADERS[op]) if o in OPS))
    if any(w in op for w in WHOLE_FUNCTIONS):
        admitted -= {*FLOATS, 'i1'}
    elif LEADERS[op] in REAL_FUNCTIONS or op.startswith('ttnn.prepare_') or (kernel in REAL and op.startswith(('ttir.', 'ttnn.'))):
        admitted &= set(FLOATS)
    elif kernel in REAL:  # what StableHLO and CHLO let through, but no truth values
        admitted -= {'i1'}
    if kernel in F32_ONLY:
        admitted &= {'f32'}
    if (kernel not in ANY and op.startswith(('ttir.', 'ttnn.'))) or kernel == 'bytes' or op.endswith(('_bw', '_backward')):
        admitted -= {'i1'}
    return admitted


def main_kind(case, op):
    """The element type that a case is about: of what is moved, that of the result; else of the first operand."""
    if (KERNELS[op] in ANY | {'arange'} and KERNELS[op] != 'bytes' and not op.endswith('dimension_size')) or not case.operands or op.endswith(('where', 'select')):
        return element((case.results or case.operands)[0][1])
    return element(case.operands[0][1])


def element(kind):
    """That of a complex number: of its parts; of a level: what it stands for."""
    found = re.match(r'complex<(\w+)|!quant.uniform<\w+:(\w+)', kind)
    return next(g for g in found.groups() if g) if found else kind


# The few to which an aspect does not apply, and why.
NEVER_EMPTY = {
    **dict.fromkeys(('ttir.batch_norm_training', 'ttnn.batch_norm_training', 'stablehlo.batch_norm_training', 'stablehlo.batch_norm_grad'),
                    'a batch of nothing has no mean'),
    **dict.fromkeys((op for op in KERNELS if op.startswith('ttnn.prepare_')), 'a convolution has channels'),
}
NEVER_SCALAR = {
    'ttir.get_dimension_size': 'there is no dimension to ask for', 'stablehlo.get_dimension_size': 'there is no dimension to ask for',
    'ttnn.nlp_concat_heads_decode': 'its heads are dimensions',
    **dict.fromkeys(('ttnn.prepare_conv2d_bias', 'ttnn.prepare_conv_transpose2d_bias'), 'a bias has four dimensions'),
}
ASPECTS = {}


def aspect(name):
    def note(f):
        ASPECTS[name] = f
        return f
    return note


def of_kind(wanted):
    """An aspect: some element type of `wanted` is tested, where the op takes one."""
    return lambda op, cases: bool(wanted & kinds_of(op)) and not any(main_kind(c, op) in wanted for c in cases)


for _kind in (*FLOATS, 'i32', 'i1'):
    ASPECTS[_kind] = of_kind({_kind})
ASPECTS['integers of another width than i32'] = of_kind(set(INTEGERS) - {'i32'})


def may_broadcast(op):
    return KERNELS[op] == 'elementwise' and op.startswith(('ttir.', 'ttnn.', 'chlo.broadcast_')) and len(OPS[op].operands) > 1


@aspect('operands that broadcast')
def _(op, cases):
    return may_broadcast(op) and not any(len({shape for shape, _ in c.operands}) > 1 for c in cases)


@aspect('operands of other numbers of dimensions')
def _(op, cases):
    return may_broadcast(op) and not any(len({len(shape) for shape, _ in c.operands}) > 1 for c in cases)


@aspect('dimensions counted from the end')
def _(op, cases):
    names = FROM_THE_END & set(OPS[op].attrs) if op.startswith(('ttir.', 'ttnn.')) else set()
    if 'softmax' in op:
        names = {'dimension'}
    return bool(names) and not names <= {n for c in cases for n in c.negative}


@aspect('no elements')
def _(op, cases):
    return op not in NEVER_EMPTY and not any(0 in shape for c in cases for shape, _ in (*c.operands, *c.results))


@aspect('no dimensions')
def _(op, cases):
    return KERNELS[op] in ('elementwise', 'fold', 'view', 'constant') and op not in NEVER_SCALAR and not any(
        shape == () for c in cases for shape, _ in (*c.operands, *c.results))


@aspect('several shapes')
def _(op, cases):
    return len({tuple(shape for shape, _ in (*c.operands, *c.results)) for c in cases}) < 2


def tests():
    """The tests beside this one that have cases."""
    for path in sorted(Path(__file__).parent.glob('test_*.py')):
        if 'op_cases.main(CASES)' in path.read_text() and path != Path(__file__):
            yield importlib.import_module(path.stem)


def main():
    cases, builds = defaultdict(list), 0
    for test in tests():
        for group, number in test.CASES:
            builds += 1
            for case in op_cases.build(group, number).cases():
                cases[case.op].append(case)
    wanted = [op for op, kernel in KERNELS.items() if op in OPS and kernel not in NO_KERNEL and op not in OUTSIDE]
    print(f'1..{len(ASPECTS) + 2}')
    strange = [*(op for op in OUTSIDE if op not in KERNELS), *(k for k in NO_KERNEL if k not in KERNELS.values())]
    none = [op for op in wanted if not cases[op]]
    failed = bool(none or strange)
    print(f'{"not ok" if none else "ok"} 1 - {len(wanted)} ops are compared, in {sum(map(len, cases.values()))} cases of {builds} modules')
    for op in none:
        print(f'# {op}: no case')
    for number, (name, lacks) in enumerate(ASPECTS.items(), 2):
        without = [op for op in wanted if cases[op] and lacks(op, cases[op])]
        failed |= bool(without)
        print(f'{"not ok" if without else "ok"} {number} - {name}' + (f': {len(without)} ops lack a case' if without else ''))
        for op in without:
            print(f'# {op}: no case with {name}')
    print(f'{"not ok" if strange else "ok"} {len(ASPECTS) + 2} - {len(KERNELS) - len(wanted)} ops are left out, each with its reason')
    for name in strange:
        print(f'# {name}: is left out, but is none')
    return 1 if failed else 0


sys.exit(main())
