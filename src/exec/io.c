/* Arguments, results, kept values. */
#include <stdio.h>
#include <string.h>

#include "exec/inner.h"
#include "exec/onednn.h"
#include "exec/seed.h"

size_t exec_n_arguments(const exec_plan *x) {
    return x->n_arguments;
}

size_t exec_n_results(const exec_plan *x) {
    return x->n_results;
}

exec_value_info exec_argument(const exec_plan *x, size_t i) {
    return x->infos[i];
}

exec_value_info exec_result_info(const exec_plan *x, size_t i) {
    return x->infos[x->n_arguments + i];
}

ptrdiff_t exec_find_argument(const exec_plan *x, str name) {
    for (size_t i = 0; i < x->n_arguments; i++)
        if (name.n && str_eq(x->infos[i].name, name))
            return (ptrdiff_t)i;
    uint64_t i;
    if (name.n && name.p[0] == '%')
        name = str_from(name, 1);
    if (str_starts_with(name, STR("arg")))
        name = str_from(name, 3);
    return num_parse_u64(name, &i) && i < x->n_arguments ? (ptrdiff_t)i : -1;
}

static bool same_shape(const exec_value_info *info, const struct tensor *t) {
    bool one = true;
    for (int i = 0; i < info->rank; i++)
        one &= info->dims[i] == 1;
    if (info->rank != t->rank)
        return one && tensor_count(t) == 1;
    for (int i = 0; i < t->rank; i++)
        if (t->dims[i] != info->dims[i] && info->dims[i] >= 0)
            return false;
    return true;
}

/* Whether a tensor's bytes can be used where they are. */
static bool usable(const struct slot *slot, const struct tensor *t) {
    return t->dtype == slot->type.dtype && slot->type.format == FORMAT_PLAIN &&
           (uintptr_t)t->data % tensor_dtype_size(t->dtype) == 0;
}

/* Elements of another type, or that stand anywhere, as those of an argument. False: out of memory, or it was asked to stop. */
static bool take_over(const exec_plan *x, const struct slot *slot, const struct tensor *from, struct tensor *to) {
    bool stands = (uintptr_t)from->data % tensor_dtype_size(from->dtype) == 0, ok = true;
    struct tensor aligned = {.data = from->data};
    if (tensor_bytes(to) == 0)
        return true;
    if (!stands && !tensor_new(&aligned, x->mem, from->dtype, from->dims, from->rank))
        return false;
    if (!stands)
        memcpy(aligned.data, from->data, tensor_bytes(from));
    ok = exec_convert_shared(x, to->data, to->dtype, aligned.data, from->dtype, (size_t)tensor_count(to));
    if (!stands)
        tensor_free(&aligned);
    return ok && (slot->type.format == FORMAT_PLAIN ||
                  format_round_shared(x, slot->type.format, to->data, slot->type.dims, slot->type.rank));
}

bool exec_bind(exec_plan *x, size_t i, const struct tensor *t, unsigned copies, str *error) {
    const exec_value_info *info = &x->infos[i];
    exec_slot s = x->arguments[i];
    const struct slot *slot = &x->slots.v[s];
    if (!s || (copies != 1 && copies != info->copies)) {
        *error = STR("it does not take so many tensors");
        return false;
    }
    if (x->options.signature) { /* its shape is all that counts */
        if (!same_shape(info, t)) {
            *error = STR("its shape does not match");
            return false;
        }
        if (info->rank == t->rank)
            memcpy(x->infos[i].dims, t->dims, sizeof t->dims);
        return true;
    }
    for (unsigned d = 0; d < x->devices; d++) {
        const struct tensor *from = &t[copies == 1 ? 0 : d];
        struct tensor *to = &x->bound[i * x->devices + d];
        if (d >= info->copies)
            break;
        if (!same_shape(info, from)) {
            snprintf(x->error_text, sizeof x->error_text, "its shape does not match");
            *error = str_from_z(x->error_text);
            return false;
        }
        tensor_free(to);
        if (usable(slot, from)) {
            *to = *from;
            to->mem = NULL;
            continue;
        }
        if (tensor_dtype_is_complex(from->dtype) != tensor_dtype_is_complex(slot->type.dtype)) {
            *error = STR("complex and real numbers are not converted into each other");
            return false;
        }
        if (!tensor_new_unset(to, x->mem, slot->type.dtype, slot->type.dims, slot->type.rank)) {
            *error = STR("out of memory");
            return false;
        }
        if (!take_over(x, slot, from, to)) {
            *error = run_cancelled(x) ? STR("it was cancelled") : STR("out of memory");
            tensor_free(to);
            return false;
        }
    }
    x->pointers_ready = false;
    if (slot->steady) {
        x->steady_ready = false;
        dnnl_forget(x);
    }
    return true;
}

