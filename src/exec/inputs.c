/* Values of arguments that come from files.
 *
 *   .npy, raw             one tensor: for the argument that is named, else the next one in order
 *   .npz, .safetensors    each entry for the argument of its name, else the next one in order
 */
#include <string.h>

#include "base/file.h"
#include "exec/inner.h"
#include "exec/seed.h"

struct input {
    str name, argument;
    struct file *file; /* at its own address: tensors and signals look at it */
    enum tensor_format format;
    struct tensor_file tensors; /* empty for raw elements */
};

struct exec_inputs {
    struct mem *mem;
    struct arena arena;
    VEC(struct input) list;
    VEC(uint32_t) source;   /* by argument: number of its input + 1 */
    VEC(exec_shape) shapes; /* by argument */
};

exec_inputs *exec_inputs_new(struct mem *mem) {
    exec_inputs *in = mem_alloc_zero(mem, sizeof *in);
    if (!in)
        return NULL;
    in->mem = mem;
    arena_init(&in->arena, mem);
    vec_init(&in->list, mem);
    vec_init(&in->source, mem);
    vec_init(&in->shapes, mem);
    return in;
}

void exec_inputs_free(exec_inputs *in) {
    if (!in)
        return;
    for (size_t i = 0; i < in->list.n; i++) {
        tensor_file_free(&in->list.v[i].tensors);
        file_close(in->list.v[i].file);
    }
    vec_free(&in->list);
    vec_free(&in->source);
    vec_free(&in->shapes);
    arena_free(&in->arena);
    mem_free(in->mem, in, sizeof *in);
}

size_t exec_inputs_count(const exec_inputs *in) {
    return in->list.n;
}

static bool no_memory(struct buf *why) {
    buf_lit(why, "out of memory");
    return false;
}

bool exec_inputs_add(exec_inputs *in, str argument, str name, const char *path, struct buf *why) {
    struct input one = {.name = arena_str(&in->arena, name), .argument = arena_str(&in->arena, argument)};
    one.file = ARENA_NEW(&in->arena, struct file);
    if (!one.name.p || !one.argument.p || !one.file)
        return no_memory(why);
    if (!file_open(one.file, in->mem, path)) {
        buf_put_str(why, str_from_z(one.file->error));
        return false;
    }
    one.format = tensor_file_format(file_text(one.file));
    if (one.format != TENSOR_FILE_UNKNOWN &&
        !tensor_file_read(&one.tensors, file_text(one.file), &in->arena, in->mem)) {
        if (one.tensors.error.p)
            buf_printf(why, "cannot read %.*s: %.*s", STR_ARG(name), STR_ARG(one.tensors.error));
        else
            no_memory(why);
        file_close(one.file);
        return false;
    }
    if (vec_push(&in->list, one))
        return true;
    tensor_file_free(&one.tensors);
    file_close(one.file);
    return no_memory(why);
}

static void put_shape(struct buf *out, const int64_t *dims, int rank, enum tensor_dtype dtype) {
    for (int d = 0; d < rank; d++)
        if (dims[d] < 0)
            buf_lit(out, "?x");
        else
            buf_printf(out, "%lldx", (long long)dims[d]);
    buf_put_str(out, tensor_dtype_name(dtype));
}

static void put_argument(struct buf *out, const exec_plan *x, size_t i) {
    exec_value_info info = exec_argument(x, i);
    buf_printf(out, "argument %zu", i);
    if (info.name.n)
        buf_printf(out, " '%.*s'", STR_ARG(info.name));
    buf_lit(out, " (");
    put_shape(out, info.dims, info.rank, info.dtype);
    buf_putc(out, ')');
}

/* Gives argument i a tensor of the input `from`. */
static bool bind(exec_inputs *in, exec_plan *x, size_t i, const struct tensor *t, size_t from, struct buf *why) {
    const struct input *one = &in->list.v[from];
    str error = {0};
    if (i >= exec_n_arguments(x)) {
        buf_printf(why, "there is no argument for %.*s: the function takes %zu", STR_ARG(one->name),
                   exec_n_arguments(x));
        return false;
    }
    if (exec_bind(x, i, t, 1, &error)) {
        in->source.v[i] = (uint32_t)from + 1;
        return true;
    }
    buf_printf(why, "%.*s, which holds ", STR_ARG(one->name));
    put_shape(why, t->dims, t->rank, t->dtype);
    buf_lit(why, ", does not fit ");
    put_argument(why, x, i);
    buf_printf(why, ": %.*s", STR_ARG(error));
    return false;
}

static bool bind_raw(exec_inputs *in, exec_plan *x, size_t i, size_t from, struct buf *why) {
    const struct input *one = &in->list.v[from];
    struct tensor raw = {0};
    exec_value_info info = {0};
    size_t size = 0;
    if (i < exec_n_arguments(x)) {
        info = exec_argument(x, i);
        tensor_size(info.dtype, info.dims, info.rank, &size);
        if (!tensor_raw(&raw, file_text(one->file), info.dtype, info.dims, info.rank)) {
            buf_printf(why, "%.*s has %zu bytes and is no .npy, .npz or .safetensors; as raw elements ",
                       STR_ARG(one->name), one->file->n);
            put_argument(why, x, i);
            buf_printf(why, " takes %zu", size);
            return false;
        }
    }
    return bind(in, x, i, &raw, from, why);
}

