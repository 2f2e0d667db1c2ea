/* forms.h - the hand-written forms of MLIR's own dialects; internal to the room. forms.c holds the table. Each reads or
 * prints the ops that it is named after, see asm.h; a comment before the reader gives the form. */
#ifndef TEXT_FORMS_H
#define TEXT_FORMS_H

#include "text/asm.h"

#define FORM(name)                               \
    bool form_read_##name(reader *r, rd_op *op); \
    bool form_print_##name(printer *p, ir_op op)

/* forms_affine.c */
FORM(affine_apply); /* and min, max */
FORM(affine_for);
FORM(affine_if);
FORM(affine_parallel);
FORM(affine_load);
FORM(affine_store);
FORM(affine_vector_load);
FORM(affine_vector_store);
FORM(affine_prefetch);

/* forms_emitc.c */
FORM(emitc_include);
FORM(emitc_if);
FORM(emitc_for);
FORM(emitc_expression);
FORM(emitc_do);
bool form_read_emitc_func(reader *r, rd_op *op);
FORM(arith_select);

/* forms_linalg.c */
FORM(linalg_generic);
FORM(linalg_yield);
FORM(linalg_named);
FORM(linalg_transpose);
FORM(linalg_broadcast);
FORM(linalg_reduce);
FORM(linalg_map);

/* forms_llvm.c */
FORM(llvm_icmp);
FORM(llvm_fcmp);
FORM(llvm_alloca);
FORM(llvm_call);
FORM(llvm_func);
FORM(llvm_mlir_global);

/* forms_memref.c */
FORM(memref_alloca_scope);
FORM(memref_transpose);
FORM(memref_prefetch);
FORM(memref_generic_atomic_rmw);
FORM(memref_dma_start);
FORM(bufferization_alloc_tensor);

/* forms_scf.c */
FORM(scf_for);
FORM(scf_if);
FORM(scf_while);
FORM(scf_execute_region);
FORM(scf_parallel);
FORM(scf_forall);
FORM(scf_forall_in_parallel);

/* forms_tosa.c */
FORM(tosa_op);

/* forms_vector.c */
FORM(vector_transfer_read);
FORM(vector_transfer_write);
FORM(vector_outerproduct);
FORM(vector_contract);

#undef FORM

/* `, read|write, locality<n>, data|instr` of affine.prefetch and memref.prefetch (forms_affine.c). */
bool form_read_prefetch_hints(reader *r);
void form_print_prefetch_hints(printer *p, ir_op op);

/* The type of element `index` of an LLVM array or struct type or a vector; 0 when there is none (forms_llvm.c). */
ir_type llvm_element_type(const ir_context *c, ir_type t, int64_t index);

/* Makes the body of a named linalg op after its operands are resolved, as its next region (linalg_bodies.c). */
bool linalg_make_body(reader *r, rd_op *op, uint32_t n_ins, uint32_t n_outs);
/* The body that linalg.map and linalg.reduce write as the name of one op. */
bool linalg_make_short_body(reader *r, rd_op *op, str name, ir_attr attrs, uint32_t n_ins, bool reduce);
/* Whether the indexing maps of a matmul are those it has when none are written. */
bool linalg_maps_are_default(const ir_module *m, ir_op op);

#endif
