/* category.c - what kind of thing an op does, by its name.
 *
 * One table for all dialects and formats: names are compared without their dialect, in lower case and without '_', so
 * that "ttnn.max_pool2d", "MaxPool" and "MAX_POOL_2D" meet. Exact names first, then what a name contains.
 */
#include "scene/scene.h"

struct rule {
    const char *word;
    enum scene_category category;
};

/* Whole names, where a part of them would mislead. */
static const struct rule exact[] = {
    {"add", SCENE_ELEMENTWISE},
    {"sum", SCENE_REDUCTION},
    {"min", SCENE_REDUCTION},
    {"max", SCENE_REDUCTION},
    {"mean", SCENE_REDUCTION},
    {"prod", SCENE_REDUCTION},
    {"dot", SCENE_MATMUL},
    {"linear", SCENE_MATMUL},
    {"einsum", SCENE_MATMUL},
    {"return", SCENE_RETURN},
    {"yield", SCENE_RETURN},
    {"generic", SCENE_OTHER},
    {"send", SCENE_CCL},
    {"recv", SCENE_CCL},
    {"convert", SCENE_MOVEMENT},
    {"cast", SCENE_MOVEMENT},
    {"select", SCENE_ELEMENTWISE},
    {"where", SCENE_ELEMENTWISE},
    {"call", SCENE_CALL},
    {"loadcached", SCENE_CALL},
    {"func", SCENE_CALL},
    {"pad", SCENE_MOVEMENT},
    {"if", SCENE_CALL},
    {"while", SCENE_CALL},
    {"case", SCENE_CALL},
    {"for", SCENE_CALL},
    {"composite", SCENE_CALL},
    {"lrn", SCENE_NORMALIZATION},
    {"tile", SCENE_MOVEMENT},
    {"split", SCENE_MOVEMENT},
    {"pack", SCENE_MOVEMENT},
    {"unpack", SCENE_MOVEMENT},
    {"stack", SCENE_MOVEMENT},
    {"shape", SCENE_MOVEMENT},
    {"copy", SCENE_MOVEMENT},
    {"clone", SCENE_MOVEMENT},
    {"input", SCENE_ARGUMENT},
    {"placeholder", SCENE_ARGUMENT},
    {"parameter", SCENE_ARGUMENT},
    {"output", SCENE_RETURN},
    {"const", SCENE_CONSTANT},
    {"fill", SCENE_CONSTANT},
    {"iota", SCENE_CONSTANT},
    {"range", SCENE_CONSTANT},
    {"sort", SCENE_REDUCTION},
    {"map", SCENE_ELEMENTWISE},
    {"mm", SCENE_MATMUL},
    {"bmm", SCENE_MATMUL},
    {"addmm", SCENE_MATMUL},
    {"gemm", SCENE_MATMUL},
    {"view", SCENE_MOVEMENT},
    {"t", SCENE_MOVEMENT},
    {"index", SCENE_MOVEMENT},
    {"identity", SCENE_MOVEMENT},
    {"reverse", SCENE_MOVEMENT},
    {"assign", SCENE_MEMORY},
    {"alloc", SCENE_MEMORY},
    {"dealloc", SCENE_MEMORY},
    {"empty", SCENE_MEMORY},
    {"full", SCENE_CONSTANT},
    {"ones", SCENE_CONSTANT},
    {"zeros", SCENE_CONSTANT},
    {"rand", SCENE_CONSTANT},
};

