/* tt-explorer compile: TTIR to TTNN, pass by pass. */
#include "compile/compile.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/input.h"
#include "cli/options.h"
#include "cli/output.h"
#include "compile/override.h"
#include "compile/suggest.h"
#include "target/cost.h"
#include "target/device.h"

static const char help[] =
    "usage: tt-explorer compile [OPTION...] FILE\n"
    "\n"
    "Compiles a module towards Tenstorrent hardware and prints the TTNN module that comes out, as the vendor's\n"
    "ttir-to-ttnn-common-pipeline does. FILE - is standard input.\n"
    "\n"
    "what for\n"
    "  --level 0|1|2          optimization level: 0 none (default), 1 optimizer, 2 with sharding in L1\n"
    "  --device NAME          a built-in board: n150, n300, p100, p150; or the vendor's mock of an\n"
    "                         architecture: wormhole_b0 (default), blackhole\n"
    "  --system-desc FILE     a system descriptor (.ttsys)\n"
    "  --mesh RxC             shape of the mesh of devices\n"
    "  --option NAME=VALUE    any other option of the vendor's pipeline, by its name there:\n"
    "                         --option enable-const-eval=false\n"
    "\n"
    "overrides\n"
    "  --override TEXT        what an op is to have; may be given several times:\n"
    "                         matmul_1:output_layout.buffer_type=l1,grid_shape=8x1   by location name\n"
    "                         @main/ttnn.matmul#3:compute_config.math_fidelity=lofi  the op itself\n"
    "                         '?op=matmul name=*layers.0*:output_layout.data_type=bfp_bf8'  by a query\n"
    "                         or the vendor's option: override-output-layout=add_1=l1:height_sharded:8x1\n"
    "  --overrides FILE       a JSON file of them, as the UI and the vendor's tool write it\n"
    "\n"
    "how\n"
    "  --stop-after PASS      do not go on after this pass (PASS#2: the second of that name)\n"
    "  --start-after PASS     the module is what this pass leaves\n"
    "  --list-passes          the passes in order, and nothing else\n"
    "\n"
    "what comes out\n"
    "  -o FILE                the module goes there instead of standard output\n"
    "  --locations            with the locations of ops and arguments\n"
    "  --generic              every op in its generic form\n"
    "  --stages DIR           the module after each pass that changed it: DIR/NN-PASS.mlir\n"
    "  --print-after PASS     the module after this pass, on standard error; all: after each that changed it\n"
    "  --passes               one line per pass on standard error: changed or not, ops, time\n"
    "  --suggest              overrides that would help most by that estimate, on standard error\n"
    "  --estimate             what each op is estimated to take and what bounds it, on standard error\n"
    "  --json                 a JSON document about the run instead of the module\n"
    "  --help                 this text\n"
    "\n"
    "examples:\n"
    "  tt-explorer compile model.mlir > model.ttnn.mlir\n"
    "  tt-explorer compile --stages stages --passes model.mlir -o /dev/null\n"
    "  tt-explorer compile --device p150 --option argument-types=main=input,parameter model.mlir\n"
    "\n"
    "exit status: 0 compiled, 1 the input has errors, cannot be compiled or an override was not applied, 2 wrong usage "
    "or trouble with files\n";

enum { MAX_OVERRIDES = 256 };

struct arguments {
    compile_options o;
    text_print_options print;
    const char *path, *out, *stages, *print_after, *system_desc, *override_file;
    const char *overrides[MAX_OVERRIDES];
    uint32_t n_overrides;
    bool json, passes, estimate, suggest;
};

/* ---- what is written ------------------------------------------------------------------------------------ */

/* A module into a file, or to standard output when `path` is NULL. Gives `code`, or CLI_USAGE with a message when that
 * fails. */
static int write_module(const ir_module *m, const struct arguments *a, const char *path, int code) {
    struct cli_output out;
    if (!cli_output_open(&out, m->mem, path))
        return CLI_USAGE;
    if (!text_print(m, &a->print, &out.buf) && !out.buf.failed) {
        fprintf(stderr, "tt-explorer: cannot print the module: out of memory, or nested too deeply\n");
        code = CLI_USAGE;
    }
    return cli_output_end(&out, code);
}

static bool write_stages(const compile_run *r, const struct arguments *a) {
    if (mkdir(a->stages, 0777) != 0) {
        int error = errno;
        struct stat s;
        if (stat(a->stages, &s) != 0 || !S_ISDIR(s.st_mode)) {
            struct file_cause c = file_cause_of(error, true);
            fprintf(stderr, "tt-explorer: cannot make the folder %s: %s%s\n", a->stages, c.text, c.cure);
            return false;
        }
    }
    bool ok = true;
    unsigned n = 0;
    for (uint32_t i = 0; ok && i < r->n_stages; i++) {
        if (!r->stages[i].changed)
            continue;
        char path[4096];
        const char *pass = i ? r->stages[i].pass : "input";
        if ((size_t)snprintf(path, sizeof path, "%s/%02u-%s.mlir", a->stages, n++, pass) >= sizeof path)
            return false;
        ok = write_module(r->stages[i].module->m, a, path, CLI_OK) == CLI_OK;
    }
    return ok;
}

