/* system_attr.c - #ttcore.system_desc to and from a target_system. */
#include <stdalign.h>

#include "dialect/params.h"
#include "ids.h"
#include "target/device.h"
#include "target/system_read.h"

static const str arch_names[] = {[TARGET_WORMHOLE_B0] = STR_INIT("wormhole_b0"),
                                 [TARGET_BLACKHOLE] = STR_INIT("blackhole"),
                                 [TARGET_QUASAR] = STR_INIT("quasar")};

/* ---- writing --------------------------------------------------------------------------------------------- */

/* A list being made; a failed element makes the whole fail. */
struct list {
    ir_context *c;
    ir_attr *v;
    uint32_t n, cap;
    bool failed;
};

static bool list_start(struct list *l, ir_context *c, uint32_t cap) {
    *l = (struct list){.c = c, .cap = cap, .v = mem_alloc(c->mem, (cap ? cap : 1) * sizeof(ir_attr))};
    l->failed = !l->v;
    return !l->failed;
}

static void list_add(struct list *l, ir_attr a) {
    if (!a)
        l->failed = true;
    else if (l->n < l->cap)
        l->v[l->n++] = a;
}

static ir_attr list_end(struct list *l) {
    ir_attr a = l->failed ? 0 : ir_attr_array(l->c, l->v, l->n);
    mem_free(l->c->mem, l->v, (l->cap ? l->cap : 1) * sizeof(ir_attr));
    return a;
}

static ir_attr make(ir_context *c, uint32_t def, const ir_node *p, uint32_t required) {
    for (uint32_t i = 0; i < required; i++)
        if (!p[i])
            return 0;
    return dialect_make_attr(c, def, p);
}

static ir_attr pair(ir_context *c, uint32_t def, uint32_t y, uint32_t x) {
    ir_node p[2] = {dialect_int(c, y), dialect_int(c, x)};
    return make(c, def, p, 2);
}

static ir_attr pairs(ir_context *c, uint32_t def, const uint32_t (*v)[2], uint32_t n) {
    struct list l;
    if (!list_start(&l, c, n))
        return 0;
    for (uint32_t i = 0; i < n; i++)
        list_add(&l, pair(c, def, v[i][0], v[i][1]));
    return list_end(&l);
}

static ir_attr chip_attr(ir_context *c, const target_chip *k) {
    struct list types;
    if (!list_start(&types, c, k->n_dtypes))
        return 0;
    for (uint32_t i = 0; i < k->n_dtypes; i++)
        list_add(&types, dialect_make_case(c, ATTR_ttcore_supportedDataTypes, target_dtypes[k->dtypes[i]].name));
    ir_node p[] = {dialect_make_case(c, ATTR_ttcore_arch, arch_names[k->arch]),
                   dialect_ints(c, k->grid, 2),
                   dialect_ints(c, k->coord_offset, 2),
                   dialect_int(c, k->l1_size),
                   dialect_int(c, k->n_dram_channels),
                   dialect_int(c, k->dram_channel_size),
                   dialect_int(c, k->noc_l1_align),
                   dialect_int(c, k->pcie_align),
                   dialect_int(c, k->noc_dram_align),
                   dialect_int(c, k->l1_unreserved_base),
                   dialect_int(c, k->erisc_l1_unreserved_base),
                   dialect_int(c, k->dram_unreserved_base),
                   dialect_int(c, k->dram_unreserved_end),
                   list_end(&types),
                   pairs(c, ATTR_ttcore_tile_size, k->tile_sizes, k->n_tile_sizes),
                   dialect_int(c, k->dst_tiles),
                   dialect_int(c, k->n_cbs),
                   dialect_int(c, k->n_compute_threads),
                   dialect_int(c, k->n_datamovement_threads),
                   dialect_ints(c, k->dram_grid, 2),
                   pairs(c, ATTR_ttcore_core_coord, k->dram_worker[0], k->n_dram_worker[0]),
                   pairs(c, ATTR_ttcore_core_coord, k->dram_worker[1], k->n_dram_worker[1])};
    return make(c, ATTR_ttcore_chip_desc, p, sizeof p / sizeof *p);
}

