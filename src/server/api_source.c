/* The text of a stage, and the user's own source behind an op.
 *
 * A file of several modules has as many parts; the text of each is as long before the part as the file has lines there,
 * of line breaks only, so that lines are those of the file, and offsets agree with those of graphs and nodes. Lines and
 * columns count from 1, columns in bytes, ends are exclusive.
 */
#define _GNU_SOURCE /* pread */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "server/api_inner.h"
#include "server/security.h"

enum {
    TEXT_DEFAULT = 64 << 10,  /* bytes given when nothing is asked for */
    TEXT_MAX = 4 << 20,       /* bytes given at once */
    OPS_MAX = 10000,          /* ops listed at once */
    USER_FILE_MAX = 64 << 20, /* bytes of a user's source file that are looked at */
    USER_LINES = 20,          /* lines shown around a place */
    LOCATION_STEPS = 64,
};

static str part_text(const struct api_graph *ag) {
    return ag->part->module ? ag->part->module->source : ag->model->text;
}

/* The byte at which line `line` (from 1) begins; text.n when there are fewer. */
static size_t line_start(str text, uint64_t line) {
    size_t at = 0;
    while (line > 1) {
        const char *hit = at < text.n ? memchr(text.p + at, '\n', text.n - at) : NULL;
        if (!hit)
            return text.n;
        at = (size_t)(hit - text.p) + 1;
        line--;
    }
    return at;
}

static bool inside_char(str text, size_t at) {
    return at < text.n && ((unsigned char)text.p[at] & 0xc0) == 0x80;
}

/* The byte at which the part itself begins. */
static void put_first(struct json_writer *w, const struct api_graph *ag) {
    str text = part_text(ag);
    size_t n = 0;
    while (ag->number && n < text.n && text.p[n] == '\n')
        n++;
    json_member_u64(w, STR("first"), n);
}

/* The range of bytes that from, to or line, lines name. */
static bool text_range(struct http_request *r, str text, size_t *begin, size_t *end) {
    uint64_t from = 0, to = 0, line = 0, lines = 0;
    if (!http_query_u64(r, "from", INT64_MAX, &from) || !http_query_u64(r, "to", INT64_MAX, &to) ||
        !http_query_u64(r, "line", INT64_MAX, &line) || !http_query_u64(r, "lines", INT64_MAX, &lines))
        return false;
    if (line) {
        *begin = line_start(text, line);
        *end = *begin + line_start(str_from(text, *begin), (lines ? lines : 1) + 1);
    } else {
        *begin = from < text.n ? (size_t)from : text.n;
        *end = !to ? *begin + TEXT_DEFAULT : to > text.n ? text.n : (size_t)to;
    }
    if (*end < *begin) {
        api_error(r, 400, NULL, "to is before from");
        return false;
    }
    if (*end > text.n)
        *end = text.n;
    if (*end - *begin > TEXT_MAX)
        *end = *begin + TEXT_MAX;
    while (*begin && inside_char(text, *begin)) /* whole characters only */
        --*begin;
    while (inside_char(text, *end))
        ++*end;
    return true;
}

void api_text(struct http_request *r) {
    struct api_graph ag;
    size_t begin, end;
    bool count = false;
    if (!api_flag(r, "count", &count) || !api_part_open(r, &ag))
        return;
    str text = part_text(&ag);
    if (text_range(r, text, &begin, &end)) {
        uint64_t line, column;
        api_line_of(text, begin, &line, &column);
        struct json_writer *w = http_json(r, 200);
        json_object_begin(w);
        json_member_u64(w, STR("begin"), begin);
        json_member_u64(w, STR("end"), end);
        json_member_u64(w, STR("line"), line);
        json_member_u64(w, STR("column"), column);
        json_member_u64(w, STR("total"), text.n);
        if (count) {
            api_line_of(text, text.n, &line, &column);
            json_member_u64(w, STR("total_lines"), line - (column == 1 && line > 1));
        }
        put_first(w, &ag);
        json_member_str(w, STR("text"), str_slice(text, begin, end));
        json_object_end(w);
    }
    api_graph_close(r, &ag);
}

/* --- ops and lines ------------------------------------------------------------------------------------------------ */

/* What shows an op in the graph: its node, or the layer of a function or module. */
static graph_node shown(const graph *g, ir_op op) {
    graph_node n = graph_node_of_op(g, op);
    return n ? n : graph_layer_of_op(g, op);
}

static void put_range(struct json_writer *w, str text, size_t begin, size_t end) {
    uint64_t line, column, end_line, end_column;
    api_line_of(str_from(text, begin), end - begin, &end_line, &end_column);
    api_line_of(text, begin, &line, &column);
    json_member_u64(w, STR("begin"), begin);
    json_member_u64(w, STR("end"), end);
    json_member_u64(w, STR("line"), line);
    json_member_u64(w, STR("column"), column);
    json_member_u64(w, STR("end_line"), line + end_line - 1);
    json_member_u64(w, STR("end_column"), end_line == 1 ? column + (end - begin) : end_column);
}

