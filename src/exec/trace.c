/* Traces as files: Chrome's JSON (Perfetto opens it) and CSV. */
#include "exec/exec.h"
#include "exec/inner.h"

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
    for (size_t i = 0; i < x->trace.n; i++) {
        const exec_record *r = &x->trace.v[i];
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
    json_array_end(&w);
    json_object_end(&w);
    buf_putc(out, '\n');
    return !out->failed;
}

bool exec_trace_csv(const exec_plan *x, struct buf *out) {
    buf_lit(out, "op,name,line,kernel,start_ns,ns,fused,threads,read,written,flops,allocated,live\n");
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
        buf_putc(out, '\n');
    }
    return !out->failed;
}
