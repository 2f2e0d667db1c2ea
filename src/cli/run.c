/* tt-explorer run: executes a module on the CPU. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/lines.h"
#include "base/machine.h"
#include "base/num.h"
#include "base/vec.h"
#include "cli/cli.h"
#include "cli/input.h"
#include "cli/options.h"
#include "cli/output.h"
#include "exec/exec.h"

static const char help[] =
    "usage: tt-explorer run [OPTION...] FILE\n"
    "\n"
    "Runs a function of a TTIR, TTNN or StableHLO module on the CPU. Arguments that are not given get seeded values "
    "that\n"
    "suit their use. - is standard input.\n"
    "\n"
    "  --inputs [NAME=]FILE...  values of arguments: .npy, .npz or .safetensors (entries are bound by name, else in\n"
    "                           order), or raw elements; files without a name go to the arguments in order. NAME is "
    "an\n"
    "                           argument's name or number. Ends at the next option\n"
    "  --outputs PATTERN        save results as .npy; %d stands for the number: 'out_%d.npy'\n"
    "  --function NAME          which function (default: the first public one)\n"
    "  --seed N                 of the values nobody gave (default 0)\n"
    "  --threads N              default: as many as there are processors\n"
    "  --numbers KIND           as-written (default), f32 or f64: in what floating-point values are kept\n"
    "  --reference              plain kernels only, nothing fused\n"
    "  --max-memory BYTES       refuse to start when more is needed (with K, M or G)\n"
    "  --repeat N               run N times; times are medians\n"
    "  --trace FILE             time of each op: Chrome trace JSON (Perfetto opens it), or CSV for FILE.csv\n"
    "  --golden                 run it in f32 as well, compare every op with that, and say where they part\n"
    "  --pcc N                  with --golden: what agrees less than this is bad (default 0.99)\n"
    "  --save DIR               keep the results of every op, as DIR/NUMBER_OP.npy; --max-memory bounds what that "
    "takes\n"
    "  --json                   what happened, as JSON\n"
    "  --ops                    the ops that can run, as the table of docs/ops-execution.md\n"
    "  --help                   this text\n"
    "\n"
    "examples:\n"
    "  tt-explorer run model.mlir\n"
    "  tt-explorer run model.mlir --inputs image.npy weights=w.npy --outputs 'out_%d.npy'\n"
    "  tt-explorer run model.mlir --repeat 20 --trace trace.json\n"
    "\n"
    "exit status: 0 it ran, 1 the input has errors or cannot run, 2 wrong usage or trouble with files\n";

struct run {
    const char *path, *outputs, *trace, *save;
    const char **inputs; /* as given */
    size_t n_inputs;
    exec_options exec;
    uint64_t repeat;
    bool golden, json;
    double pcc;
};

static int take_inputs(void *o, const char *value) {
    struct run *r = o;
    r->inputs[r->n_inputs++] = value;
    return CLI_OK;
}

static int take_outputs(void *o, const char *value) {
    const char *at = strstr(value, "%d");
    if (!at || strchr(value, '%') != at || strchr(at + 1, '%'))
        return cli_bad_usage("run", "one %d is needed in", value);
    ((struct run *)o)->outputs = value;
    return CLI_OK;
}

/* A number from `least` to `most`; `what` says so. */
static int take_number(const char *value, uint64_t least, uint64_t most, uint64_t *out, const char *what) {
    if (num_parse_u64(str_from_z(value), out) && *out >= least && *out <= most)
        return CLI_OK;
    return cli_bad_usage("run", what, value);
}

static int take_seed(void *o, const char *value) {
    return take_number(value, 0, UINT64_MAX, &((struct run *)o)->exec.seed, "--seed is a number, not");
}

static int take_threads(void *o, const char *value) {
    uint64_t v = 0;
    int code = take_number(value, 0, 1024, &v, "--threads is a number up to 1024, not");
    ((struct run *)o)->exec.threads = (unsigned)v;
    return code;
}

static int take_repeat(void *o, const char *value) {
    return take_number(value, 1, 1000000, &((struct run *)o)->repeat, "--repeat is a number from 1 to 1000000, not");
}