static ir_attr cpu_attr(ir_context *c, const target_cpu *k) {
    ir_node p[2] = {dialect_keyword(c, k->device ? STR("device") : STR("host")), ir_attr_string(c, k->triple, true)};
    return make(c, ATTR_ttcore_cpu_desc, p, 2);
}

static ir_attr coord_attr(ir_context *c, const uint32_t v[4]) {
    ir_node p[4] = {dialect_int(c, v[0]), dialect_int(c, v[1]), dialect_int(c, v[2]), dialect_int(c, v[3])};
    return make(c, ATTR_ttcore_chip_coord, p, 4);
}

static ir_attr channel_attr(ir_context *c, const target_channel *k) {
    ir_node p[4] = {dialect_int(c, k->chip[0]), dialect_ints(c, k->core[0], 2), dialect_int(c, k->chip[1]),
                    dialect_ints(c, k->core[1], 2)};
    return make(c, ATTR_ttcore_chip_channel, p, 4);
}

ir_attr target_system_attr(ir_context *c, const target_system *s) {
    struct list l[6];
    ir_node p[6] = {0};
    uint32_t counts[6] = {s->n_cpus, s->n_chips, s->n_devices, s->n_capabilities, s->n_coords, s->n_channels};
    bool ok = true;
    for (int i = 0; i < 6; i++)
        ok &= list_start(&l[i], c, counts[i]);
    if (ok) {
        for (uint32_t i = 0; i < s->n_cpus; i++)
            list_add(&l[0], cpu_attr(c, &s->cpus[i]));
        for (uint32_t i = 0; i < s->n_chips; i++)
            list_add(&l[1], chip_attr(c, &s->chips[i]));
        for (uint32_t i = 0; i < s->n_devices; i++)
            list_add(&l[2], dialect_int(c, s->chip_of[i]));
        for (uint32_t i = 0; i < s->n_capabilities; i++)
            list_add(&l[3], ir_attr_int(c, c->t_i32, s->capabilities[i]));
        for (uint32_t i = 0; i < s->n_coords; i++)
            list_add(&l[4], coord_attr(c, s->coords[i]));
        for (uint32_t i = 0; i < s->n_channels; i++)
            list_add(&l[5], channel_attr(c, &s->channels[i]));
    }
    for (int i = 0; i < 6; i++)
        p[i] = list_end(&l[i]);
    if (!p[5])
        return 0;
    if (!s->n_channels)
        p[5] = 0;
    return make(c, ATTR_ttcore_system_desc, p, 5);
}

/* ---- reading --------------------------------------------------------------------------------------------- */

struct reader {
    struct arena *a;
    const ir_context *c;
    struct diags *d;
    bool failed;
};

static void fail(struct reader *r, const char *what) {
    if (!r->failed)
        diag_add(r->d, DIAG_ERROR, NULL, 0, 0, "system descriptor: %s", what);
    r->failed = true;
}

/* The array parameter `name`, 0 when it is empty or absent; *n its length. */
static ir_attr array(struct reader *r, ir_attr of, str name, uint32_t *n) {
    ir_attr v = dialect_param(r->c, of, name);
    *n = 0;
    if (!v || ir_kind_of(r->c, v) != IR_ATTR_ARRAY)
        return 0;
    *n = ir_count(r->c, v);
    if (*n > TARGET_MAX_CHIPS) {
        fail(r, "a list is too long");
        *n = 0;
    }
    return v;
}

void *target_system_room(struct arena *a, uint32_t n, size_t size, struct diags *d, bool *failed) {
    void *p = arena_alloc_zero(a, n ? n : 1, size, alignof(max_align_t));
    if (!p && !*failed) {
        diag_out_of_memory(d);
        *failed = true;
    }
    return p;
}

static uint32_t number(struct reader *r, ir_attr of, str name) {
    int64_t v = 0;
    if (!dialect_param_int(r->c, of, name, &v) || v < 0 || v > UINT32_MAX) {
        fail(r, "a number is missing or out of range");
        return 0;
    }
    return (uint32_t)v;
}

