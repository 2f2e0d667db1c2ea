/* Names of values and blocks.
 *
 * One word per value:  0 = none | kind (2 bits) | head of a group of several (1 bit) | number
 *
 *   NUMBER   %n            ARG      %argn
 *   NAMED    %text         MEMBER   n results behind the head of its group: %head#n
 *
 * Regions are numbered from a stack, the last one pushed first, and each starts with the counters its parent region
 * ended with. In generic form the counters are never set back, so names are unique in the whole module and functions
 * come out numbered from the last to the first: that is how mlir-opt does it.
 *
 * A suggested name must not clash with another one of its region or of those around it. The live names stand on a
 * stack in the order they were taken, so leaving a region pops; the hash set over them is cleaned in the reverse order
 * of insertion, which keeps linear probing intact without tombstones.
 */
#include "base/vec.h"
#include "text/printer.h"

enum { KIND_SHIFT = 30, GROUP = 1 << 29, NUMBER_MASK = (1 << 29) - 1 };
enum { KIND_NUMBER, KIND_ARG, KIND_NAMED, KIND_MEMBER };

typedef struct name_text {
    uint32_t at, n; /* in the text buffer */
} name_text;

typedef struct pending_region {
    ir_region region;
    uint32_t value, arg, conflict; /* counters to start with */
    uint32_t live;                 /* height of the stack of names around it */
} pending_region;

typedef struct print_names {
    uint32_t *values;      /* by value; number + 1 in the low bits */
    uint32_t *blocks;      /* by block: number + 1, or GROUP | name index */
    uint32_t *block_order; /* by block */
    size_t n_values, n_blocks;
    VEC(name_text) names;
    struct buf text;
    VEC(uint32_t) live; /* indices of names in use */
    uint32_t *set;      /* name index + 1, hashed by text */
    size_t set_cap;
    VEC(pending_region) pending;
    uint32_t next_value, next_arg, next_conflict;
    bool arg_like; /* somebody suggested a name like arg0 */
} print_names;

bool print_names_init(printer *p) {
    print_names *s = mem_alloc_zero(p->mem, sizeof *s);
    if (!s)
        return false;
    p->names = s;
    buf_init(&s->text, p->mem);
    vec_init(&s->names, p->mem);
    vec_init(&s->live, p->mem);
    vec_init(&s->pending, p->mem);
    s->n_values = p->m->n_values + (size_t)1;
    s->n_blocks = p->m->n_blocks + (size_t)1;
    s->values = mem_alloc_zero(p->mem, s->n_values * sizeof(uint32_t));
    s->blocks = mem_alloc_zero(p->mem, s->n_blocks * sizeof(uint32_t));
    s->block_order = mem_alloc_zero(p->mem, s->n_blocks * sizeof(uint32_t));
    return s->values && s->blocks && s->block_order;
}

void print_names_free(printer *p) {
    print_names *s = p->names;
    if (!s)
        return;
    mem_free(p->mem, s->values, s->n_values * sizeof(uint32_t));
    mem_free(p->mem, s->blocks, s->n_blocks * sizeof(uint32_t));
    mem_free(p->mem, s->block_order, s->n_blocks * sizeof(uint32_t));
    mem_free(p->mem, s->set, s->set_cap * sizeof(uint32_t));
    vec_free(&s->names);
    vec_free(&s->live);
    vec_free(&s->pending);
    buf_free(&s->text);
    mem_free(p->mem, s, sizeof *s);
    p->names = NULL;
}

/* ---- the set of live names ------------------------------------------------------------------------------- */

static str name_of(const print_names *s, uint32_t i) {
    return str_of(s->text.p ? s->text.p + s->names.v[i].at : "", s->names.v[i].n);
}

/* The slot of a name: of itself when it is there, else the free one where it would go. */
static uint32_t *find_slot(print_names *s, str name) {
    size_t mask = s->set_cap - 1;
    size_t i = (size_t)str_hash(name) & mask;
    while (s->set[i] && !str_eq(name_of(s, s->set[i] - 1), name))
        i = (i + 1) & mask;
    return &s->set[i];
}

static bool is_live(print_names *s, str name) {
    return s->set_cap && *find_slot(s, name);
}