static int take_memory(void *o, const char *value) {
    uint64_t v;
    if (!cli_size(value, &v) || v > SIZE_MAX)
        return cli_bad_usage("run", "--max-memory is a number of bytes, or of K, M or G, not", value);
    ((struct run *)o)->exec.max_memory = (size_t)v;
    return CLI_OK;
}

static int take_numbers(void *o, const char *value) {
    static const char *const names[] = {"as-written", "f32", "f64"};
    static const exec_numbers kinds[] = {EXEC_AS_WRITTEN, EXEC_F32, EXEC_F64};
    size_t i = cli_choice(value, names, 3);
    if (i == 3)
        return cli_bad_usage("run", "--numbers is as-written, f32 or f64, not", value);
    ((struct run *)o)->exec.numbers = kinds[i];
    return CLI_OK;
}

static int take_pcc(void *o, const char *value) {
    struct run *r = o;
    char *end = NULL;
    r->pcc = strtod(value, &end);
    return end != value && !*end && r->pcc > -1 && r->pcc <= 1
               ? CLI_OK
               : cli_bad_usage("run", "--pcc is a number above -1 and up to 1, not", value);
}

/* The kernel table as Markdown. */
static void show_ops(void) {
    exec_op_support s;
    str op, why;
    fputs(
        "# Ops that run on the CPU\n\n"
        "Made by `tt-explorer run --ops` from the kernel table (src/exec/table.c) and the ops that planning itself "
        "deals\n"
        "with (src/exec/plan.c). An op that is not here, and is not a terminator, is an error that names it and its "
        "line\n"
        "before anything runs. *Checked against*: what its tests compare it with; *as* another op: in the cases of "
        "that "
        "one,\n"
        "which are its own, too. tests/exec/test_coverage.py finds ops that lack a case: of each element type that "
        "means\n"
        "something to it, of operands that broadcast, dimensions counted from the end, no elements, no dimensions,\n"
        "several shapes.\n\n"
        "## The golden run\n\n"
        "The golden run, of `run --golden` and of an execution with accuracy alike, computes the source op by op "
        "with all\n"
        "floating-point values kept in f32: the kernels are those of any run (oneDNN's where it has one), nothing is "
        "fused,\n"
        "nothing rounded to a narrower type. What agreement is measured by is much coarser: bf16 alone brings 1 - "
        "PCC to\n"
        "1e-6 and more. Tests compare the golden run of whole models with a run of the plain kernels in f64\n"
        "(`run --numbers f64 --reference --golden`): 1 - PCC is below 1e-9 for every op.\n\n"
        "## Threads\n\n"
        "Results are the same bytes with any `--threads`. Loops are cut by their shapes alone. oneDNN cuts an op into "
        "blocks\n"
        "by the number of threads, and adds in that order: its convolutions are therefore made for as many threads as "
        "the\n"
        "machine has processors and run by as many as were asked for (never more than that); batched products over "
        "strided\n"
        "operands and sums over 2048 and more rows of a transposed one, where that does not suffice, are computed in "
        "blocks\n"
        "of rows of our own. Machines with other processors, or another number of them, may give other last bits.\n\n"
        "## Element types and random bits\n\n"
        "All integers from i1 to ui64, complex numbers, and all floating-point numbers of MLIR up to f64; those of a "
        "byte and less\n"
        "are kept in a byte, computed with in f32 and rounded. rng_bit_generator makes the bits that XLA's THREE_FRY "
        "and PHILOX\n"
        "(which DEFAULT is) make of a state.\n\n"
        "## Regions and complex numbers\n\n"
        "Regions of map, reduce, reduce_window, scatter, select_and_scatter, sort, all_reduce and reduce_scatter may "
        "do "
        "anything.\n"
        "Kernels know sums, products, extremes and the like, and comparisons of one key; any other region runs on many "
        "numbers at\n"
        "a time, or on one after the other where it chooses, loops or works on tensors itself. Reductions go by "
        "halves: "
        "regions\n"
        "need to be associative. Updates of one place are made in their order. All ops of stablehlo and chlo that may "
        "have\n"
        "complex operands run on them, in pairs of f32 and of f64.\n\n"
        "## Ops\n\n"
        "| op | kernel | checked against |\n|---|---|---|\n",
        stdout);
    for (size_t i = 0; exec_supported(i, &s); i++)
        printf("| %.*s | %.*s | %.*s |\n", STR_ARG(s.op), STR_ARG(s.kernel), STR_ARG(s.checked));
    fputs("\n## Ops that cannot\n\n"
          "| op | why |\n|---|---|\n",
          stdout);
    for (size_t i = 0; exec_refused(i, &op, &why); i++)
        printf("| %.*s | %.*s |\n", STR_ARG(op), STR_ARG(why));
}

