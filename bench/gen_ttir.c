/* Makes MLIR modules to measure with, on standard output.
 *
 *     gen_ttir ops N        N TTIR operations with locations: decoder layers of a language model, chained
 *     gen_ttir layers N     the same, with locations that make layers: model/layers.3/self_attn/matmul.123
 *     gen_ttir hex BYTES    one constant of that many bytes, dense<"0x...">: two characters per byte
 *     gen_ttir floats N     one constant of N floats, dense<[...]> in decimal
 *
 * The text is what tt-mlir prints in generic form with locations, and what mlir-opt --allow-unregistered-dialect
 * --mlir-print-op-generic --mlir-print-debuginfo makes of it byte for byte. `ops` gives about 220 bytes per operation.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- decoder layers ------------------------------------------------------------------------------------------ */

/* Shapes of a model with 32 heads of 128, 8 of them for keys and values, and a sequence of 128. */
#define HIDDEN "tensor<1x128x4096xbf16>"
#define HIDDEN_F32 "tensor<1x128x4096xf32>"
#define ROW_F32 "tensor<1x128x1xf32>"
#define FLAT "tensor<128x4096xbf16>"
#define SQUARE "tensor<4096x4096xbf16>"
#define KV_FLAT "tensor<128x1024xbf16>"
#define HEADS "tensor<1x32x128x128xbf16>"
#define HEADS_F32 "tensor<1x32x128x128xf32>"
#define HALVES "tensor<1x32x128x64xbf16>"
#define KV_HEADS "tensor<1x8x128x128xbf16>"
#define KV_HALVES "tensor<1x8x128x64xbf16>"
#define MLP "tensor<128x14336xbf16>"
#define MLP_F32 "tensor<128x14336xf32>"

struct value {
    char prefix[5]; /* "" or "arg" */
    unsigned id;
    const char *type;
};

/* The arguments of one layer, then those all layers share. */
enum { W_NORM1, W_Q, W_K, W_V, W_O, W_NORM2, W_GATE, W_UP, W_DOWN, LAYER_ARGS };
enum { X, COS, SIN, MASK, SHARED_ARGS };

static const struct {
    const char *name, *type;
} layer_args[LAYER_ARGS] =
    {
        [W_NORM1] = {"input_layernorm", "tensor<4096xbf16>"},
        [W_Q] = {"self_attn.q_proj", SQUARE},
        [W_K] = {"self_attn.k_proj", "tensor<1024x4096xbf16>"},
        [W_V] = {"self_attn.v_proj", "tensor<1024x4096xbf16>"},
        [W_O] = {"self_attn.o_proj", SQUARE},
        [W_NORM2] = {"post_attention_layernorm", "tensor<4096xbf16>"},
        [W_GATE] = {"mlp.gate_proj", "tensor<14336x4096xbf16>"},
        [W_UP] = {"mlp.up_proj", "tensor<14336x4096xbf16>"},
        [W_DOWN] = {"mlp.down_proj", "tensor<4096x14336xbf16>"},
},
  shared_args[SHARED_ARGS] = {
      [X] = {"inputs_embeds", HIDDEN},
      [COS] = {"cos", "tensor<1x1x128x128xbf16>"},
      [SIN] = {"sin", "tensor<1x1x128x128xbf16>"},
      [MASK] = {"attention_mask", "tensor<1x1x128x128xf32>"},
};

enum { WEIGHT_LAYERS = 32 }; /* layer i uses the weights of layer i mod this */
enum { ARGS = SHARED_ARGS + WEIGHT_LAYERS * LAYER_ARGS };

/* What the location of an operation says. */
struct made_op {
    const char *name, *part;
};

struct gen {
    FILE *out;    /* NULL: only count */
    uint64_t ops; /* so far */
    unsigned layer;
    unsigned layer_ops; /* operations of one layer; each has a source line of its own */
    const char *part;   /* of the layer */
    struct made_op *made;
    bool paths; /* locations are paths */
};

