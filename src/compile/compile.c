/* The driver: runs the passes over one working module and keeps a compact copy of it after each that changed it.
 *
 *   working module ──clone──▶ stage module      `copies.map`: working op -> op of the newest stage
 *
 * Origins are known in handles of the working module (ir/edit.h) and are written down in handles of the stages.
 */
#include "compile/compile.h"

#include "base/clock.h"
#include "base/num.h"
#include "base/vec.h"
#include "compile/input.h"
#include "compile/pass.h"
#include "compile/passes.h"
#include "compile/rewrite.h"
#include "dialect/check.h"
#include "ir/clone.h"
#include "target/cost.h"
#include "text/text.h"

struct driver {
    compile_run *r;
    pass_context p;
    ir_edit e;
    ir_cloner copies;
    struct arena_mark empty; /* of the scratch arena */
};
enum { MOST_KEPT = 16 << 20 }; /* bytes of scratch memory that are kept between passes */

/* ---- modules that stages share -------------------------------------------------------------------------- */

static void release(compile_module *s, struct mem *mem) {
    if (!s || --s->refs)
        return;
    if (!s->borrowed)
        ir_module_free((ir_module *)s->m);
    mem_free(mem, s, sizeof *s);
}

/* The caller's module may hold detached ops; a clone holds nothing but its ops, and entry 0. */
static uint32_t count_ops(const ir_module *m) {
    uint32_t n = 0;
    for (ir_op op = m->root; op; op = ir_walk_next(m, m->root, op))
        n++;
    return n ? n - 1 : 0;
}

static compile_module *share(struct mem *mem, const ir_module *m, bool borrowed) {
    compile_module *s = mem_alloc(mem, sizeof *s);
    uint32_t n = borrowed ? count_ops(m) : m->n_ops - 2;
    if (s)
        *s = (compile_module){.m = m, .refs = 1, .n_ops = n, .borrowed = borrowed};
    return s;
}

static compile_stage *add_stage(compile_run *r) {
    if (r->n_stages == r->cap_stages) {
        uint32_t want = r->cap_stages ? r->cap_stages * 2 : 64;
        void *p = mem_realloc(r->mem, r->stages, r->cap_stages * sizeof *r->stages, want * sizeof *r->stages);
        if (!p)
            return NULL;
        r->stages = p;
        r->cap_stages = want;
    }
    compile_stage *s = &r->stages[r->n_stages++];
    *s = (compile_stage){.pass = ""};
    return s;
}

static void drop_stage(compile_run *r) {
    compile_stage *s = &r->stages[--r->n_stages];
    mem_free(r->mem, s->origins.start, s->origins.n_start * sizeof *s->origins.start);
    mem_free(r->mem, s->origins.sources, s->origins.n_sources * sizeof *s->origins.sources);
    release(s->module, r->mem);
}

void compile_free(compile_run *r) {
    if (!r)
        return;
    while (r->n_stages)
        drop_stage(r);
    mem_free(r->mem, r->stages, r->cap_stages * sizeof *r->stages);
    mem_free(r->mem, r, sizeof *r);
}

const ir_module *compile_result(const compile_run *r) {
    return r->stages[r->n_stages - 1].module->m;
}

/* ---- stages --------------------------------------------------------------------------------------------- */

/* Whether two compact modules say the same: a pass may change things and change them back. */
static bool same_module(const ir_module *a, const ir_module *b) {
    if (a->n_ops != b->n_ops || a->n_values != b->n_values || a->n_blocks != b->n_blocks ||
        a->n_regions != b->n_regions || a->n_pool != b->n_pool)
        return false;
    return memcmp(a->ops, b->ops, a->n_ops * sizeof *a->ops) == 0 &&
           memcmp(a->values, b->values, a->n_values * sizeof *a->values) == 0 &&
           memcmp(a->blocks, b->blocks, a->n_blocks * sizeof *a->blocks) == 0 &&
           memcmp(a->pool, b->pool, a->n_pool * sizeof *a->pool) == 0;
}