/* Parts of names, in order: the first that is found counts. */
static const struct rule parts[] = {
    {"allgather", SCENE_CCL},
    {"allreduce", SCENE_CCL},
    {"reducescatter", SCENE_CCL},
    {"alltoall", SCENE_CCL},
    {"collective", SCENE_CCL},
    {"pointtopoint", SCENE_CCL},
    {"meshshard", SCENE_CCL},
    {"meshpartition", SCENE_CCL},
    {"replica", SCENE_CCL},
    {"partitionid", SCENE_CCL},
    {"distributetensor", SCENE_CCL},
    {"aggregatetensor", SCENE_CCL},
    {"attention", SCENE_MATMUL},
    {"sdpa", SCENE_MATMUL},
    {"matmul", SCENE_MATMUL},
    {"dotgeneral", SCENE_MATMUL},
    {"fullyconnected", SCENE_MATMUL},
    {"flashmla", SCENE_MATMUL},
    {"dense", SCENE_MATMUL},
    {"moecompute", SCENE_MATMUL},
    {"lstm", SCENE_MATMUL},
    {"gru", SCENE_MATMUL},
    {"softmax", SCENE_NORMALIZATION},
    {"norm", SCENE_NORMALIZATION},
    {"prepareconv", SCENE_MOVEMENT},
    {"convert", SCENE_MOVEMENT},
    {"convolution", SCENE_CONV},
    {"conv", SCENE_CONV},
    {"pool", SCENE_CONV},
    {"upsample", SCENE_CONV},
    {"resize", SCENE_CONV},
    {"reducewindow", SCENE_CONV},
    {"selectandscatter", SCENE_CONV},
    {"constant", SCENE_CONSTANT},
    {"arange", SCENE_CONSTANT},
    {"iota", SCENE_CONSTANT},
    {"rng", SCENE_CONSTANT},
    {"random", SCENE_CONSTANT},
    {"loadtensor", SCENE_CONSTANT},
    {"dumptensor", SCENE_MEMORY},
    {"getdevice", SCENE_MEMORY},
    {"deallocate", SCENE_MEMORY},
    {"semaphore", SCENE_MEMORY},
    {"trace", SCENE_CALL},
    {"memoryconfig", SCENE_MEMORY},
    {"todevice", SCENE_MEMORY},
    {"fromdevice", SCENE_MEMORY},
    {"tolayout", SCENE_MEMORY},
    {"layoutcast", SCENE_MEMORY},
    {"totensorspec", SCENE_MEMORY},
    {"cache", SCENE_MEMORY},
    {"argmax", SCENE_REDUCTION},
    {"argmin", SCENE_REDUCTION},
    {"topk", SCENE_REDUCTION},
    {"cumsum", SCENE_REDUCTION},
    {"cumprod", SCENE_REDUCTION},
    {"reduce", SCENE_REDUCTION},
    {"reshape", SCENE_MOVEMENT},
    {"transpose", SCENE_MOVEMENT},
    {"permute", SCENE_MOVEMENT},
    {"slice", SCENE_MOVEMENT},
    {"concat", SCENE_MOVEMENT},
    {"broadcast", SCENE_MOVEMENT},
    {"gather", SCENE_MOVEMENT},
    {"scatter", SCENE_MOVEMENT},
    {"squeeze", SCENE_MOVEMENT},
    {"embedding", SCENE_MOVEMENT},
    {"repeat", SCENE_MOVEMENT},
    {"typecast", SCENE_MOVEMENT},
    {"bitcast", SCENE_MOVEMENT},
    {"quantize", SCENE_MOVEMENT},
    {"flatten", SCENE_MOVEMENT},
    {"heads", SCENE_MOVEMENT},
    {"rearrange", SCENE_MOVEMENT},
    {"expanddims", SCENE_MOVEMENT},
    {"indexselect", SCENE_MOVEMENT},
    {"padv", SCENE_MOVEMENT},
    {"mirrorpad", SCENE_MOVEMENT},
    {"dynamicpad", SCENE_MOVEMENT},
    {"add", SCENE_ELEMENTWISE},
    {"sub", SCENE_ELEMENTWISE},
    {"mul", SCENE_ELEMENTWISE},
    {"div", SCENE_ELEMENTWISE},
    {"exp", SCENE_ELEMENTWISE},
    {"log", SCENE_ELEMENTWISE},
    {"elu", SCENE_ELEMENTWISE},
    {"sigmoid", SCENE_ELEMENTWISE},
    {"tan", SCENE_ELEMENTWISE},
    {"sqrt", SCENE_ELEMENTWISE},
    {"abs", SCENE_ELEMENTWISE},
    {"neg", SCENE_ELEMENTWISE},
    {"pow", SCENE_ELEMENTWISE},
    {"sin", SCENE_ELEMENTWISE},
    {"cos", SCENE_ELEMENTWISE},
    {"erf", SCENE_ELEMENTWISE},
    {"sign", SCENE_ELEMENTWISE},
    {"silu", SCENE_ELEMENTWISE},
    {"mish", SCENE_ELEMENTWISE},
    {"clamp", SCENE_ELEMENTWISE},
    {"clip", SCENE_ELEMENTWISE},
    {"minimum", SCENE_ELEMENTWISE},
    {"maximum", SCENE_ELEMENTWISE},
    {"logical", SCENE_ELEMENTWISE},
    {"bitwise", SCENE_ELEMENTWISE},
    {"compare", SCENE_ELEMENTWISE},
    {"remainder", SCENE_ELEMENTWISE},
    {"reciprocal", SCENE_ELEMENTWISE},
    {"floor", SCENE_ELEMENTWISE},
    {"ceil", SCENE_ELEMENTWISE},
    {"round", SCENE_ELEMENTWISE},
    {"trunc", SCENE_ELEMENTWISE},
    {"square", SCENE_ELEMENTWISE},
    {"cbrt", SCENE_ELEMENTWISE},
    {"isfinite", SCENE_ELEMENTWISE},
    {"shift", SCENE_ELEMENTWISE},
    {"equal", SCENE_ELEMENTWISE},
    {"greater", SCENE_ELEMENTWISE},
    {"less", SCENE_ELEMENTWISE},
    {"rotary", SCENE_ELEMENTWISE},
    {"frac", SCENE_ELEMENTWISE},
    {"dropout", SCENE_ELEMENTWISE},
    {"swish", SCENE_ELEMENTWISE},
};

