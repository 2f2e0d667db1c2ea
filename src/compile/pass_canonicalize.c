/* canonicalize: folders and canonicalisation patterns of all dialects until nothing changes. */
#include "compile/passes.h"
#include "compile/rewrite.h"

bool canonicalize(pass_context *p, ir_op scope) {
    const rewrite_table tables[] = {{canon_ttir_patterns, canon_ttir_patterns_n},
                                    {canon_ttnn_patterns, canon_ttnn_patterns_n}};
    return rewrite_greedy_tables(p, scope, tables, sizeof tables / sizeof *tables, REWRITE_TOP_DOWN, 0);
}

bool pass_canonicalize(pass_context *p) {
    return canonicalize(p, p->scope);
}
