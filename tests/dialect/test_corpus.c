/* Every op that the corpus writes in quoted form, of a dialect that has tables, is in them. */
#define _XOPEN_SOURCE 700
#include "test.h"

#include <ftw.h>

#include "base/file.h"
#include "dialect/dialect.h"

/* Written in test files, but unknown to the dialect upstream as well: removed ops, and ops of stubs. */
static const char *const gone[] = {"ttir.convolution", "ttir.pooling", "ttnn.mesh_shard", "ttnn.open_device",
                                   "ttnn.load_weight"};

static uint32_t files, uses, unknown;

static bool is_word(char ch) {
    return (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') || (ch >= '0' && ch <= '9') || ch == '_' || ch == '.' ||
           ch == '$' || ch == '-';
}

static void look_up(str name, const char *path) {
    const dialect_info *d = dialect_find(dialect_prefix(name));
    if (!d || !(d->flags & DIALECT_TABLES))
        return;
    uses++;
    if (dialect_find_op(name))
        return;
    for (size_t i = 0; i < sizeof gone / sizeof *gone; i++)
        if (str_eq(name, str_from_z(gone[i])))
            return;
    unknown++;
    print_error("%s: %.*s\n", path, STR_ARG(name));
}

static int visit(const char *path, const struct stat *st, int kind, struct FTW *at) {
    (void)st;
    (void)at;
    if (kind != FTW_F || !str_ends_with(str_from_z(path), STR(".mlir")))
        return 0;
    struct mem m = {0};
    struct file f;
    if (!file_open(&f, &m, path))
        return -1;
    files++;
    str text = file_text(&f);
    for (size_t i = 0; i < text.n; i++) {
        size_t start = ++i;
        if (text.p[start - 1] != '"') {
            i--;
            continue;
        }
        while (i < text.n && is_word(text.p[i]))
            i++;
        str name = str_slice(text, start, i);
        if (i + 1 < text.n && text.p[i] == '"' && text.p[i + 1] == '(' && str_find_char(name, '.') < name.n)
            look_up(name, path);
        else if (i < text.n && text.p[i] != '"')
            i--; /* some other string: look at this character again */
    }
    file_close(&f);
    return 0;
}

static void quoted_ops_are_known(void **state) {
    (void)state;
    const char *corpus = getenv("TTX_CORPUS");
    char path[4096];
    int n = snprintf(path, sizeof path, "%s/mlir", corpus ? corpus : "");
    if (!corpus || n < 0 || (size_t)n >= sizeof path || nftw(path, visit, 16, FTW_PHYS) != 0 || !files)
        skip();
    print_message("%u files, %u uses\n", files, uses);
    assert_int_equal(unknown, 0);
    assert_true(uses > 10000);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(quoted_ops_are_known)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