/* Writes down where the ops of the newest clone came from. */
static bool write_origins(struct driver *d, compile_origins *out) {
    const ir_handles *ops = &d->copies.order, *before = &d->copies.before;
    uint32_t n = (uint32_t)ops->n;
    out->n_start = n + 1;
    out->start = mem_alloc_zero(d->r->mem, out->n_start * sizeof *out->start);
    return out->start && ir_edit_all_origins(&d->e, ops->v, n, before->v, (uint32_t)before->n, out->start,
                                             &out->sources, &out->n_sources);
}

/* Adds the stage of a pass that has run. False when out of memory. */
static bool keep_stage(struct driver *d, const pass_row *row, uint32_t number, bool touched, bool failed,
                       uint64_t nanoseconds) {
    compile_run *r = d->r;
    compile_stage *s = add_stage(r);
    if (!s)
        return false;
    compile_module *before = r->stages[r->n_stages - 2].module;
    *s = (compile_stage){.pass = row->name,
                         .number = number,
                         .failed = failed,
                         .nanoseconds = nanoseconds,
                         .ops_before = before->n_ops,
                         .ops_after = before->n_ops};
    if (touched && !failed) {
        ir_module *copy = ir_clone(&d->copies, d->p.m);
        if (!copy) {
            r->n_stages--;
            return false;
        }
        if (same_module(copy, before->m)) {
            ir_module_free(copy);
            ir_clone_forget(&d->copies);
        } else {
            s->module = share(r->mem, copy, false);
            if (!s->module)
                ir_module_free(copy);
            bool ok = s->module && write_origins(d, &s->origins);
            if (!ok) {
                s->module = s->module ? s->module : (before->refs++, before);
                return false;
            }
            ir_edit_mark_origins(&d->e);
            s->changed = true;
            s->ops_after = s->module->n_ops;
            return true;
        }
    }
    before->refs++;
    s->module = before;
    return true;
}

/* ---- passes --------------------------------------------------------------------------------------------- */

/* The row that a name with an optional "#k" (the k-th of that name, from 1) means; pipeline_n when there is none. */
static uint32_t find_pass(str name) {
    size_t hash = str_find_char(name, '#');
    uint64_t k = 1;
    if (hash < name.n && !num_parse_u64(str_from(name, hash + 1), &k))
        return pipeline_n;
    name = str_slice(name, 0, hash);
    for (uint32_t i = 0; i < pipeline_n; i++)
        if (str_eq(name, str_from_z(pipeline[i].name)) && --k == 0)
            return i;
    return pipeline_n;
}

/* Whether a stage's module is valid; errors go to `to`. */
static bool check_stage(struct driver *d, uint32_t stage, struct diags *to) {
    const check_options rules = {.print = text_print_node, .older_forms = d->p.o->update_older_forms};
    return check_module(d->r->stages[stage].module->m, &rules, to);
}

/* Checks the input as a reader of tt-mlir's would: what is wrong in it may be gone in what comes out. Not where a compile goes on
 * behind a pass: what that left need not be valid for whoever made it. */
static bool verify_input(struct driver *d) {
    const compile_options *o = d->p.o;
    if (!o->verify || o->start_after.n || o->only_pass.n || check_stage(d, 0, d->p.d))
        return true;
    ir_note(&d->p.report, 0, "in the input, before any pass");
    d->r->stages[0].failed = true;
    return false;
}

/* Checks what the passes left: what they made must be valid. Only the last module is checked when it is; else the first
 * stage that is not is sought, which says the pass. The stages behind it go. */