static void print_after(const compile_run *r, const struct arguments *a) {
    bool all = strcmp(a->print_after, "all") == 0;
    for (uint32_t i = 1; i < r->n_stages; i++) {
        const compile_stage *s = &r->stages[i];
        if (all ? !s->changed : strcmp(s->pass, a->print_after) != 0)
            continue;
        fprintf(stderr, "// -----// after %s%s //----- //\n", s->pass, s->changed ? "" : " (nothing changed)");
        int fd = STDERR_FILENO;
        struct buf b;
        buf_init_stream(&b, s->module->m->mem, 1 << 16, file_flush_fd, &fd);
        if (text_print(s->module->m, &a->print, &b))
            buf_flush(&b);
        buf_free(&b);
    }
}

static void print_passes(const compile_run *r) {
    for (uint32_t i = 1; i < r->n_stages; i++) {
        const compile_stage *s = &r->stages[i];
        fprintf(stderr, "%2u  %-40s %s  %6u ops  %8.3f ms\n", s->number, s->pass,
                s->failed    ? "FAILED "
                : s->changed ? "changed"
                             : "   -   ",
                s->ops_after, (double)s->nanoseconds / 1e6);
    }
    fprintf(stderr, "    %-40s          %6u ops  %8.3f ms\n", "in all, stages kept",
            r->stages[r->n_stages - 1].ops_after, (double)r->nanoseconds / 1e6);
}

/* A line per op that takes device time, then the sum. Microseconds. */
static void print_estimate(const ir_module *m) {
    legal_env e;
    if (!legal_env_init(&e, m, LEGAL_L1_CAP)) {
        fprintf(stderr, "no estimate: the module has no device\n");
        return;
    }
    fprintf(stderr,
            "estimate, not measured: microseconds by compute, DRAM, L1, dispatch, ethernet; bytes of L1 on a core\n");
    for (ir_op op = m->root; op; op = ir_walk_next(m, m->root, op)) {
        cost c = cost_of_op(&e, op);
        if (c.total_ns <= 0)
            continue;
        fprintf(stderr, "%-40.*s %9.2f  %-8.*s %8.2f %8.2f %8.2f %8.2f %8.2f  %4lld cores %8llu%s\n",
                STR_ARG(ir_op_name_str(m, op)), c.total_ns / 1e3, STR_ARG(cost_bound_names[c.bound]),
                c.ns[COST_COMPUTE] / 1e3, c.ns[COST_DRAM] / 1e3, c.ns[COST_NOC] / 1e3, c.ns[COST_DISPATCH] / 1e3,
                c.ns[COST_ETHERNET] / 1e3, (long long)c.cores, (unsigned long long)c.l1_per_core,
                c.known ? "" : "  (moved bytes only)");
    }
    cost_total t = cost_of_module(&e);
    fprintf(stderr, "%-40s %9.2f  %u ops, const-eval functions not counted; largest use of L1 %llu bytes\n",
            "in all (estimate)", t.ns / 1e3, t.ops, (unsigned long long)t.peak_l1);
}

/* One override per line, as --override takes it, with what it is estimated to save. They speak of the module that overrides
 * are applied to. */
static void print_suggestions(const compile_run *r) {
    enum { MOST = 10 };
    override_suggestion list[MOST];
    legal_env e;
    struct arena a;
    struct mem mem = {0};
    struct buf op;
    const ir_module *m = compile_result(r);
    for (uint32_t i = 0; i < r->n_stages; i++) {
        m = r->stages[i].module->m;
        if (strcmp(r->stages[i].pass, "ttnn-set-compute-kernel-config") == 0)
            break;
    }
    if (!legal_env_init(&e, m, LEGAL_L1_CAP))
        return;
    arena_init(&a, &mem);
    buf_init(&op, &mem);
    uint32_t n = override_suggest(&e, &a, list, MOST);
    fprintf(stderr, "%s\n",
            n ? "suggestions by estimate, one at a time:" : "no override is estimated to save anything");
    for (uint32_t i = 0; i < n; i++) {
        buf_clear(&op);
        override_identity(m, list[i].op, &op);
        fprintf(stderr, "%.*s:%.*s.", STR_ARG(buf_str(&op)), STR_ARG(legal_group_names[list[i].set[0].group]));
        for (uint32_t k = 0; k < list[i].n_set; k++)
            fprintf(stderr, "%s%.*s=%.*s", k ? "," : "", STR_ARG(list[i].set[k].key), STR_ARG(list[i].set[k].value));
        fprintf(stderr, "   %.2f instead of %.2f us%s\n", list[i].after_ns / 1e3, list[i].before_ns / 1e3,
                list[i].changes_numbers ? ", less exact" : "");
    }
    buf_free(&op);
    arena_free(&a);
}

