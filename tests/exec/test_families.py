"""What moves elements, folds them, orders them and makes them: each op over all element types that mean something to it, dimensions
counted from both ends, tensors of no elements and of no dimensions - against PyTorch (op_cases.py says how)."""
import itertools

import op_cases
from op_cases import cast, is_integer, np, torch
from op_data import REALS, INTEGERS, KINDS

F = torch.nn.functional


def ints(name, values, kind='i32'):
    return f'{name} = [{", ".join(f"{v} : {kind}" for v in values)}]'


def dense(name, values, kind='i64'):
    return f'{name} = array<{kind}{": " if values else ""}{", ".join(map(str, values))}>'


def attrs(*parts):
    return f'<{{{", ".join(parts)}}}>'


def tensor(shape, kind):
    return f'tensor<{"".join(f"{d}x" for d in shape)}{kind}>'


def both(size, *dims):
    """Each dimension counted from the front and from the back."""
    return [d - back for d in dims for back in (0, size)]


def moves(m):
    k = m.number
    for shape in (2, 3, 4), (0, 3, 4), (2, 3, 0), (70, 3, 33):
        x, y = m.numbers(*shape), m.numbers(*shape)
        v, n = x[1], x[1].numel()

        def put(op, attributes, want, operands=(x,)):
            m.op(op, list(operands), attributes, want, types=[k])
        flat = (shape[2], n // shape[2]) if n else (5, 0, 7)
        for op in 'ttir.reshape', 'ttnn.reshape':
            put(op, attrs(ints('shape', flat)), v.reshape(flat))
        put('stablehlo.reshape', '', v.reshape(flat))
        for order in (2, 0, 1), (0, 2, 1):
            put('ttir.permute', attrs(dense('permutation', order)), v.permute(order))
        for a, b in zip(both(3, 0, 1), both(3, 2, 2)[::-1]):
            put('ttir.transpose', attrs(f'dim0 = {a} : si32', f'dim1 = {b} : si32'), v.transpose(a, b))
        put('ttir.repeat', attrs(dense('repeat_dimensions', (2, 1, 2))), v.repeat(2, 1, 2))
        put('ttnn.repeat', attrs('repeat_dims = #ttnn.shape<2x1x2>'), v.repeat(2, 1, 2))
        put('ttir.reverse', attrs(dense('dimensions', (2, 0))), v.flip(2, 0))
        for d in both(3, 0, 2):
            put('ttir.repeat_interleave', attrs('repeats = 3 : ui32', f'dim = {d} : si32'), v.repeat_interleave(3, d))
            put('ttir.concat', attrs(f'dim = {d} : si32'), torch.cat([v, y[1], v], d), [x, y, x])
            size = shape[d]
            if size:
                put('ttir.index', attrs(f'dim = {d} : i32', 'begin = 1 : i32', f'end = {size} : i32', 'step = 2 : i32'),
                    v.index_select(d, torch.arange(1, size, 2)))
                put('ttir.index_select', attrs(f'dim = {d} : si32', 'begin = 0 : si32', 'length = 1 : si32', 'stride = 2 : si32'),
                    v.index_select(d, torch.arange(0, size, 2)))
            else:
                put('ttir.index', attrs(f'dim = {d} : i32', 'begin = 0 : i32', 'end = 0 : i32', 'step = 1 : i32'), v)
            for to in both(4, 0, 3):
                put('ttir.unsqueeze', attrs(f'dim = {to} : si32'), v.unsqueeze(to))
        put('ttir.slice_static', attrs(ints('begins', (0, -2, 0)), ints('ends', (shape[0], -1, shape[2])), ints('step', (1, 1, 2))), v[:, -2:-1, ::2])
        put('ttir.slice_static', attrs(ints('begins', (0, 1, 0)), ints('ends', (shape[0], 1, shape[2])), ints('step', (1, 1, 1))), v[:, 1:1])
        begins, ends = m.arg(torch.tensor([0, 1, 0]), 'i32'), m.arg(torch.tensor([shape[0], 3, shape[2]]), 'i32')
        for op in 'ttir.slice_dynamic', 'ttnn.slice_dynamic':
            put(op, '', v[:, 1:3], [x, begins, ends])
        wide = F.pad(v.to(torch.float64), (3, 0, 0, 1, 1, 2), value=1)
        put('ttir.pad', attrs(dense('padding', (1, 2, 0, 1, 3, 0), 'i32'), 'value = 1.0 : f32'), wide)
        put('ttnn.pad', attrs(dense('padding', (1, 2, 0, 1, 3, 0), 'i32'), 'value = 1.0 : f32', 'use_multicore = true'), wide)
        put('ttir.pad', attrs(dense('padding', (0, 0, -1, 0, 0, 0), 'i32'), 'value = 1.0 : f32'), v[:, 1:])
        put('ttir.rearrange', attrs('pattern = "a b c -> c (b a)"'), v.permute(2, 1, 0).reshape(shape[2], 3 * shape[0]))
        for d in range(3):
            put('stablehlo.concatenate', attrs(f'dimension = {d} : i64'), torch.cat([v, y[1]], d), [x, y])
        put('stablehlo.broadcast', attrs(dense('broadcast_sizes', (2, 1))), v.expand(2, 1, *shape))
        put('stablehlo.broadcast_in_dim', attrs(dense('broadcast_dimensions', (0, 2, 3))), v.unsqueeze(1).expand(shape[0], 2, *shape[1:]))
        put('stablehlo.slice', attrs(dense('start_indices', (0, 1, 0)), dense('limit_indices', shape), dense('strides', (1, 1, 2))), v[:, 1:, ::2])
        fill = m.numbers()
        wide = torch.cat([fill[1].expand(1, *shape[1:]), v], 0) if k != 'i1' else torch.cat([fill[1].reshape(1, 1, 1).expand(1, *shape[1:]), v], 0)
        put('stablehlo.pad', attrs(dense('edge_padding_low', (1, 0, 0)), dense('edge_padding_high', (0, 0, 0)), dense('interior_padding', (0, 0, 0))), wide, [x, fill])
        low, high, inner = (m.arg(torch.tensor(t), 'i32') for t in ((1, 0, 0), (0, 0, 0), (0, 0, 0)))
        put('stablehlo.dynamic_pad', '', wide, [x, fill, low, high, inner])
        size = m.arg(torch.tensor(flat), 'i32')
        put('stablehlo.dynamic_reshape', '', v.reshape(flat), [x, size])
        size = m.arg(torch.tensor((2, *shape)), 'i32')
        put('stablehlo.dynamic_broadcast_in_dim', attrs(dense('broadcast_dimensions', (1, 2, 3))), v.expand(2, *shape), [x, size])
        at = [m.arg(torch.tensor(i), 'i32') for i in (0, 1, 0)]
        put('stablehlo.dynamic_slice', attrs(dense('slice_sizes', (shape[0], 2, shape[2]))), v[:, 1:3], [x, *at])
        part = m.numbers(shape[0], 1, shape[2])
        put('stablehlo.dynamic_update_slice', '', torch.cat([v[:, :1], part[1], v[:, 2:]], 1), [x, part, *at])
        low, high, step = (m.arg(torch.tensor(t), 'i32') for t in ((0, 1, 0), shape, (1, 1, 2)))
        put('stablehlo.real_dynamic_slice', '', v[:, 1:, ::2], [x, low, high, step])
        size = m.arg(torch.tensor(2), 'i32')
        put('stablehlo.set_dimension_size', attrs('dimension = 1 : i64'), v[:, :2], [x, size])
        for axis, dialects in enumerate((('ttir', 'stablehlo'),) * 3):
            for dialect in dialects:
                width = 'i64' if dialect == 'stablehlo' else 'i32'
                want = torch.tensor(shape[axis]).reshape(() if dialect == 'stablehlo' else (1,))
                m.op(dialect + '.get_dimension_size', [x], attrs(f'dimension = {axis} : {width}'), want, types=['i32'])
        if shape[0]:
            one = m.numbers(shape[0], 1, shape[2])
            put('ttir.broadcast', attrs(dense('broadcast_dimensions', (1, 3, 1))), one[1].expand(shape[0], 3, shape[2]), [one])
            for d in both(3, 1):
                put('ttir.squeeze', attrs(f'dim = {d} : si32'), one[1].squeeze(1), [one])
    # few or no elements, in heads
    for b, s in (2, 5), (0, 5), (1, 0):
        x = m.numbers(b, 2, s, 4)
        m.op('ttir.concatenate_heads', [x], '', x[1].permute(0, 2, 1, 3).reshape(b, s, 8), types=[k])
        x = m.numbers(b, s, 24)
        heads = [t.reshape(b, s, 2, 4).permute(0, 2, 1, 3) for t in x[1].split(8, -1)]
        for op in 'ttir.split_query_key_value_and_split_heads', 'ttnn.split_query_key_value_and_split_heads':
            m.op(op, [x], attrs('num_heads = 2 : ui32', 'transpose_key = false'), heads, types=[k] * 3)
        x = m.numbers(1, s, 2, 4)
        m.op('ttnn.nlp_concat_heads_decode', [x], attrs('num_heads = 2 : ui32'), x[1].reshape(1, 1, s, 8), types=[k])
        x = m.numbers(1, 1, s, 16)
        q, key, v = x[1].split([8, 4, 4], -1)
        m.op('ttnn.nlp_create_qkv_heads_decode', [x], attrs('num_heads = 2 : ui32', 'num_kv_heads = 1 : ui32'),
             [q.reshape(1, s, 2, 4), key.reshape(1, s, 1, 4), v.reshape(1, s, 1, 4)], types=[k] * 3)
    # what the device does with a tensor as a whole
    for shape in (), (2, 3), (0, 4), (3, 32, 65):
        x = m.numbers(*shape)
        for op in ('ttir.to_layout', 'ttnn.to_device', 'ttnn.from_device', 'ttnn.to_layout', 'ttnn.to_memory_config', 'ttnn.assign', 'ttnn.to_tensor_spec'):
            m.op(op, [x], '', x[1], types=[k])
        m.op('stablehlo.broadcast_in_dim', [x], attrs(dense('broadcast_dimensions', range(1, len(shape) + 1))), x[1].expand(3, *shape), types=[k])
        m.op('stablehlo.reverse', [x], attrs(dense('dimensions', range(len(shape)))), x[1].flip(tuple(range(len(shape)))), types=[k])
        one, no = x[1].reshape(1, *shape), m.arg(torch.tensor([1, *shape]), 'i32')
        m.op('ttir.unsqueeze', [x], attrs('dim = 0 : si32'), one, types=[k])
        m.op('stablehlo.dynamic_reshape', [x, no], '', one, types=[k])
        y = m.numbers(1, *shape)
        m.op('ttir.squeeze', [y], attrs('dim = 0 : si32'), y[1][0], types=[k])
        for op in 'ttir.reshape', 'ttnn.reshape':
            m.op(op, [y], attrs(ints('shape', shape)), y[1][0], types=[k])
        m.op('stablehlo.reshape', [y], '', y[1][0], types=[k])
        none = m.arg(torch.tensor(shape, dtype=torch.int64), 'i32')
        m.op('stablehlo.dynamic_reshape', [y, none], '', y[1][0], types=[k])
        small = m.numbers(*shape, low=0, high=100)
        for to in KINDS:
            want = small[1].float().trunc() if k in REALS and to not in REALS and to != 'i1' else small[1]
            for op in 'ttir.typecast', 'ttnn.typecast', 'stablehlo.convert':
                m.op(op, [small], '', want, types=[to], twins=False)
        size, like = {'f32': (32, 'i32'), 'bf16': (16, 'i16'), 'f16': (16, 'ui16')}.get(k, (None, None))
        if is_integer(k):
            size = int(k.lstrip('ui'))
            like = ('i' if k.startswith('u') else 'ui') + str(size)
        if like:
            raw = x[1].view(torch.int32 if size == 32 else torch.int16) if k in REALS else x[1]
            for op in 'ttir.bitcast_convert', 'stablehlo.bitcast_convert':
                m.op(op, [x], '', raw, types=[like])
    for shape in (3, 4), (0, 4):
        a, b = m.numbers(*shape), m.numbers(*shape)
        m.in_place('ttnn.copy', [a, b], '', a[1], changed=1)


def picks(m):
    """By index: of wanted sizes, of none."""
    k = m.number
    for shape, rows in (((5, 6, 7), 4), ((5, 6, 7), 0), ((5, 0, 7), 3)):
        x = m.numbers(*shape)
        v = x[1]
        for d in both(3, 0, 1, 2):
            if not shape[d]:
                continue
            size = list(shape)
            size[d] = rows
            at = m.arg(torch.randint(0, shape[d], size), 'i32')
            m.op('ttir.gather', [x, at], attrs(f'dim = {d} : i32'), v.gather(d, at[1]), types=[k])
            size[d] = min(rows, shape[d])
            order = torch.rand(shape).argsort(d).narrow(d, 0, size[d])
            at, source = m.arg(order, 'i32'), m.numbers(*size)
            m.op('ttir.scatter', [x, at, source], attrs(f'dim = {d} : i32', 'scatter_reduce_type = #ttcore.reduce_type<invalid>'),
                 v.scatter(d, at[1], source[1]), types=[k])
        at = m.arg(torch.randint(0, 5, (rows, 1)), 'i32')
        sizes = (1, *shape[1:])
        numbers = 'dimension_numbers = #stablehlo.gather<offset_dims = [1, 2], collapsed_slice_dims = [0], start_index_map = [0], index_vector_dim = 1>'
        want = v[at[1].flatten()]
        m.op('stablehlo.gather', [x, at], attrs(numbers, dense('slice_sizes', sizes)), want, types=[k])
        given = m.arg(torch.tensor(sizes), 'i32')
        m.op('stablehlo.dynamic_gather', [x, at, given], attrs(numbers), want, types=[k])
        flat = m.arg(at[1].flatten(), 'i32')
        m.op('stablehlo.torch_index_select', [x, flat], attrs('dim = 0 : i64', 'batch_dims = 0 : i64'), want, types=[k])
        scalar = tensor((), k)
        body = f'({{^bb0(%x: {scalar}, %y: {scalar}):\n "stablehlo.return"(%y) : ({scalar}) -> ()}})'
        order = torch.randperm(5)[:rows].reshape(-1, 1)
        at, source = m.arg(order, 'i32'), m.numbers(rows, *shape[1:])
        want = v.clone()
        want[order.flatten()] = source[1]
        m.op('stablehlo.scatter', [x, at, source], '<{scatter_dimension_numbers = #stablehlo.scatter<update_window_dims = [1, 2], inserted_window_dims = [0], '
             f'scatter_dims_to_operand_dims = [0], index_vector_dim = 1>, indices_are_sorted = false, unique_indices = true}}> {body}', want, types=[k])
    for shape in (3, 4), (0, 4), (4,), ():
        table, ids = m.numbers(11, 6), m.arg(torch.randint(0, 11, shape), 'i32')
        m.op('ttir.embedding', [ids, table], '', table[1][ids[1]], types=[k])
        if k == 'i1' or len(shape) < 2:
            continue
        grad = m.numbers(*shape, 6, low=-9, high=9)
        want = torch.zeros(11, 6, dtype=torch.float64).index_add_(0, ids[1].flatten(), grad[1].to(torch.float64).reshape(-1, 6))
        m.op('ttir.embedding_backward', [ids, table, grad], '', want, types=[k])
    for users in 1, 3, 0:
        cache, new, at = m.numbers(users, 2, 64, 8), m.numbers(1, 2, users, 8), m.arg(torch.tensor([17]), 'i32')
        want = cache[1].clone()
        want[:, :, 17] = new[1][0].permute(1, 0, 2)
        m.in_place('ttnn.update_cache', [cache, new, at], attrs('batch_offset = 0 : i32'), want)
        blocks, new, at = m.numbers(8, 2, 32, 8), m.numbers(1, users, 32, 8), m.arg(torch.tensor([0, 33, 63][:users]), 'i32')
        table = m.arg(torch.tensor([[3, 1], [0, 7], [5, 2]])[:users], 'i32')
        want = blocks[1].clone()
        for u, p in enumerate([0, 33, 63][:users]):
            want[table[1][u, p // 32], :, p % 32] = new[1][0, u, :2]
        m.in_place('ttnn.paged_update_cache', [blocks, new, at, table], attrs(dense('operandSegmentSizes', (1, 1, 1, 1), 'i32'), 'share_cache = false'), want)
    for length in 32, 20, 0:
        cache, rows = m.numbers(3, 2, 64, 8), m.numbers(1, 2, length // 32 * 32, 8)
        want = cache[1].clone()
        want[2, :, :length // 32 * 32] = rows[1][0]
        m.in_place('ttnn.fill_cache', [cache, rows], attrs('batch_offset = 2 : i32'), want)
        blocks, rows = m.numbers(8, 2, 32, 8), m.numbers(2, 2, length, 8)
        table, which = m.arg(torch.tensor([[3, 1], [0, 7], [5, 2]]), 'i32'), m.arg(torch.tensor([2, 0]), 'i32')
        want = blocks[1].clone()
        for b, t in itertools.product(range(2), range(length)):
            want[table[1][which[1][b], t // 32], :, t % 32] = rows[1][b, :, t]
        m.in_place('ttnn.paged_fill_cache', [blocks, rows, table, which], '', want)


def folds(m):
    """Sums and what is like them."""
    k = m.number
    few = dict(low=-3, high=4)
    for shape in (3, 5, 4), (3, 0, 4), (0, 5, 4), (4,), ():
        x = m.numbers(*shape, **few)
        v = x[1].float() if k in REALS else x[1]
        n = len(shape)
        for dims in [*([d] for d in both(n, *range(n))), *([[-1, 0]] if n > 1 else []), list(range(n)), None]:
            over = dims if dims else list(range(n))
            empty = any(shape[d] == 0 for d in over)
            for keep in False, True:
                given = attrs(f'keep_dim = {str(keep).lower()}', *([ints('dim_arg', dims)] if dims is not None else []))

                def put(op, want):
                    m.op('ttir.' + op, [x], given, want, types=[k])

                def folded(f, start):
                    """Over one dimension after the other; a tensor of no dimensions is its own sum."""
                    t = v
                    for d in sorted((d % n for d in over), reverse=True):
                        t = f(t, d) if t.shape[d] else torch.full([*t.shape[:d], *t.shape[d + 1:]], start, dtype=t.dtype)
                    shape_kept = [1 if i in [d % n for d in over] else s for i, s in enumerate(shape)]
                    return t.reshape(shape_kept) if keep else t
                put('sum', folded(lambda t, d: t.sum(d), 0))
                put('prod', folded(lambda t, d: t.prod(d), 1))
                if dims is not None and len(dims) == 1:
                    m.op('ttnn.prod', [x], attrs(f'keep_dim = {str(keep).lower()}', f'dim_arg = {dims[0]} : si64'), folded(lambda t, d: t.prod(d), 1), types=[k])
                put('reduce_and', folded(lambda t, d: (t != 0).all(d), True) != 0)
                put('reduce_or', folded(lambda t, d: (t != 0).any(d), False) != 0)
                if not empty:
                    put('max', folded(lambda t, d: t.amax(d), 0))
                    put('min', folded(lambda t, d: t.amin(d), 0))
                    count = max(1, int(np.prod([shape[d] for d in over])))
                    put('mean', (folded(lambda t, d: t.sum(d), 0).double() / count).trunc() if is_integer(k) else folded(lambda t, d: t.sum(d), 0) / count)
                if not empty and (dims is None or len(dims) == 1):
                    d = dims[0] if dims else None
                    want = v.argmax(d, keep) if d is not None else v.argmax().reshape([1] * n if keep else [])
                    m.op('ttir.argmax', [x], given, want, types=['i32'])
                    m.op('ttnn.argmax', [x], attrs(f'keep_dim = {str(keep).lower()}', *([f'dim = {d} : si32'] if d is not None else [])), want, types=['i32'])
        for d in both(n, *range(n)):
            for op, f in ('cumsum', torch.cumsum), ('cumprod', torch.cumprod):
                m.op('ttir.' + op, [x], attrs(f'dim = {d} : i64'), f(v, d), types=[k])
        scalar = tensor((), k)
        for op, none, f in ('add', 0, lambda t, d: t.sum(d)), ('multiply', 1, lambda t, d: t.prod(d)):
            init = m.arg(torch.tensor(none), k)
            body = (f'({{^bb0(%x: {scalar}, %y: {scalar}):\n %r = "stablehlo.{op}"(%x, %y) : ({scalar}, {scalar}) -> {scalar}\n '
                    f'"stablehlo.return"(%r) : ({scalar}) -> ()}})')
            for d in range(n):
                m.op('stablehlo.reduce', [x, init], f'{attrs(dense("dimensions", [d]))} {body}', f(v, d), types=[k])
            if n == 3:
                window = attrs(dense('window_dimensions', (1, 2, 2)), dense('window_strides', (1, 2, 1)))
                out = (shape[0], max(0, (shape[1] - 2) // 2 + 1), 3)
                if op == 'add':
                    want = torch.zeros(out, dtype=v.dtype)
                    for i, j in itertools.product(range(2), range(2)):
                        want = want + v[:, i:i + 2 * out[1] - 1:2, j:j + 3] if out[1] else want
                    m.op('stablehlo.reduce_window', [x, init], f'{window} {body}', want, types=[k])


def orders(m):
    """Sorts, of numbers that are all different."""
    k = m.number
    for shape in (3, 20), (3, 0), (0, 5), (17,):
        n = int(np.prod(shape))
        x = m.arg(torch.randperm(n).reshape(shape).float(), k)
        v = x[1].float() if k in REALS else x[1]
        for d in both(len(shape), *range(len(shape))):
            for descending in False, True:
                w, i = v.sort(d, descending)
                m.op('ttir.sort', [x], attrs(f'dim = {d} : si32', f'descending = {str(descending).lower()}'), [w, i], types=[k, 'i32'])
                scalar, way = tensor((), k), 'GT' if descending else 'LT'
                order = m.arg(torch.arange(n).reshape(shape), 'i32')
                body = (f'({{^bb0(%x: {scalar}, %y: {scalar}, %u: tensor<i32>, %w: tensor<i32>):\n %r = "stablehlo.compare"(%x, %y) '
                        f'<{{comparison_direction = #stablehlo<comparison_direction {way}>}}> : ({scalar}, {scalar}) -> tensor<i1>\n "stablehlo.return"(%r) : (tensor<i1>) -> ()}})')
                if d >= 0:
                    m.op('stablehlo.sort', [x, order], f'<{{dimension = {d} : i64, is_stable = true}}> {body}', [w, order[1].gather(d, i)], types=[k, 'i32'])
            if shape[d] >= 2:
                for largest in True, False:
                    w, i = v.topk(2, d, largest)
                    m.op('ttir.topk', [x], attrs('k = 2 : i32', f'dim = {d} : i32', f'largest = {str(largest).lower()}'), [w, i], types=[k, 'i32'])
        if shape[-1] >= 2:
            w, i = v.topk(2, -1)
            m.op('chlo.top_k', [x], attrs('k = 2 : i64'), [w, i], types=[k, 'i32'])


def made(m):
    """What has no operands, or needs but their shapes."""
    k = m.number
    number = 'true' if k == 'i1' else '3' if is_integer(k) else '3.0'
    value = 1 if k == 'i1' else 3
    for shape in (), (2, 3), (0, 3), (3, 0, 2):
        want = torch.full(shape, float(value))
        extent, sizes = dense('shape', shape, 'i32'), f'shape = #ttnn.shape<{"x".join(map(str, shape))}>'
        for fill in (f'{value}.0 : f32', f'{value} : i32'):
            m.op('ttir.full', [], attrs(extent, f'fill_value = {fill}'), want, types=[k])
            m.op('ttnn.full', [], attrs(sizes, f'fill_value = {fill}'), want, types=[k])
        m.op('ttir.ones', [], attrs(extent), torch.ones(shape), types=[k])
        m.op('ttnn.ones', [], attrs(sizes), torch.ones(shape), types=[k])
        m.op('ttir.zeros', [], attrs(extent), torch.zeros(shape), types=[k])
        m.op('ttnn.zeros', [], attrs(sizes), torch.zeros(shape), types=[k])
        m.op('ttnn.empty', [], attrs(sizes), torch.zeros(shape), types=[k])
        m.op('ttir.empty', [], '', torch.zeros(shape), types=[k])
        for op, place in ('ttir.alloc', 'memory_space = #ttcore.memory_space<dram>'), ('ttnn.alloc', 'buffer_type = #ttnn.buffer_type<dram>'):
            m.op(op, [], attrs('address = 0 : i64', 'size = 64 : i64', place), torch.zeros(shape), types=[k])
        for op in 'ttir.constant', 'ttnn.constant', 'stablehlo.constant', 'chlo.constant':
            dense_of = number if want.numel() else ''
            m.op(op, [], attrs(f'value = dense<{dense_of}> : {tensor(shape, k)}'), want, types=[k], twins=False)
        x = m.numbers(*shape)
        m.op('chlo.constant_like', [x], attrs(f'value = {number}' + ('' if k == 'i1' else f' : {k}')), want, types=[k])
    if k == 'i1':
        return
    for start, end, step in (2, 14, 3), (5, 5, 1), (9, 0, -2):
        line = torch.arange(start, end, step)
        if (line < 0).any() and k.startswith('u'):
            continue
        given = [f'start = {start} : si64', f'end = {end} : si64', f'step = {step} : si64']
        m.op('ttir.arange', [], attrs(*given, 'arange_dimension = 1 : i64'), line.repeat(2, 1), types=[k])
        m.op('ttnn.arange', [], attrs(*given), line, types=[k])
    for shape in (3, 5), (0, 4):
        for d in range(2):
            line = torch.arange(shape[d]).reshape([-1 if i == d else 1 for i in range(2)]).expand(shape)
            m.op('stablehlo.iota', [], attrs(f'iota_dimension = {d} : i64'), line, types=[k])
            sizes = m.arg(torch.tensor(shape), 'i32')
            m.op('stablehlo.dynamic_iota', [sizes], attrs(f'iota_dimension = {d} : i64'), line, types=[k])


CASES = [(g, k) for g in (moves, picks, made) for k in KINDS] + [(g, k) for g in (folds, orders) for k in (*REALS, *INTEGERS)]
if __name__ == '__main__':
    op_cases.main(CASES)
