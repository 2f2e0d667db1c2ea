/* Hash maps from text or 64-bit numbers to 32-bit numbers (mostly indices into some array).
 *
 * Open addressing with linear probing, capacity a power of two, at most 3/4 full; removal shifts back, so there
 * are no tombstones. Keys of a text map are not copied: their bytes must live as long as the map.
 * The order of the slots means nothing: never let it reach an output.
 */
#ifndef TTX_BASE_MAP_H
#define TTX_BASE_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/mem.h"
#include "base/str.h"

struct map_str_slot {
    const char *p; /* NULL = free */
    size_t n;
    uint32_t hash; /* high half of the key's hash */
    uint32_t value;
};

struct map_str {
    struct map_str_slot *slots;
    size_t cap; /* 0 or a power of two */
    size_t n;
    struct mem *mem;
};

struct map_u64_slot {
    uint64_t key;
    uint32_t value;
    uint32_t used;
};

struct map_u64 {
    struct map_u64_slot *slots;
    size_t cap;
    size_t n;
    struct mem *mem;
};

/* An empty map on `m`; allocates nothing yet. */
void map_str_init(struct map_str *map, struct mem *m);
void map_u64_init(struct map_u64 *map, struct mem *m);

/* Frees the map; it is empty afterwards and may be used again. */
void map_str_free(struct map_str *map);
void map_u64_free(struct map_u64 *map);

/* Drops all keys, keeps the memory. */
void map_str_clear(struct map_str *map);
void map_u64_clear(struct map_u64 *map);

/* Room for `n` keys without growing. False when out of memory. */
bool map_str_reserve(struct map_str *map, size_t n);
bool map_u64_reserve(struct map_u64 *map, size_t n);

/* The value of `key`, or NULL when it is not there. Valid until the next put or remove. */
uint32_t *map_str_get(const struct map_str *map, str key);
uint32_t *map_u64_get(const struct map_u64 *map, uint64_t key);

/* The value of `key`, which is added with value `fresh` when it is not there yet; *added (may be NULL) tells. NULL
 * when out of memory; the map is then as before. Valid until the next put or remove. */
uint32_t *map_str_put(struct map_str *map, str key, uint32_t fresh, bool *added);
uint32_t *map_u64_put(struct map_u64 *map, uint64_t key, uint32_t fresh, bool *added);

/* Takes `key` out; false when it was not there. */
bool map_str_remove(struct map_str *map, str key);
bool map_u64_remove(struct map_u64 *map, uint64_t key);

#endif