static struct value weight(const struct gen *g, unsigned which) {
    unsigned index = SHARED_ARGS + g->layer % WEIGHT_LAYERS * LAYER_ARGS + which;
    return (struct value){"arg", index, layer_args[which].type};
}

static struct value shared(unsigned which) {
    return (struct value){"arg", which, shared_args[which].type};
}

/* The numbers of the location aliases: the arguments' come first, then the source lines, then the operations'. */
static unsigned line_loc(unsigned line) {
    return 1 + ARGS + line;
}

static unsigned op_loc(const struct gen *g, uint64_t index) {
    return 1 + ARGS + g->layer_ops + (unsigned)index;
}

static void put_value(struct gen *g, struct value v) {
    fprintf(g->out, "%%%s%u", v.prefix, v.id);
}

/* Writes one operation with up to two operands (type NULL: none). */
static struct value op(struct gen *g, const char *name, const char *properties, const char *type, struct value a,
                       struct value b) {
    struct value result = {"", (unsigned)g->ops++, type};
    if (!g->out)
        return result;
    fprintf(g->out, "    %%%u = \"ttir.%s\"(", result.id, name);
    if (a.type)
        put_value(g, a);
    if (b.type) {
        fputs(", ", g->out);
        put_value(g, b);
    }
    fprintf(g->out, ")%s%s%s : (%s%s%s) -> %s loc(#loc%u)\n", *properties ? " <{" : "", properties,
            *properties ? "}>" : "", a.type ? a.type : "", b.type ? ", " : "", b.type ? b.type : "", type,
            op_loc(g, result.id));
    g->made[result.id].name = name;
    g->made[result.id].part = g->part;
    return result;
}

static const struct value NONE = {"", 0, NULL};

static struct value op1(struct gen *g, const char *name, const char *properties, const char *type, struct value a) {
    return op(g, name, properties, type, a, NONE);
}

static struct value op2(struct gen *g, const char *name, struct value a, struct value b) {
    return op(g, name, "", a.type, a, b);
}

static struct value reshape(struct gen *g, const char *shape, const char *type, struct value a) {
    return op1(g, "reshape", shape, type, a);
}

static struct value typecast(struct gen *g, const char *type, struct value a) {
    return op1(g, "typecast", "conservative_folding = false", type, a);
}

/* x times the transposed weight. */
static struct value linear(struct gen *g, const char *transposed, const char *type, struct value x, struct value w) {
    struct value t = op1(g, "permute", "permutation = array<i64: 1, 0>", transposed, w);
    return op(g, "matmul", "transpose_a = false, transpose_b = false", type, x, t);
}

static struct value norm(struct gen *g, struct value x, struct value w) {
    struct value f = typecast(g, HIDDEN_F32, x);
    struct value square = op2(g, "multiply", f, f);
    struct value mean = op1(g, "mean", "dim_arg = [2 : i32], keep_dim = true", ROW_F32, square);
    struct value eps = op(g, "constant", "value = dense<9.99999974E-6> : " ROW_F32, ROW_F32, NONE, NONE);
    struct value r = op1(g, "rsqrt", "", ROW_F32, op2(g, "add", mean, eps));
    struct value wide = op1(g, "broadcast", "broadcast_dimensions = array<i64: 1, 1, 4096>", HIDDEN_F32, r);
    struct value scaled = typecast(g, HIDDEN, op2(g, "multiply", f, wide));
    struct value row = reshape(g, "shape = [1 : i32, 1 : i32, 4096 : i32]", "tensor<1x1x4096xbf16>", w);
    struct value rows = op1(g, "broadcast", "broadcast_dimensions = array<i64: 1, 128, 1>", HIDDEN, row);
    return reshape(g, "shape = [128 : i32, 4096 : i32]", FLAT, op2(g, "multiply", scaled, rows));
}

#define SLICE(heads, from, to)                                                                               \
    "begins = [0 : i32, 0 : i32, 0 : i32, " from " : i32], ends = [1 : i32, " heads " : i32, 128 : i32, " to \
    " : i32], step = [1 : i32, 1 : i32, 1 : i32, 1 : i32]"