static void grow_set(printer *p) {
    print_names *s = p->names;
    size_t cap = s->set_cap ? s->set_cap * 2 : 64;
    uint32_t *set = mem_alloc_zero(p->mem, cap * sizeof *set);
    if (!set) {
        p->failed = true;
        return;
    }
    mem_free(p->mem, s->set, s->set_cap * sizeof *set);
    s->set = set;
    s->set_cap = cap;
    for (size_t i = 0; i < s->live.n; i++)
        *find_slot(s, name_of(s, s->live.v[i])) = s->live.v[i] + 1;
}

static void drop_to(print_names *s, uint32_t height) {
    while (s->live.n > height) {
        uint32_t i = vec_pop(&s->live);
        *find_slot(s, name_of(s, i)) = 0;
    }
}

/* Keeps text[at..] as a name. NUMBER_MASK when there is no room for it. */
static uint32_t keep_name(printer *p, uint32_t at) {
    print_names *s = p->names;
    if (s->text.failed || s->text.n > UINT32_MAX || s->names.n >= NUMBER_MASK ||
        !vec_push(&s->names, (name_text){at, (uint32_t)s->text.n - at})) {
        p->failed = true;
        return NUMBER_MASK;
    }
    return (uint32_t)s->names.n - 1;
}

/* Appends the name as an identifier: a leading digit or odd character gets '_' before it, a space becomes '_', other
 * odd characters their hexadecimal code. */
static void append_identifier(struct buf *b, str name) {
    static const char hex[] = "0123456789ABCDEF";
    for (size_t i = 0; i < name.n; i++) {
        unsigned char c = (unsigned char)name.p[i];
        bool digit = c >= '0' && c <= '9';
        bool valid =
            digit || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '$' || c == '.' || c == '_' || c == '-';
        if (i == 0 && (digit || (!valid && c != ' ')))
            buf_putc(b, '_');
        if (valid) {
            buf_putc(b, (char)c);
        } else if (c == ' ') {
            buf_putc(b, '_');
        } else {
            if (c >> 4)
                buf_putc(b, hex[c >> 4]);
            buf_putc(b, hex[c & 15]);
        }
    }
}

/* Whether the name is "arg" and a number below the next argument's: some %argN around here has it. */
static bool is_taken_arg(print_names *s, str name, bool *arg_like) {
    uint64_t n = 0;
    *arg_like = false;
    if (name.n < 4 || name.n > 12 || memcmp(name.p, "arg", 3) != 0 || (name.p[3] == '0' && name.n > 4))
        return false;
    for (size_t i = 3; i < name.n; i++) {
        if (name.p[i] < '0' || name.p[i] > '9')
            return false;
        n = n * 10 + (uint64_t)(name.p[i] - '0');
    }
    *arg_like = true;
    return n < s->next_arg;
}

/* Makes a free name of the suggestion and takes it; the index of the name. */
static uint32_t take_name(printer *p, str wanted) {
    print_names *s = p->names;
    uint32_t at = (uint32_t)s->text.n;
    append_identifier(&s->text, wanted);
    if (s->text.failed) {
        p->failed = true;
        return NUMBER_MASK;
    }
    if (2 * (s->live.n + 1) > s->set_cap)
        grow_set(p);
    if (p->failed)
        return NUMBER_MASK;
    size_t base = s->text.n;
    bool arg_like;
    bool taken = is_taken_arg(s, str_of(s->text.p + at, base - at), &arg_like);
    s->arg_like |= arg_like;
    while (taken || is_live(s, str_of(s->text.p + at, s->text.n - at))) {
        taken = false;
        s->text.n = base;
        buf_putc(&s->text, '_');
        buf_put_u64(&s->text, s->next_conflict++);
        if (s->text.failed) {
            p->failed = true;
            return NUMBER_MASK;
        }
    }
    uint32_t i = keep_name(p, at);
    if (p->failed || !vec_push(&s->live, i)) {
        p->failed = true;
        return NUMBER_MASK;
    }
    *find_slot(s, name_of(s, i)) = i + 1;
    return i;
}

/* ---- numbering --------------------------------------------------------------------------------------------- */

