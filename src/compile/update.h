/* update.h - what ttir-update is made of; internal to the room. */
#ifndef TTX_COMPILE_UPDATE_H
#define TTX_COMPILE_UPDATE_H

#include "compile/pass.h"
#include "dialect/check.h"

/* Brings an op up to date that was StableHLO's by another name (check_older_form_of: convolution, pooling, gather, scatter);
 * leaves others alone. Its destination must be gone. False after an error. (update_hlo.c) */
bool update_hlo_form(pass_context *p, ir_op op);
/* The same for a ttir.mesh_shard of shard_type identity. (update_shard.c) */
bool update_identity(pass_context *p, ir_op op);

#endif
