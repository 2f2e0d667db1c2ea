#define _GNU_SOURCE
#include "test.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/guard.h"

/* A file of `n` bytes, byte i being i % 251, in a folder of its own; gives its path. */
static char *make_file(size_t n) {
    static char path[] = "/tmp/ttx-test-file-XXXXXX";
    strcpy(path + sizeof path - 7, "XXXXXX");
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    struct mem m = {0};
    struct buf b;
    buf_init_stream(&b, &m, 1 << 16, file_flush_fd, &fd);
    for (size_t i = 0; i < n; i++)
        buf_putc(&b, (char)(i % 251));
    assert_true(buf_flush(&b));
    buf_free(&b);
    close(fd);
    return path;
}

static void reads_any_size_with_a_zero_after_it(void **state) {
    (void)state;
    static const size_t sizes[] = {0, 1, 4095, 4096, 4097, 1 << 20, (1 << 20) + 1, (2 << 20) - 1, 2 << 20};
    for (size_t k = 0; k < sizeof sizes / sizeof sizes[0]; k++) {
        char *path = make_file(sizes[k]);
        struct mem m = {0};
        struct file f;
        assert_true(file_open(&f, &m, path));
        unlink(path);
        assert_int_equal(f.n, sizes[k]);
        assert_int_equal(f.mapped, sizes[k] > 1 << 20);
        for (size_t i = 0; i < f.n; i++)
            if (f.p[i] != (char)(i % 251))
                fail_msg("byte %zu differs", i);
        assert_int_equal(f.p[f.n], 0);
        assert_int_equal(file_text(&f).n, f.n);
        assert_false(file_was_truncated(&f));
        file_close(&f);
        assert_int_equal(m.used, 0);
    }
}

static void names_file_and_cause(void **state) {
    (void)state;
    struct mem m = {0};
    struct file f;
    assert_false(file_open(&f, &m, "/no/such/file"));
    assert_string_equal(f.error, "cannot read /no/such/file: No such file or directory; look whether the name is right "
                                 "and the file still there");
    assert_false(file_open(&f, &m, "/tmp"));
    assert_string_equal(f.error, "cannot read /tmp: Is a directory; name a file in it");
    struct mem none = {.fail_at = 1};
    assert_false(file_open(&f, &none, "/dev/null"));
    assert_string_equal(f.error, "cannot read /dev/null: out of memory");
    assert_true(file_open(&f, &m, "/dev/null"));
    assert_int_equal(f.n, 0);
    file_close(&f);
}

static bool read_pipe(struct mem *m, void *ctx) {
    (void)ctx;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
        close(ends[0]);
        static char block[50000];
        memset(block, 'p', sizeof block);
        for (int i = 0; i < 6; i++)
            file_flush_fd(&ends[1], block, sizeof block);
        _exit(0);
    }
    close(ends[1]);
    int saved = dup(STDIN_FILENO);
    dup2(ends[0], STDIN_FILENO);
    close(ends[0]);
    struct file f;
    bool good = file_open(&f, m, "-");
    if (good) {
        assert_int_equal(f.n, 300000);
        assert_int_equal(f.p[f.n - 1], 'p');
        assert_int_equal(f.p[f.n], 0);
        file_close(&f);
    } else {
        assert_string_equal(f.error, "cannot read standard input: out of memory");
    }
    dup2(saved, STDIN_FILENO);
    close(saved);
    waitpid(child, NULL, 0);
    return good;
}

static void reads_standard_input(void **state) {
    (void)state;
    signal(SIGPIPE, SIG_IGN);
    test_oom_sweep(read_pipe, NULL, 20);
}

static void maps_standard_input_from_its_start_only(void **state) {
    (void)state;
    char *path = make_file(3 << 20);
    int saved = dup(STDIN_FILENO), fd = open(path, O_RDONLY);
    unlink(path);
    dup2(fd, STDIN_FILENO);
    struct mem m = {0};
    struct file f;
    assert_true(file_open(&f, &m, "-"));
    assert_true(f.mapped);
    file_close(&f);
    lseek(fd, 100, SEEK_SET);
    assert_true(file_open(&f, &m, "-"));
    assert_false(f.mapped);
    assert_int_equal(f.n, (3 << 20) - 100);
    assert_int_equal(f.p[0], 100);
    file_close(&f);
    dup2(saved, STDIN_FILENO);
    close(saved);
    close(fd);
}

static volatile sig_atomic_t other_handler_calls;

static void other_handler(int signal_number) {
    (void)signal_number;
    other_handler_calls++;
}

static void survives_a_file_cut_short(void **state) {
    (void)state;
    signal(SIGBUS, other_handler);
    assert_true(guard_install());
    assert_true(guard_install());
    char *path = make_file(3 << 20);
    struct mem m = {0};
    struct file f;
    assert_true(file_open(&f, &m, path));
    assert_int_equal(f.p[5100], 5100 % 251);
    assert_int_equal(truncate(path, 4096), 0);
    unlink(path);
    size_t sum = 0;
    for (size_t i = 1 << 20; i < f.n; i++)
        sum += (unsigned char)f.p[i];
    assert_int_equal(sum, 0);
    assert_int_equal(f.p[5], 5);
    assert_int_equal(f.p[f.n], 0);
    assert_true(file_was_truncated(&f));
    file_close(&f);
    raise(SIGBUS); /* not ours: goes to who was there before */
    assert_int_equal(other_handler_calls, 1);
}

static void slots_come_back(void **state) {
    (void)state;
    int slots[200], given = 0;
    for (int i = 0; i < 200; i++) {
        slots[i] = guard_add("x", 1);
        given += slots[i] >= 0;
    }
    assert_in_range(given, 1, 199);
    for (int i = 0; i < 200; i++)
        guard_remove(slots[i]);
    int slot = guard_add("x", 1);
    assert_true(slot >= 0);
    guard_remove(slot);
}

static void a_full_disk_is_an_error(void **state) {
    (void)state;
    int fd = open("/dev/full", O_WRONLY);
    if (fd < 0)
        skip();
    struct mem m = {0};
    struct buf b;
    buf_init_stream(&b, &m, 4096, file_flush_fd, &fd);
    buf_puts(&b, "text");
    assert_false(buf_flush(&b));
    buf_free(&b);
    close(fd);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_any_size_with_a_zero_after_it),
        cmocka_unit_test(names_file_and_cause),
        cmocka_unit_test(reads_standard_input),
        cmocka_unit_test(maps_standard_input_from_its_start_only),
        cmocka_unit_test(survives_a_file_cut_short),
        cmocka_unit_test(slots_come_back),
        cmocka_unit_test(a_full_disk_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