/* Rotary embedding: x * cos + (second half negated, first half) * sin. */
static struct value rope(struct gen *g, bool kv, struct value x) {
    const char *halves = kv ? KV_HALVES : HALVES;
    const char *wide =
        kv ? "broadcast_dimensions = array<i64: 1, 8, 1, 1>" : "broadcast_dimensions = array<i64: 1, 32, 1, 1>";
    struct value cos = op1(g, "broadcast", wide, x.type, shared(COS));
    struct value straight = op2(g, "multiply", x, cos);
    struct value second = op1(g, "slice_static", kv ? SLICE("8", "64", "128") : SLICE("32", "64", "128"), halves, x);
    struct value negated = op1(g, "neg", "", halves, second);
    struct value first = op1(g, "slice_static", kv ? SLICE("8", "0", "64") : SLICE("32", "0", "64"), halves, x);
    struct value turned = op(g, "concat", "dim = 3 : si32", x.type, negated, first);
    struct value sin = op1(g, "broadcast", wide, x.type, shared(SIN));
    return op2(g, "add", straight, op2(g, "multiply", turned, sin));
}

static struct value heads(struct gen *g, bool kv, struct value x) {
    struct value split =
        kv ? reshape(g, "shape = [1 : i32, 128 : i32, 8 : i32, 128 : i32]", "tensor<1x128x8x128xbf16>", x)
           : reshape(g, "shape = [1 : i32, 128 : i32, 32 : i32, 128 : i32]", "tensor<1x128x32x128xbf16>", x);
    return op1(g, "permute", "permutation = array<i64: 0, 2, 1, 3>", kv ? KV_HEADS : HEADS, split);
}

/* Every head of keys and values serves four of queries. */
static struct value repeat_heads(struct gen *g, struct value x) {
    struct value r =
        reshape(g, "shape = [1 : i32, 8 : i32, 1 : i32, 128 : i32, 128 : i32]", "tensor<1x8x1x128x128xbf16>", x);
    r = op1(g, "broadcast", "broadcast_dimensions = array<i64: 1, 1, 4, 1, 1>", "tensor<1x8x4x128x128xbf16>", r);
    return reshape(g, "shape = [1 : i32, 32 : i32, 128 : i32, 128 : i32]", HEADS, r);
}

static struct value attention(struct gen *g, struct value x) {
    static const char *const kv_transposed = "tensor<4096x1024xbf16>";
    struct value q = rope(g, false, heads(g, false, linear(g, SQUARE, FLAT, x, weight(g, W_Q))));
    struct value k = rope(g, true, heads(g, true, linear(g, kv_transposed, KV_FLAT, x, weight(g, W_K))));
    struct value v = heads(g, true, linear(g, kv_transposed, KV_FLAT, x, weight(g, W_V)));
    struct value keys = op1(g, "permute", "permutation = array<i64: 0, 1, 3, 2>", HEADS, repeat_heads(g, k));
    struct value scores = op(g, "matmul", "transpose_a = false, transpose_b = false", HEADS_F32,
                             typecast(g, HEADS_F32, q), typecast(g, HEADS_F32, keys));
    struct value scale = op(g, "constant", "value = dense<0.0883883461> : " HEADS_F32, HEADS_F32, NONE, NONE);
    struct value mask = op1(g, "broadcast", "broadcast_dimensions = array<i64: 1, 32, 1, 1>", HEADS_F32, shared(MASK));
    struct value masked = op2(g, "add", op2(g, "multiply", scores, scale), mask);
    struct value p =
        typecast(g, HEADS, op1(g, "softmax", "dimension = 3 : si32, numericStable = true", HEADS_F32, masked));
    struct value mixed = op(g, "matmul", "transpose_a = false, transpose_b = false", HEADS, p, repeat_heads(g, v));
    struct value joined = op1(g, "permute", "permutation = array<i64: 0, 2, 1, 3>", "tensor<1x128x32x128xbf16>", mixed);
    struct value flat = reshape(g, "shape = [128 : i32, 4096 : i32]", FLAT, joined);
    return linear(g, SQUARE, FLAT, flat, weight(g, W_O));
}

