/* Compiles modules and compares what comes out with modules read from files, op for op. For compare.py, which speaks to it
 * line by line over standard input and output.
 *
 *   request   input \t name \t expected \t start_after \t stop_after \t option=value;... \t print \t system
 *   answer    one JSON object per line
 *
 * `expected` is a path, or "pass=path|pass=path|..." for the stages of a run in order; empty: nothing is compared. Both
 * modules are in one context, so equal attributes have equal handles. `print` is a path that the result is written to in
 * customary form, or empty. `system` is a path of a module whose system descriptor the input gets, or empty.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/diag.h"
#include "base/file.h"
#include "base/guard.h"
#include "base/json.h"
#include "base/map.h"
#include "compile/compile.h"
#include "dialect/check.h"
#include "dialect/dialect.h"
#include "text/text.h"

/* ---- comparing ------------------------------------------------------------------------------------------ */

struct compare {
    const ir_module *want, *got;
    const ir_context *c;
    uint32_t *value; /* value of want -> value of got, filled as they are met */
    uint32_t *block;
    struct buf kind, text; /* what differs, for grouping; and in words */
    ir_op want_op, got_op;
    uint32_t left_out;            /* properties of another version */
    struct map_str renamed, back; /* hashes of want -> string node of got, and the other way round */
};

/* Where the hash in a name starts: "cpu_hoisted_const_eval_" before eight digits; a func_hash is nothing else; -1. */
static int hash_at(str s) {
    size_t digits = 0;
    while (digits < s.n && ((s.p[s.n - 1 - digits] >= '0' && s.p[s.n - 1 - digits] <= '9') ||
                            (s.p[s.n - 1 - digits] >= 'a' && s.p[s.n - 1 - digits] <= 'f')))
        digits++;
    if (digits == 64 && s.n == 64)
        return 0;
    return digits >= 8 && str_starts_with(s, STR("cpu_hoisted_")) ? (int)(s.n - 8) : -1;
}

/* Names of functions of the CPU module end in a hash of their text, locations included, and these name the input file as it
 * was called when the reference compiler ran, which the corpus does not tell. Such names and hashes are equal when each
 * stands for one and the same other; how many differ is in the answer ("renamed"). */
static bool same_name(struct compare *k, str want, str got) {
    if (str_eq(want, got))
        return true;
    int at = hash_at(want);
    if (at < 0 || at != hash_at(got) || want.n != got.n || memcmp(want.p, got.p, (size_t)at) != 0)
        return false;
    ir_context *c = k->got->ctx;
    uint32_t *to = map_str_put(&k->renamed, want, ir_string(c, got, true), NULL);
    uint32_t *from = map_str_put(&k->back, got, ir_string(c, want, true), NULL);
    return to && from && str_eq(ir_str_of(c, *to), got) && str_eq(ir_str_of(c, *from), want);
}

static void put_node(struct buf *b, const ir_context *c, ir_node n) {
    if (n)
        text_print_node(c, n, b);
    else
        buf_lit(b, "nothing");
}

static bool differs(struct compare *k, const char *what, str detail) {
    buf_printf(&k->kind, "%s %.*s", what, STR_ARG(ir_op_name_str(k->want, k->want_op)));
    if (detail.n)
        buf_printf(&k->kind, " %.*s", STR_ARG(detail));
    return false;
}

static void want_got(struct compare *k, ir_node want, ir_node got) {
    buf_lit(&k->text, "want ");
    put_node(&k->text, k->c, want);
    buf_lit(&k->text, "\n  got  ");
    put_node(&k->text, k->c, got);
}

/* Constants of another form (hex digits, raw bytes) are equal when they print alike. */
static bool same_print(struct compare *k, ir_attr a, ir_attr b) {
    struct buf want, got;
    buf_init(&want, k->text.mem);
    buf_init(&got, k->text.mem);
    put_node(&want, k->c, a);
    put_node(&got, k->c, b);
    bool same = str_eq(str_of(want.p, want.n), str_of(got.p, got.n));
    buf_free(&want);
    buf_free(&got);
    return same;
}