static void json_run(struct cli_input *in, const compile_run *r, const override_set *overrides, struct json_writer *w) {
    json_object_begin(w);
    json_key(w, STR("file"));
    json_str(w, str_from_z(in->path));
    json_key(w, STR("ok"));
    json_bool(w, r && r->ok);
    if (r) {
        json_key(w, STR("nanoseconds"));
        json_u64(w, r->nanoseconds);
        json_key(w, STR("stages"));
        json_array_begin(w);
        for (uint32_t i = 0; i < r->n_stages; i++) {
            const compile_stage *s = &r->stages[i];
            json_object_begin(w);
            json_key(w, STR("pass"));
            json_str(w, str_from_z(s->pass));
            json_key(w, STR("number"));
            json_u64(w, s->number);
            json_key(w, STR("changed"));
            json_bool(w, s->changed);
            json_key(w, STR("failed"));
            json_bool(w, s->failed);
            json_key(w, STR("ops_before"));
            json_u64(w, s->ops_before);
            json_key(w, STR("ops_after"));
            json_u64(w, s->ops_after);
            json_key(w, STR("nanoseconds"));
            json_u64(w, s->nanoseconds);
            json_object_end(w);
        }
        json_array_end(w);
    }
    if (overrides) {
        json_key(w, STR("overrides"));
        override_results_json(overrides, w);
    }
    cli_json_diags(in, w);
    json_object_end(w);
}

/* ---- compiling ------------------------------------------------------------------------------------------ */

/* What the arguments ask for of a run; the exit code. */
static int show(struct cli_input *in, const compile_run *r, const struct arguments *a) {
    bool ok = true;
    int code = cli_exit_code(in);
    if (code == CLI_OK && a->o.overrides && override_problems(a->o.overrides))
        code = CLI_INPUT;
    if (r && r->ok && a->estimate)
        print_estimate(compile_result(r));
    if (r && r->ok && a->suggest)
        print_suggestions(r);
    if (r && a->stages)
        ok = write_stages(r, a);
    if (r && a->print_after)
        print_after(r, a);
    if (r && a->passes)
        print_passes(r);
    if (a->json) {
        struct cli_output out;
        cli_stdout(&out, &in->mem);
        struct json_writer w = json_writer_to(&out.buf);
        w.indent = 2;
        json_run(in, r, a->o.overrides, &w);
        buf_putc(&out.buf, '\n');
        return cli_output_end(&out, ok ? code : CLI_USAGE);
    }
    cli_show_diags(in);
    if (!r || !r->ok || !ok)
        return ok ? code : CLI_USAGE;
    return write_module(compile_result(r), a, a->out, code);
}

/* Reads the overrides of the command line and of their file. False with errors in in->d. */
static bool read_overrides(struct cli_input *in, struct arguments *a, const struct file *f, override_set *set) {
    bool ok = true;
    for (uint32_t i = 0; i < a->n_overrides; i++)
        ok &= override_read_options(set, str_from_z(a->overrides[i]), &in->d);
    if (a->override_file) {
        struct diag_source *source = diags_add_source(&in->d, str_from_z(a->override_file), file_text(f));
        ok &= override_read_json(set, file_text(f), source, &in->d);
    }
    if (set->entries.n)
        a->o.overrides = set;
    return ok;
}

static int compile_input(struct cli_input *in, struct arguments *a, const struct file *override_file) {
    compile_run *r = NULL;
    override_set overrides;
    in->strict = true;
    override_set_init(&overrides, &in->mem);
    cli_input_find(in, TEXT_ALL, (str){0});
    if (read_overrides(in, a, override_file, &overrides) && in->m)
        r = compile_run_new(in->m, &a->o, &in->d);
    int code = show(in, r, a);
    compile_free(r);
    override_set_free(&overrides);
    return code;
}

/* A file that an option names; true without one. */
static bool open_named(struct file *f, struct mem *mem, const char *path) {
    if (!path || file_open(f, mem, path))
        return true;
    fprintf(stderr, "tt-explorer: %s\n", f->error);
    return false;
}

static int compile_file(struct arguments *a) {
    struct cli_input in;
    struct file desc, overrides;
    if (!cli_input_open(&in, a->path))
        return CLI_USAGE;
    int code = CLI_USAGE;
    if (open_named(&desc, &in.mem, a->system_desc)) {
        if (a->system_desc)
            a->o.system_desc = file_text(&desc);
        if (open_named(&overrides, &in.mem, a->override_file)) {
            code = compile_input(&in, a, &overrides);
            if (a->override_file)
                file_close(&overrides);
        }
        if (a->system_desc)
            file_close(&desc);
    }
    cli_input_close(&in);
    return code;
}

