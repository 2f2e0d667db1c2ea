/* tables.h - what the generated tables share with dialect.c; internal to the room. */
#ifndef DIALECT_TABLES_H
#define DIALECT_TABLES_H

#include <stdint.h>

/* A perfect hash over the names of one table, made at build time. A name's slot is
 * (h + displacement[h >> 32 & bucket_mask] * (h >> 40 | 1)) & slot_mask for its FNV-1a hash h; the slot holds the
 * index + 1 of the only entry that can have the name. */
typedef struct dialect_hash {
    uint32_t slot_mask, bucket_mask;
    const uint16_t *displacement, *slots;
} dialect_hash;

extern const dialect_hash dialect_op_hash, dialect_attr_hash, dialect_type_hash, dialect_enum_hash, dialect_name_hash;

#endif