static int list_ops(void *o, const char *value) {
    (void)o;
    (void)value;
    show_ops();
    return CLI_OK;
}

static const struct cli_option options[] = {
    {.name = "--inputs", .kind = CLI_LIST, .take = take_inputs},
    {.name = "--outputs", .kind = CLI_VALUE, .take = take_outputs},
    {.name = "--function", .kind = CLI_STR, .at = offsetof(struct run, exec.function)},
    {.name = "--seed", .kind = CLI_VALUE, .take = take_seed},
    {.name = "--threads", .kind = CLI_VALUE, .take = take_threads},
    {.name = "--numbers", .kind = CLI_VALUE, .take = take_numbers},
    {.name = "--reference", .kind = CLI_FLAG, .at = offsetof(struct run, exec.reference)},
    {.name = "--max-memory", .kind = CLI_VALUE, .take = take_memory},
    {.name = "--repeat", .kind = CLI_VALUE, .take = take_repeat},
    {.name = "--trace", .kind = CLI_TEXT, .at = offsetof(struct run, trace)},
    {.name = "--golden", .kind = CLI_FLAG, .at = offsetof(struct run, golden)},
    {.name = "--pcc", .kind = CLI_VALUE, .take = take_pcc},
    {.name = "--save", .kind = CLI_TEXT, .at = offsetof(struct run, save)},
    {.name = "--json", .kind = CLI_FLAG, .at = offsetof(struct run, json)},
    {.name = "--ops", .kind = CLI_INSTEAD, .take = list_ops},
    {0},
};

static const struct cli_syntax syntax = {"run", help, options, .file_at = offsetof(struct run, path), .no_file = true};

/* What follows from the options together. */
static int complete_options(struct run *o) {
    /* A file may stand behind --inputs, as the last of its list. */
    if (!o->path && o->n_inputs)
        o->path = o->inputs[--o->n_inputs];
    if (!o->path)
        return cli_bad_usage("run", "no file given", NULL);
    o->exec.keep = o->save;
    return CLI_OK;
}

/* --- arguments ---------------------------------------------------------------------------------------------------- */

struct session {
    struct run *o;
    struct mem mem;
    struct arena arena;
    exec_inputs *inputs;
    struct cli_input in;
};

static int trouble(const char *what, const char *path, str why) {
    fprintf(stderr, "tt-explorer: %s %s: %.*s\n", what, path, STR_ARG(why));
    return CLI_USAGE;
}

static bool no_memory(void) {
    fputs("tt-explorer: out of memory\n", stderr);
    return false;
}

/* Opens the files of --inputs: FILE, or ARGUMENT=FILE. */
static bool open_inputs(struct session *s) {
    struct buf why;
    bool ok = true;
    buf_init(&why, &s->mem);
    s->inputs = exec_inputs_new(&s->mem);
    if (!s->inputs)
        return no_memory();
    for (size_t i = 0; ok && i < s->o->n_inputs; i++) {
        const char *given = s->o->inputs[i], *equals = strchr(given, '='), *path = given;
        str argument = STR("");
        if (equals && access(given, F_OK) != 0) {
            path = equals + 1;
            argument = str_of(given, (size_t)(equals - given));
        }
        ok = exec_inputs_add(s->inputs, argument, str_from_z(path), path, &why);
    }
    if (!ok)
        fprintf(stderr, "tt-explorer: %.*s\n", STR_ARG(buf_str(&why)));
    buf_free(&why);
    return ok;
}

static bool bind_all(struct session *s, exec_plan *x) {
    struct buf why;
    buf_init(&why, &s->mem);
    bool ok = exec_inputs_bind(s->inputs, x, &why);
    if (!ok)
        fprintf(stderr, "tt-explorer: %.*s\n", STR_ARG(buf_str(&why)));
    buf_free(&why);
    return ok;
}

