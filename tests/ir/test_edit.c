/* Edits of a module: use lists against a recount, arguments, regions, origins, clones. */
#include "ir/clone.h"
#include "ir/edit.h"
#include "test.h"

static ir_name op_named(ir_module *m, const char *name) {
    return ir_op_name(m->ctx, str_from_z(name));
}

/* A root with one block that has two i32 arguments. */
static ir_block new_root(ir_edit *e, ir_module *m) {
    m->root = ir_op_new(m, op_named(m, "builtin.module"), m->ctx->l_unknown);
    ir_region r = ir_region_new(m);
    ir_op_set_children(m, m->root, &r, 1, NULL, 0);
    if (!ir_edit_init(e, m))
        return 0;
    ir_type t[] = {m->ctx->t_i32, m->ctx->t_i32};
    return ir_new_block(e, r, t, NULL, 2);
}

/* Every case has a module of its own with that root; nothing of it is left at the end. */
struct fixture {
    struct mem mem;
    ir_context *c;
    ir_module *m;
    ir_edit e;
    ir_block b; /* of the root */
};

static int set_up(void **state) {
    static struct fixture f;
    f = (struct fixture){0};
    f.c = ir_context_new(&f.mem, NULL);
    f.m = ir_module_new(f.c);
    f.b = new_root(&f.e, f.m);
    ir_edit_at_end(&f.e, f.b);
    *state = &f;
    return f.b ? 0 : -1;
}

static int tear_down(void **state) {
    struct fixture *f = *state;
    ir_edit_free(&f->e);
    ir_module_free(f->m);
    ir_context_unref(f->c);
    return f->mem.used == 0 ? 0 : -1;
}

static ir_op build(ir_edit *e, const char *name, const ir_value *v, uint32_t n, uint32_t results) {
    ir_type t[] = {e->m->ctx->t_i32, e->m->ctx->t_i32};
    return ir_build(e, &(ir_op_spec){.name = op_named(e->m, name),
                                     .loc = e->m->ctx->l_unknown,
                                     .operands = v,
                                     .n_operands = n,
                                     .results = t,
                                     .n_results = results});
}

/* The use lists say what a count from scratch says. */
static void assert_uses_right(const ir_edit *e) {
    ir_uses uses;
    assert_true(ir_uses_build(e->m, &uses));
    for (ir_value v = 1; v < e->m->n_values; v++) {
        uint32_t n = uses.start[v + 1] - uses.start[v], seen = 0;
        for (ir_each_use(e, v, u)) {
            bool found = false;
            for (uint32_t i = uses.start[v]; i < uses.start[v + 1]; i++)
                found = found || (uses.users[i].op == ir_use_op(e, u) && uses.users[i].index == ir_use_index(e, u));
            assert_true(found);
            seen++;
        }
        assert_int_equal(seen, n);
        assert_int_equal(ir_has_one_use(e, v), n == 1);
    }
    ir_uses_free(&uses);
}

/* A random op of the block, 0 when it is empty. */
static ir_op random_op(const ir_module *m, ir_block b, uint64_t *seed) {
    uint32_t n = 0;
    for (ir_op op = m->blocks[b].first; op; op = m->ops[op].next)
        n++;
    uint64_t k = n ? test_random(seed) % n : 0;
    ir_op op = m->blocks[b].first;
    while (op && k--)
        op = m->ops[op].next;
    return op;
}

static ir_value random_value(const ir_module *m, ir_block b, uint64_t *seed) {
    ir_op op = test_random(seed) % 4 ? random_op(m, b, seed) : 0;
    return op && m->ops[op].n_results ? ir_result(m, op, 0) : m->blocks[b].args + (uint32_t)(test_random(seed) % 2);
}

/* A number for all that ir_changed_at is about: operands, users of the results, neighbours. */
static uint64_t surroundings(const ir_edit *e, ir_op op) {
    const ir_module *m = e->m;
    uint64_t h = m->ops[op].prev * 31ull + m->ops[op].next;
    for (uint32_t i = 0; i < m->ops[op].n_operands; i++)
        h = h * 1000003 + ir_operand(m, op, i);
    for (uint32_t i = 0; i < m->ops[op].n_results; i++)
        for (ir_each_use(e, ir_result(m, op, i), u))
            h += (ir_use_op(e, u) * 64ull + ir_use_index(e, u)) * 0x9e3779b97f4a7c15ull;
    return h;
}

