/* legal_setting.c - the overridable fields of an op: the table, and the answers for the UI put together from the two judges
 * (legal_output.c for layouts, legal_config.c for everything else).
 *
 * Keys and spellings are those of overrides.md, section 1; matmul programs, compute configs, weights and reshards are ours.
 */
#include "target/legal_setting.h"

#include <stdalign.h>

#include "base/num.h"
#include "ids.h"

const str legal_group_names[LEGAL_N_GROUPS] = {
    [LEGAL_OUTPUT] = STR_INIT("output_layout"),   [LEGAL_CONV2D] = STR_INIT("conv2d_config"),
    [LEGAL_CONV3D] = STR_INIT("conv3d_config"),   [LEGAL_MATMUL] = STR_INIT("matmul_program_config"),
    [LEGAL_COMPUTE] = STR_INIT("compute_config"), [LEGAL_WEIGHT] = STR_INIT("weight"),
    [LEGAL_RESHARD] = STR_INIT("reshard"),
};

#define LAYOUT_FIELDS(group, of)                                                                                       \
    {group, SETTING_DTYPE, false, STR_INIT("data_type"), STR_INIT("data type of " of), NULL, 0, 0, 0},                 \
        {group, SETTING_PAGE, false, STR_INIT("memory_layout"), STR_INIT("tiles or rows"), NULL, 0, 0, 0},             \
        {group, SETTING_BUFFER, false, STR_INIT("buffer_type"), STR_INIT("memory that holds " of), NULL, 0, 0, 0},     \
        {group, SETTING_MEMORY, false, STR_INIT("tensor_memory_layout"), STR_INIT("how " of " is spread"), NULL, 0, 0, \
         0},                                                                                                           \
    {                                                                                                                  \
        group, SETTING_GRID, false, STR_INIT("grid_shape"), STR_INIT("cores: rows x columns"), NULL, 1, 0, 1           \
    }

#define FLAG(group, key, help) \
    { group, SETTING_FLAG, true, STR_INIT(key), STR_INIT(help), NULL, 0, 0, 0 }
#define NUMBER(group, key, help, min, max, step) \
    { group, SETTING_NUMBER, true, STR_INIT(key), STR_INIT(help), NULL, min, max, step }
#define WORD(group, key, help, words) \
    { group, SETTING_WORD, true, STR_INIT(key), STR_INIT(help), words, 0, 0, 0 }
enum { NO_LIMIT = 1 << 30 };