static bool has_source(const struct http_request *r, const struct api_graph *ag) {
    if (ag->part->module && ag->part->module->source.n)
        return true;
    api_error((struct http_request *)(uintptr_t)r, 404, NULL, "this model has no text");
    return false;
}

static int by_begin(const void *a, const void *b) {
    const uint32_t *x = a, *y = b;
    return x[0] < y[0] ? -1 : x[0] > y[0];
}

/* The ops that begin in bytes [begin, end), by place, as pairs (begin, op). *around is the innermost one that is open
 * at `begin`, 0 for none. */
static size_t find_ops(const ir_module *m, size_t begin, size_t end, uint32_t (*out)[2], ir_op *around) {
    size_t n = 0;
    *around = 0;
    for (ir_op op = 1; op < m->n_ops; op++) {
        const ir_op_data *d = &m->ops[op];
        if (d->src_end <= d->src || d->src_end <= begin)
            continue;
        if (d->src >= begin && d->src < end && n < OPS_MAX) {
            out[n][0] = d->src;
            out[n++][1] = op;
        }
        if (d->src < begin && (!*around || d->src >= m->ops[*around].src))
            *around = op;
    }
    qsort(out, n, sizeof *out, by_begin);
    return n;
}

void api_ops_of_lines(struct http_request *r) {
    struct api_graph ag;
    uint64_t from = 1, to = 0;
    if (!http_query_u64(r, "from", INT64_MAX, &from) || !http_query_u64(r, "to", INT64_MAX, &to) ||
        !api_graph_open(r, &ag))
        return;
    uint32_t(*ops)[2] = arena_alloc(r->arena, OPS_MAX * sizeof *ops, sizeof **ops);
    if (!ops)
        api_error(r, 503, NULL, "out of memory");
    if (ops && has_source(r, &ag)) {
        const ir_module *m = ag.part->module;
        size_t begin = line_start(m->source, from ? from : 1);
        uint64_t lines = to >= from ? to - from + 1 : 1;
        size_t end = begin + line_start(str_from(m->source, begin), lines + 1);
        ir_op around;
        size_t n = find_ops(m, begin, end, ops, &around);
        struct json_writer *w = http_json(r, 200);
        json_object_begin(w);
        json_key(w, STR("ops"));
        json_array_begin(w);
        /* Lines are counted on from op to op, so that the text is looked through once. */
        uint64_t line = from ? from : 1;
        size_t counted = begin;
        for (size_t i = 0; i < n; i++) {
            const ir_op_data *d = &m->ops[ops[i][1]];
            uint64_t more, column, end_line, end_column;
            api_line_of(str_slice(m->source, counted, d->src), d->src - counted, &more, &column);
            line += more - 1;
            counted = d->src;
            api_line_of(str_slice(m->source, d->src, d->src_end), d->src_end - d->src, &end_line, &end_column);
            json_object_begin(w);
            json_member_u64(w, STR("node"), shown(ag.g, ops[i][1]));
            json_member_str(w, STR("op"), ir_op_name_str(m, ops[i][1]));
            json_member_u64(w, STR("begin"), d->src);
            json_member_u64(w, STR("end"), d->src_end);
            json_member_u64(w, STR("line"), line);
            json_member_u64(w, STR("end_line"), line + end_line - 1);
            json_object_end(w);
        }
        json_array_end(w);
        json_key(w, STR("around"));
        if (around)
            json_u64(w, shown(ag.g, around));
        else
            json_null(w);
        json_object_end(w);
    }
    api_graph_close(r, &ag);
}

static bool is_name_char(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '$' ||
           c == '.' || c == '-';
}

/* Where a node stands in the text: false when it stands nowhere. */
static bool node_range(const struct api_graph *ag, graph_node n, size_t *begin, size_t *end) {
    const ir_module *m = ag->part->module;
    const graph_node_data *d = graph_at(ag->g, n);
    if (d->kind == GRAPH_ARGUMENT) {
        uint32_t name = d->ref ? m->values[d->ref].name : 0;
        if (!name)
            return false;
        *begin = name - 1; /* the % before it */
        for (*end = name; *end < m->source.n && is_name_char(m->source.p[*end]);)
            ++*end;
        return true;
    }
    ir_op op = graph_op(ag->g, n);
    if (!op || m->ops[op].src_end <= m->ops[op].src)
        return false;
    *begin = m->ops[op].src;
    *end = m->ops[op].src_end;
    return true;
}