/* What has changed since `before` (changes so far: `count`) is known to have. */
static void assert_changes_noticed(const ir_edit *e, const uint64_t *before, uint32_t n, uint64_t count) {
    for (ir_op op = 1; op < n; op++)
        if (e->m->ops[op].name && surroundings(e, op) != before[op])
            assert_true(ir_changed_at(e, op) > count);
}

static void random_edits(void **state) {
    struct fixture *f = *state;
    ir_module *m = f->m;
    ir_edit *e = &f->e;
    ir_block b = f->b;
    uint64_t seed = 7;
    uint64_t before[8192];
    for (int i = 0; i < 3000; i++) {
        uint32_t n_ops = m->n_ops;
        uint64_t count = e->changes;
        assert_true(n_ops < 8192);
        for (ir_op op = 1; op < n_ops; op++)
            before[op] = surroundings(e, op);
        ir_value v[3];
        for (int k = 0; k < 3; k++)
            v[k] = random_value(m, b, &seed);
        ir_op op = random_op(m, b, &seed), other = random_op(m, b, &seed);
        switch (test_random(&seed) % 10) {
        case 0:
        case 1:
            ir_edit_at_end(e, b);
            assert_true(build(e, "x.op", v, (uint32_t)(test_random(&seed) % 4), 1));
            break;
        case 2:
            if (op && m->ops[op].n_operands)
                ir_set_operand(e, op, (uint32_t)(test_random(&seed) % m->ops[op].n_operands), v[0]);
            break;
        case 3:
            if (op)
                assert_true(ir_set_operands(e, op, v, (uint32_t)(test_random(&seed) % 4)));
            break;
        case 4: ir_replace_uses(e, v[0], v[1]); break;
        case 5:
            if (op)
                ir_replace_uses_except(e, v[0], v[1], op);
            break;
        case 6:
            if (op && !ir_op_has_uses(e, op))
                ir_erase(e, op);
            break;
        case 7:
            if (op && other)
                ir_move_after(e, op, other);
            break;
        case 8: ir_reverse_uses(e, v[0]); break;
        default:
            if (op) {
                ir_edit_after(e, op);
                assert_true(ir_clone_op(e, op, NULL, 0));
                assert_true(ir_insert_operand(e, op, 0, v[2]));
            }
        }
        assert_changes_noticed(e, before, n_ops, count);
        if (i % 50 == 0)
            assert_uses_right(e);
    }
    assert_uses_right(e);
}

static void newest_use_first(void **state) {
    struct fixture *f = *state;
    ir_module *m = f->m;
    ir_edit *e = &f->e;
    ir_block b = f->b;
    ir_value arg = m->blocks[b].args;
    ir_op first = build(e, "x.a", &arg, 1, 1), second = build(e, "x.b", &arg, 1, 1);
    assert_int_equal(ir_use_op(e, ir_first_use(e, arg)), second);
    assert_int_equal(ir_use_op(e, ir_next_use(e, ir_first_use(e, arg))), first);
    assert_int_equal(ir_only_user(e, arg), 0);
    ir_reverse_uses(e, arg);
    assert_int_equal(ir_use_op(e, ir_first_use(e, arg)), first);
    assert_int_equal(ir_use_op(e, ir_next_use(e, ir_first_use(e, arg))), second);
    assert_int_equal(ir_next_use(e, ir_next_use(e, ir_first_use(e, arg))), 0);
    assert_uses_right(e);
}

static void arguments_come_and_go(void **state) {
    struct fixture *f = *state;
    ir_module *m = f->m;
    ir_edit *e = &f->e;
    ir_block b = f->b;
    ir_value args[] = {m->blocks[b].args, m->blocks[b].args + 1};
    ir_op op = build(e, "x.op", args, 2, 0);
    ir_value added = ir_insert_arg(e, b, 1, f->c->t_f32, f->c->l_unknown);
    assert_int_equal(m->blocks[b].n_args, 3);
    assert_int_equal(added, m->blocks[b].args + 1);
    assert_int_equal(ir_value_type(m, added), f->c->t_f32);
    assert_int_equal(ir_value_index(m, ir_operand(m, op, 0)), 0);
    assert_int_equal(ir_value_index(m, ir_operand(m, op, 1)), 2);
    assert_int_equal(ir_value_type(m, ir_operand(m, op, 1)), f->c->t_i32);
    ir_remove_arg(e, b, 1);
    assert_int_equal(ir_value_index(m, ir_operand(m, op, 1)), 1);
    assert_uses_right(e);
}

static bool any_removable(const ir_module *m, ir_op op) {
    (void)m, (void)op;
    return true;
}