/* Short names of comparisons and bits: whole names too. */
static const char *const short_elementwise[] = {"eq", "ne", "lt", "le", "gt", "ge", "and", "or", "xor", "not"};

enum { LONGEST = 64 };

static bool contains(const char *name, size_t n, const char *word) {
    size_t k = strlen(word);
    for (size_t i = 0; i + k <= n; i++)
        if (memcmp(name + i, word, k) == 0)
            return true;
    return false;
}

enum scene_category scene_category_of(str label) {
    char name[LONGEST];
    size_t n = 0, from = 0;
    for (size_t i = 0; i < label.n; i++)
        if (label.p[i] == '.' || label.p[i] == ':')
            from = i + 1;
    for (size_t i = from; i < label.n && n < LONGEST; i++) {
        char c = label.p[i];
        if (c >= 'A' && c <= 'Z')
            c = (char)(c - 'A' + 'a');
        if (c != '_' && c != '-' && c != ' ')
            name[n++] = c;
    }
    str key = str_of(name, n);
    for (size_t i = 0; i < sizeof exact / sizeof *exact; i++)
        if (str_eq(key, str_from_z(exact[i].word)))
            return exact[i].category;
    for (size_t i = 0; i < sizeof short_elementwise / sizeof *short_elementwise; i++)
        if (str_eq(key, str_from_z(short_elementwise[i])))
            return SCENE_ELEMENTWISE;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (contains(name, n, parts[i].word))
            return parts[i].category;
    return SCENE_OTHER;
}

enum scene_category scene_node_category(const graph *g, graph_node n) {
    const graph_node_data *d = graph_at(g, n);
    switch (d->kind) {
    case GRAPH_LAYER: return SCENE_OTHER;
    case GRAPH_ARGUMENT: return SCENE_ARGUMENT;
    case GRAPH_CONSTANT: return SCENE_CONSTANT;
    case GRAPH_RETURN: return SCENE_RETURN;
    default: break;
    }
    if (d->flags & GRAPH_CALL)
        return SCENE_CALL;
    if (d->flags & GRAPH_HOUSEKEEPING)
        return SCENE_MEMORY;
    return scene_category_of(graph_label(g, n));
}