/* Tells of inputs with numbers that stand for nothing. */
static bool warn(struct session *s, exec_plan *x) {
    struct buf doubts;
    buf_init(&doubts, &s->mem);
    bool ok = exec_inputs_doubts(s->inputs, x, &doubts) || no_memory();
    str rest = buf_str(&doubts);
    while (ok && rest.n) {
        str line = str_slice(rest, 0, str_find_char(rest, '\n'));
        fprintf(stderr, "tt-explorer: %.*s\n", STR_ARG(line));
        rest = str_from(rest, line.n + 1);
    }
    buf_free(&doubts);
    return ok;
}

/* --- results ------------------------------------------------------------------------------------------------------ */

typedef bool writer(void *what, struct buf *out);

static bool write_tensor(void *t, struct buf *out) {
    return tensor_write_npy(t, out);
}
static bool write_chrome(void *x, struct buf *out) {
    return exec_trace_chrome(x, out);
}
static bool write_csv(void *x, struct buf *out) {
    return exec_trace_csv(x, out);
}

static bool write_file(struct session *s, const char *path, writer *w, void *what) {
    struct cli_output out;
    if (!cli_output_open(&out, &s->mem, path))
        return false;
    bool ok = w(what, &out.buf);
    if (!ok && !out.buf.failed)
        no_memory();
    return cli_output_end(&out, ok ? CLI_OK : CLI_USAGE) == CLI_OK;
}

static bool save_results(struct session *s, exec_plan *x) {
    const char *pattern = s->o->outputs, *at = strstr(pattern, "%d");
    for (size_t i = 0; i < exec_n_results(x); i++) {
        const struct tensor *t = exec_result(x, i, 0);
        str path = arena_printf(&s->arena, "%.*s%zu%s", (int)(at - pattern), pattern, i, at + 2);
        if (t && (!path.p || !write_file(s, path.p, write_tensor, (void *)(uintptr_t)t)))
            return false;
    }
    return true;
}

/* One kept result: DIR/<number of the op>_<name>.npy, with _<result> and _device<device> behind it where there are
 * others. Nothing for what was not kept. */
static bool save_kept(struct session *s, exec_plan *x, ir_op op, uint32_t result) {
    const ir_module *m = s->in.m;
    ir_value v = ir_op_at(m, op)->results + result;
    unsigned devices = exec_value_devices(x, v);
    for (unsigned d = 0; d < devices; d++) {
        str number = result ? arena_printf(&s->arena, "_%u", result) : STR("");
        str device = devices > 1 ? arena_printf(&s->arena, "_device%u", d) : STR("");
        str path = arena_printf(&s->arena, "%s/%u_%.*s%.*s%.*s.npy", s->o->save, op, STR_ARG(ir_op_name_str(m, op)),
                                STR_ARG(number), STR_ARG(device));
        if (!path.p || !write_file(s, path.p, write_tensor, (void *)(uintptr_t)exec_value(x, v, d)))
            return false;
    }
    return true;
}

static bool save_ops(struct session *s, exec_plan *x) {
    const ir_module *m = s->in.m;
    if (mkdir(s->o->save, 0777) != 0 && errno != EEXIST)
        return trouble("cannot make", s->o->save, str_from_z(strerror(errno))), false;
    for (ir_op op = m->root; op; op = ir_walk_next(m, m->root, op))
        for (uint32_t i = 0; i < ir_op_at(m, op)->n_results; i++)
            if (!save_kept(s, x, op, i))
                return false;
    return true;
}

/* --- running ------------------------------------------------------------------------------------------------------ */

struct times {
    VEC(double) ns;
    double median, least, most;
};

static int report_failure(struct session *s, exec_plan *x) {
    ir_op op;
    str why = exec_error(x, &op);
    if (op)
        fprintf(stderr, "tt-explorer: '%.*s' failed: %.*s\n", STR_ARG(ir_op_name_str(s->in.m, op)), STR_ARG(why));
    else
        fprintf(stderr, "tt-explorer: cannot run: %.*s\n", STR_ARG(why));
    return CLI_INPUT;
}

static exec_plan *running;

static void interrupted(int signal) {
    (void)signal;
    if (running)
        exec_cancel(running); /* NOLINT(bugprone-signal-handler): it stores into an atomic and nothing else */
}

/* From here on Ctrl-C stops a run of this plan (NULL: the program). */
static void run_until_interrupted(exec_plan *x) {
    running = x;
    signal(SIGINT, x ? interrupted : SIG_DFL);
}

