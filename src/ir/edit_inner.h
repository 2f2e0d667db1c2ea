/* edit_inner.h - what the files of edit.h share. */
#ifndef IR_EDIT_INNER_H
#define IR_EDIT_INNER_H

#include "ir/edit.h"

/* Per op; what was written before the last mark means nothing. */
struct ir_edit_lineage {
    uint32_t origins; /* index of its first ir_edit_origin, 0: none */
    uint32_t last;    /* index of its last one */
    ir_op heir;       /* the op that replaced its last user, or 0 */
    uint32_t mark;    /* the mark after which it was written */
};

/* The entry of an op, for writing. */
static inline struct ir_edit_lineage *edit_lineage(ir_edit *e, ir_op op) {
    struct ir_edit_lineage *l = &e->lineage[op];
    if (l->mark != e->marks)
        *l = (struct ir_edit_lineage){.mark = e->marks};
    return l;
}
static inline uint32_t edit_first_origin(const ir_edit *e, ir_op op) {
    return e->lineage[op].mark == e->marks ? e->lineage[op].origins : 0;
}
static inline ir_op edit_heir(const ir_edit *e, ir_op op) {
    return e->lineage[op].mark == e->marks ? e->lineage[op].heir : 0;
}

/* One origin in the pool of lists. */
struct ir_edit_origin {
    ir_op op;
    uint32_t next;
};

/* Makes the edit's arrays as long as the module's. False when out of memory. */
bool edit_sync(ir_edit *e);
/* Enters / takes out the operands of an op. The slots must not be / must be linked. */
void edit_link_operands(ir_edit *e, ir_op op);
void edit_unlink_operands(ir_edit *e, ir_op op);
/* Counts a change and tells the listener. */
void edit_tell(ir_edit *e, ir_edit_event event, ir_op op);
/* Puts a detached op at the insertion point. */
void edit_insert(ir_edit *e, ir_op op);
/* An op is about to be erased: what replaced its last user inherits its origins, and in the end those of what dies of it. */
void edit_inherit(ir_edit *e, ir_op op);
/* What op no longer uses may die of it, and then lives on in op. */
static inline void edit_note_heir(ir_edit *e, ir_value old, ir_op op) {
    ir_op def = ir_def_op(e->m, old);
    if (def && def != op)
        edit_lineage(e, def)->heir = op;
}

#endif
