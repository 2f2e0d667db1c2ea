/* forms_hlo.h - hand-written op forms of StableHLO, CHLO, Shardy and the Tenstorrent dialects. */
#ifndef TEXT_FORMS_HLO_H
#define TEXT_FORMS_HLO_H

#include "text/asm.h"

/* The form of a HAND_* number of these dialects; NULL when it is another's. */
const form *form_find_hlo(uint32_t hand);

#define FORM(name)                               \
    bool form_read_##name(reader *r, rd_op *op); \
    bool form_print_##name(printer *p, ir_op op)

/* forms_stablehlo.c */
FORM(hlo_constant);
FORM(hlo_reduce);
FORM(hlo_while);
FORM(chlo_scan);

/* forms_emitpy.c */
FORM(emitpy_class);
FORM(emitpy_import);
FORM(emitpy_assign_global);
FORM(emitpy_assign);
FORM(emitpy_expression);

/* forms_d2m.c */
FORM(d2m_generic);
FORM(d2m_remote_load);
FORM(ttkernel_hw_startup);
FORM(ttkernel_accessor_args);

#undef FORM

#endif