/* The entry that an argument which was named gets: the only one, or the one of its name. */
static const struct tensor *entry_for(const exec_inputs *in, const exec_plan *x, size_t i, size_t from,
                                      struct buf *why) {
    const struct input *one = &in->list.v[from];
    for (size_t k = 0; k < one->tensors.n; k++)
        if (one->tensors.n == 1 || exec_find_argument(x, one->tensors.entries[k].name) == (ptrdiff_t)i)
            return &one->tensors.entries[k].tensor;
    buf_printf(why, "%.*s holds %zu tensors, none of them for ", STR_ARG(one->name), one->tensors.n);
    put_argument(why, x, i);
    return NULL;
}

/* The first argument that has nothing yet; their number when there is none. */
static size_t free_argument(const exec_inputs *in, const exec_plan *x) {
    size_t i = 0;
    while (i < exec_n_arguments(x) && (in->source.v[i] || !x->arguments[i]))
        i++;
    return i;
}

/* An input that says which argument it is for. */
static bool bind_named(exec_inputs *in, exec_plan *x, size_t from, struct buf *why) {
    const struct input *one = &in->list.v[from];
    ptrdiff_t named = exec_find_argument(x, one->argument);
    if (named < 0) {
        buf_printf(why, "no argument is called '%.*s', for which %.*s is meant; the function has ",
                   STR_ARG(one->argument), STR_ARG(one->name));
        for (size_t i = 0; i < exec_n_arguments(x) && i < 8; i++) {
            buf_put_str(why, i ? STR(", ") : STR(""));
            put_argument(why, x, i);
        }
        buf_put_str(why, exec_n_arguments(x) > 8 ? STR(", ...") : exec_n_arguments(x) ? STR("") : STR("none"));
        return false;
    }
    if (one->format == TENSOR_FILE_UNKNOWN)
        return bind_raw(in, x, (size_t)named, from, why);
    const struct tensor *t = entry_for(in, x, (size_t)named, from, why);
    return t && bind(in, x, (size_t)named, t, from, why);
}

/* What of an input goes by the names in it, or (in_order) what goes to the arguments that have nothing yet. */
static bool bind_entries(exec_inputs *in, exec_plan *x, size_t from, bool in_order, struct buf *why) {
    const struct input *one = &in->list.v[from];
    if (one->format == TENSOR_FILE_UNKNOWN)
        return !in_order || bind_raw(in, x, free_argument(in, x), from, why);
    for (size_t k = 0; k < one->tensors.n; k++) {
        ptrdiff_t i = exec_find_argument(x, one->tensors.entries[k].name);
        if ((i < 0) == in_order &&
            !bind(in, x, in_order ? free_argument(in, x) : (size_t)i, &one->tensors.entries[k].tensor, from, why))
            return false;
    }
    return true;
}

bool exec_inputs_bind(exec_inputs *in, exec_plan *x, struct buf *why) {
    in->source.n = 0;
    for (size_t i = 0; i < exec_n_arguments(x); i++)
        if (!vec_push(&in->source, 0))
            return no_memory(why);
    for (size_t i = 0; i < in->list.n; i++) {
        bool named = in->list.v[i].argument.n != 0;
        if (!(named ? bind_named(in, x, i, why) : bind_entries(in, x, i, false, why)))
            return false;
    }
    for (size_t i = 0; i < in->list.n; i++)
        if (!in->list.v[i].argument.n && !bind_entries(in, x, i, true, why))
            return false;
    return true;
}

bool exec_inputs_doubts(const exec_inputs *in, exec_plan *x, struct buf *out) {
    size_t n = exec_n_arguments(x);
    double *below = in->list.n ? mem_alloc(x->mem, (n + 1) * sizeof *below) : NULL;
    if (!below)
        return in->list.n == 0;
    bool good = seed_limits(x, below);
    for (size_t i = 0; good && i < n; i++) {
        const struct tensor *t = below[i] > 0 && exec_inputs_source(in, i).n ? exec_given(x, i) : NULL;
        int64_t count = t ? tensor_count(t) : 0, outside = 0;
        double low = 0, high = 0;
        for (int64_t k = 0; k < count; k++) {
            double v = tensor_get(t, k);
            outside += !(v >= 0 && v < below[i]);
            low = k == 0 || v < low ? v : low;
            high = k == 0 || v > high ? v : high;
        }
        if (!outside)
            continue;
        put_argument(out, x, i);
        buf_printf(
            out,
            " has numbers from %.10g to %.10g in %.*s, where there are %.10g to count from 0: %lld of %lld stand "
            "for nothing, and ops take the nearest or leave it out\n",
            low, high, STR_ARG(exec_inputs_source(in, i)), below[i], (long long)outside, (long long)count);
        good = !out->failed;
    }
    mem_free(x->mem, below, (n + 1) * sizeof *below);
    return good;
}

bool exec_inputs_shapes(exec_inputs *in, const ir_module *m, exec_options *o, struct mem *mem, struct diags *d,
                        struct buf *why) {
    exec_options look = {.function = o->function, .threads = 1, .numbers = o->numbers, .signature = true};
    exec_plan *x = exec_plan_new(m, &look, mem, d);
    bool good = x && exec_inputs_bind(in, x, why);
    in->shapes.n = 0;
    for (size_t i = 0; good && i < exec_n_arguments(x); i++) {
        exec_value_info info = exec_argument(x, i);
        exec_shape shape = {.rank = info.rank};
        memcpy(shape.dims, info.dims, sizeof shape.dims);
        good = vec_push(&in->shapes, shape) || no_memory(why);
    }
    exec_plan_free(x);
    o->shapes = in->shapes.v;
    o->n_shapes = in->shapes.n;
    return good;
}

str exec_inputs_source(const exec_inputs *in, size_t i) {
    return i < in->source.n && in->source.v[i] ? in->list.v[in->source.v[i] - 1].name : (str){0};
}
