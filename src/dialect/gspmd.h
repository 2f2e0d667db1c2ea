/* gspmd.h - mhlo.sharding texts: how GSPMD says which part of a tensor each device has.
 *
 *   {replicated}                                         every device has all of it
 *   {devices=[2,1]<=[2]}                                 two tiles along dimension 0, of devices 0 and 1
 *   {devices=[1,4,2]<=[2,4]T(1,0) last_tile_dim_replicate}   four tiles along dimension 1, each on two devices
 *   {devices=[2,1]1,0}                                   the devices of the tiles in a list
 *
 * Formats: openxla/xla, HloSharding::ToString, and multichip.md. */
#ifndef DIALECT_GSPMD_H
#define DIALECT_GSPMD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

enum { GSPMD_MAX_DIMS = 16, GSPMD_MAX_DEVICES = 4096 };

typedef struct gspmd {
    int n_tiles, n_order, n_perm; /* n_tiles 0: replicated; n_order 0: the devices are in a list */
    int64_t tiles[GSPMD_MAX_DIMS], order[GSPMD_MAX_DIMS], perm[GSPMD_MAX_DIMS];
    int64_t devices;      /* product of the tiles; 1 when replicated */
    bool replicated_last; /* the last tile dimension counts copies */
    str list;
} gspmd;

/* False for what is none of the forms above ({manual}, {maximal device=0}) or not well formed. The text stays the caller's. */
bool gspmd_read(str text, gspmd *out);
/* Which part of each dimension a device has: part[device * rank + dimension], for g->devices devices. False when the rank is
 * another or the devices are not each named once. `part` has room for devices * rank numbers. */
bool gspmd_parts(const gspmd *g, int rank, int64_t *part);

#endif
