/* stablehlo.rng_bit_generator: the bits that XLA's generators make of a state (xla/hlo/builder/lib/prng.cc and
 * xla/service/rng_bit_generator_expander.cc; Salmon et al., Parallel random numbers: as easy as 1, 2, 3).
 *
 *   THREE_FRY        state (key, counter), of 64 bits each
 *   PHILOX, DEFAULT  state (key, counter low, counter high), or (key, counter low), whose counter has the key above it
 *
 * Numbers of 32 bits and less are the lowest of one word each, those of 64 are two words. Of THREE_FRY, which makes two words at a
 * time, they are neighbours along the first dimension of an even length, or along the longest. A state of another size, which
 * StableHLO leaves to the implementation under DEFAULT, is hashed, and goes on by one as one long number.
 */
#include <string.h>

#include "exec/kernels.h"
#include "exec/seed.h"

enum algorithm { THREE_FRY, PHILOX, HASHED };

struct bits {
    enum algorithm algorithm;
    uint32_t words;              /* of 64 bits, of the state */
    int64_t outer, split, inner; /* THREE_FRY: the result, cut at the dimension that pairs are along */
    int64_t half, n;             /* pairs along it; numbers */
    size_t size;                 /* bytes of a number */
    bool truth;
};

static uint32_t rotate(uint32_t v, int by) {
    return v << by | v >> (32 - by);
}

/* 20 rounds of Threefry2x32. */
static void three_fry(uint32_t x[2], const uint32_t key[2]) {
    static const int turns[2][4] = {{13, 15, 26, 6}, {17, 29, 16, 24}};
    const uint32_t k[3] = {key[0], key[1], 0x1BD11BDAu ^ key[0] ^ key[1]};
    x[0] += k[0];
    x[1] += k[1];
    for (uint32_t group = 1; group <= 5; group++) {
        for (int i = 0; i < 4; i++) {
            x[0] += x[1];
            x[1] = rotate(x[1], turns[(group - 1) % 2][i]) ^ x[0];
        }
        x[0] += k[group % 3];
        x[1] += k[(group + 1) % 3] + group;
    }
}

/* 10 rounds of Philox4x32. */
static void philox(uint32_t x[4], const uint32_t key[2]) {
    uint32_t k0 = key[0], k1 = key[1];
    for (int round = 0; round < 10; round++, k0 += 0x9E3779B9u, k1 += 0xBB67AE85u) {
        uint64_t a = (uint64_t)x[0] * 0xD2511F53u, b = (uint64_t)x[2] * 0xCD9E8D57u;
        uint32_t next[4] = {(uint32_t)(b >> 32) ^ x[1] ^ k0, (uint32_t)b, (uint32_t)(a >> 32) ^ x[3] ^ k1, (uint32_t)a};
        memcpy(x, next, sizeof next);
    }
}

/* Which dimension the two words of a counter stand along. */
static void split_result(const struct exec_type *t, struct bits *w) {
    int at = -1;
    for (int i = 0; i < t->rank && at < 0; i++)
        at = t->dims[i] % 2 == 0 ? i : -1;
    for (int i = 0; i < t->rank && (at < 0 || t->dims[at] % 2); i++)
        at = at < 0 || t->dims[i] > t->dims[at] ? i : at;
    w->outer = w->split = w->inner = 1;
    for (int i = 0; i < t->rank; i++)
        *(i < at ? &w->outer : i == at ? &w->split : &w->inner) *= t->dims[i];
    w->half = (w->split + 1) / 2;
}

static bool plan_bits(struct planner *p, struct exec_step *s) {
    struct bits *w = PLAN_PARAMS(p, s, struct bits);
    if (!w)
        return false;
    if (!has_in(s, 0) || s->n_out < 1 || !s->out[0] || (s->n_out > 1 && !s->out[1]))
        return plan_error(p, s->op, "has no state, or a result without numbers");
    const struct exec_type *state = in_type(p, s, 0), *out = out_type(p, s, s->n_out > 1);
    size_t bytes = (size_t)type_count(state) * tensor_dtype_size(state->dtype);
    if (s->n_out > 1 && (out_type(p, s, 0)->dtype != state->dtype || !type_same_shape(out_type(p, s, 0), state)))
        return plan_error(p, s->op, "gives a state of another type than it takes");
    str name = attr_text(p, s->op, "rng_algorithm");
    bool frys = str_eq(name, STR("THREE_FRY")), fits = bytes == 16 || (bytes == 24 && !frys);
    if (!fits && (frys || str_eq(name, STR("PHILOX"))))
        return plan_error(p, s->op, "has a state of %zu bytes: %s", bytes,
                          frys ? "THREE_FRY takes 16" : "PHILOX takes 16 or 24");
    w->algorithm = !fits ? HASHED : frys ? THREE_FRY : PHILOX;
    w->words = (uint32_t)(bytes / 8);
    w->n = type_count(out);
    w->size = tensor_dtype_size(out->dtype);
    w->truth = out->dtype == TENSOR_BOOL;
    split_result(out, w);
    return true;
}