const setting_def legal_settings[] = {
    LAYOUT_FIELDS(LEGAL_OUTPUT, "the result"),
    {LEGAL_CONV2D, SETTING_DTYPE, true, STR_INIT("weights_dtype"), STR_INIT("data type of the weights"), NULL, 0, 0, 0},
    WORD(LEGAL_CONV2D, "activation", "function applied to the result", "none relu"),
    FLAG(LEGAL_CONV2D, "deallocate_activation", "free the input while the convolution runs"),
    FLAG(LEGAL_CONV2D, "reallocate_halo_output", "move the halo to close gaps in L1"),
    NUMBER(LEGAL_CONV2D, "act_block_h_override", "rows of an activation block; 0: automatic", 0, NO_LIMIT, 32),
    NUMBER(LEGAL_CONV2D, "act_block_w_div", "parts an activation block's width is divided into", 1, NO_LIMIT, 1),
    FLAG(LEGAL_CONV2D, "reshard_if_not_optimal", "bring the input into the best sharding"),
    FLAG(LEGAL_CONV2D, "override_sharding_config", "use the core grid given in the config"),
    {LEGAL_CONV2D, SETTING_MEMORY, true, STR_INIT("shard_layout"), STR_INIT("sharding of the input"), NULL, 0, 0, 0},
    FLAG(LEGAL_CONV2D, "transpose_shards", "shards go down the columns of cores"),
    {LEGAL_CONV2D, SETTING_PAGE, true, STR_INIT("output_layout"), STR_INIT("tiles or rows"), NULL, 0, 0, 0},
    FLAG(LEGAL_CONV2D, "enable_act_double_buffer", "load the next activation block meanwhile"),
    FLAG(LEGAL_CONV2D, "enable_weights_double_buffer", "load the next weights meanwhile"),
    FLAG(LEGAL_CONV2D, "enable_kernel_stride_folding", "fold the stride into channels"),
    FLAG(LEGAL_CONV2D, "config_tensors_in_dram", "keep the config tensors in DRAM"),
    {LEGAL_CONV3D, SETTING_DTYPE, true, STR_INIT("weights_dtype"), STR_INIT("data type of the weights"), NULL, 0, 0, 0},
    NUMBER(LEGAL_CONV3D, "t_out_block", "frames of an output block", 1, NO_LIMIT, 1),
    NUMBER(LEGAL_CONV3D, "w_out_block", "columns of an output block", 1, NO_LIMIT, 1),
    NUMBER(LEGAL_CONV3D, "h_out_block", "rows of an output block", 1, NO_LIMIT, 1),
    NUMBER(LEGAL_CONV3D, "c_out_block", "channels of an output block", 32, NO_LIMIT, 32),
    NUMBER(LEGAL_CONV3D, "c_in_block", "channels of an input block", 32, NO_LIMIT, 32),
    WORD(LEGAL_MATMUL, "program_config", "how a sharded matmul is laid out over the cores", "none auto"),
    NUMBER(LEGAL_MATMUL, "in0_block_w", "depth of a block in tiles", 1, NO_LIMIT, 1),
    NUMBER(LEGAL_MATMUL, "out_subblock_h", "rows of tiles computed at once", 1, 16, 1),
    NUMBER(LEGAL_MATMUL, "out_subblock_w", "columns of tiles computed at once", 1, 16, 1),
    WORD(LEGAL_COMPUTE, "math_fidelity", "passes over the mantissas: fewer are faster and less exact",
         "lofi hifi2 hifi3 hifi4"),
    FLAG(LEGAL_COMPUTE, "math_approx_mode", "approximate functions"),
    FLAG(LEGAL_COMPUTE, "fp32_dest_acc_en", "accumulate in 32 bits; halves the destination register"),
    FLAG(LEGAL_COMPUTE, "packer_l1_acc", "accumulate in L1 while packing"),
    FLAG(LEGAL_COMPUTE, "dst_full_sync_en", "use the whole destination register at once"),
    {LEGAL_WEIGHT, SETTING_DTYPE, true, STR_INIT("weight_dtype"), STR_INIT("data type of the weights"), NULL, 0, 0, 0},
    LAYOUT_FIELDS(LEGAL_RESHARD, "the operand"),
    WORD(LEGAL_RESHARD, "match", "bring the operand to lie as the result does", "none result"),
};
const uint32_t legal_n_settings = sizeof legal_settings / sizeof *legal_settings;

const setting_def *legal_setting_def(legal_group group, str key, int *operand) {
    *operand = -1;
    if (group == LEGAL_RESHARD) {
        size_t dot = str_find_char(key, '.');
        int64_t n;
        if (dot == key.n || !num_parse_i64(str_slice(key, 0, dot), &n) || n < 0 || n > UINT16_MAX)
            return NULL;
        *operand = (int)n;
        key = str_from(key, dot + 1);
    }
    for (uint32_t i = 0; i < legal_n_settings; i++)
        if (legal_settings[i].group == group && str_eq(legal_settings[i].key, key))
            return &legal_settings[i];
    return NULL;
}

bool legal_find_field(legal_group group, str key) {
    int operand;
    return legal_setting_def(group, key, &operand) != NULL;
}

/* ---- spellings ------------------------------------------------------------------------------------------- */

static bool same_word(str a, const char *lower) {
    size_t n = strlen(lower);
    if (a.n != n)
        return false;
    for (size_t i = 0; i < n; i++)
        if ((a.p[i] | 0x20) != lower[i])
            return false;
    return true;
}

bool legal_read_flag(str text, bool *out) {
    *out = same_word(text, "true");
    return *out || same_word(text, "false");
}

static str unbracket(str s) {
    s = str_trim(s);
    return s.n >= 2 && s.p[0] == '[' && s.p[s.n - 1] == ']' ? str_trim(str_slice(s, 1, s.n - 1)) : s;
}

bool legal_read_number(str text, int64_t *out) {
    return num_parse_i64(unbracket(text), out) && *out >= 0;
}

bool legal_read_grid(str text, int64_t out[2]) {
    text = unbracket(text);
    size_t x = str_find_char(text, 'x');
    return x < text.n && num_parse_i64(str_trim(str_slice(text, 0, x)), &out[0]) &&
           num_parse_i64(str_trim(str_from(text, x + 1)), &out[1]);
}

str legal_given(const legal_question *q, legal_group group, str key) {
    for (uint32_t i = q->n_set; i-- > 0;)
        if (q->set[i].group == group && str_eq(q->set[i].key, key))
            return q->set[i].value;
    return (str){0};
}