/* What a run that ended so means for the program, which is said. */
static int judge_status(struct session *s, exec_plan *x, exec_status status) {
    if (status == EXEC_CANCELLED) {
        fputs("tt-explorer: cancelled\n", stderr);
        return CLI_INPUT;
    }
    return status == EXEC_FAILED ? report_failure(s, x) : CLI_OK;
}

static int run_times(struct session *s, exec_plan *x, uint64_t repeat, struct times *t) {
    run_until_interrupted(x);
    exec_status status = exec_ready(x, NULL);
    for (uint64_t i = 0; i < repeat && status == EXEC_DONE; i++) {
        status = exec_run(x, NULL);
        vec_push(&t->ns, (double)exec_run_ns(x));
    }
    run_until_interrupted(NULL);
    int code = judge_status(s, x, status);
    if (code != CLI_OK)
        return code;
    if (t->ns.failed) {
        no_memory();
        return CLI_USAGE;
    }
    t->median = num_median(t->ns.v, t->ns.n); /* which sorts them */
    t->least = t->ns.v[0];
    t->most = vec_last(&t->ns);
    return CLI_OK;
}

/* --- what happened ------------------------------------------------------------------------------------------------ */

static void show_value(struct buf *out, const exec_value_info *info) {
    for (int d = 0; d < info->rank; d++)
        buf_printf(out, "%lldx", (long long)info->dims[d]);
    buf_put_str(out, tensor_dtype_name(info->dtype));
}

/* What was compared with the golden run. */
struct accuracy {
    exec_difference *diffs;
    size_t n;
    exec_divergence parting;
};

/* Line of an op in the file. */
static uint32_t line_of(const struct session *s, ir_op op) {
    struct mem mem = {0};
    struct lines lines;
    lines_init(&lines, &mem, s->in.m->source);
    uint32_t line = (uint32_t)lines_find(&lines, ir_op_at(s->in.m, op)->src).line;
    lines_free(&lines);
    return line;
}

static void show_place(const struct session *s, struct buf *out, const char *what, ir_op op) {
    buf_printf(out, "%s %.*s (op %u, line %u)", what, STR_ARG(ir_op_name_str(s->in.m, op)), op, line_of(s, op));
}

static void show_difference(const struct session *s, const exec_difference *d, struct buf *out) {
    buf_printf(out, "  %-28.*s pcc %.6f  absolute %.3g  relative %.3g", STR_ARG(ir_op_name_str(s->in.m, d->op)), d->pcc,
               d->absolute, d->relative);
    if (d->devices > 1)
        buf_printf(out, "  least on device %u of %u", d->device, d->devices);
    buf_putc(out, '\n');
}

static void show_accuracy(const struct session *s, const struct accuracy *a, struct buf *out) {
    const exec_divergence *v = &a->parting;
    buf_lit(out, "accuracy against f32, op by op:\n");
    for (size_t i = 0; i < a->n; i++)
        show_difference(s, &a->diffs[i], out);
    if (v->first) {
        show_place(s, out, "first divergence in order of execution:", v->first);
        if (v->origin) {
            show_place(s, out, "\nfirst op that reads good values and gives bad ones:", v->origin);
            buf_printf(out, "; %zu of %zu bad ones are such", v->origins, v->bad);
        }
        buf_putc(out, '\n');
    } else {
        buf_printf(out, "all %zu compared ops agree with pcc %g or better\n", v->compared, s->o->pcc);
    }
    if (v->fall) {
        show_place(s, out, "largest fall:", v->fall);
        buf_printf(out, ", pcc lower by %.3g than what it reads\n", v->fall_by);
    }
}