static uint32_t pack(uint32_t kind, uint32_t n) {
    return kind << KIND_SHIFT | ((n + 1) & NUMBER_MASK);
}

void print_set_value_name(printer *p, ir_value v, str name) {
    print_names *s = p->names;
    if (p->failed || v >= s->n_values)
        return;
    if (name.n == 0)
        s->values[v] = pack(KIND_NUMBER, s->next_value++);
    else
        s->values[v] = pack(KIND_NAMED, take_name(p, name));
}

void print_set_block_name(printer *p, ir_block b, str name) {
    print_names *s = p->names;
    if (p->failed || b >= s->n_blocks || name.n == 0)
        return;
    uint32_t at = (uint32_t)s->text.n;
    append_identifier(&s->text, name);
    s->blocks[b] = GROUP | keep_name(p, at);
}

static void number_results(printer *p, const ir_op_data *op) {
    print_names *s = p->names;
    uint32_t *id = &s->values[op->results];
    uint32_t head = 0;
    if (!id[0])
        id[0] = pack(KIND_NUMBER, s->next_value++);
    for (uint32_t i = 1; i < op->n_results; i++) {
        if (id[i]) {
            head = i;
        } else {
            id[i] = pack(KIND_MEMBER, i - head);
            id[head] |= GROUP;
        }
    }
}

static void number_op(printer *p, ir_op op) {
    const ir_op_data *d = ir_op_at(p->m, op);
    if (!p->o.generic && print_op_def(p, op)) {
        if (d->n_regions)
            asm_block_names(p, op);
        if (d->n_results)
            asm_result_names(p, op);
    }
    if (d->n_results)
        number_results(p, d);
}

static void number_args(printer *p, const ir_block_data *b, bool entry) {
    print_names *s = p->names;
    for (uint32_t i = 0; i < b->n_args; i++) {
        uint32_t *id = &s->values[b->args + i];
        if (*id)
            continue;
        if (!entry) {
            *id = pack(KIND_NUMBER, s->next_value++);
            continue;
        }
        uint32_t n = s->next_arg++;
        *id = pack(KIND_ARG, n);
        if (UNLIKELY(s->arg_like)) {
            char name[16] = "arg";
            struct buf b2 = {.p = name, .n = 3, .cap = sizeof name};
            buf_put_u64(&b2, n);
            if (is_live(s, buf_str(&b2))) {
                s->next_arg--; /* so that its own number does not count as taken */
                *id = pack(KIND_NAMED, take_name(p, buf_str(&b2)));
                s->next_arg = n + 1;
            }
        }
    }
}

static void number_region(printer *p, ir_region r) {
    print_names *s = p->names;
    const ir_module *m = p->m;
    ir_op parent = ir_region_at(m, r)->op;
    if (!p->o.generic && print_op_def(p, parent))
        asm_region_arg_names(p, parent, r);
    uint32_t order = 0;
    ir_block first = ir_region_at(m, r)->first;
    for (ir_block b = first; b; b = ir_block_at(m, b)->next) {
        const ir_block_data *d = ir_block_at(m, b);
        if (!s->blocks[b])
            s->blocks[b] = (order + 1) & NUMBER_MASK;
        s->block_order[b] = order++;
        if (d->n_args)
            number_args(p, d, b == first);
        for (ir_op op = d->first; op; op = ir_op_at(m, op)->next) {
            const ir_op_data *o = ir_op_at(m, op);
            if (o->n_results | o->n_regions)
                number_op(p, op);
        }
    }
}

static void push_regions(printer *p, ir_op op) {
    print_names *s = p->names;
    uint32_t n = ir_op_at(p->m, op)->n_regions;
    for (uint32_t i = 0; i < n; i++)
        if (!vec_push(&s->pending, (pending_region){ir_op_region(p->m, op, i), s->next_value, s->next_arg,
                                                    s->next_conflict, (uint32_t)s->live.n}))
            p->failed = true;
}