static bool verify(struct driver *d) {
    compile_run *r = d->r;
    struct diags quiet;
    diags_init(&quiet, r->mem);
    bool valid = check_stage(d, r->n_stages - 1, &quiet);
    diags_free(&quiet);
    for (uint32_t i = 0; !valid && i < r->n_stages; i++) {
        if (!r->stages[i].changed || check_stage(d, i, d->p.d))
            continue;
        if (i == 0)
            ir_note(&d->p.report, 0, "in the input, before any pass");
        else
            ir_note(&d->p.report, 0, "after pass %s", r->stages[i].pass);
        r->stages[i].failed = true;
        while (r->n_stages > i + 1)
            drop_stage(r);
        return false;
    }
    return true;
}

/* Runs one pass and keeps its stage. False when the run ends here. */
static bool run_pass(struct driver *d, uint32_t i) {
    pass_context *p = &d->p;
    const pass_row *row = &pipeline[i];
    p->pass = row->name;
    p->scope = row->scope == PASS_ROOT ? p->m->root : device_module(p->m);
    if (!p->scope && p->o->only_pass.n) /* alone, a pass works on whatever module it is given */
        p->scope = p->m->root;
    if (!p->scope)
        return true;
    uint64_t changes = p->e->changes, start = clock_now_ns();
    size_t errors = p->d->errors;
    bool ok = row->run(p);
    p->e->listen = NULL;
    p->e->from = 0;
    p->e->since = 0;
    ok = ok && p->d->errors == errors && !p->m->failed && !p->c->failed;
    if ((p->m->failed || p->c->failed) && p->d->errors == errors)
        diag_out_of_memory(p->d);
    uint64_t took = clock_now_ns() - start;
    bool touched = p->e->changes != changes;
    if (ok && touched && p->o->verify)
        ok = check_returns(p);
    arena_reset(&p->scratch, d->empty);
    if (!keep_stage(d, row, i + 1, touched, !ok, took)) {
        diag_out_of_memory(p->d);
        return false;
    }
    return ok;
}

static bool run_passes(struct driver *d) {
    const compile_options *o = d->p.o;
    uint32_t first = 0, last = pipeline_n - 1;
    if (o->only_pass.n) {
        first = last = find_pass(o->only_pass);
        if (first == pipeline_n) {
            diag_add(d->p.d, DIAG_ERROR, NULL, 0, 0, "no pass '%.*s'", STR_ARG(o->only_pass));
            return false;
        }
    }
    if (o->start_after.n) {
        first = find_pass(o->start_after) + 1;
        if (first > pipeline_n) {
            diag_add(d->p.d, DIAG_ERROR, NULL, 0, 0, "no pass '%.*s'", STR_ARG(o->start_after));
            return false;
        }
    }
    if (o->stop_after.n) {
        last = find_pass(o->stop_after);
        if (last == pipeline_n) {
            diag_add(d->p.d, DIAG_ERROR, NULL, 0, 0, "no pass '%.*s'", STR_ARG(o->stop_after));
            return false;
        }
    }
    for (uint32_t i = first; i <= last; i++) {
        const pass_row *row = &pipeline[i];
        if (row->enabled && !o->only_pass.n && !row->enabled(o))
            continue;
        if (o->progress && !o->progress(o->progress_arg, i, pipeline_n, str_from_z(row->name))) {
            d->r->cancelled = true;
            diag_add(d->p.d, DIAG_ERROR, NULL, 0, 0, "cancelled before pass %s", row->name);
            return false;
        }
        if (!run_pass(d, i))
            return false;
    }
    return !o->verify || verify(d);
}

/* ---- a run ---------------------------------------------------------------------------------------------- */

/* What a module of n ops (values, ...) comes to by the end of a compile: erased ones keep their handles. */
static uint32_t grown(uint32_t n) {
    enum { GROWTH = 5 };
    return n < UINT32_MAX / GROWTH ? n * GROWTH : n;
}

