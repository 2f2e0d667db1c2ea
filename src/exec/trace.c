/* Traces as files: Chrome's JSON (Perfetto opens it) and CSV. */
#include <string.h>

#include "exec/exec.h"
#include "exec/inner.h"
#include "text/text.h"

/* Line of an op in the source it was read from; 0 when it has none. */
static uint32_t line_of(const exec_plan *x, ir_op op) {
    uint32_t at = ir_op_at(x->m, op)->src, line = 1;
    str s = x->m->source;
    if (at == 0 && ir_op_at(x->m, op)->src_end == 0)
        return 0;
    for (uint32_t i = 0; i < at && i < s.n; i++)
        line += s.p[i] == '\n';
    return line;
}

/* The text of an op's location without loc( ), which a trace that is read back is bound by; nothing for unknown ones. */
static void put_location(const exec_plan *x, ir_op op, struct buf *out) {
    size_t from = out->n;
    if (!text_print_node(x->m->ctx, ir_op_at(x->m, op)->loc, out) || out->failed)
        return;
    str text = str_of(out->p + from, out->n - from);
    if (str_starts_with(text, STR("loc(")) && str_ends_with(text, STR(")"))) {
        memmove(out->p + from, out->p + from + 4, text.n - 5);
        out->n -= 5;
    }
    if (str_eq(str_of(out->p + from, out->n - from), STR("unknown")))
        out->n = from;
}

static void number(struct json_writer *w, const char *key, uint64_t v) {
    json_key(w, str_from_z(key));
    json_u64(w, v);
}

bool exec_trace_chrome(const exec_plan *x, struct buf *out) {
    struct json_writer w = json_writer_to(out);
    json_object_begin(&w);
    json_key(&w, STR("displayTimeUnit"));
    json_str(&w, STR("ms"));
    json_key(&w, STR("traceEvents"));
    json_array_begin(&w);
    struct buf loc;
    buf_init(&loc, x->mem);
    for (size_t i = 0; i < x->trace.n; i++) {
        const exec_record *r = &x->trace.v[i];
        buf_clear(&loc);
        put_location(x, r->op, &loc);
        json_object_begin(&w);
        json_key(&w, STR("name"));
        json_str(&w, ir_op_name_str(x->m, r->op));
        json_key(&w, STR("cat"));
        json_str(&w, r->kernel);
        json_key(&w, STR("ph"));
        json_str(&w, STR("X"));
        json_key(&w, STR("ts"));
        json_double(&w, (double)r->start_ns / 1000);
        json_key(&w, STR("dur"));
        json_double(&w, (double)r->ns / 1000);
        number(&w, "pid", 1);
        number(&w, "tid", 1);
        json_key(&w, STR("args"));
        json_object_begin(&w);
        number(&w, "op", r->op);
        number(&w, "line", line_of(x, r->op));
        json_key(&w, STR("loc"));
        json_str(&w, buf_str(&loc));
        number(&w, "read", r->read);
        number(&w, "written", r->written);
        number(&w, "flops", r->flops);
        number(&w, "allocated", r->allocated);
        number(&w, "threads", r->threads);
        json_object_end(&w);
        json_object_end(&w);
        json_object_begin(&w);
        json_key(&w, STR("name"));
        json_str(&w, STR("memory"));
        json_key(&w, STR("ph"));
        json_str(&w, STR("C"));
        json_key(&w, STR("ts"));
        json_double(&w, (double)r->start_ns / 1000);
        number(&w, "pid", 1);
        json_key(&w, STR("args"));
        json_object_begin(&w);
        number(&w, "bytes", r->live);
        json_object_end(&w);
        json_object_end(&w);
    }
    out->failed |= loc.failed;
    buf_free(&loc);
    json_array_end(&w);
    json_object_end(&w);
    buf_putc(out, '\n');
    return !out->failed;
}

bool exec_trace_csv(const exec_plan *x, struct buf *out) {
    buf_lit(out, "op,name,line,kernel,start_ns,ns,fused,threads,read,written,flops,allocated,live,loc\n");
    struct buf loc;
    buf_init(&loc, x->mem);
    for (size_t i = 0; i < x->trace.n; i++) {
        const exec_record *r = &x->trace.v[i];
        const uint64_t numbers[] = {r->start_ns, r->ns,    r->fused,     r->threads, r->read,
                                    r->written,  r->flops, r->allocated, r->live};
        buf_put_u64(out, r->op);
        buf_putc(out, ',');
        buf_put_str(out, ir_op_name_str(x->m, r->op));
        buf_putc(out, ',');
        buf_put_u64(out, line_of(x, r->op));
        buf_putc(out, ',');
        buf_put_str(out, r->kernel);
        for (size_t k = 0; k < sizeof numbers / sizeof numbers[0]; k++) {
            buf_putc(out, ',');
            buf_put_u64(out, numbers[k]);
        }
        buf_clear(&loc);
        put_location(x, r->op, &loc);
        buf_lit(out, ",\"");
        for (size_t k = 0; k < loc.n; k++) { /* quotes are doubled: RFC 4180 */
            if (loc.p[k] == '"')
                buf_putc(out, '"');
            buf_putc(out, loc.p[k]);
        }
        buf_lit(out, "\"\n");
    }
    out->failed |= loc.failed;
    buf_free(&loc);
    return !out->failed;
}