/* The next blank-separated word. */
static bool next_word(const char **at, str *word) {
    while (**at == ' ')
        ++*at;
    const char *begin = *at;
    while (**at && **at != ' ')
        ++*at;
    *word = str_of(begin, (size_t)(*at - begin));
    return word->n != 0;
}

/* Every value a field knows, legal or not. */
static uint32_t all_values(const setting_def *d, str *out, uint32_t cap) {
    uint32_t n = 0;
    const char *at = d->words;
    switch ((setting_kind)d->kind) {
    case SETTING_DTYPE:
        for (int i = 0; i < DTYPE_N && n < cap; i++)
            out[n++] = target_dtypes[i].name;
        break;
    case SETTING_PAGE:
        out[n++] = STR("tile");
        out[n++] = STR("row_major");
        break;
    case SETTING_BUFFER:
        for (int i = 0; i < TTNN_N_BUFFERS && n < cap; i++)
            out[n++] = ttnn_buffer_names[i];
        break;
    case SETTING_MEMORY:
        for (int i = 0; i < TTNN_N_MEMORIES && n < cap; i++)
            if (i != TTNN_NO_MEMORY)
                out[n++] = ttnn_memory_names[i];
        break;
    case SETTING_FLAG:
        out[n++] = STR("True");
        out[n++] = STR("False");
        break;
    case SETTING_WORD:
        while (n < cap && next_word(&at, &out[n]))
            n++;
        break;
    case SETTING_GRID:
    case SETTING_NUMBER: break;
    }
    if (d->open && d->kind != SETTING_NUMBER && d->kind != SETTING_WORD && n < cap)
        out[n++] = STR("None");
    return n;
}

/* ---- one setting ----------------------------------------------------------------------------------------- */

static bool is_layout(const setting_def *d) {
    return d->group == LEGAL_OUTPUT || d->group == LEGAL_RESHARD;
}

static bool applies(const legal_question *q, const setting_def *d, int operand) {
    return is_layout(d) ? legal_output_applies(q, operand) : legal_config_applies(q, d);
}

bool legal_has_field(const legal_env *e, ir_op op, legal_group group, str key) {
    legal_question q = {.e = e, .op = op};
    int operand;
    const setting_def *d = legal_setting_def(group, key, &operand);
    return d && applies(&q, d, operand);
}

/* Judges `value` of a field; the question's set must not contain the field itself. */
static bool judge(legal_question *q, const setting_def *d, int operand, str value, struct buf *why) {
    if (d->open && (same_word(value, "none") || value.n == 0) && d->kind != SETTING_WORD)
        return true; /* left to the compiler */
    if (d->kind == SETTING_WORD && same_word(value, "none"))
        value = STR("none"); /* today's tool writes None */
    return is_layout(d) ? legal_output_value(q, d, operand, value, why) : legal_config_value(q, d, value, why);
}

enum { MAX_VALUES = 1024, MOST_STEPS = 1 << 16 };

/* How far two values of a field are apart, for "nearest". */
static int64_t distance(const setting_def *d, str a, str b) {
    int64_t x[2], y[2];
    if (d->kind == SETTING_GRID && legal_read_grid(a, x) && legal_read_grid(b, y)) {
        int64_t rows = x[0] > y[0] ? x[0] - y[0] : y[0] - x[0], cols = x[1] > y[1] ? x[1] - y[1] : y[1] - x[1];
        int64_t cores = x[0] * x[1] - y[0] * y[1];
        return 1000 * (cores < 0 ? -cores : cores) + rows + cols;
    }
    return 0;
}

static void add_nearest(legal_verdict *v, const setting_def *d, str wanted, str value) {
    enum { MOST = sizeof v->nearest / sizeof *v->nearest };
    uint32_t at = v->n_nearest;
    int64_t far = distance(d, wanted, value);
    while (at && distance(d, wanted, v->nearest[at - 1]) > far)
        at--;
    if (at == MOST)
        return;
    for (uint32_t i = v->n_nearest < MOST ? v->n_nearest : MOST - 1; i > at; i--)
        v->nearest[i] = v->nearest[i - 1];
    v->nearest[at] = value;
    if (v->n_nearest < MOST)
        v->n_nearest++;
}

/* The next number of a range that is legal, from `at` in steps of `by` (down when it is negative); -1 when there is none within
 * MOST_STEPS. */