/* Equal nodes; big constants, which are not interned, by their bytes. */
static bool same_attr(struct compare *k, ir_attr a, ir_attr b) {
    const ir_context *c = k->c;
    if (a == b)
        return true;
    if (!a || !b || ir_kind_of(c, a) != ir_kind_of(c, b))
        return false;
    if (ir_flags_of(c, a) != ir_flags_of(c, b))
        return ir_kind_of(c, a) == IR_ATTR_DENSE && same_print(k, a, b);
    if (ir_kind_of(c, a) == IR_ATTR_DENSE)
        return ir_at(c, a, 0) == ir_at(c, b, 0) && str_eq(ir_data(c, a), ir_data(c, b));
    if (ir_kind_of(c, a) == IR_ATTR_STRING || ir_kind_of(c, a) == IR_ATTR_SYMBOL)
        return same_name(k, ir_str_of(c, a), ir_str_of(c, b));
    return false;
}

/* `d`: the op, when these are its properties: those that it does not have, because another version wrote them, do not
 * count (the reader has warned of them). */
static bool same_dict(struct compare *k, const char *what, const op_def *d, ir_attr want, ir_attr got) {
    const ir_context *c = k->c;
    if (want == got)
        return true;
    uint32_t n = want && ir_kind_of(c, want) == IR_ATTR_DICT ? ir_count(c, want) : 0;
    uint32_t ng = got && ir_kind_of(c, got) == IR_ATTR_DICT ? ir_count(c, got) : 0;
    for (uint32_t i = 0; i + 1 < n; i += 2) {
        str key = ir_str_of(c, ir_at(c, want, i));
        ir_attr other = ng ? ir_dict_get(c, got, key) : 0;
        if (d && !op_find_attr(d, key, NULL)) {
            k->left_out++;
            continue;
        }
        if (!same_attr(k, ir_at(c, want, i + 1), other)) {
            want_got(k, ir_at(c, want, i + 1), other);
            return differs(k, other ? what : "missing attribute", key);
        }
    }
    for (uint32_t i = 0; i + 1 < ng; i += 2) {
        str key = ir_str_of(c, ir_at(c, got, i));
        if (!n || !ir_dict_get(c, want, key)) {
            want_got(k, 0, ir_at(c, got, i + 1));
            return differs(k, "extra attribute", key);
        }
    }
    return true;
}

static bool same_op(struct compare *k, ir_op w, ir_op g) {
    const ir_module *want = k->want, *got = k->got;
    const ir_op_data *a = &want->ops[w], *b = &got->ops[g];
    k->want_op = w;
    k->got_op = g;
    if (a->name != b->name) {
        buf_printf(&k->text, "want %.*s\n  got  %.*s", STR_ARG(ir_op_name_str(want, w)),
                   STR_ARG(ir_op_name_str(got, g)));
        buf_printf(&k->kind, "op: want %.*s got %.*s", STR_ARG(ir_op_name_str(want, w)),
                   STR_ARG(ir_op_name_str(got, g)));
        return false;
    }
    if (a->n_operands != b->n_operands || a->n_results != b->n_results || a->n_regions != b->n_regions ||
        a->n_successors != b->n_successors)
        return differs(k, "counts", STR(""));
    for (uint32_t i = 0; i < a->n_results; i++) {
        k->value[a->results + i] = b->results + i;
        if (ir_value_type(want, a->results + i) != ir_value_type(got, b->results + i)) {
            want_got(k, ir_value_type(want, a->results + i), ir_value_type(got, b->results + i));
            return differs(k, "result type", STR(""));
        }
    }
    for (uint32_t i = 0; i < a->n_operands; i++) {
        ir_value x = ir_operand(want, w, i), y = ir_operand(got, g, i);
        if (k->value[x] == 0)
            k->value[x] = y; /* defined further down */
        if (k->value[x] != y) {
            buf_printf(&k->text, "operand %u", i);
            return differs(k, "operand", STR(""));
        }
    }
    for (uint32_t i = 0; i < a->n_regions; i++) {
        ir_block x = want->regions[ir_op_region(want, w, i)].first, y = got->regions[ir_op_region(got, g, i)].first;
        for (; x && y; x = want->blocks[x].next, y = got->blocks[y].next) {
            k->block[x] = y;
            if (want->blocks[x].n_args != got->blocks[y].n_args)
                return differs(k, "block arguments", STR(""));
            for (uint32_t j = 0; j < want->blocks[x].n_args; j++) {
                ir_value va = want->blocks[x].args + j, vb = got->blocks[y].args + j;
                k->value[va] = vb;
                if (ir_value_type(want, va) != ir_value_type(got, vb)) {
                    want_got(k, ir_value_type(want, va), ir_value_type(got, vb));
                    return differs(k, "argument type", STR(""));
                }
                if (want->values[va].loc != got->values[vb].loc) {
                    want_got(k, want->values[va].loc, got->values[vb].loc);
                    return differs(k, "argument location", STR(""));
                }
            }
            /* The walk goes through both in step; blocks that end at different places show there. */
            if (!want->blocks[x].first != !got->blocks[y].first)
                return differs(k, "empty block", STR(""));
        }
        if (x || y)
            return differs(k, "blocks", STR(""));
    }
    if (!same_dict(k, "attribute", dialect_def_of(want, w), a->props, b->props) ||
        !same_dict(k, "attribute", NULL, a->attrs, b->attrs))
        return false;
    if (a->loc != b->loc) {
        want_got(k, a->loc, b->loc);
        return differs(k, "location", STR(""));
    }
    return true;
}