static void show_text(const struct session *s, exec_plan *x, const struct times *t, const struct accuracy *a,
                      struct buf *out) {
    for (size_t i = 0; i < exec_n_results(x); i++) {
        const struct tensor *r = exec_result(x, i, 0);
        exec_value_info info = exec_result_info(x, i);
        exec_statistics st;
        if (!r)
            continue;
        exec_statistics_of(r, &st);
        buf_printf(out, "result %zu: ", i);
        show_value(out, &info);
        buf_printf(out, "  min %.6g  max %.6g  mean %.6g  deviation %.6g", st.min, st.max, st.mean, st.deviation);
        if (st.nans || st.infinities)
            buf_printf(out, "  %lld NaN, %lld infinite", (long long)st.nans, (long long)st.infinities);
        buf_putc(out, '\n');
    }
    exec_memory m = exec_memory_of(x);
    buf_printf(out, "time: %.3f ms", t->median / 1e6);
    if (t->ns.n > 1)
        buf_printf(out, " (median of %zu; %.3f to %.3f)", t->ns.n, t->least / 1e6, t->most / 1e6);
    buf_printf(out, "\nmemory: %.1f MB of arguments, %.1f of constants, %.1f of intermediate values, %.1f cached\n",
               (double)m.arguments / 1e6, (double)m.constants / 1e6, (double)m.planned / 1e6, (double)m.cached / 1e6);
    if (s->o->golden)
        show_accuracy(s, a, out);
}

static void json_value(struct json_writer *w, const exec_value_info *info) {
    json_member_str(w, STR("name"), info->name);
    json_member_str(w, STR("dtype"), tensor_dtype_name(info->dtype));
    json_key(w, STR("shape"));
    json_array_begin(w);
    for (int d = 0; d < info->rank; d++)
        json_i64(w, info->dims[d]);
    json_array_end(w);
}

static void json_number(struct json_writer *w, const char *key, double v) {
    json_key(w, str_from_z(key));
    json_double(w, v);
}

static void json_op(const struct session *s, struct json_writer *w, const char *key, ir_op op) {
    json_key(w, str_from_z(key));
    if (!op) {
        json_null(w);
        return;
    }
    json_object_begin(w);
    json_number(w, "op", op);
    json_member_str(w, STR("name"), ir_op_name_str(s->in.m, op));
    json_number(w, "line", line_of(s, op));
    json_object_end(w);
}

static void json_accuracy(const struct session *s, struct json_writer *w, const struct accuracy *a) {
    json_key(w, STR("accuracy"));
    json_array_begin(w);
    for (size_t i = 0; i < a->n; i++) {
        json_object_begin(w);
        json_member_u64(w, STR("op"), a->diffs[i].op);
        json_member_str(w, STR("name"), ir_op_name_str(s->in.m, a->diffs[i].op));
        json_number(w, "pcc", a->diffs[i].pcc);
        json_number(w, "absolute", a->diffs[i].absolute);
        json_number(w, "relative", a->diffs[i].relative);
        if (a->diffs[i].devices > 1) {
            json_number(w, "devices", a->diffs[i].devices);
            json_number(w, "device", a->diffs[i].device);
        }
        json_object_end(w);
    }
    json_array_end(w);
    json_key(w, STR("divergence"));
    json_object_begin(w);
    json_number(w, "pcc", s->o->pcc);
    json_number(w, "compared", (double)a->parting.compared);
    json_number(w, "bad", (double)a->parting.bad);
    json_op(s, w, "first", a->parting.first);
    json_op(s, w, "origin", a->parting.origin);
    json_op(s, w, "fall", a->parting.fall);
    json_number(w, "fall_by", a->parting.fall_by);
    json_object_end(w);
}