static int64_t next_number(const legal_range *r, int64_t at, int64_t by) {
    int64_t most = r->divides && r->divides < r->most ? r->divides : r->most;
    if (by < 0 && at > most)
        at = most - most % r->step;
    for (uint32_t i = 0; i < MOST_STEPS && at >= r->least && at <= most; i++, at += by)
        if (!r->divides || at == 0 || r->divides % at == 0)
            return at;
    return -1;
}

static void nearest_numbers(legal_question *q, const setting_def *d, str wanted, legal_verdict *v) {
    legal_range r;
    int64_t number = 0;
    if (!legal_config_range(q, d, &r, NULL) || r.most < r.least) {
        add_nearest(v, d, wanted, STR("None"));
        return;
    }
    if (!legal_read_number(wanted, &number) || number < r.least)
        number = r.least;
    if (number > r.most)
        number = r.most;
    number -= number % r.step;
    int64_t below = next_number(&r, number, -r.step), above = next_number(&r, number + r.step, r.step);
    for (int i = 0; i < 2; i++) {
        int64_t at = i ? above : below;
        str text = {0};
        if (at >= 0)
            text = arena_printf(q->a, "%lld", (long long)at);
        if (text.p)
            add_nearest(v, d, wanted, text);
    }
}

static void find_nearest(legal_question *q, const setting_def *d, int operand, str wanted, legal_verdict *v) {
    str values[MAX_VALUES];
    uint32_t n = 0;
    if (d->kind == SETTING_GRID) {
        n = legal_output_grids(q, operand, values, MAX_VALUES);
        for (uint32_t i = 0; i < n; i++)
            add_nearest(v, d, wanted, values[i]);
        return;
    }
    if (d->kind == SETTING_NUMBER) {
        nearest_numbers(q, d, wanted, v);
        return;
    }
    n = all_values(d, values, MAX_VALUES);
    for (uint32_t i = 0; i < n; i++)
        if (judge(q, d, operand, values[i], NULL))
            add_nearest(v, d, wanted, values[i]);
}

/* The set without entries of one field; in the arena. */
static const legal_setting *without(legal_question *q, legal_group group, str key, uint32_t *n) {
    legal_setting *out = ARENA_ARRAY(q->a, legal_setting, q->n_set + 1);
    uint32_t kept = 0;
    for (uint32_t i = 0; out && i < q->n_set; i++)
        if (q->set[i].group != group || !str_eq(q->set[i].key, key))
            out[kept++] = q->set[i];
    *n = kept; /* may be q->n_set itself */
    if (!out)
        q->failed = true;
    return out;
}

/* What a group has instead of a field that it has not. */
static void tell_fields(const legal_setting *s, struct buf *why) {
    const char *before = s->group == LEGAL_RESHARD ? "N." : "";
    buf_printf(why, "there is no field \"%.*s\" in %.*s, which has", STR_ARG(s->key),
               STR_ARG(legal_group_names[s->group]));
    for (uint32_t i = 0, n = 0; i < legal_n_settings; i++)
        if (legal_settings[i].group == s->group)
            buf_printf(why, "%s %s%.*s", n++ ? "," : "", before, STR_ARG(legal_settings[i].key));
}

legal_verdict legal_check(const legal_env *e, struct arena *a, ir_op op, const legal_setting *set, uint32_t n_set,
                          uint32_t which) {
    legal_question q = {e, a, op, set, n_set, false};
    legal_verdict v = {0};
    const legal_setting *s = &set[which];
    int operand;
    const setting_def *d = legal_setting_def(s->group, s->key, &operand);
    struct buf why;
    buf_init(&why, a->mem);
    q.set = without(&q, s->group, s->key, &q.n_set);
    if (q.failed) {
        v.why = STR("out of memory");
        return v;
    }
    if (!d)
        tell_fields(s, &why);
    else if (!applies(&q, d, operand))
        buf_printf(&why, "'%.*s' has no %.*s", STR_ARG(ir_op_name_str(e->m, op)), STR_ARG(legal_group_names[s->group]));
    else
        v.legal = judge(&q, d, operand, s->value, &why);
    if (!v.legal) {
        v.why = arena_str(a, buf_str(&why));
        if (!v.why.p || why.failed)
            v.why = STR("out of memory");
        if (d && applies(&q, d, operand))
            find_nearest(&q, d, operand, s->value, &v);
    }
    buf_free(&why);
    return v;
}

/* ---- all fields ------------------------------------------------------------------------------------------ */