void print_names_number(printer *p) {
    print_names *s = p->names;
    const ir_module *m = p->m;
    push_regions(p, m->root);
    number_op(p, m->root);
    while (s->pending.n && !p->failed) {
        pending_region r = vec_pop(&s->pending);
        if (!p->o.generic) {
            s->next_value = r.value;
            s->next_arg = r.arg;
            s->next_conflict = r.conflict;
            drop_to(s, r.live);
        }
        number_region(p, r.region);
        for (ir_block b = ir_region_at(m, r.region)->first; b; b = ir_block_at(m, b)->next)
            for (ir_op op = ir_block_at(m, b)->first; op; op = ir_op_at(m, op)->next)
                if (ir_op_at(m, op)->n_regions)
                    push_regions(p, op);
    }
}

/* ---- printing ------------------------------------------------------------------------------------------------ */

/* '%' and the name of a value that is not a member of a group. */
static void print_head(printer *p, uint32_t id) {
    uint32_t n = (id & NUMBER_MASK) - 1;
    switch (id >> KIND_SHIFT) {
    case KIND_NUMBER:
        print_char(p, '%');
        print_u64(p, n);
        break;
    case KIND_ARG:
        print_lit(p, "%arg");
        print_u64(p, n);
        break;
    default:
        print_char(p, '%');
        if (n < p->names->names.n)
            print_str(p, name_of(p->names, n));
        break;
    }
}

void print_value(printer *p, ir_value v) {
    if (p->collecting)
        return;
    print_names *s = p->names;
    uint32_t id = v && v < s->n_values ? s->values[v] : 0;
    if (!id) {
        if (v)
            print_lit(p, "<<UNKNOWN SSA VALUE>>");
        else
            print_lit(p, "<<NULL VALUE>>");
        return;
    }
    if (id >> KIND_SHIFT == KIND_MEMBER) {
        uint32_t n = (id & NUMBER_MASK) - 1;
        print_head(p, s->values[v - n]);
        print_char(p, '#');
        print_u64(p, n);
        return;
    }
    print_head(p, id);
    if (UNLIKELY(id & GROUP))
        print_lit(p, "#0");
}

void print_shadow_value(printer *p, ir_value v, ir_value shown) {
    print_names *s = p->names;
    if (v < s->n_values && shown < s->n_values && s->values[shown] >> KIND_SHIFT != KIND_MEMBER)
        s->values[v] = s->values[shown];
}

void print_result_names(printer *p, ir_op op) {
    const ir_op_data *d = ir_op_at(p->m, op);
    const uint32_t *id = &p->names->values[d->results];
    for (uint32_t i = 0; i < d->n_results;) {
        uint32_t n = 1;
        if (i)
            print_lit(p, ", ");
        while (i + n < d->n_results && id[i + n] >> KIND_SHIFT == KIND_MEMBER)
            n++;
        print_head(p, id[i]);
        if (n > 1) {
            print_char(p, ':');
            print_u64(p, n);
        }
        i += n;
    }
}

void print_values(printer *p, const ir_value *v, uint32_t n) {
    if (p->collecting)
        return;
    for (uint32_t i = 0; i < n; i++) {
        if (i)
            print_lit(p, ", ");
        print_value(p, v[i]);
    }
}

void print_operands(printer *p, ir_op op, uint32_t first, uint32_t n) {
    print_values(p, p->m->pool + ir_op_at(p->m, op)->operands + first, n);
}

uint32_t print_block_order(const printer *p, ir_block b) {
    return b < p->names->n_blocks ? p->names->block_order[b] : 0;
}

void print_successor(printer *p, ir_block b) {
    if (p->collecting)
        return;
    uint32_t id = b && b < p->names->n_blocks ? p->names->blocks[b] : 0;
    if (!id) {
        print_lit(p, "INVALIDBLOCK");
    } else if (id & GROUP) {
        print_char(p, '^');
        print_str(p, name_of(p->names, id & NUMBER_MASK));
    } else {
        print_lit(p, "^bb");
        print_u64(p, id - 1);
    }
}

void print_successor_args(printer *p, ir_block b, const ir_value *v, uint32_t n) {
    if (p->collecting)
        return; /* upstream looks for no aliases here either */
    print_successor(p, b);
    if (n == 0)
        return;
    print_char(p, '(');
    print_values(p, v, n);
    print_lit(p, " : ");
    print_value_types(p, v, n);
    print_char(p, ')');
}
