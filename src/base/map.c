#include "base/map.h"

#include <string.h>

#include "base/num.h"

enum { MAP_FIRST = 16 };

/* The smallest capacity that keeps `n` keys at most 3/4 full, at least `cap`; 0 when there is none. */
static size_t map_capacity(size_t cap, size_t n) {
    if (cap < MAP_FIRST)
        cap = MAP_FIRST;
    while (cap - cap / 4 < n) {
        if (cap > SIZE_MAX / 4)
            return 0;
        cap *= 2;
    }
    return cap;
}

/* --- text --------------------------------------------------------------------------------------------------- */

void map_str_init(struct map_str *map, struct mem *m) {
    *map = (struct map_str){.mem = m};
}

void map_str_free(struct map_str *map) {
    mem_free(map->mem, map->slots, map->cap * sizeof *map->slots);
    map_str_init(map, map->mem);
}

void map_str_clear(struct map_str *map) {
    if (map->n)
        memset(map->slots, 0, map->cap * sizeof *map->slots);
    map->n = 0;
}

/* Keys compare by the high half; slots are chosen by the low bits of the same half, so that growing needs no
 * second look at the keys. */
static uint32_t map_str_hash(str key) {
    return (uint32_t)(str_hash(key) >> 32);
}

/* The slot of `key`, or the free slot where it would go. The map has at least one free slot. */
static struct map_str_slot *map_str_find(const struct map_str *map, str key, uint32_t hash) {
    size_t mask = map->cap - 1;
    for (size_t i = hash & mask;; i = (i + 1) & mask) {
        struct map_str_slot *s = &map->slots[i];
        if (!s->p || (s->hash == hash && s->n == key.n && memcmp(s->p, key.p, key.n) == 0))
            return s;
    }
}

static bool map_str_resize(struct map_str *map, size_t n) {
    size_t cap = map_capacity(map->cap, n), bytes;
    if (cap == map->cap)
        return true;
    if (!cap || !num_mul_size(cap, sizeof *map->slots, &bytes))
        return false;
    struct map_str_slot *slots = mem_alloc_zero(map->mem, bytes);
    if (!slots)
        return false;
    for (size_t i = 0; i < map->cap; i++) {
        if (!map->slots[i].p)
            continue;
        size_t j = map->slots[i].hash & (cap - 1);
        while (slots[j].p)
            j = (j + 1) & (cap - 1);
        slots[j] = map->slots[i];
    }
    mem_free(map->mem, map->slots, map->cap * sizeof *map->slots);
    map->slots = slots;
    map->cap = cap;
    return true;
}

bool map_str_reserve(struct map_str *map, size_t n) {
    return map_str_resize(map, n);
}

static str map_str_key(str key) {
    return (str){key.p ? key.p : "", key.n};
}

uint32_t *map_str_get(const struct map_str *map, str key) {
    if (!map->n)
        return NULL;
    key = map_str_key(key);
    struct map_str_slot *s = map_str_find(map, key, map_str_hash(key));
    return s->p ? &s->value : NULL;
}

uint32_t *map_str_put(struct map_str *map, str key, uint32_t fresh, bool *added) {
    if (added)
        *added = false;
    if (!map_str_resize(map, map->n + 1))
        return NULL;
    key = map_str_key(key);
    uint32_t hash = map_str_hash(key);
    struct map_str_slot *s = map_str_find(map, key, hash);
    if (!s->p) {
        *s = (struct map_str_slot){key.p, key.n, hash, fresh};
        map->n++;
        if (added)
            *added = true;
    }
    return &s->value;
}

bool map_str_remove(struct map_str *map, str key) {
    if (!map->n)
        return false;
    key = map_str_key(key);
    struct map_str_slot *s = map_str_find(map, key, map_str_hash(key));
    if (!s->p)
        return false;
    /* Shift back every later key of the run that may sit in the hole. */
    size_t mask = map->cap - 1, hole = (size_t)(s - map->slots);
    for (size_t i = (hole + 1) & mask; map->slots[i].p; i = (i + 1) & mask) {
        size_t home = map->slots[i].hash & mask;
        if (((i - home) & mask) >= ((i - hole) & mask)) {
            map->slots[hole] = map->slots[i];
            hole = i;
        }
    }
    map->slots[hole] = (struct map_str_slot){0};
    map->n--;
    return true;
}

/* --- 64-bit numbers ------------------------------------------------------------------------------------------ */

void map_u64_init(struct map_u64 *map, struct mem *m) {
    *map = (struct map_u64){.mem = m};
}

void map_u64_free(struct map_u64 *map) {
    mem_free(map->mem, map->slots, map->cap * sizeof *map->slots);
    map_u64_init(map, map->mem);
}

void map_u64_clear(struct map_u64 *map) {
    if (map->n)
        memset(map->slots, 0, map->cap * sizeof *map->slots);
    map->n = 0;
}

static size_t map_u64_home(uint64_t key, size_t mask) {
    return (size_t)str_mix(key ^ STR_HASH_A, STR_HASH_B) & mask;
}

static struct map_u64_slot *map_u64_find(const struct map_u64 *map, uint64_t key) {
    size_t mask = map->cap - 1;
    for (size_t i = map_u64_home(key, mask);; i = (i + 1) & mask) {
        struct map_u64_slot *s = &map->slots[i];
        if (!s->used || s->key == key)
            return s;
    }
}

static bool map_u64_resize(struct map_u64 *map, size_t n) {
    size_t cap = map_capacity(map->cap, n), bytes;
    if (cap == map->cap)
        return true;
    if (!cap || !num_mul_size(cap, sizeof *map->slots, &bytes))
        return false;
    struct map_u64 grown = {.slots = mem_alloc_zero(map->mem, bytes), .cap = cap, .n = map->n, .mem = map->mem};
    if (!grown.slots)
        return false;
    for (size_t i = 0; i < map->cap; i++)
        if (map->slots[i].used)
            *map_u64_find(&grown, map->slots[i].key) = map->slots[i];
    mem_free(map->mem, map->slots, map->cap * sizeof *map->slots);
    *map = grown;
    return true;
}

bool map_u64_reserve(struct map_u64 *map, size_t n) {
    return map_u64_resize(map, n);
}

uint32_t *map_u64_get(const struct map_u64 *map, uint64_t key) {
    if (!map->n)
        return NULL;
    struct map_u64_slot *s = map_u64_find(map, key);
    return s->used ? &s->value : NULL;
}

uint32_t *map_u64_put(struct map_u64 *map, uint64_t key, uint32_t fresh, bool *added) {
    if (added)
        *added = false;
    if (!map_u64_resize(map, map->n + 1))
        return NULL;
    struct map_u64_slot *s = map_u64_find(map, key);
    if (!s->used) {
        *s = (struct map_u64_slot){key, fresh, 1};
        map->n++;
        if (added)
            *added = true;
    }
    return &s->value;
}

bool map_u64_remove(struct map_u64 *map, uint64_t key) {
    if (!map->n)
        return false;
    struct map_u64_slot *s = map_u64_find(map, key);
    if (!s->used)
        return false;
    size_t mask = map->cap - 1, hole = (size_t)(s - map->slots);
    for (size_t i = (hole + 1) & mask; map->slots[i].used; i = (i + 1) & mask) {
        size_t home = map_u64_home(map->slots[i].key, mask);
        if (((i - home) & mask) >= ((i - hole) & mask)) {
            map->slots[hole] = map->slots[i];
            hole = i;
        }
    }
    map->slots[hole] = (struct map_u64_slot){0};
    map->n--;
    return true;
}