void api_lines_of_op(struct http_request *r) {
    struct api_graph ag;
    graph_node n;
    size_t begin, end;
    if (!api_graph_open(r, &ag))
        return;
    if (has_source(r, &ag) && api_node(r, ag.g, &n)) {
        if (node_range(&ag, n, &begin, &end)) {
            struct json_writer *w = http_json(r, 200);
            json_object_begin(w);
            json_member_u64(w, STR("node"), n);
            put_range(w, ag.part->module->source, begin, end);
            put_first(w, &ag);
            json_object_end(w);
        } else {
            api_error(r, 404, NULL, "node %u stands nowhere in the text", n);
        }
    }
    api_graph_close(r, &ag);
}

/* --- the user's source -------------------------------------------------------------------------------------------- */

/* The file position a location leads to; 0 when it leads to none. */
static ir_loc file_location(const ir_context *c, ir_loc l) {
    for (int i = 0; l && i < LOCATION_STEPS; i++) {
        switch (ir_kind_of(c, l)) {
        case IR_LOC_FILE: return l;
        case IR_LOC_NAME: l = ir_at(c, l, 1); break;
        case IR_LOC_CALLSITE: l = ir_at(c, l, 0); break;
        case IR_LOC_FUSED: {
            ir_loc next = 0;
            for (uint32_t k = 1; k < ir_count(c, l) && !next; k++) {
                ir_kind kind = ir_kind_of(c, ir_at(c, l, k));
                if (kind != IR_LOC_UNKNOWN)
                    next = ir_at(c, l, k);
            }
            l = next;
            break;
        }
        default: return 0;
        }
    }
    return 0;
}

static ir_loc node_location(const struct api_graph *ag, graph_node n) {
    const ir_module *m = ag->part->module;
    const graph_node_data *d = graph_at(ag->g, n);
    if (d->kind == GRAPH_ARGUMENT)
        return d->ref ? m->values[d->ref].loc : 0;
    ir_op op = graph_op(ag->g, n);
    return op ? m->ops[op].loc : 0;
}

/* Opens a source file that a location names: as it is, or beside the model. -1 when it may not be read. */
static int open_source(struct http_request *r, const struct model *m, str file, str *real) {
    int status;
    str why;
    if (file.n && file.p[0] == '/')
        return security_open(r->server->security, file, r->arena, real, &status, &why);
    size_t slash = m->info.path.n;
    while (slash && m->info.path.p[slash - 1] != '/')
        slash--;
    if (!slash)
        return -1;
    str beside = arena_printf(r->arena, "%.*s%.*s", STR_ARG(str_slice(m->info.path, 0, slash)), STR_ARG(file));
    return beside.p ? security_open(r->server->security, beside, r->arena, real, &status, &why) : -1;
}

/* The whole of a file of sensible size; .p NULL otherwise. */
static str read_source(struct http_request *r, int fd) {
    struct stat st;
    if (fstat(fd, &st) != 0 || st.st_size > USER_FILE_MAX)
        return (str){0};
    char *text = arena_alloc(r->arena, (size_t)st.st_size + 1, 1);
    size_t n = 0;
    while (text && n < (size_t)st.st_size) {
        ssize_t got = pread(fd, text + n, (size_t)st.st_size - n, (off_t)n);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            break;
        n += (size_t)got;
    }
    return text ? str_of(text, n) : (str){0};
}

static void answer_source(struct http_request *r, const struct api_graph *ag, ir_loc at, uint64_t around) {
    const ir_context *c = ag->model->ctx;
    str file = ir_str_of(c, ir_at(c, at, 0)), real = {0}, text = {0};
    uint64_t line = ir_at(c, at, 1);
    int fd = open_source(r, ag->model, file, &real);
    if (fd >= 0) {
        text = read_source(r, fd);
        close(fd);
    }
    struct json_writer *w = http_json(r, 200);
    json_object_begin(w);
    json_member_str(w, STR("file"), file);
    json_member_u64(w, STR("line"), line);
    json_member_u64(w, STR("column"), ir_at(c, at, 2));
    json_member_bool(w, STR("readable"), text.p != NULL);
    if (text.p) {
        uint64_t first = line > around ? line - around : 1;
        size_t begin = line_start(text, first);
        size_t end = begin + line_start(str_from(text, begin), line + around - first + 2);
        json_member_str(w, STR("path"), real);
        json_member_u64(w, STR("first_line"), first);
        json_member_str(w, STR("text"), str_slice(text, begin, end - begin > TEXT_MAX ? begin + TEXT_MAX : end));
    }
    json_object_end(w);
}

void api_user_source(struct http_request *r) {
    struct api_graph ag;
    graph_node n;
    uint64_t around = USER_LINES;
    if (!http_query_u64(r, "around", 1000, &around) || !api_graph_open(r, &ag))
        return;
    if (has_source(r, &ag) && api_node(r, ag.g, &n)) {
        ir_loc at = file_location(ag.model->ctx, node_location(&ag, n));
        if (at)
            answer_source(r, &ag, at, around);
        else
            api_error(r, 404, NULL, "the location of node %u names no source file", n);
    }
    api_graph_close(r, &ag);
}