/* The numbers that are legal, when they are few, and what they lie between. False when memory runs out. */
static bool all_numbers(legal_question *q, const setting_def *d, legal_field *f, str *values, uint32_t *n) {
    legal_range r;
    struct buf why;
    buf_init(&why, q->a->mem);
    *n = 0;
    bool any = legal_config_range(q, d, &r, &why);
    if (any && r.most < r.least) {
        buf_puts(&why, r.why_most);
        any = false;
    }
    if (!any)
        f->why = arena_str(q->a, buf_str(&why));
    bool good = !why.failed && (any || f->why.p);
    buf_free(&why);
    if (!any || !good)
        return good;
    f->max = r.divides && r.divides < r.most ? r.divides : r.most;
    for (int64_t at = next_number(&r, r.least, r.step); at >= 0 && good; at = next_number(&r, at + r.step, r.step)) {
        if (*n == LEGAL_MOST_NUMBERS || at >= MOST_STEPS * r.step) { /* there may be more */
            *n = 0;
            break;
        }
        values[*n] = arena_printf(q->a, "%lld", (long long)at);
        good = values[(*n)++].p != NULL;
    }
    return good;
}

static bool fill_field(legal_question *all, const setting_def *d, int operand, legal_field *f) {
    legal_question q = *all;
    str values[MAX_VALUES];
    str key = operand < 0 ? d->key : arena_printf(q.a, "%d.%.*s", operand, STR_ARG(d->key));
    uint32_t n = 0;
    if (!key.p)
        return false;
    q.set = without(all, d->group, key, &q.n_set);
    if (all->failed)
        return false;
    *f = (legal_field){.group = d->group, .key = key, .help = d->help, .min = d->min, .max = d->max, .step = d->step};
    f->value = legal_given(all, d->group, key);
    if (!f->value.p)
        f->value = is_layout(d) ? legal_output_now(&q, d, operand) : legal_config_now(&q, d);
    f->control = d->kind == SETTING_GRID ? LEGAL_GRID : d->kind == SETTING_NUMBER ? LEGAL_NUMBER : LEGAL_CHOICE;
    if (f->control == LEGAL_NUMBER) {
        if (!all_numbers(&q, d, f, values, &n))
            return false;
    } else if (f->control == LEGAL_GRID) {
        n = legal_output_grids(&q, operand, values, MAX_VALUES);
        f->max = q.e->device.worker_grid[0] * q.e->device.worker_grid[1];
    } else {
        n = all_values(d, values, MAX_VALUES);
    }
    legal_option *options = ARENA_ARRAY(q.a, legal_option, n + 1);
    struct buf why;
    buf_init(&why, q.a->mem);
    for (uint32_t i = 0; options && i < n; i++) {
        buf_clear(&why);
        options[i].value = values[i];
        options[i].legal = f->control != LEGAL_CHOICE || judge(&q, d, operand, values[i], &why);
        options[i].why = options[i].legal ? STR("") : arena_str(q.a, buf_str(&why));
        q.failed |= why.failed || !options[i].why.p;
    }
    buf_free(&why);
    f->options = options;
    f->n_options = n;
    return options && f->value.p && !q.failed;
}

const legal_field *legal_fields(const legal_env *e, struct arena *a, ir_op op, const legal_setting *set, uint32_t n_set,
                                uint32_t *n, bool *failed) {
    enum { MAX_RESHARDS = 4, FIELDS = 6 }; /* of each */
    legal_question q = {e, a, op, set, n_set, false};
    uint32_t most = legal_n_settings + FIELDS * MAX_RESHARDS;
    legal_field *fields = ARENA_ARRAY(a, legal_field, most);
    *n = 0;
    *failed = !fields;
    for (uint32_t i = 0; fields && !*failed && i < legal_n_settings; i++) {
        const setting_def *d = &legal_settings[i];
        bool reshard = d->group == LEGAL_RESHARD;
        uint32_t operands = reshard ? e->m->ops[op].n_operands : 1;
        for (uint32_t k = 0; k < operands && k < MAX_RESHARDS && !*failed; k++) {
            int operand = reshard ? (int)k : -1;
            if (applies(&q, d, operand))
                *failed = !fill_field(&q, d, operand, &fields[(*n)++]);
        }
    }
    return *failed || !*n ? NULL : fields;
}

bool legal_field_of(const legal_env *e, struct arena *a, ir_op op, const legal_setting *set, uint32_t n_set,
                    legal_group group, str key, legal_field *out) {
    legal_question q = {e, a, op, set, n_set, false};
    int operand;
    const setting_def *d = legal_setting_def(group, key, &operand);
    return d && applies(&q, d, operand) && fill_field(&q, d, operand, out) && !q.failed;
}