static struct value mlp(struct gen *g, struct value x) {
    static const char *const up_transposed = "tensor<4096x14336xbf16>";
    struct value gate = typecast(g, MLP_F32, linear(g, up_transposed, MLP, x, weight(g, W_GATE)));
    struct value silu = typecast(g, MLP, op2(g, "multiply", gate, op1(g, "sigmoid", "", MLP_F32, gate)));
    struct value up = linear(g, up_transposed, MLP, x, weight(g, W_UP));
    return linear(g, "tensor<14336x4096xbf16>", FLAT, op2(g, "multiply", silu, up), weight(g, W_DOWN));
}

static struct value residual(struct gen *g, struct value x, struct value branch) {
    return op2(g, "add", x, reshape(g, "shape = [1 : i32, 128 : i32, 4096 : i32]", HIDDEN, branch));
}

static struct value decoder_layer(struct gen *g, struct value x) {
    g->part = "input_layernorm";
    struct value normed = norm(g, x, weight(g, W_NORM1));
    g->part = "self_attn";
    x = residual(g, x, attention(g, normed));
    g->part = "post_attention_layernorm";
    normed = norm(g, x, weight(g, W_NORM2));
    g->part = "mlp";
    x = residual(g, x, mlp(g, normed));
    g->layer++;
    return x;
}

/* What the text says of an argument, in three places. */
enum arg_text { ARG_ATTRIBUTES, ARG_TYPE, ARG_IN_BLOCK, ARG_LOCATION };

static void put_arg(FILE *out, unsigned index, enum arg_text text) {
    unsigned layer = (index - SHARED_ARGS) / LAYER_ARGS, which = (index - SHARED_ARGS) % LAYER_ARGS;
    bool is_shared = index < SHARED_ARGS;
    const char *name = is_shared ? shared_args[index].name : layer_args[which].name;
    const char *type = is_shared ? shared_args[index].type : layer_args[which].type;
    switch (text) {
    case ARG_ATTRIBUTES:
        fprintf(out, "{ttcore.argument_type = #ttcore.argument_type<%s>, ttir.name = \"",
                is_shared ? "input" : "parameter");
        if (!is_shared)
            fprintf(out, "model.layers.%u.", layer);
        fprintf(out, "%s\"}", name);
        break;
    case ARG_TYPE: fputs(type, out); break;
    case ARG_IN_BLOCK: fprintf(out, "%%arg%u: %s loc(\"p%u.%u\")", index, type, index, 3 + 8 * index); break;
    case ARG_LOCATION: fprintf(out, "#loc%u = loc(\"p%u.%u\")", 1 + index, index, 3 + 8 * index); break;
    }
}

static void put_args(FILE *out, enum arg_text text, const char *between) {
    for (unsigned i = 0; i < ARGS; i++) {
        if (i)
            fputs(between, out);
        put_arg(out, i, text);
    }
}

static void put_locations(const struct gen *g) {
    fputs("#loc = loc(unknown)\n", g->out);
    for (unsigned i = 0; i < g->layer_ops; i++)
        fprintf(g->out, "#loc%u = loc(\"modeling_llama.py\":%u:%u)\n", line_loc(i), 200 + i * 2, 9 + i % 3 * 4);
    for (uint64_t i = 0; i < g->ops; i++)
        fprintf(g->out,
                g->paths ? "#loc%u = loc(\"model/layers.%u/%s/%s.%u\"(#loc%u))\n"
                         : "#loc%u = loc(\"layers.%u.%s.%s.%u\"(#loc%u))\n",
                op_loc(g, i), (unsigned)(i / g->layer_ops), g->made[i].part, g->made[i].name, (unsigned)i,
                line_loc((unsigned)(i % g->layer_ops)));
    fputc('\n', g->out); /* mlir-opt ends with an empty line */
}

