/* boards.c - built-in system descriptors: what the reference compiler assumes without a device, and what descriptors read
 * from real cards say.
 *
 * Sources: wormhole_b0 and blackhole are the mocks of tt-mlir (device-model.md, section 1; the DRAM bank neighbours were
 * captured from an n150 and a p150). n150, n300, p150: descriptors saved from cards in 2026-06. p100: a module compiled
 * for one (grid and memory numbers; which workers stand next to its seven DRAM banks is not known).
 */
#include <stdalign.h>
#include <string.h>

#include "target/device.h"

enum { N_DTYPES = DTYPE_SI32 + 1, N_TILE_SIZES = 6, MAX_BANKS = 12 };

static const uint8_t all_dtypes[N_DTYPES] = {DTYPE_F32,    DTYPE_F16,     DTYPE_BF16,   DTYPE_BFP_F8,  DTYPE_BFP_BF8,
                                             DTYPE_BFP_F4, DTYPE_BFP_BF4, DTYPE_BFP_F2, DTYPE_BFP_BF2, DTYPE_U32,
                                             DTYPE_U16,    DTYPE_U8,      DTYPE_SI32};
static const uint32_t tile_sizes[N_TILE_SIZES][2] = {{4, 16}, {16, 16}, {32, 16}, {4, 32}, {16, 32}, {32, 32}};

static const uint32_t banks_wormhole_mock[12][2] = {{7, 3}, {0, 0}, {3, 0}, {4, 0}, {0, 4}, {7, 7},
                                                    {1, 4}, {6, 4}, {5, 4}, {2, 6}, {3, 4}, {4, 4}};
static const uint32_t banks_blackhole_mock[8][2] = {{9, 0}, {0, 0}, {7, 0}, {3, 0}, {9, 7}, {1, 7}, {6, 7}, {4, 7}};
static const uint32_t banks_n150[12][2] = {{7, 3}, {0, 0}, {4, 0}, {5, 0}, {0, 4}, {7, 7},
                                           {1, 4}, {6, 4}, {3, 6}, {2, 4}, {4, 4}, {5, 4}};
static const uint32_t banks_n300[12][2] = {{7, 3}, {0, 0}, {3, 0}, {4, 0}, {0, 4}, {7, 7},
                                           {1, 4}, {6, 4}, {5, 4}, {2, 4}, {3, 4}, {4, 4}};
static const uint32_t banks_p150[8][2] = {{9, 0}, {0, 0}, {7, 0}, {3, 0}, {9, 6}, {1, 6}, {6, 6}, {4, 6}};

#define COMMON                                                                                \
    .noc_l1_align = 16, .dtypes = all_dtypes, .n_dtypes = N_DTYPES, .tile_sizes = tile_sizes, \
    .n_tile_sizes = N_TILE_SIZES, .dst_tiles = 16, .n_compute_threads = 1, .n_datamovement_threads = 2
#define BANKS(list) \
    .dram_worker = {list, list}, .n_dram_worker = {sizeof list / sizeof *list, sizeof list / sizeof *list}
#define WORMHOLE                                                                                                     \
    .arch = TARGET_WORMHOLE_B0, .grid = {8, 8}, .coord_offset = {18, 18}, .l1_size = 1499136, .n_dram_channels = 12, \
    .dram_channel_size = 1u << 30, .pcie_align = 32, .noc_dram_align = 32, .dram_grid = {1, 12}, COMMON
#define BLACKHOLE                                                                                     \
    .arch = TARGET_BLACKHOLE, .l1_size = 1572864, .dram_channel_size = 4278190080u, .pcie_align = 64, \
    .noc_dram_align = 64, COMMON

enum chip_index { WORMHOLE_MOCK, BLACKHOLE_MOCK, N150, N300_LOCAL, N300_REMOTE, P100, P150, N_CHIPS };

static const target_chip chips[N_CHIPS] = {
    [WORMHOLE_MOCK] = {WORMHOLE, .l1_unreserved_base = 1024, .erisc_l1_unreserved_base = 1024,
                       .dram_unreserved_base = 1024, .dram_unreserved_end = 1u << 30, .n_cbs = 32,
                       BANKS(banks_wormhole_mock)},
    [BLACKHOLE_MOCK] = {BLACKHOLE, .grid = {10, 13}, .coord_offset = {18, 18}, .n_dram_channels = 8,
                        .dram_grid = {1, 8}, .l1_unreserved_base = 98304, .erisc_l1_unreserved_base = 100032,
                        .dram_unreserved_base = 64, .dram_unreserved_end = 4276383744u, .n_cbs = 32,
                        BANKS(banks_blackhole_mock)},
    [N150] = {WORMHOLE, .l1_unreserved_base = 103776, .erisc_l1_unreserved_base = 98304,
              .dram_unreserved_base = 1920032, .dram_unreserved_end = 1073119168, .n_cbs = 64, BANKS(banks_n150)},
    [N300_LOCAL] = {WORMHOLE, .l1_unreserved_base = 103776, .erisc_l1_unreserved_base = 98304,
                    .dram_unreserved_base = 1920032, .dram_unreserved_end = 1073162400, .n_cbs = 64, BANKS(banks_n300)},
    [N300_REMOTE] = {WORMHOLE, .l1_unreserved_base = 103776, .erisc_l1_unreserved_base = 98304,
                     .dram_unreserved_base = 1920032, .dram_unreserved_end = 1073171040, .n_cbs = 64,
                     BANKS(banks_n150)},
    [P100] = {BLACKHOLE, .grid = {10, 11}, .coord_offset = {2, 1}, .n_dram_channels = 7, .dram_grid = {1, 7},
              .l1_unreserved_base = 111104, .erisc_l1_unreserved_base = 87872, .dram_unreserved_base = 4800064,
              .dram_unreserved_end = 4276285440u, .n_cbs = 64},
    [P150] = {BLACKHOLE, .grid = {10, 11}, .coord_offset = {2, 1}, .n_dram_channels = 8, .dram_grid = {1, 8},
              .l1_unreserved_base = 111104, .erisc_l1_unreserved_base = 87872, .dram_unreserved_base = 4800064,
              .dram_unreserved_end = 4276440192u, .n_cbs = 64, BANKS(banks_p150)},
};