/* The working copy of the input, and stage 0. */
static bool begin(struct driver *d, const ir_module *input) {
    compile_run *r = d->r;
    compile_stage *s = add_stage(r);
    if (!s)
        return false;
    s->module = share(r->mem, input, true);
    if (!s->module) {
        r->n_stages = 0;
        return false;
    }
    s->changed = true;
    s->ops_before = s->ops_after = s->module->n_ops;
    ir_module *m = ir_clone(&d->copies, input);
    if (!m)
        return false;
    d->p.m = m;
    /* The map must lead from the working copy to the input. */
    ir_handles back = d->copies.order;
    d->copies.order = d->copies.map;
    d->copies.map = back;
    if (!ir_module_reserve(m, grown(m->n_ops), grown(m->n_values), grown(m->n_pool)))
        return false;
    d->p.c = m->ctx;
    d->p.e = &d->e;
    d->p.report = ir_report_begin(m, d->p.d);
    d->p.pass = "input";
    /* The first chunk stays for the whole run, so that its pages are made once. */
    size_t room = (size_t)m->n_ops * 256;
    arena_init_sized(&d->p.scratch, r->mem, room < MOST_KEPT ? room : MOST_KEPT);
    if (!arena_alloc(&d->p.scratch, 1, 1))
        return false;
    d->empty = arena_mark(&d->p.scratch);
    map_u64_init(&d->p.symbols, r->mem);
    d->p.names = mem_alloc_zero(r->mem, OP_N * sizeof *d->p.names);
    d->p.rewriting = rewrite_workspace_new(r->mem);
    return ir_edit_init(&d->e, m) && d->p.names && d->p.rewriting;
}

/* Every pass once. NULL only when out of memory. */
static compile_run *run_once(const ir_module *input, const compile_options *o, struct diags *diags) {
    struct mem *mem = input->mem;
    uint64_t start = clock_now_ns();
    struct driver d = {.r = mem_alloc_zero(mem, sizeof *d.r), .p = {.o = o, .d = diags}};
    if (!d.r) {
        diag_out_of_memory(diags);
        return NULL;
    }
    d.r->mem = mem;
    ir_cloner_init(&d.copies, mem);
    if (begin(&d, input))
        d.r->ok = check_input(&d.p) && verify_input(&d) && run_passes(&d);
    else
        diag_out_of_memory(diags);
    if (d.e.m)
        ir_edit_free(&d.e);
    if (d.p.m) {
        arena_free(&d.p.scratch);
        map_u64_free(&d.p.symbols);
        mem_free(mem, d.p.names, OP_N * sizeof *d.p.names);
        rewrite_workspace_free(d.p.rewriting);
    }
    ir_module_free(d.p.m);
    ir_cloner_free(&d.copies);
    d.r->nanoseconds = clock_now_ns() - start;
    if (!d.r->n_stages) {
        compile_free(d.r);
        return NULL;
    }
    return d.r;
}

/* ---- the better of two ----------------------------------------------------------------------------------- */

/* The first stage that chose layouts; 0 when none did or it changed nothing. */
static uint32_t layout_stage(const compile_run *r) {
    for (uint32_t i = 1; i < r->n_stages; i++)
        if (r->stages[i].changed && pipeline[r->stages[i].number - 1].run == pass_layout_propagation)
            return i;
    return 0;
}

static bool estimate(const compile_run *r, double l1_cap, double *ns) {
    legal_env e;
    if (!r->ok || !legal_env_init(&e, compile_result(r), l1_cap))
        return false;
    *ns = cost_of_module(&e).ns;
    return true;
}

/* Tells of the last pass, so that what is shown of the progress does not go back. */
static bool late_progress(void *options, uint32_t pass, uint32_t n_passes, str name) {
    const compile_options *o = options;
    (void)pass;
    return o->progress(o->progress_arg, n_passes - 1, n_passes, name);
}

/* The stage says that its pass changed nothing. */
static void undo_stage(compile_run *r, uint32_t i) {
    compile_stage *s = &r->stages[i], was = *s;
    compile_module *before = r->stages[i - 1].module;
    before->refs++;
    *s = (compile_stage){.pass = was.pass,
                         .number = was.number,
                         .module = before,
                         .nanoseconds = was.nanoseconds,
                         .ops_before = before->n_ops,
                         .ops_after = before->n_ops};
    release(was.module, r->mem);
    mem_free(r->mem, was.origins.start, was.origins.n_start * sizeof *was.origins.start);
    mem_free(r->mem, was.origins.sources, was.origins.n_sources * sizeof *was.origins.sources);
}