/* ---- arguments ------------------------------------------------------------------------------------------ */

static int list_passes(void *o, const char *value) {
    (void)o;
    (void)value;
    const char *name, *what;
    for (uint32_t i = 0; compile_pass_at(i, &name, &what); i++)
        printf("%2u  %-40s %s\n", i + 1, name, what);
    return CLI_OK;
}

/* One option of the pipeline; CLI_OK or a message and CLI_USAGE. */
static int set_option(compile_options *o, str name, str value) {
    const char *why;
    if (compile_option_set(o, name, value, &why))
        return CLI_OK;
    fprintf(stderr, "tt-explorer compile: %.*s=%.*s: %s; see tt-explorer compile --help\n", STR_ARG(name),
            STR_ARG(value), why);
    return CLI_USAGE;
}

static int take_level(void *o, const char *value) {
    return set_option(&((struct arguments *)o)->o, STR("optimization-level"), str_from_z(value));
}

static int take_mesh(void *o, const char *value) {
    return set_option(&((struct arguments *)o)->o, STR("mesh-shape"), str_from_z(value));
}

static int take_option(void *o, const char *value) {
    str v = str_from_z(value);
    size_t at = str_find_char(v, '=');
    return set_option(&((struct arguments *)o)->o, str_slice(v, 0, at), str_from(v, at + 1));
}

static int take_device(void *o, const char *value) {
    compile_options *c = &((struct arguments *)o)->o;
    for (uint32_t i = 0; target_board_name(i).n; i++) {
        if (!str_eq(target_board_name(i), str_from_z(value)))
            continue;
        if (strcmp(value, "wormhole_b0") == 0 || strcmp(value, "blackhole") == 0)
            c->arch = str_from_z(value);
        else
            c->board = str_from_z(value);
        return CLI_OK;
    }
    return cli_bad_usage("compile", "of n150, n300, p100, p150, wormhole_b0 and blackhole none is", value);
}

static int take_override(void *o, const char *value) {
    struct arguments *a = o;
    if (a->n_overrides == MAX_OVERRIDES)
        return cli_bad_usage("compile", "too many overrides, put them into a file:", value);
    a->overrides[a->n_overrides++] = value;
    return CLI_OK;
}

static const struct cli_option options[] = {
    {.name = "--level", .kind = CLI_VALUE, .take = take_level},
    {.name = "--device", .kind = CLI_VALUE, .take = take_device},
    {.name = "--system-desc", .kind = CLI_TEXT, .at = offsetof(struct arguments, system_desc)},
    {.name = "--mesh", .kind = CLI_VALUE, .take = take_mesh},
    {.name = "--option", .kind = CLI_VALUE, .take = take_option},
    {.name = "--override", .kind = CLI_VALUE, .take = take_override},
    {.name = "--overrides", .kind = CLI_TEXT, .at = offsetof(struct arguments, override_file)},
    {.name = "--stop-after", .kind = CLI_STR, .at = offsetof(struct arguments, o.stop_after)},
    {.name = "--start-after", .kind = CLI_STR, .at = offsetof(struct arguments, o.start_after)},
    {.name = "--list-passes", .kind = CLI_INSTEAD, .take = list_passes},
    {.name = "-o", .kind = CLI_TEXT, .at = offsetof(struct arguments, out)},
    {.name = "--locations", .kind = CLI_FLAG, .at = offsetof(struct arguments, print.locations)},
    {.name = "--generic", .kind = CLI_FLAG, .at = offsetof(struct arguments, print.generic)},
    {.name = "--stages", .kind = CLI_TEXT, .at = offsetof(struct arguments, stages)},
    {.name = "--print-after", .kind = CLI_TEXT, .at = offsetof(struct arguments, print_after)},
    {.name = "--passes", .kind = CLI_FLAG, .at = offsetof(struct arguments, passes)},
    {.name = "--suggest", .kind = CLI_FLAG, .at = offsetof(struct arguments, suggest)},
    {.name = "--estimate", .kind = CLI_FLAG, .at = offsetof(struct arguments, estimate)},
    {.name = "--json", .kind = CLI_FLAG, .at = offsetof(struct arguments, json)},
    {0},
};

static const struct cli_syntax syntax = {"compile", help, options, .file_at = offsetof(struct arguments, path)};

int cli_compile(int argc, char **argv) {
    struct arguments a = {0};
    compile_options_init(&a.o);
    int code;
    return cli_read_options(&syntax, &a, argc, argv, &code) ? compile_file(&a) : code;
}
