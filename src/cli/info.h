/* info.h - what there is to tell about a module at a glance; gathered once, shown as text or as JSON. */
#ifndef TTX_CLI_INFO_H
#define TTX_CLI_INFO_H

#include "base/vec.h"
#include "cli/input.h"

/* Something counted: a dialect, an op name, a kind of location. */
struct info_count {
    str name;
    uint64_t n;
};
typedef VEC(struct info_count) info_counts;

struct info_function {
    ir_op op;
    uint32_t depth; /* modules around it */
    uint32_t ops;   /* inside */
};

/* Values that come with the model: how many, and their bytes at the element types they have. */
struct info_sum {
    uint64_t n, bytes;
};

struct info_mesh {
    str name;
    ir_attr value; /* printed as it is */
};

struct info {
    const ir_module *m;
    struct mem *mem;
    uint64_t n_ops, n_values;
    uint64_t opaque_ops;  /* kept as text */
    uint64_t unknown_ops; /* of no op table */
    info_counts dialects, ops, locations;
    VEC(struct info_function) functions;
    VEC(struct info_mesh) meshes;
    struct info_sum inputs, parameters, constants_in, constants; /* arguments by their mark; constants in the code */
};

/* Gathers it. False when out of memory; free it in any case. */
bool info_gather(struct info *x, const ir_module *m, struct mem *mem);
void info_free(struct info *x);

/* Bytes of a value of a tensor, memref or vector type, tiles included; 0 when it is not known. */
uint64_t info_type_bytes(const ir_context *c, ir_type t);

/* What was gathered, as text for people. */
void info_show_text(const struct info *x, struct buf *out);
/* The members of an open JSON object. */
void info_show_json(const struct info *x, struct json_writer *w);

#endif