static void show_json(const struct session *s, exec_plan *x, const struct times *t, const struct accuracy *a,
                      struct buf *out) {
    static const char *const roles[] = {"input", "parameter", "constant"};
    struct json_writer w = json_writer_to(out);
    json_object_begin(&w);
    json_member_str(&w, STR("file"), str_from_z(s->o->path));
    json_key(&w, STR("arguments"));
    json_array_begin(&w);
    for (size_t i = 0; i < exec_n_arguments(x); i++) {
        exec_value_info info = exec_argument(x, i);
        json_object_begin(&w);
        json_value(&w, &info);
        json_member_str(&w, STR("role"), str_from_z(roles[info.role]));
        json_object_end(&w);
    }
    json_array_end(&w);
    json_key(&w, STR("results"));
    json_array_begin(&w);
    for (size_t i = 0; i < exec_n_results(x); i++) {
        const struct tensor *r = exec_result(x, i, 0);
        exec_value_info info = exec_result_info(x, i);
        exec_statistics st = {0};
        if (r)
            exec_statistics_of(r, &st);
        json_object_begin(&w);
        json_value(&w, &info);
        json_number(&w, "min", st.min);
        json_number(&w, "max", st.max);
        json_number(&w, "mean", st.mean);
        json_number(&w, "deviation", st.deviation);
        json_number(&w, "nans", (double)st.nans);
        json_object_end(&w);
    }
    json_array_end(&w);
    json_number(&w, "median_ns", t->median);
    json_number(&w, "min_ns", t->least);
    json_number(&w, "max_ns", t->most);
    json_number(&w, "runs", (double)t->ns.n);
    exec_memory m = exec_memory_of(x);
    json_key(&w, STR("memory"));
    json_object_begin(&w);
    json_number(&w, "arguments", (double)m.arguments);
    json_number(&w, "constants", (double)m.constants);
    json_number(&w, "planned", (double)m.planned);
    json_number(&w, "cached", (double)m.cached);
    json_number(&w, "scratch", (double)m.scratch);
    json_object_end(&w);
    size_t n;
    const exec_record *records = exec_trace(x, &n);
    json_key(&w, STR("ops"));
    json_array_begin(&w);
    for (size_t i = 0; i < n; i++) {
        json_object_begin(&w);
        json_member_u64(&w, STR("op"), records[i].op);
        json_member_str(&w, STR("name"), ir_op_name_str(s->in.m, records[i].op));
        json_member_str(&w, STR("kernel"), records[i].kernel);
        json_member_u64(&w, STR("ns"), records[i].ns);
        json_member_u64(&w, STR("flops"), records[i].flops);
        json_member_u64(&w, STR("live"), records[i].live);
        json_object_end(&w);
    }
    json_array_end(&w);
    if (s->o->golden)
        json_accuracy(s, &w, a);
    json_object_end(&w);
    buf_putc(out, '\n');
}

/* Arguments that come from files need no memory of their own. */
static bool fits(struct session *s, const exec_plan *x) {
    struct buf why;
    buf_init(&why, &s->mem);
    bool good = s->o->n_inputs || exec_fits(x, machine_memory_available(), &why);
    if (!good)
        fprintf(stderr, "tt-explorer: cannot run %s: %.*s\n", s->o->path, STR_ARG(buf_str(&why)));
    buf_free(&why);
    return good;
}

/* Compares two runs op by op, in the golden one's order of execution. False (said) when that does not work. */
static bool compare_runs(struct session *s, exec_plan *x, exec_plan *golden, struct accuracy *a) {
    const ir_module *m = s->in.m;
    exec_pair *pairs = ARENA_ARRAY(&s->arena, exec_pair, m->n_ops);
    uint8_t *seen = ARENA_ARRAY(&s->arena, uint8_t, m->n_ops);
    a->diffs = ARENA_ARRAY(&s->arena, exec_difference, m->n_ops);
    if (!pairs || !seen || !a->diffs)
        return no_memory();
    size_t n_pairs = 0;
    ir_op op;
    for (size_t i = 0; exec_step_op(golden, i, &op); i++)
        if (op && op < m->n_ops && !seen[op]++) /* what is computed again and again stands where it was first */
            pairs[n_pairs++] = (exec_pair){op, op, .moved = false};
    run_until_interrupted(x);
    exec_status status = exec_compare_beside(x, golden, pairs, n_pairs, a->diffs, &a->n, NULL);
    run_until_interrupted(NULL);
    if (judge_status(s, x, status) != CLI_OK)
        return false;
    return exec_find_divergence(m, a->diffs, a->n, s->o->pcc, &s->mem, &a->parting) || no_memory();
}

/* A plan of the module whose ops run one by one, with the arguments of x (NULL: its own). NULL when it cannot be, which is
 * said then. */
static exec_plan *plan_beside(struct session *s, exec_options o, exec_plan *x) {
    o.alone = true;
    o.keep = false;
    exec_plan *p = exec_plan_new(s->in.m, &o, &s->mem, &s->in.d);
    if (!p)
        cli_show_diags(&s->in);
    bool ok = p && fits(s, p) && bind_all(s, p);
    for (size_t i = 0; ok && x && i < exec_n_arguments(p); i++) {
        if (exec_argument(p, i).dtype == TENSOR_NONE || exec_inputs_source(s->inputs, i).n)
            continue;
        str why = STR("out of memory");
        const struct tensor *t = exec_seeded(x, i);
        ok = t && exec_bind(p, i, t, 1, &why);
        if (!ok)
            fprintf(stderr, "tt-explorer: argument %zu: %.*s\n", i, STR_ARG(why));
    }
    if (ok)
        return p;
    exec_plan_free(p);
    return NULL;
}