void exec_unbind(exec_plan *x) {
    for (size_t i = 0; i < x->n_arguments * x->devices; i++)
        tensor_free(&x->bound[i]);
    x->pointers_ready = x->steady_ready = false;
    dnnl_forget(x);
}

const struct tensor *exec_given(exec_plan *x, size_t i) {
    const struct tensor *t = &x->bound[i * x->devices];
    return t->data ? t : exec_seeded(x, i);
}

/* Fills *out as a look at a slot on a device. */
static const struct tensor *look(const exec_plan *x, exec_slot s, unsigned device, struct tensor *out) {
    const struct exec_type *t = slot_type(x, s);
    if (!s || !(x->has_run || s == x->until) || device >= x->devices)
        return NULL;
    *out = (struct tensor){.dtype = t->dtype, .rank = t->rank, .data = exec_slot_data(x, s, device)};
    memcpy(out->dims, t->dims, sizeof out->dims);
    return out->data ? out : NULL;
}

const struct tensor *exec_result(const exec_plan *x, size_t i, unsigned device) {
    return i < x->n_results ? look(x, x->results[i], device, &x->answers[i * x->devices + device]) : NULL;
}

const struct tensor *exec_argument_after(const exec_plan *x, size_t i, unsigned device) {
    return i < x->n_arguments ? look(x, x->arguments[i], device, &x->afters[i * x->devices + device]) : NULL;
}

static bool is_result(const exec_plan *x, exec_slot s) {
    for (size_t i = 0; i < x->n_results; i++)
        if (x->results[i] == s)
            return true;
    return false;
}

const struct tensor *exec_value(const exec_plan *x, ir_value v, unsigned device) {
    const uint32_t *s = map_u64_get(&x->kept, v);
    /* The plan hands out one look at a time; who needs more copies the struct. */
    struct tensor *peek = (struct tensor *)(uintptr_t)&x->peek;
    return s && (x->options.keep || *s == x->until || (x->has_run && is_result(x, *s))) ? look(x, *s, device, peek)
                                                                                        : NULL;
}

bool exec_makes(const exec_plan *x, ir_value v, unsigned device) {
    const uint32_t *s = map_u64_get(&x->kept, v);
    if (!s || !*s || x->slots.v[*s].type.dtype == TENSOR_NONE)
        return false;
    const struct slot *root = &x->slots.v[x->slots.v[*s].root];
    return root->kind != SLOT_NONE && device < (root->per_device ? x->devices : 1);
}

unsigned exec_value_devices(const exec_plan *x, ir_value v) {
    const uint32_t *s = map_u64_get(&x->kept, v);
    if (!exec_value(x, v, 0))
        return 0;
    return x->slots.v[x->slots.v[*s].root].per_device ? x->devices : 1;
}

exec_memory exec_memory_of(const exec_plan *x) {
    size_t largest = 0;
    for (size_t i = 1; i < x->slots.n; i++)
        largest = x->slots.v[i].bytes > largest ? x->slots.v[i].bytes : largest;
    return (exec_memory){.arguments = x->arguments_bytes,
                         .constants = x->constants,
                         .planned = x->planned,
                         .cached = x->cached + x->packed,
                         .scratch = x->scratch_peak,
                         .largest = largest,
                         .needed = x->arguments_bytes + x->constants + x->planned + x->packed};
}

size_t exec_shared_arguments(const exec_plan *x, const exec_plan *from) {
    size_t bytes = 0;
    for (size_t i = 0; i < x->n_arguments && i < from->n_arguments; i++) {
        const struct slot *to = &x->slots.v[x->arguments[i]], *given = &from->slots.v[from->arguments[i]];
        if (x->arguments[i] && from->arguments[i] && to->type.dtype == given->type.dtype &&
            to->type.format == FORMAT_PLAIN)
            bytes += to->bytes * x->infos[i].copies;
    }
    return bytes;
}

bool exec_fits(const exec_plan *x, uint64_t available, struct buf *why) {
    double need = (double)exec_memory_of(x).needed;
    if (need <= (double)available)
        return true;
    buf_printf(
        why,
        "it needs %.3g GB of memory and %.3g GB are free; a machine with more, or a model with a smaller batch or "
        "shorter sequences, would do",
        need / 1e9, (double)available / 1e9);
    return false;
}

const exec_record *exec_trace(const exec_plan *x, size_t *n) {
    *n = x->trace.n;
    return x->trace.v;
}