static bool compare_modules(struct compare *k) {
    const ir_module *want = k->want, *got = k->got;
    ir_op w = want->root, g = got->root;
    while (w && g) {
        if (!same_op(k, w, g))
            return false;
        w = ir_walk_next(want, want->root, w);
        g = ir_walk_next(got, got->root, g);
        /* In step means under corresponding blocks. */
        if (w && g && k->block[want->ops[w].block] != got->ops[g].block) {
            k->want_op = w;
            k->got_op = g;
            buf_printf(&k->text, "want %.*s\n  got  %.*s", STR_ARG(ir_op_name_str(want, w)),
                       STR_ARG(ir_op_name_str(got, g)));
            buf_printf(&k->kind, "op: want %.*s got %.*s (elsewhere)", STR_ARG(ir_op_name_str(want, w)),
                       STR_ARG(ir_op_name_str(got, g)));
            return false;
        }
    }
    if (w || g) {
        k->want_op = w;
        k->got_op = g;
        buf_printf(&k->kind, w ? "op: missing %.*s" : "op: extra %.*s",
                   STR_ARG(w ? ir_op_name_str(want, w) : ir_op_name_str(got, g)));
        return false;
    }
    return true;
}

/* ---- one request ---------------------------------------------------------------------------------------- */

struct request {
    str field[8];
    struct mem mem;
    ir_context *c;
    struct diags d;
    struct json_writer *w;
};

static void release_file(void *what) {
    file_close(what);
}

/* The stage files hold the compiler's warnings behind the module: the text up to there, followed by a zero byte. */
static str without_warnings(struct request *q, str text) {
    size_t at = str_find(text, STR(": warning: "));
    if (at == text.n)
        return text;
    while (at && text.p[at - 1] != '\n')
        at--;
    char *copy = ir_context_alloc(q->c, at + 1);
    if (!copy)
        return text;
    memcpy(copy, text.p, at);
    copy[at] = 0;
    return str_of(copy, at);
}

static ir_module *read_module(struct request *q, str path, str name) {
    char z[4096];
    snprintf(z, sizeof z, "%.*s", STR_ARG(path));
    struct file *f = ir_context_alloc(q->c, sizeof *f);
    if (!f || !file_open(f, &q->mem, z)) {
        diag_add(&q->d, DIAG_ERROR, NULL, 0, 0, "cannot read %s", z);
        return NULL;
    }
    ir_context_own(q->c, f, release_file);
    const text_read_options o = {.strict = true};
    return text_read(q->c, without_warnings(q, file_text(f)), name, &o, &q->d);
}