/* a, m and b are fused into c: c comes from all three, though only b was replaced: m dies of it, and a of that. */
static void origins_follow(void **state) {
    struct fixture *f = *state;
    ir_module *m = f->m;
    ir_edit *e = &f->e;
    ir_block b = f->b;
    ir_value arg = m->blocks[b].args;
    ir_op first = build(e, "x.a", &arg, 1, 1);
    ir_value v = ir_result(m, first, 0);
    ir_op middle = build(e, "x.m", &v, 1, 1);
    v = ir_result(m, middle, 0);
    ir_op second = build(e, "x.b", &v, 1, 1);
    v = ir_result(m, second, 0);
    ir_op user = build(e, "x.use", &v, 1, 0);
    ir_edit_mark_origins(e);
    ir_edit_at(e, second);
    e->from = second;
    ir_op fused = build(e, "x.c", &arg, 1, 1);
    e->from = 0;
    ir_replace1(e, second, ir_result(m, fused, 0));
    ir_erase_dead(e, middle, any_removable);
    ir_op from[4];
    assert_int_equal(ir_edit_origins(e, fused, from, 4), 3);
    assert_int_equal(from[0], second);
    assert_int_equal(from[1], middle);
    assert_int_equal(from[2], first);
    assert_int_equal(ir_edit_origins(e, user, from, 4), 1);
    assert_int_equal(from[0], user);
    ir_edit_mark_origins(e);
    assert_int_equal(ir_edit_origins(e, fused, from, 4), 1);
    assert_int_equal(from[0], fused);
}

/* A replacement that has its own origins already gets no others, and what dies of it passes on nothing. */
static void only_replaced(void **state) {
    struct fixture *f = *state;
    ir_module *m = f->m;
    ir_edit *e = &f->e;
    ir_block b = f->b;
    ir_value arg = m->blocks[b].args;
    ir_op first = build(e, "x.a", &arg, 1, 1);
    ir_value v = ir_result(m, first, 0);
    ir_op second = build(e, "x.b", &v, 1, 1);
    v = ir_result(m, second, 0);
    build(e, "x.use", &v, 1, 0);
    ir_edit_mark_origins(e);
    ir_edit_at(e, second);
    e->from = second;
    ir_op made = build(e, "x.c", &arg, 1, 1);
    e->from = 0;
    ir_replace_only(e, second, ir_result(m, made, 0));
    ir_erase_dead(e, first, any_removable);
    ir_op from[4];
    assert_int_equal(m->ops[first].name, 0);
    assert_int_equal(ir_edit_origins(e, made, from, 4), 1);
    assert_int_equal(from[0], second);
    assert_uses_right(e);
}

/* Hundreds of ops merged into one, some of them twice: it comes from each once, in that order. */
static void many_origins_follow(void **state) {
    enum { MERGED = 300 };
    struct fixture *f = *state;
    ir_edit *e = &f->e;
    ir_op op[MERGED], from[MERGED + 1];
    for (uint32_t i = 0; i < MERGED; i++)
        op[i] = build(e, "x.constant", NULL, 0, 1);
    for (int round = 0; round < 2; round++) {
        ir_edit_mark_origins(e);
        for (uint32_t i = 1; i < MERGED; i++) {
            ir_edit_came_from(e, op[0], op[i]);
            ir_edit_came_from(e, op[0], op[i / 2]);
        }
        assert_int_equal(ir_edit_origins(e, op[0], from, MERGED + 1), MERGED);
        for (uint32_t i = 0; i < MERGED; i++)
            assert_int_equal(from[i], op[i]);
        ir_edit_came_from(e, op[1], op[0]); /* what it has already, and what else op[0] came from */
        assert_int_equal(ir_edit_origins(e, op[1], from, MERGED + 1), MERGED);
        assert_int_equal(from[0], op[1]);
        assert_int_equal(from[1], op[0]);
        assert_int_equal(from[MERGED - 1], op[MERGED - 1]);
    }
}

/* An op with a region that adds its argument to a value from outside. */
static ir_op build_nested(ir_edit *e, ir_value outside) {
    ir_module *m = e->m;
    ir_type t = m->ctx->t_i32;
    ir_op op = ir_build(e, &(ir_op_spec){.name = op_named(m, "x.nest"),
                                         .operands = &outside,
                                         .n_operands = 1,
                                         .results = &t,
                                         .n_results = 1,
                                         .n_regions = 1});
    ir_op before = e->before;
    ir_block block = e->block;
    ir_block inner = ir_new_block(e, ir_op_region(m, op, 0), &t, NULL, 1);
    ir_edit_at_end(e, inner);
    ir_value v[] = {m->blocks[inner].args, outside};
    ir_op sum = build(e, "x.add", v, 2, 1);
    v[0] = ir_result(m, sum, 0);
    build(e, "x.yield", v, 1, 0);
    e->before = before;
    e->block = block;
    return op;
}

