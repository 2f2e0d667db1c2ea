/* Reading flatbuffers: tables, vectors and strings in bytes that nobody has checked.
 *
 *   file:   [u32 size] root offset | "TTSY" | ...
 *   table:  i32 distance back to its vtable | inline fields
 *   vtable: u16 bytes | u16 bytes of the table | u16 offset of field 0, of field 1, ... (0: absent)
 *
 * Positions are byte offsets into the buffer, 0 stands for "absent". Whatever points outside of the buffer sets `bad` and
 * reads as absent: ask once at the end. Nothing is copied.
 */
#ifndef TTX_BASE_FLATBUF_H
#define TTX_BASE_FLATBUF_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

struct flatbuf {
    const uint8_t *p;
    uint32_t n;
    bool bad;
};

/* Opens a buffer with this 4-letter identifier, with or without a size in front of it; *root is its root table. False when
 * it is none. The bytes must outlive `f`. */
bool flatbuf_open(struct flatbuf *f, str bytes, const char *identifier, bool size_prefixed, uint32_t *root);

/* Little-endian numbers at a position; 0 when they do not lie inside. */
uint8_t flatbuf_u8(struct flatbuf *f, uint32_t at);
uint16_t flatbuf_u16(struct flatbuf *f, uint32_t at);
uint32_t flatbuf_u32(struct flatbuf *f, uint32_t at);
uint64_t flatbuf_u64(struct flatbuf *f, uint32_t at);

/* Where field `id` of a table stands inline: a scalar, a struct or an offset. 0 when absent (then it has its default) or
 * `table` is 0. */
uint32_t flatbuf_field(struct flatbuf *f, uint32_t table, uint32_t id);
/* The table a field refers to. */
uint32_t flatbuf_table(struct flatbuf *f, uint32_t table, uint32_t id);
/* The first element of a vector of `n` elements of `size` bytes (offsets to tables have 4). 0 with *n = 0 when it is absent
 * or empty. */
uint32_t flatbuf_vector(struct flatbuf *f, uint32_t table, uint32_t id, uint32_t size, uint32_t *n);
/* Follows the offset at a position: the table of an element of a vector. */
uint32_t flatbuf_follow(struct flatbuf *f, uint32_t at);
/* A string field; empty when absent. */
str flatbuf_string(struct flatbuf *f, uint32_t table, uint32_t id);

#endif