static void put_differences(struct request *q, struct compare *k) {
    json_key(q->w, STR("kind"));
    json_str(q->w, buf_str(&k->kind));
    json_key(q->w, STR("text"));
    json_str(q->w, buf_str(&k->text));
    struct buf loc;
    buf_init(&loc, &q->mem);
    if (k->want_op)
        put_node(&loc, q->c, k->want->ops[k->want_op].loc);
    json_key(q->w, STR("at"));
    json_str(q->w, buf_str(&loc));
    buf_free(&loc);
}

/* Compares `got` with the module at `path`; writes the differences into the answer. */
static bool compare_with(struct request *q, const ir_module *got, str path) {
    ir_module *want = read_module(q, path, path);
    if (!want) {
        json_key(q->w, STR("kind"));
        json_str(q->w, STR("expected module does not read"));
        return false;
    }
    struct compare k = {.want = want, .got = got, .c = q->c};
    k.value = mem_alloc_zero(&q->mem, want->n_values * sizeof *k.value);
    k.block = mem_alloc_zero(&q->mem, want->n_blocks * sizeof *k.block);
    buf_init(&k.kind, &q->mem);
    buf_init(&k.text, &q->mem);
    map_str_init(&k.renamed, &q->mem);
    map_str_init(&k.back, &q->mem);
    bool same = compare_modules(&k);
    if (!same)
        put_differences(q, &k);
    json_key(q->w, STR("left_out"));
    json_u64(q->w, k.left_out);
    json_key(q->w, STR("renamed"));
    json_u64(q->w, k.renamed.n);
    map_str_free(&k.renamed);
    map_str_free(&k.back);
    buf_free(&k.kind);
    buf_free(&k.text);
    mem_free(&q->mem, k.value, want->n_values * sizeof *k.value);
    mem_free(&q->mem, k.block, want->n_blocks * sizeof *k.block);
    ir_module_free(want);
    return same;
}

static str next_field(str *rest, char end) {
    size_t at = str_find_char(*rest, end);
    str part = str_slice(*rest, 0, at);
    *rest = str_from(*rest, at + 1);
    return part;
}

/* The stages that changed something against "pass=path|pass=path...". */
static bool compare_stages(struct request *q, const compile_run *r, str list) {
    uint32_t i = 1;
    for (uint32_t n = 0; list.n; n++) {
        str entry = next_field(&list, '|');
        str pass = next_field(&entry, '=');
        while (i < r->n_stages && !r->stages[i].changed)
            i++;
        json_key(q->w, STR("stages"));
        json_u64(q->w, n);
        if (i == r->n_stages || !str_eq(pass, str_from_z(r->stages[i].pass))) {
            struct buf text;
            buf_init(&text, &q->mem);
            buf_printf(&text, "pass: want %.*s got %s", STR_ARG(pass),
                       i == r->n_stages ? "the end" : r->stages[i].pass);
            json_key(q->w, STR("kind"));
            json_str(q->w, buf_str(&text));
            buf_free(&text);
            return false;
        }
        if (!compare_with(q, r->stages[i].module->m, entry)) {
            json_key(q->w, STR("pass"));
            json_str(q->w, pass);
            return false;
        }
        i++;
    }
    return true;
}

static void put_errors(struct request *q) {
    struct buf b;
    buf_init(&b, &q->mem);
    diags_render(&q->d, &b, (struct diag_style){false});
    json_key(q->w, STR("errors"));
    json_str(q->w, buf_str(&b));
    buf_free(&b);
}

static void write_text(struct request *q, const ir_module *m, str path) {
    char z[4096];
    snprintf(z, sizeof z, "%.*s", STR_ARG(path));
    struct buf b;
    buf_init(&b, &q->mem);
    const text_print_options o = {.locations = true};
    if (text_print(m, &o, &b)) {
        FILE *f = fopen(z, "w");
        if (f) {
            fwrite(b.p, 1, b.n, f);
            fclose(f);
        }
    }
    buf_free(&b);
}