/* Runs the module once more op by op, beside itself in f32, and compares. False when that does not work, which is said then. */
static bool compare_golden(struct session *s, exec_plan *x, struct accuracy *a) {
    exec_options o = s->o->exec;
    exec_plan *again = plan_beside(s, o, x);
    o.numbers = EXEC_F32;
    o.reference = false;
    exec_plan *golden = again ? plan_beside(s, o, NULL) : NULL;
    bool ok = golden && compare_runs(s, again, golden, a);
    exec_plan_free(golden);
    exec_plan_free(again);
    return ok;
}

/* Arguments whose types leave dimensions open have the shapes of their inputs. */
static bool shape_all(struct session *s) {
    struct buf why;
    buf_init(&why, &s->mem);
    bool ok = !s->o->n_inputs || exec_inputs_shapes(s->inputs, s->in.m, &s->o->exec, &s->mem, &s->in.d, &why);
    if (!ok && why.n)
        fprintf(stderr, "tt-explorer: %.*s\n", STR_ARG(buf_str(&why)));
    else if (!ok)
        cli_show_diags(&s->in);
    buf_free(&why);
    return ok;
}

static int run_module(struct session *s) {
    if (!shape_all(s))
        return s->in.d.errors ? CLI_INPUT : CLI_USAGE;
    exec_plan *x = exec_plan_new(s->in.m, &s->o->exec, &s->mem, &s->in.d);
    if (!x) {
        cli_show_diags(&s->in);
        return CLI_INPUT;
    }
    if (!fits(s, x)) {
        exec_plan_free(x);
        return CLI_INPUT;
    }
    struct times t;
    memset(&t, 0, sizeof t);
    vec_init(&t.ns, &s->mem);
    struct accuracy a = {.n = 0};
    int code = bind_all(s, x) && warn(s, x) ? run_times(s, x, s->o->repeat, &t) : CLI_USAGE;
    if (code == CLI_OK && s->o->golden && !compare_golden(s, x, &a))
        code = CLI_INPUT;
    if (code == CLI_OK && ((s->o->outputs && !save_results(s, x)) || (s->o->save && !save_ops(s, x))))
        code = CLI_USAGE;
    if (code == CLI_OK && s->o->trace) {
        bool csv = str_ends_with(str_from_z(s->o->trace), STR(".csv"));
        if (!write_file(s, s->o->trace, csv ? write_csv : write_chrome, x))
            code = CLI_USAGE;
    }
    if (code == CLI_OK) {
        struct cli_output out;
        cli_stdout(&out, &s->mem);
        (s->o->json ? show_json : show_text)(s, x, &t, &a, &out.buf);
        code = cli_output_end(&out, code);
    }
    vec_free(&t.ns);
    exec_plan_free(x);
    return code;
}

static int run_file(struct run *o) {
    struct session s = {.o = o};
    if (!cli_input_open(&s.in, o->path))
        return CLI_USAGE;
    mem_init(&s.mem);
    arena_init(&s.arena, &s.mem);
    int code = CLI_USAGE;
    cli_input_find(&s.in, TEXT_ALL, o->exec.function);
    if (s.in.m) {
        code = open_inputs(&s) ? run_module(&s) : CLI_USAGE;
    } else {
        cli_show_diags(&s.in);
        code = cli_exit_code(&s.in);
    }
    exec_inputs_free(s.inputs);
    arena_free(&s.arena);
    cli_input_close(&s.in);
    return code;
}

int cli_run_module(int argc, char **argv) {
    struct mem m;
    mem_init(&m);
    struct run o = {.repeat = 1, .pcc = EXEC_GOOD_PCC};
    size_t room = (size_t)argc * sizeof *o.inputs;
    o.inputs = mem_alloc(&m, room);
    if (!o.inputs) {
        fputs("tt-explorer: out of memory\n", stderr);
        return CLI_USAGE;
    }
    int code;
    if (cli_read_options(&syntax, &o, argc, argv, &code) && (code = complete_options(&o)) == CLI_OK)
        code = run_file(&o);
    mem_free(&m, o.inputs, room);
    return code;
}