static int gen_ops(FILE *out, uint64_t n, bool paths) {
    struct gen count = {0}, g = {.out = out, .paths = paths};
    decoder_layer(&count, shared(X));
    g.layer_ops = (unsigned)count.ops;
    g.made = calloc(n + g.layer_ops, sizeof *g.made);
    if (!g.made)
        return 2;
    put_args(out, ARG_LOCATION, "\n");
    fputs("\n\"builtin.module\"() <{sym_name = \"decoder\"}> ({\n  \"func.func\"() <{arg_attrs = [", out);
    put_args(out, ARG_ATTRIBUTES, ", ");
    fputs("], function_type = (", out);
    put_args(out, ARG_TYPE, ", ");
    fputs(") -> " HIDDEN ", sym_name = \"main\"}> ({\n  ^bb0(", out);
    put_args(out, ARG_IN_BLOCK, ", ");
    fputs("):\n", out);
    struct value x = shared(X);
    do /* at least one layer, so that every source line is used */
        x = decoder_layer(&g, x);
    while (g.ops + g.layer_ops <= n);
    while (g.ops < n)
        x = op2(&g, "add", x, x);
    fprintf(out, "    \"func.return\"(");
    put_value(&g, x);
    fprintf(out, ") : (" HIDDEN ") -> () loc(#loc)\n  }) : () -> () loc(#loc)\n}) : () -> () loc(#loc)\n");
    put_locations(&g);
    free(g.made);
    return 0;
}

/* --- constants ----------------------------------------------------------------------------------------------- */

/* A cheap sequence without short periods (xorshift). */
static uint64_t next_random(uint64_t *state) {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

static void begin_constant(FILE *out) {
    fputs("\"builtin.module\"() ({\n  %0 = \"ttir.constant\"() <{value = dense<", out);
}

static void end_constant(FILE *out, uint64_t n) {
    fprintf(out,
            "> : tensor<%llux"
            "f32>}> : () -> tensor<%llux"
            "f32>\n}) : () -> ()\n",
            (unsigned long long)n, (unsigned long long)n);
}

static int gen_hex(FILE *out, uint64_t bytes) {
    static const char digits[] = "0123456789ABCDEF";
    uint64_t floats = bytes / 4, seed = 42;
    begin_constant(out);
    fputs("\"0x", out);
    for (uint64_t i = 0; i < floats; i++) {
        /* Floats between 0.5 and 1, lowest byte first. */
        uint32_t bits = 0x3f000000u | (uint32_t)(next_random(&seed) & 0x7fffff);
        char text[8];
        for (int k = 0; k < 4; k++, bits >>= 8) {
            text[2 * k] = digits[bits >> 4 & 15];
            text[2 * k + 1] = digits[bits & 15];
        }
        fwrite(text, 1, sizeof text, out);
    }
    fputc('"', out);
    end_constant(out, floats);
    return 0;
}

static int gen_floats(FILE *out, uint64_t n) {
    uint64_t seed = 42;
    begin_constant(out);
    for (uint64_t i = 0; i < n; i++) {
        uint32_t r = (uint32_t)next_random(&seed);
        float v = (float)(int32_t)r / 1e10f; /* weights: small, of both signs */
        fprintf(out, i ? ", %.9g" : "[%.9g", (double)v);
    }
    fputc(']', out);
    end_constant(out, n);
    return 0;
}

int main(int argc, char **argv) {
    char *end = NULL;
    uint64_t n = argc == 3 ? strtoull(argv[2], &end, 10) : 0;
    int code = 2;
    setvbuf(stdout, NULL, _IOFBF, 1 << 20);
    if (!end || *end || n == 0)
        fprintf(stderr, "usage: gen_ttir ops N | layers N | hex BYTES | floats N\n");
    else if (strcmp(argv[1], "ops") == 0)
        code = gen_ops(stdout, n, false);
    else if (strcmp(argv[1], "layers") == 0)
        code = gen_ops(stdout, n, true);
    else if (strcmp(argv[1], "hex") == 0)
        code = gen_hex(stdout, n);
    else if (strcmp(argv[1], "floats") == 0)
        code = gen_floats(stdout, n);
    return fflush(stdout) == 0 ? code : 2;
}