static const uint32_t (*read_pairs(struct reader *r, ir_attr of, str name, uint32_t *n))[2] {
    ir_attr list = array(r, of, name, n);
    uint32_t(*out)[2] = target_system_room(r->a, *n, sizeof *out, r->d, &r->failed);
    for (uint32_t i = 0; out && i < *n; i++) {
        out[i][0] = number(r, ir_at(r->c, list, i), STR("y"));
        out[i][1] = number(r, ir_at(r->c, list, i), STR("x"));
    }
    return (const uint32_t(*)[2])out;
}

static void read_grid(struct reader *r, ir_attr of, str name, bool required, int64_t out[2]) {
    out[0] = out[1] = 0;
    if (dialect_param_ints(r->c, of, name, out, 2) != 2 && required)
        fail(r, "a grid does not have two dimensions");
}

static void read_chip(struct reader *r, ir_attr at, target_chip *k) {
    static const struct {
        str name;
        size_t offset;
    } numbers[] = {
        {STR_INIT("l1Size"), offsetof(target_chip, l1_size)},
        {STR_INIT("numDramChannels"), offsetof(target_chip, n_dram_channels)},
        {STR_INIT("dramChannelSize"), offsetof(target_chip, dram_channel_size)},
        {STR_INIT("nocL1AddressAlignBytes"), offsetof(target_chip, noc_l1_align)},
        {STR_INIT("pcieAddressAlignBytes"), offsetof(target_chip, pcie_align)},
        {STR_INIT("nocDRAMAddressAlignBytes"), offsetof(target_chip, noc_dram_align)},
        {STR_INIT("l1UnreservedBase"), offsetof(target_chip, l1_unreserved_base)},
        {STR_INIT("eriscL1UnreservedBase"), offsetof(target_chip, erisc_l1_unreserved_base)},
        {STR_INIT("dramUnreservedBase"), offsetof(target_chip, dram_unreserved_base)},
        {STR_INIT("dramUnreservedEnd"), offsetof(target_chip, dram_unreserved_end)},
        {STR_INIT("dstPhysicalSizeTiles"), offsetof(target_chip, dst_tiles)},
        {STR_INIT("numCBs"), offsetof(target_chip, n_cbs)},
        {STR_INIT("numComputeThreads"), offsetof(target_chip, n_compute_threads)},
        {STR_INIT("numDatamovementThreads"), offsetof(target_chip, n_datamovement_threads)},
    };
    if (!dialect_is_attr(r->c, at, ATTR_ttcore_chip_desc)) {
        fail(r, "a chip is no chip_desc");
        return;
    }
    str arch = dialect_case_text(r->c, dialect_param(r->c, at, STR("arch")));
    for (uint32_t i = TARGET_WORMHOLE_B0; i <= TARGET_QUASAR; i++)
        if (str_eq(arch_names[i], arch))
            k->arch = (target_arch)i;
    if (!k->arch)
        fail(r, "unknown architecture");
    read_grid(r, at, STR("grid"), true, k->grid);
    read_grid(r, at, STR("coordTranslationOffsets"), true, k->coord_offset);
    read_grid(r, at, STR("dramGrid"), false, k->dram_grid);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        *(uint32_t *)(void *)((char *)k + numbers[i].offset) = number(r, at, numbers[i].name);
    ir_attr types = array(r, at, STR("supportedDataTypes"), &k->n_dtypes);
    uint8_t *dtypes = target_system_room(r->a, k->n_dtypes, 1, r->d, &r->failed);
    for (uint32_t i = 0; dtypes && i < k->n_dtypes; i++) {
        target_dtype t = target_dtype_by_name(dialect_case_text(r->c, ir_at(r->c, types, i)));
        if (t == DTYPE_NONE)
            fail(r, "unknown data type");
        else
            dtypes[i] = (uint8_t)t;
    }
    k->dtypes = dtypes;
    k->tile_sizes = read_pairs(r, at, STR("supportedTileSizes"), &k->n_tile_sizes);
    k->dram_worker[0] = read_pairs(r, at, STR("dramBankToLogicalWorkerNoc0"), &k->n_dram_worker[0]);
    k->dram_worker[1] = read_pairs(r, at, STR("dramBankToLogicalWorkerNoc1"), &k->n_dram_worker[1]);
}