/* The stages of `other`, which went on from stage `from` - 1 without layouts, take the place of those from `from` on. Room for
 * them is there: they are fewer. */
static void take_stages(compile_run *r, compile_run *other, uint32_t from) {
    uint32_t next = from, first = other->n_stages > 1 ? other->stages[1].number : pipeline_n;
    while (next < r->n_stages && r->stages[next].number < first)
        undo_stage(r, next++);
    while (r->n_stages > next)
        drop_stage(r);
    for (uint32_t i = 1; i < other->n_stages; i++) {
        compile_stage s = other->stages[i];
        if (s.module->borrowed) { /* the module that it began with is ours */
            release(s.module, r->mem);
            s.module = r->stages[from - 1].module;
            s.module->refs++;
        }
        r->stages[r->n_stages++] = s;
    }
    other->n_stages = 1;
}

/* Layouts are chosen before the last passes, which may make of them what is worth less. Where that left the module worse, by
 * its estimate, than it is without any, it does without. */
static void keep_better(compile_run *r, const compile_options *o, struct diags *diags) {
    uint32_t from = layout_stage(r);
    double with, without;
    if (!from || !estimate(r, o->tensor_l1_usage_cap, &with))
        return;
    compile_options rest = *o;
    struct diags quiet;
    diags_init(&quiet, r->mem);
    rest.memory_layout = COMPILE_OFF;
    rest.start_after = str_from_z(r->stages[from].pass);
    rest.progress = o->progress ? late_progress : NULL;
    rest.progress_arg = (void *)(uintptr_t)o; /* which it only reads */
    compile_run *other = run_once(r->stages[from - 1].module->m, &rest, &quiet);
    if (other && other->cancelled) {
        diag_add(diags, DIAG_ERROR, NULL, 0, 0, "cancelled while layouts were judged");
        r->ok = false;
        r->cancelled = true;
    } else if (other && estimate(other, o->tensor_l1_usage_cap, &without) && without < with) {
        take_stages(r, other, from);
    }
    r->nanoseconds += other ? other->nanoseconds : 0;
    compile_free(other);
    diags_free(&quiet);
}

compile_run *compile_run_new(const ir_module *input, const compile_options *o, struct diags *diags) {
    compile_run *r = run_once(input, o, diags);
    if (r && r->ok && !o->only_pass.n && !o->start_after.n && !o->stop_after.n)
        keep_better(r, o, diags);
    return r;
}

/* ---- tracing -------------------------------------------------------------------------------------------- */

uint32_t compile_trace_back(const compile_run *r, uint32_t stage, uint32_t op, uint32_t to, uint32_t *out,
                            uint32_t cap) {
    VEC(uint32_t) now, before;
    vec_init(&now, r->mem);
    vec_init(&before, r->mem);
    vec_push(&now, op);
    for (; stage > to; stage--) {
        const compile_origins *from = &r->stages[stage].origins;
        if (!from->start)
            continue;
        vec_clear(&before);
        for (size_t i = 0; i < now.n; i++)
            for (uint32_t k = from->start[now.v[i]]; k < from->start[now.v[i] + 1]; k++) {
                size_t j = 0;
                while (j < before.n && before.v[j] != from->sources[k])
                    j++;
                if (j == before.n)
                    vec_push(&before, from->sources[k]);
            }
        vec_clear(&now);
        for (size_t i = 0; i < before.n; i++)
            vec_push(&now, before.v[i]);
    }
    uint32_t n = (uint32_t)now.n;
    for (uint32_t i = 0; i < n && i < cap; i++)
        out[i] = now.v[i];
    vec_free(&now);
    vec_free(&before);
    return n;
}