static void put(const struct bits *w, char *out, int64_t i, uint64_t bits) {
    bits = w->truth ? bits & 1 : bits;
    memcpy(out + (size_t)i * w->size, &bits, w->size < 8 ? w->size : 8);
}

struct bits_loop {
    const struct bits *w;
    char *out;
    uint64_t state[3];
};

/* Counters [begin, end). */
static void fry_some(void *ctx, size_t begin, size_t end, unsigned worker) {
    const struct bits_loop *l = ctx;
    const struct bits *w = l->w;
    uint32_t key[2] = {(uint32_t)l->state[0], (uint32_t)(l->state[0] >> 32)};
    (void)worker;
    for (size_t i = begin; i < end; i++) {
        uint64_t counter = l->state[1] + i;
        uint32_t x[2] = {(uint32_t)counter, (uint32_t)(counter >> 32)};
        three_fry(x, key);
        if (w->size >= 8) {
            put(w, l->out, (int64_t)i, x[0] | (uint64_t)x[1] << 32);
            continue;
        }
        int64_t inner = (int64_t)i % w->inner, pair = (int64_t)i / w->inner % w->half,
                outer = (int64_t)i / w->inner / w->half;
        for (int k = 0; k < 2; k++)
            if (2 * pair + k < w->split)
                put(w, l->out, (outer * w->split + 2 * pair + k) * w->inner + inner, x[k]);
    }
}

static void philox_some(void *ctx, size_t begin, size_t end, unsigned worker) {
    const struct bits_loop *l = ctx;
    const struct bits *w = l->w;
    uint32_t key[2] = {(uint32_t)l->state[0], (uint32_t)(l->state[0] >> 32)};
    (void)worker;
    for (size_t i = begin; i < end; i++) {
        uint64_t low = l->state[1] + i, high = l->state[2] + (low < l->state[1]);
        uint32_t x[4] = {(uint32_t)low, (uint32_t)(low >> 32), (uint32_t)high, (uint32_t)(high >> 32)};
        philox(x, key);
        int64_t each = w->size >= 8 ? 2 : 4;
        for (int64_t k = 0; k < each && (int64_t)i * each + k < w->n; k++)
            put(w, l->out, (int64_t)i * each + k, each == 4 ? x[k] : x[2 * k] | (uint64_t)x[2 * k + 1] << 32);
    }
}

static void hash_some(void *ctx, size_t begin, size_t end, unsigned worker) {
    const struct bits_loop *l = ctx;
    (void)worker;
    for (size_t i = begin; i < end; i++)
        put(l->w, l->out, (int64_t)i, seed_bits(l->state[0], i));
}

static bool run_bits(struct call *c) {
    const struct bits *w = c->s->params;
    const unsigned char *state = c->in[0].data;
    unsigned char *next = c->s->n_out > 1 ? c->out[0].data : NULL;
    size_t bytes = (size_t)type_count(c->in[0].type) * tensor_dtype_size(c->in[0].type->dtype), n = (size_t)w->n;
    struct bits_loop l = {.w = w, .out = c->out[c->s->n_out > 1].data};
    pool_body *body = hash_some;
    if (next && bytes)
        memcpy(next, state, bytes);
    if (w->algorithm == HASHED) {
        for (size_t i = 0; i < bytes; i += 8) {
            uint64_t part = 0;
            memcpy(&part, state + i, bytes - i < 8 ? bytes - i : 8);
            l.state[0] = seed_bits(l.state[0], part);
        }
        for (size_t i = 0; next && i < bytes && ++next[i] == 0; i++)
            ;
    } else {
        memcpy(l.state, state, bytes);
        if (w->algorithm == PHILOX && w->words == 2)
            l.state[2] = l.state[0];
        if (w->algorithm == THREE_FRY && w->size < 8)
            n = (size_t)(w->outer * w->half * w->inner);
        else if (w->algorithm == PHILOX)
            n = (n + (w->size >= 8 ? 1 : 3)) / (w->size >= 8 ? 2 : 4);
        body = w->algorithm == PHILOX ? philox_some : fry_some;
        uint64_t later[3] = {l.state[0], l.state[1] + n, l.state[2]};
        later[2] += later[1] < l.state[1];
        if (next)
            memcpy(next, later, bytes);
    }
    return call_loop(c, n, 1024, body, &l);
}
const struct kernel kernel_bits = {"random numbers", plan_bits, run_bits, 0};