static void regions_copied_and_inlined(void **state) {
    struct fixture *f = *state;
    ir_module *m = f->m;
    ir_edit *e = &f->e;
    ir_block b = f->b;
    ir_op nest = build_nested(e, m->blocks[b].args);
    ir_value map[64] = {0};
    map[m->blocks[b].args] = m->blocks[b].args + 1;
    ir_op copy = ir_clone_op(e, nest, map, m->n_values);
    assert_int_equal(map[ir_result(m, nest, 0)], ir_result(m, copy, 0));
    ir_block inner = m->regions[ir_op_region(m, copy, 0)].first;
    ir_op sum = m->blocks[inner].first;
    assert_int_equal(ir_operand(m, sum, 0), m->blocks[inner].args);
    assert_int_equal(ir_operand(m, sum, 1), m->blocks[b].args + 1);
    assert_uses_right(e);
    ir_value arg = m->blocks[b].args, result;
    assert_true(ir_inline_region(e, ir_op_region(m, copy, 0), copy, &arg, &result, 1));
    assert_int_equal(result, ir_result(m, sum, 0));
    assert_int_equal(ir_operand(m, sum, 0), arg);
    assert_true(ir_is_before(m, sum, copy));
    ir_replace1(e, copy, result);
    ir_erase(e, nest);
    assert_uses_right(e);
}

/* The ops of a block are moved between two others, or to the end: these and the ones moved count as changed. */
static void splice_is_noticed(struct fixture *f, bool at_end) {
    ir_module *m = f->m;
    ir_op nest = build_nested(&f->e, m->blocks[f->b].args);
    ir_op last = build(&f->e, "x.last", NULL, 0, 0);
    ir_block inner = m->regions[ir_op_region(m, nest, 0)].first;
    ir_op first = m->blocks[inner].first;
    uint64_t before[64], count = f->e.changes;
    assert_true(m->n_ops < 64);
    for (ir_op op = 1; op < m->n_ops; op++)
        before[op] = surroundings(&f->e, op);
    ir_splice(&f->e, inner, f->b, at_end ? 0 : last);
    assert_changes_noticed(&f->e, before, m->n_ops, count);
    assert_int_equal(m->blocks[inner].first, 0);
    assert_int_equal(m->ops[first].prev, at_end ? last : nest);
    assert_int_equal(m->blocks[f->b].last == last, !at_end);
}

static void splices_between_are_noticed(void **state) {
    splice_is_noticed(*state, false);
}

static void splices_at_the_end_are_noticed(void **state) {
    splice_is_noticed(*state, true);
}

/* A clone is compact, in pre-order, and says the same. */
static void clones_are_compact(void **state) {
    struct fixture *f = *state;
    ir_module *m = f->m;
    ir_edit *e = &f->e;
    ir_block b = f->b;
    ir_op gone = build(e, "x.gone", NULL, 0, 1);
    ir_op nest = build_nested(e, m->blocks[b].args);
    ir_value v = ir_result(m, nest, 0);
    build(e, "x.use", &v, 1, 0);
    ir_erase(e, gone);
    ir_cloner k;
    ir_cloner_init(&k, m->mem);
    ir_module *n = ir_clone(&k, m);
    assert_non_null(n);
    const ir_op *map = k.map.v;
    assert_int_equal(map[gone], 0);
    ir_op w = m->root, g = n->root;
    uint32_t next = 1;
    for (; w && g; w = ir_walk_next(m, m->root, w), g = ir_walk_next(n, n->root, g)) {
        assert_int_equal(map[w], g);
        assert_int_equal(g, next++);
        assert_int_equal(k.order.v[g], w);
        assert_int_equal(m->ops[w].name, n->ops[g].name);
        assert_int_equal(m->ops[w].n_operands, n->ops[g].n_operands);
        for (uint32_t i = 0; i < m->ops[w].n_operands; i++) {
            ir_value from = ir_operand(m, w, i), to = ir_operand(n, g, i);
            assert_int_equal(ir_value_index(m, from), ir_value_index(n, to));
            assert_int_equal(ir_is_block_arg(m, from), ir_is_block_arg(n, to));
            if (!ir_is_block_arg(m, from))
                assert_int_equal(map[ir_def_op(m, from)], ir_def_op(n, to));
        }
    }
    assert_int_equal(w, 0);
    assert_int_equal(g, 0);
    assert_int_equal(n->n_ops, next);
    /* The next clone of the same module: its maps beside those of the one before. */
    ir_op was = k.map.v[nest];
    ir_edit_at_start(e, b);
    build(e, "x.first", NULL, 0, 1);
    ir_module *later = ir_clone(&k, m);
    assert_non_null(later);
    assert_int_equal(k.before.v[nest], was);
    assert_int_equal(k.map.v[nest], was + 1);
    assert_int_equal(later->ops[was + 1].name, m->ops[nest].name);
    ir_clone_forget(&k);
    assert_int_equal(k.map.v[nest], was);
    ir_cloner_free(&k);
    ir_module_free(later);
    ir_module_free(n);
}