static const struct board {
    str name;
    uint8_t chips[2]; /* of one board; repeated over the mesh */
    uint8_t n;
    bool mock;
} boards[] = {
    {STR_INIT("wormhole_b0"), {WORMHOLE_MOCK}, 1, true},
    {STR_INIT("blackhole"), {BLACKHOLE_MOCK}, 1, true},
    {STR_INIT("n150"), {N150}, 1, false},
    {STR_INIT("n300"), {N300_LOCAL, N300_REMOTE}, 2, false},
    {STR_INIT("p100"), {P100}, 1, false},
    {STR_INIT("p150"), {P150}, 1, false},
};
enum { N_BOARDS = sizeof boards / sizeof *boards };

str target_board_name(uint32_t i) {
    return i < N_BOARDS ? boards[i].name : STR("");
}

const target_chip *target_mock_chip(target_arch arch) {
    return &chips[arch == TARGET_BLACKHOLE ? BLACKHOLE_MOCK : WORMHOLE_MOCK];
}

/* Number of places of a mesh; 0 when it is impossible. */
static uint32_t mesh_volume(const int64_t *mesh, uint32_t rank) {
    int64_t n = 1;
    if (rank > TARGET_MAX_MESH)
        return 0;
    for (uint32_t i = 0; i < rank; i++)
        if (mesh[i] <= 0 || __builtin_mul_overflow(n, mesh[i], &n) || n > TARGET_MAX_CHIPS)
            return 0;
    return (uint32_t)n;
}

/* n devices, device i being a board's chip number i mod b->n. Mocks: every device reaches the host; several stand in a
 * ring whose ethernet cores are all (0, 0), as upstream writes it. Real boards: the first chip of each does; the two chips
 * of one n300 are joined by one link, of larger meshes the same ring is assumed because the cables are not known. */
static bool build(struct arena *a, const struct board *b, uint32_t n, target_system *out) {
    target_cpu *cpu = ARENA_NEW(a, target_cpu);
    target_chip *all = ARENA_ARRAY(a, target_chip, n);
    uint32_t *index = ARENA_ARRAY(a, uint32_t, n), *capabilities = ARENA_ARRAY(a, uint32_t, n);
    uint32_t(*coord)[4] = arena_alloc_zero(a, 1, sizeof *coord, alignof(uint32_t));
    bool one_n300 = b->n == 2 && n == 2;
    target_channel *channels = n > 1 ? ARENA_ARRAY(a, target_channel, n) : NULL;
    if (!cpu || !all || !index || !capabilities || !coord || (n > 1 && !channels))
        return false;
    *cpu = (target_cpu){false, b->mock ? STR("x86_64-pc-linux-gnu") : STR("x86_64-pc-linux")};
    for (uint32_t i = 0; i < n; i++) {
        all[i] = chips[b->chips[i % b->n]];
        index[i] = i;
        capabilities[i] = b->mock || i % b->n == 0;
        if (channels)
            channels[i] = (target_channel){.chip = {i, (i + 1) % n}};
    }
    if (one_n300)
        channels[0] = (target_channel){.chip = {0, 1}, .core = {{9, 0}, {1, 0}}};
    *out = (target_system){.cpus = cpu,
                           .n_cpus = 1,
                           .chips = all,
                           .n_chips = n,
                           .chip_of = index,
                           .n_devices = n,
                           .capabilities = capabilities,
                           .n_capabilities = n,
                           .coords = (const uint32_t(*)[4])coord,
                           .n_coords = 1,
                           .channels = channels,
                           .n_channels = one_n300   ? 1
                                         : channels ? n
                                                    : 0};
    return true;
}

bool target_system_mock(struct arena *a, target_arch arch, const int64_t *mesh, uint32_t rank, target_system *out) {
    uint32_t n = mesh_volume(mesh, rank);
    if (!n || (arch != TARGET_WORMHOLE_B0 && arch != TARGET_BLACKHOLE))
        return false;
    return build(a, &boards[arch == TARGET_BLACKHOLE], n, out);
}

bool target_system_board(struct arena *a, str board, const int64_t *mesh, uint32_t rank, target_system *out) {
    for (uint32_t i = 0; i < N_BOARDS; i++) {
        if (!str_eq(boards[i].name, board))
            continue;
        uint32_t n = rank ? mesh_volume(mesh, rank) : boards[i].n;
        return n && build(a, &boards[i], n, out);
    }
    return false;
}
