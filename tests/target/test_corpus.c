/* Against what the reference compiler wrote: every layout of every compiled module is recomputed from the tensor's shape
 * and the choices it stands for, every device and system descriptor is read and made again. */
#define _XOPEN_SOURCE 700
#include "test.h"

#include <ftw.h>

#include "base/file.h"
#include "dialect/dialect.h"
#include "dialect/params.h"
#include "ids.h"
#include "target/layout.h"
#include "text/text.h"

static struct counts {
    uint32_t files, skipped, layouts, differ, placed, placed_differ, devices, devices_differ, systems, systems_differ,
        mocks;
} n;

/* A type is looked at once a module. */
enum { SEEN = 1 << 14 };
static ir_type seen[SEEN];

static bool first_time(ir_type t) {
    for (uint32_t i = t * 2654435761u >> 18;; i = (i + 1) % SEEN) {
        if (seen[i] == t)
            return false;
        if (!seen[i]) {
            seen[i] = t;
            return true;
        }
    }
}

static void show(const ir_context *c, const char *path, const char *what, ir_node a, ir_node b) {
    if (n.differ + n.placed_differ + n.devices_differ + n.systems_differ > 5)
        return;
    struct mem m = {0};
    struct buf text;
    buf_init(&text, &m);
    text_print_node(c, a, &text);
    buf_puts(&text, "\n    ours: ");
    if (b)
        text_print_node(c, b, &text);
    print_error("%s: %s\n    file: %.*s\n", path, what, STR_ARG(buf_str(&text)));
    buf_free(&text);
}

/* One of the two modules of 2025 in which an old compiler kept the shard of a former layout, or a layout of the older
 * syntax, which has no core ranges and other grids. */
static bool is_old(const char *path) {
    return strstr(path, "clipvision") || strstr(path, "2025-11") || strstr(path, "/ttnn_only/");
}

static void check_layout(const ir_module *m, const target_device *d, ir_type t, const char *path) {
    ir_context *c = m->ctx;
    ttnn_layout l;
    if (ir_kind_of(c, t) != IR_TYPE_TENSOR || !ttnn_layout_of(c, t, &l) || !first_time(t))
        return;
    n.layouts++;
    if (ttnn_layout_attr(c, t, &l) != ir_encoding(c, t) || ttnn_tensor_type(c, t, &l) != t) {
        n.differ++;
        if (!is_old(path))
            show(c, path, "layout differs", t, ttnn_layout_attr(c, t, &l));
    }
    if (l.core_ranges && d) {
        ttnn_layout again = l;
        again.core_ranges = 0;
        n.placed++;
        if (!ttnn_layout_place(c, d, &again, NULL) || again.core_ranges != l.core_ranges) {
            n.placed_differ++;
            if (!is_old(path))
                show(c, path, "placement differs", l.core_ranges, again.core_ranges);
        }
    }
}

static void check_system(const ir_module *m, ir_attr desc, const char *path) {
    struct arena a;
    struct diags d;
    target_system s;
    arena_init(&a, m->mem);
    diags_init(&d, m->mem);
    n.systems++;
    if (!target_system_read(&a, m->ctx, desc, &s, &d) || target_system_attr(m->ctx, &s) != desc) {
        n.systems_differ++;
        if (!is_old(path))
            show(m->ctx, path, "system differs", desc, 0);
    }
    if (s.n_devices) {
        target_system mock;
        int64_t mesh[1] = {s.n_devices};
        n.mocks += target_system_mock(&a, s.chips[0].arch, mesh, 1, &mock) && target_system_attr(m->ctx, &mock) == desc;
    }
    diags_free(&d);
    arena_free(&a);
}

static void one_file(const char *path) {
    struct mem mem = {0};
    struct file file;
    struct diags diags;
    if (!file_open(&file, &mem, path))
        fail_msg("%s", file.error);
    ir_context *c = ir_context_new(&mem, dialect_resolve);
    diags_init(&diags, &mem);
    ir_module *m = text_read(c, file_text(&file), str_from_z(path), NULL, &diags);
    n.files++;
    if (!m)
        n.skipped++;
    memset(seen, 0, sizeof seen);
    target_device d;
    bool has_device = m && target_device_of_module(m, &d);
    for (ir_op op = m ? m->root : 0; op; op = ir_walk_next(m, m->root, op)) {
        ir_attr desc = ir_op_attr(m, op, STR("ttcore.system_desc"));
        if (desc && str_eq(ir_op_name_str(m, op), STR("builtin.module")))
            check_system(m, desc, path);
        if (!str_eq(ir_op_name_str(m, op), STR("ttcore.device")))
            continue;
        n.devices++;
        ir_attr attr = ir_op_attr(m, op, STR("device_attr"));
        if (!has_device || target_device_attr(c, &d) != attr) {
            n.devices_differ++;
            if (!is_old(path))
                show(c, path, "device differs", attr, has_device ? target_device_attr(c, &d) : 0);
        }
    }
    for (ir_value v = 1; m && v < m->n_values; v++)
        check_layout(m, has_device ? &d : NULL, ir_value_type(m, v), path);
    if (m)
        ir_module_free(m);
    diags_free(&diags);
    ir_context_unref(c);
    file_close(&file);
    assert_int_equal(mem.used, 0);
}

static int visit(const char *path, const struct stat *st, int kind, struct FTW *at) {
    (void)st;
    (void)at;
    if (kind == FTW_F && str_ends_with(str_from_z(path), STR(".mlir")))
        one_file(path);
    return 0;
}

static bool walk(const char *folder) {
    const char *corpus = getenv("TTX_CORPUS");
    char path[4096];
    int len = snprintf(path, sizeof path, "%s/%s", corpus ? corpus : "", folder);
    n = (struct counts){0};
    if (!corpus || len < 0 || (size_t)len >= sizeof path || nftw(path, visit, 16, FTW_PHYS) != 0 || !n.files)
        return false;
    print_message(
        "%s: %u files (%u unreadable); layouts %u, differ %u; placements %u, differ %u; devices %u, differ %u; "
        "systems %u, differ %u, mocks %u\n",
        folder, n.files, n.skipped, n.layouts, n.differ, n.placed, n.placed_differ, n.devices, n.devices_differ,
        n.systems, n.systems_differ, n.mocks);
    return true;
}

static void level0_is_recomputed(void **state) {
    (void)state;
    if (!walk("level0"))
        skip();
    assert_int_equal(n.skipped, 0);
    assert_int_equal(n.differ, 0);
    assert_int_equal(n.devices_differ, 0);
    assert_int_equal(n.systems_differ, 0);
    assert_int_equal(n.placed_differ, 2); /* inputs that choose DRAM banks of their own */
    assert_true(n.layouts > 5000);
    assert_int_equal(n.mocks, n.systems);
}

static void stages_are_recomputed(void **state) {
    (void)state;
    if (!walk("level0-stages"))
        skip();
    assert_int_equal(n.differ + n.placed_differ + n.devices_differ + n.systems_differ, 0);
}

static void real_models_are_recomputed(void **state) {
    (void)state;
    if (!walk("compile-pairs"))
        skip();
    assert_true(n.layouts > 300);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(level0_is_recomputed), cmocka_unit_test(stages_are_recomputed),
                                       cmocka_unit_test(real_models_are_recomputed)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
