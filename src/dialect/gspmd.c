/* gspmd.c - mhlo.sharding texts. */
#include "dialect/gspmd.h"

/* The numbers of a list "1,2,3" up to a character that is neither digit nor comma; how many, -1: too many. */
static int read_list(str *s, int64_t *out, int cap) {
    int n = 0;
    while (s->n && s->p[0] >= '0' && s->p[0] <= '9') {
        int64_t v = 0;
        for (; s->n && s->p[0] >= '0' && s->p[0] <= '9'; *s = str_from(*s, 1))
            v = v < GSPMD_MAX_DEVICES * 16 ? v * 10 + (s->p[0] - '0') : v;
        if (n == cap)
            return -1;
        out[n++] = v;
        if (s->n && s->p[0] == ',')
            *s = str_from(*s, 1);
    }
    return n;
}

static bool take(str *s, const char *text) {
    str t = str_from_z(text);
    if (!str_starts_with(*s, t))
        return false;
    *s = str_from(*s, t.n);
    return true;
}

static int64_t product(const int64_t *v, int n) {
    int64_t total = 1;
    for (int i = 0; i < n; i++)
        total = v[i] > 0 && total <= GSPMD_MAX_DEVICES ? total * v[i] : GSPMD_MAX_DEVICES + 1;
    return total;
}

bool gspmd_read(str s, gspmd *g) {
    *g = (gspmd){.devices = 1};
    if (str_eq(s, STR("{replicated}")))
        return true;
    if (!take(&s, "{devices=[") || (g->n_tiles = read_list(&s, g->tiles, GSPMD_MAX_DIMS)) < 1 || !take(&s, "]"))
        return false;
    g->devices = product(g->tiles, g->n_tiles);
    g->replicated_last = str_find(s, STR("last_tile_dim_replicate")) < s.n;
    if (g->devices > GSPMD_MAX_DEVICES)
        return false;
    if (!take(&s, "<=[")) {
        g->list = s;
        return true;
    }
    if ((g->n_order = read_list(&s, g->order, GSPMD_MAX_DIMS)) < 1 || !take(&s, "]") ||
        product(g->order, g->n_order) != g->devices)
        return false;
    for (int i = 0; i < g->n_order; i++)
        g->perm[i] = i;
    if (take(&s, "T(") && (read_list(&s, g->perm, GSPMD_MAX_DIMS) != g->n_order || !take(&s, ")")))
        return false;
    uint32_t seen = 0;
    for (int i = 0; i < g->n_order; i++) {
        if (g->perm[i] >= g->n_order || seen >> g->perm[i] & 1)
            return false;
        seen |= 1u << g->perm[i];
    }
    return true;
}

bool gspmd_parts(const gspmd *g, int rank, int64_t *part) {
    int64_t stride[GSPMD_MAX_DIMS], index[GSPMD_MAX_DIMS] = {0}, total = 1;
    bool seen[GSPMD_MAX_DEVICES] = {false};
    str list = g->list;
    if (!g->n_tiles) {
        for (int i = 0; i < rank; i++)
            part[i] = 0;
        return true;
    }
    if (g->n_tiles - (g->replicated_last ? 1 : 0) != rank)
        return false;
    for (int i = g->n_order; i-- > 0; total *= g->order[i])
        stride[i] = total;
    for (int64_t at = 0; at < g->devices; at++) {
        int64_t device = 0, rest = at;
        for (int i = 0; i < g->n_order; i++)
            device += index[i] * stride[g->perm[i]];
        if (!g->n_order) {
            size_t end = str_find_char(list, ',');
            str one = str_slice(list, 0, end);
            if (read_list(&one, &device, 1) != 1)
                return false;
            list = str_from(list, end < list.n ? end + 1 : list.n);
        }
        if (device >= g->devices || seen[device])
            return false;
        seen[device] = true;
        for (int i = g->n_tiles; i-- > 0; rest /= g->tiles[i])
            if (i < rank)
                part[device * rank + i] = rest % g->tiles[i];
        for (int i = g->n_order; i-- > 0;) {
            if (++index[i] < g->order[g->perm[i]])
                break;
            index[i] = 0;
        }
    }
    return true;
}