/* The arrays of a clone that is longer than a huge page grow and go like those of any module. */
static void long_clones_grow(void **state) {
    enum { OPS = 40000 };
    struct fixture *f = *state;
    ir_module *m = f->m;
    ir_edit *e = &f->e;
    ir_block b = f->b;
    ir_value v = m->blocks[b].args;
    for (uint32_t i = 0; i < OPS; i++) {
        ir_op op = build(e, "x.op", &v, 1, 1);
        assert_true(op);
        v = ir_result(m, op, 0);
    }
    ir_module *n = ir_module_clone(m);
    assert_non_null(n);
    assert_true(n->cap_ops * sizeof *n->ops >= MEM_HUGE);
    ir_type last = n->values[n->n_values - 1].type;
    assert_true(ir_module_reserve(n, n->n_ops * 4, n->n_values * 4, n->n_pool * 4));
    assert_true(n->cap_ops >= n->n_ops * 4 && n->cap_values >= n->n_values * 4 && n->cap_pool >= n->n_pool * 4);
    assert_int_equal(n->values[n->n_values - 1].type, last);
    assert_true(ir_op_new(n, op_named(n, "x.more"), f->c->l_unknown));
    ir_module_free(n);
}

static bool edit_without_memory(struct mem *mem, void *ctx) {
    (void)ctx;
    ir_context *c = ir_context_new(mem, NULL);
    ir_module *m = c ? ir_module_new(c) : NULL;
    ir_edit e = {.m = m};
    bool ok = false;
    if (m) {
        ir_block b = new_root(&e, m);
        if (b && !m->failed && !c->failed) {
            ir_edit_at_end(&e, b);
            ir_value v = m->blocks[b].args;
            for (int i = 0; i < 40 && !m->failed; i++) {
                ir_op op = build(&e, "x.op", &v, 1, 1);
                v = op ? ir_result(m, op, 0) : v;
            }
            ir_edit_mark_origins(&e);
            ir_op last = m->blocks[b].last;
            for (ir_op op = m->blocks[b].first; op; op = m->ops[op].next)
                ir_edit_came_from(&e, last, op);
            if (last && !m->failed) {
                ir_edit_after(&e, last);
                ir_clone_op(&e, last, NULL, 0);
                ir_insert_arg(&e, b, 1, c->t_f32, c->l_unknown);
            }
            ir_module *n = m->failed ? NULL : ir_module_clone(m);
            ok = n && !m->failed && !c->failed;
            ir_module_free(n);
        }
        ir_edit_free(&e);
    }
    ir_module_free(m);
    ir_context_unref(c);
    return ok;
}

static void memory_may_run_out(void **state) {
    (void)state;
    test_oom_sweep(edit_without_memory, NULL, 1000);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(random_edits, set_up, tear_down),
        cmocka_unit_test_setup_teardown(newest_use_first, set_up, tear_down),
        cmocka_unit_test_setup_teardown(arguments_come_and_go, set_up, tear_down),
        cmocka_unit_test_setup_teardown(origins_follow, set_up, tear_down),
        cmocka_unit_test_setup_teardown(only_replaced, set_up, tear_down),
        cmocka_unit_test_setup_teardown(many_origins_follow, set_up, tear_down),
        cmocka_unit_test_setup_teardown(regions_copied_and_inlined, set_up, tear_down),
        cmocka_unit_test_setup_teardown(splices_between_are_noticed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(splices_at_the_end_are_noticed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(clones_are_compact, set_up, tear_down),
        cmocka_unit_test_setup_teardown(long_clones_grow, set_up, tear_down),
        cmocka_unit_test(memory_may_run_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