bool target_system_read(struct arena *a, const ir_context *c, ir_attr desc, target_system *out, struct diags *d) {
    struct reader r = {a, c, d, false};
    *out = (target_system){0};
    if (!dialect_is_attr(c, desc, ATTR_ttcore_system_desc)) {
        fail(&r, "not a #ttcore.system_desc");
        return false;
    }
    ir_attr list = array(&r, desc, STR("cpuDescs"), &out->n_cpus);
    target_cpu *cpus = target_system_room(r.a, out->n_cpus, sizeof *cpus, r.d, &r.failed);
    for (uint32_t i = 0; cpus && i < out->n_cpus; i++) {
        cpus[i].device = str_eq(dialect_param_text(c, ir_at(c, list, i), STR("role")), STR("device"));
        cpus[i].triple = dialect_param_text(c, ir_at(c, list, i), STR("target_triple"));
    }
    list = array(&r, desc, STR("chipDescs"), &out->n_chips);
    target_chip *chips = target_system_room(r.a, out->n_chips, sizeof *chips, r.d, &r.failed);
    for (uint32_t i = 0; chips && i < out->n_chips && !r.failed; i++)
        read_chip(&r, ir_at(c, list, i), &chips[i]);
    list = array(&r, desc, STR("chipDescIndices"), &out->n_devices);
    uint32_t *chip_of = target_system_room(r.a, out->n_devices, sizeof *chip_of, r.d, &r.failed);
    for (uint32_t i = 0; chip_of && i < out->n_devices; i++) {
        int64_t v = -1;
        ir_int_value(c, ir_at(c, list, i), &v);
        if (v < 0 || v >= out->n_chips)
            fail(&r, "a chip index is out of range");
        else
            chip_of[i] = (uint32_t)v;
    }
    list = array(&r, desc, STR("chipCapabilities"), &out->n_capabilities);
    uint32_t *capabilities = target_system_room(r.a, out->n_capabilities, sizeof *capabilities, r.d, &r.failed);
    for (uint32_t i = 0; capabilities && i < out->n_capabilities; i++) {
        int64_t v = 0;
        ir_int_value(c, ir_at(c, list, i), &v);
        capabilities[i] = (uint32_t)v;
    }
    list = array(&r, desc, STR("chipCoords"), &out->n_coords);
    uint32_t(*coords)[4] = target_system_room(r.a, out->n_coords, sizeof *coords, r.d, &r.failed);
    for (uint32_t i = 0; coords && i < out->n_coords; i++) {
        static const str names[4] = {STR_INIT("rack"), STR_INIT("shelf"), STR_INIT("y"), STR_INIT("x")};
        for (int k = 0; k < 4; k++)
            coords[i][k] = number(&r, ir_at(c, list, i), names[k]);
    }
    list = array(&r, desc, STR("chipChannels"), &out->n_channels);
    target_channel *channels = target_system_room(r.a, out->n_channels, sizeof *channels, r.d, &r.failed);
    for (uint32_t i = 0; channels && i < out->n_channels; i++) {
        ir_attr at = ir_at(c, list, i);
        channels[i].chip[0] = number(&r, at, STR("deviceId0"));
        channels[i].chip[1] = number(&r, at, STR("deviceId1"));
        read_grid(&r, at, STR("ethernetCoreCoord0"), true, channels[i].core[0]);
        read_grid(&r, at, STR("ethernetCoreCoord1"), true, channels[i].core[1]);
    }
    if (!r.failed && (!out->n_devices || !out->n_chips))
        fail(&r, "it has no chip");
    out->cpus = cpus;
    out->chips = chips;
    out->chip_of = chip_of;
    out->capabilities = capabilities;
    out->coords = (const uint32_t(*)[4])coords;
    out->channels = channels;
    return !r.failed;
}
