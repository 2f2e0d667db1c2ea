/* device.h - what the compiler knows of the machine: system descriptors and the device that a module runs on.
 *
 *   #ttcore.system_desc ──┐
 *   .ttsys file ──────────┼──▶ target_system ──▶ target_device ──▶ #ttcore.device (grids, address maps, mesh)
 *   a board's name ───────┤      every field        what layouts, legality and costs ask
 *   mock of an arch ──────┘
 *
 * Grids are (rows, columns). A target_system and its lists live in the arena it was made in; a target_device is a plain
 * value without pointers.
 */
#ifndef TARGET_DEVICE_H
#define TARGET_DEVICE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/diag.h"
#include "base/str.h"
#include "ir/ir.h"
#include "target/dtype.h"

typedef enum target_arch { TARGET_WORMHOLE_B0 = 1, TARGET_BLACKHOLE = 2, TARGET_QUASAR = 3 } target_arch;

/* ttcore.Topology */
typedef enum target_topology {
    TARGET_RING,
    TARGET_LINEAR,
    TARGET_MESH,
    TARGET_TORUS,
    TARGET_DISABLED,
    TARGET_N_TOPOLOGIES
} target_topology;

enum { TARGET_MAX_MESH = 8, TARGET_MAX_CHIPS = 4096 };

/* A chip, field by field as #ttcore.system_desc spells it. Bytes unless said otherwise. */
typedef struct target_chip {
    target_arch arch;
    int64_t grid[2]; /* worker cores */
    int64_t coord_offset[2];
    uint32_t l1_size, n_dram_channels, dram_channel_size;
    uint32_t noc_l1_align, pcie_align, noc_dram_align;
    uint32_t l1_unreserved_base, erisc_l1_unreserved_base, dram_unreserved_base, dram_unreserved_end;
    const uint8_t *dtypes; /* target_dtype each */
    uint32_t n_dtypes;
    const uint32_t (*tile_sizes)[2]; /* (height, width) */
    uint32_t n_tile_sizes;
    uint32_t dst_tiles, n_cbs, n_compute_threads, n_datamovement_threads;
    int64_t dram_grid[2];                /* 0x0: not told (descriptors before 2026) */
    const uint32_t (*dram_worker[2])[2]; /* per NoC: the logical worker (y, x) next to each DRAM bank */
    uint32_t n_dram_worker[2];
} target_chip;

typedef struct target_channel {
    uint32_t chip[2];
    int64_t core[2][2]; /* ethernet core (y, x) at each end */
} target_channel;

typedef struct target_cpu {
    bool device; /* role device rather than host */
    str triple;
} target_cpu;

typedef struct target_system {
    const target_cpu *cpus;
    uint32_t n_cpus;
    const target_chip *chips; /* descriptions; several devices may share one */
    uint32_t n_chips;
    const uint32_t *chip_of; /* per device: index into chips */
    uint32_t n_devices;
    const uint32_t *capabilities; /* per device: bit 0 host mmio */
    uint32_t n_capabilities;
    const uint32_t (*coords)[4]; /* rack, shelf, y, x */
    uint32_t n_coords;
    const target_channel *channels;
    uint32_t n_channels;
} target_system;

/* The mock descriptor that the reference compiler assumes when it is given none: for an architecture and the mesh it
 * compiles for (rank 0: one chip), each device with a description of its own, in a ring. Quasar has no mock: false.
 * Also false when out of memory or when the mesh is empty, negative or beyond TARGET_MAX_CHIPS. */
bool target_system_mock(struct arena *a, target_arch arch, const int64_t *mesh, uint32_t rank, target_system *out);

/* The chip of that mock; that of wormhole_b0 for quasar. */
const target_chip *target_mock_chip(target_arch arch);

/* Built-in boards, as descriptors read from real cards say: "n150", "n300", "p100", "p150"; also the mocks under
 * "wormhole_b0" and "blackhole". target_board_name lists them; empty after the last. */
str target_board_name(uint32_t i);
/* A system of as many of these boards as the mesh has chips; rank 0: one board, which for n300 is two chips. False when
 * the name is unknown (*out untouched), the mesh impossible, or out of memory. */
bool target_system_board(struct arena *a, str board, const int64_t *mesh, uint32_t rank, target_system *out);

/* #ttcore.system_desc of it. 0 when out of memory. */
ir_attr target_system_attr(ir_context *c, const target_system *s);
/* Reads one. False with an error in `d` when it is none, a list is out of bounds, or out of memory. Strings stay those of
 * the context. */
bool target_system_read(struct arena *a, const ir_context *c, ir_attr desc, target_system *out, struct diags *d);
/* Reads a .ttsys file (size-prefixed flatbuffer "TTSY"); ttsys.c says what older ones lack. Strings are copied into the
 * arena. False with an error in `d`. */
bool target_system_read_ttsys(struct arena *a, str bytes, target_system *out, struct diags *d);

/* ---- the device a module runs on ------------------------------------------------------------------------- */

typedef struct target_device {
    target_arch arch;
    int64_t worker_grid[2]; /* of one chip: the smallest of all of them */
    int64_t dram_grid[2];   /* 1 x number of banks */
    uint32_t n_dram_channels;
    uint32_t l1_size, l1_unreserved_base;
    uint64_t dram_bytes; /* usable, of one chip */
    uint32_t noc_l1_align, noc_dram_align;
    uint32_t dst_tiles, n_cbs;
    int64_t mesh[TARGET_MAX_MESH];
    uint32_t mesh_rank; /* 0: no mesh was given; one chip */
    uint32_t n_chips;
    uint8_t topology[TARGET_MAX_MESH]; /* target_topology per mesh axis */
    bool has_topology;
} target_device;

/* The device of the first chips of a system, as many as the mesh has places. topology: one per axis, or NULL. False
 * with an error in `d` when the system has fewer chips or the mesh is impossible. */
bool target_device_make(const target_system *s, const int64_t *mesh, uint32_t rank, const uint8_t *topology,
                        target_device *out, struct diags *d);
/* #ttcore.device of it: grids with their maps, l1Map, dramMap, mesh, chip ids, as ttcore-register-device writes it.
 * 0 when out of memory. */
ir_attr target_device_attr(ir_context *c, const target_device *d);
/* Reads #ttcore.device; sizes of memory come from `system` (#ttcore.system_desc), which may be 0: then they are those of
 * the mock of the architecture that the number of DRAM banks points to (8 or fewer: Blackhole). False when `device` is no such attribute. */
bool target_device_read(const ir_context *c, ir_attr device, ir_attr system, target_device *out);
/* The device registered in a module: its ttcore.device op and its ttcore.system_desc, wherever they stand. False when it
 * has none. */
bool target_device_of_module(const ir_module *m, target_device *out);

static inline int64_t target_n_cores(const target_device *d) {
    return d->worker_grid[0] * d->worker_grid[1];
}

/* Bytes of L1 that the optimizer may use on one core: cap * (l1_size - l1_unreserved_base) - const_eval_usage
 * (ttnn-layouts.md, section 5; the reference's cap is 0.95). */
uint64_t target_l1_budget(const target_device *d, double cap, uint64_t const_eval_usage);

#endif
