/* plan_fixture.h - a module that is read and planned, for tests of plans. */
#ifndef TESTS_EXEC_PLAN_FIXTURE_H
#define TESTS_EXEC_PLAN_FIXTURE_H

#include "dialect/dialect.h"
#include "exec/exec.h"
#include "test.h"
#include "text/text.h"

struct fixture {
    struct mem mem;
    struct diags d;
    ir_context *ctx;
    ir_module *m;
    exec_plan *x;
};

/* Reads and plans a module, neither of which may fail. Give it back with drop, which finds what was not freed. */
static inline void make(struct fixture *f, const char *text, const exec_options *o) {
    *f = (struct fixture){.x = NULL};
    diags_init(&f->d, &f->mem);
    f->ctx = ir_context_new(&f->mem, dialect_resolve);
    f->m = text_read(f->ctx, str_from_z(text), STR("test.mlir"), NULL, &f->d);
    assert_non_null(f->m);
    f->x = exec_plan_new(f->m, o, &f->mem, &f->d);
    assert_non_null(f->x);
}

static inline void drop(struct fixture *f) {
    exec_plan_free(f->x);
    ir_module_free(f->m);
    ir_context_unref(f->ctx);
    diags_free(&f->d);
    assert_int_equal(f->mem.used, 0);
}

/* The op of a name, number `which` of them from 0 on; 0: there is none. */
static inline ir_op named(const ir_module *m, const char *name, int which) {
    for (ir_op op = m->root; op; op = ir_walk_next(m, m->root, op))
        if (str_eq(ir_op_name_str(m, op), str_from_z(name)) && which-- == 0)
            return op;
    return 0;
}

#endif