static void set_options(struct request *q, compile_options *o) {
    compile_options_init(o);
    if (str_eq(q->field[3], STR("only"))) {
        o->only_pass = q->field[4];
    } else {
        o->start_after = q->field[3];
        o->stop_after = q->field[4];
    }
    if (o->only_pass.n)
        o->verify = false; /* the module after one pass alone need not be valid: the next one may complete it */
    str list = q->field[5];
    while (list.n) {
        str entry = next_field(&list, '\x1f'), name = next_field(&entry, '=');
        const char *why;
        if (!compile_option_set(o, name, entry, &why))
            diag_add(&q->d, DIAG_ERROR, NULL, 0, 0, "option %.*s: %s", STR_ARG(name), why);
    }
}

/* The module that the passes work on: the one inside the device module, or the root. */
static ir_op inner_module(const ir_module *m) {
    ir_op found = m->root;
    for (ir_op op = m->root; op; op = ir_walk_next(m, m->root, op))
        if (str_eq(ir_op_name_str(m, op), STR("builtin.module")) &&
            str_eq(op == m->root ? STR("") : ir_op_name_str(m, ir_parent_op(m, op)), STR("ttcore.device_module")))
            found = op;
    return found;
}

/* Gives the input the system descriptor of another module. */
static void set_system(struct request *q, ir_module *m) {
    ir_module *other = read_module(q, q->field[7], q->field[7]);
    str key = STR("ttcore.system_desc");
    ir_attr desc = other ? ir_op_attr(other, inner_module(other), key) : 0;
    ir_op to = inner_module(m);
    if (desc)
        ir_op_at(m, to)->attrs = ir_dict_set(q->c, ir_op_at(m, to)->attrs, key, desc);
    ir_module_free(other);
}

static const char *answer(struct request *q) {
    compile_options o;
    set_options(q, &o);
    ir_module *m = read_module(q, q->field[0], q->field[1]);
    const check_options rules = {.print = text_print_node, .older_forms = o.update_older_forms};
    if (!m || !check_module(m, &rules, &q->d)) {
        ir_module_free(m);
        return "unreadable";
    }
    if (q->field[7].n)
        set_system(q, m);
    const char *status = "refused";
    compile_run *r = compile_run_new(m, &o, &q->d);
    if (r && r->ok) {
        str want = q->field[2];
        bool same = want.n == 0 || (str_find_char(want, '=') < want.n ? compare_stages(q, r, want)
                                                                      : compare_with(q, compile_result(r), want));
        status = same ? "equal" : "differs";
    }
    if (r && q->field[6].n)
        write_text(q, compile_result(r), q->field[6]);
    if (r) {
        json_key(q->w, STR("ns"));
        json_u64(q->w, r->nanoseconds);
    }
    compile_free(r);
    ir_module_free(m);
    return status;
}

int main(void) {
    static char line[1 << 20];
    guard_install();
    while (fgets(line, sizeof line, stdin)) {
        struct request q = {{{0}}};
        str rest = str_of(line, strcspn(line, "\n"));
        for (size_t i = 0; i < 8; i++)
            q.field[i] = next_field(&rest, '\t');
        mem_init(&q.mem);
        q.c = ir_context_new(&q.mem, dialect_resolve);
        diags_init(&q.d, &q.mem);
        struct buf out;
        buf_init(&out, &q.mem);
        struct json_writer w = json_writer_to(&out);
        q.w = &w;
        json_object_begin(&w);
        const char *status = q.c ? answer(&q) : "out of memory";
        json_key(&w, STR("status"));
        json_str(&w, str_from_z(status));
        put_errors(&q);
        json_object_end(&w);
        fwrite(out.p, 1, out.n, stdout);
        putchar('\n');
        fflush(stdout);
        buf_free(&out);
        diags_free(&q.d);
        ir_context_unref(q.c);
        if (q.mem.used)
            fprintf(stderr, "leak of %zu bytes: %.*s\n", q.mem.used, STR_ARG(q.field[0]));
    }
    return 0;
}
