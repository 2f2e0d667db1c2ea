/* The workspace: what it keeps, and what nothing can make it lose. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store/store.h"
#include "test.h"

static char folder[300]; /* a fresh one for each test */

static int setup(void **state) {
    (void)state;
    const char *tmp = getenv("TMPDIR");
    snprintf(folder, sizeof folder, "%s/tt-explorer-store-XXXXXX", tmp ? tmp : "/tmp");
    return mkdtemp(folder) ? 0 : -1;
}

static int teardown(void **state) {
    (void)state;
    char command[400];
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    return system(command);
}

static struct store *must_open(struct mem *m) {
    struct store_error e;
    struct store *s = store_open(m, &(struct store_options){.folder = folder}, &e);
    if (!s)
        print_error("%s\n", e.text);
    assert_non_null(s);
    return s;
}

static struct store_model model_of(str bytes, const char *name) {
    struct store_model model = {.name = str_from_z(name), .format = STR("mlir"), .size = bytes.n};
    store_hash_bytes(bytes, &model.hash);
    return model;
}

static size_t count_files(const char *sub) {
    char path[400];
    snprintf(path, sizeof path, "%s/%s", folder, sub);
    DIR *d = opendir(path);
    size_t n = 0;
    for (struct dirent *entry; d && (entry = readdir(d));)
        n += entry->d_name[0] != '.';
    if (d)
        closedir(d);
    return n;
}

static void hashes_as_sha256sum(void **state) {
    (void)state;
    struct store_hash h, parsed;
    store_hash_bytes(STR("abc"), &h);
    assert_string_equal(h.text, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_true(store_hash_parse(str_from_z(h.text), &parsed));
    assert_false(store_hash_parse(STR("abc"), &parsed));
    h.text[3] = 'G';
    assert_false(store_hash_parse(str_from_z(h.text), &parsed));
}

static void keeps_everything(void **state) {
    (void)state;
    struct mem m = {0}, scratch = {0};
    struct arena a;
    struct store_error e;
    arena_init(&a, &scratch);
    struct store *s = must_open(&m);
    struct store_model model = model_of(STR("module {}"), "a.mlir");
    model.path = STR("/x/a.mlir");
    assert_true(store_model_put(s, &model, &e));
    static char large[200000];
    memset(large, 'x', sizeof large);
    int64_t ids[STORE_KINDS];
    for (int k = 0; k < STORE_KINDS; k++) {
        struct store_item item = {.model = model.hash, .name = STR("n"), .state = STR("s"), .rank = k};
        item.body = k == STORE_OVERLAY ? str_of(large, sizeof large) : STR("{\"a\":1}");
        assert_true(store_item_put(s, (enum store_kind)k, &item, &ids[k], &e));
    }
    assert_true(store_ui_put(s, STR(""), STR("theme"), STR("dark"), &e));
    store_close(s);
    assert_int_equal(m.used, 0);

    s = must_open(&m);
    struct store_models models;
    assert_true(store_model_list(s, &a, &models, &e));
    assert_int_equal(models.list.n, 1);
    assert_str(models.list.v[0].name, "a.mlir");
    assert_str(models.list.v[0].path, "/x/a.mlir");
    vec_free(&models.list);
    for (int k = 0; k < STORE_KINDS; k++) {
        struct store_item item;
        assert_true(store_item_get(s, (enum store_kind)k, ids[k], &a, &item, &e));
        assert_int_equal(item.rank, k);
        assert_int_equal(item.body.n, k == STORE_OVERLAY ? sizeof large : 7);
        struct store_items items;
        assert_true(store_item_list(s, (enum store_kind)k, &model.hash, &a, &items, &e));
        assert_int_equal(items.list.n, 1);
        assert_int_equal(items.list.v[0].body.n, 0);
        vec_free(&items.list);
    }
    str value;
    assert_true(store_ui_get(s, STR(""), STR("theme"), &a, &value, &e));
    assert_str(value, "dark");
    assert_true(store_ui_put(s, STR(""), STR("theme"), STR(""), &e));
    assert_false(store_ui_get(s, STR(""), STR("theme"), &a, &value, &e));
    assert_int_equal(e.status, STORE_NOT_FOUND);
    /* With the model everything goes that belongs to it, blobs too. */
    assert_int_equal(count_files("blobs"), 1);
    assert_true(store_model_delete(s, &model.hash, &e));
    struct store_item gone;
    assert_false(store_item_get(s, STORE_OVERLAY, ids[STORE_OVERLAY], &a, &gone, &e));
    struct store_hash hash;
    store_hash_bytes(str_of(large, sizeof large), &hash);
    assert_null(store_blob_path(s, &hash, &a).p);
    assert_false(store_model_delete(s, &model.hash, &e));
    assert_int_equal(e.status, STORE_NOT_FOUND);
    store_close(s);
    arena_free(&a);
    assert_int_equal(scratch.used, 0);
}

static void items_need_their_model(void **state) {
    (void)state;
    struct mem m = {0};
    struct store_error e;
    struct store *s = must_open(&m);
    struct store_model model = model_of(STR("x"), "x");
    int64_t id;
    struct store_item item = {.model = model.hash, .name = STR("n"), .body = STR("b")};
    assert_false(store_item_put(s, STORE_RUN, &item, &id, &e));
    assert_int_equal(e.status, STORE_NOT_FOUND);
    assert_true(store_model_put(s, &model, &e));
    item.id = 77;
    assert_false(store_item_put(s, STORE_RUN, &item, &id, &e));
    assert_int_equal(e.status, STORE_NOT_FOUND);
    item.id = 0;
    assert_true(store_item_put(s, STORE_RUN, &item, &id, &e));
    item.id = id;
    item.body = STR("changed");
    assert_true(store_item_put(s, STORE_RUN, &item, &id, &e));
    assert_true(store_item_delete(s, STORE_RUN, id, &e));
    assert_false(store_item_delete(s, STORE_RUN, id, &e));
    store_close(s);
}

static void blobs_by_content(void **state) {
    (void)state;
    struct mem m = {0}, scratch = {0};
    struct arena a;
    struct store_error e;
    struct store_hash h, again;
    arena_init(&a, &scratch);
    struct store *s = must_open(&m);
    assert_true(store_blob_put(s, STR("bytes"), &h, &e));
    assert_true(store_blob_put(s, STR("bytes"), &again, &e));
    assert_string_equal(h.text, again.text);
    assert_int_equal(count_files("blobs"), 1);
    struct store_writer *w = store_writer_begin(s, &e);
    assert_true(store_writer_add(w, "half", 4, &e));
    assert_int_equal(store_writer_size(w), 4);
    store_writer_abort(w);
    assert_int_equal(count_files("tmp"), 0);
    assert_non_null(store_blob_path(s, &h, &a).p);
    /* A model cannot name an upload that is not there. */
    struct store_model model = model_of(STR("never uploaded"), "x");
    model.blob = true;
    assert_false(store_model_put(s, &model, &e));
    assert_int_equal(e.status, STORE_NOT_FOUND);
    store_close(s);
    assert_int_equal(m.used, 0);
    arena_free(&a);
}

static void derived_is_bounded(void **state) {
    (void)state;
    struct mem m = {0}, scratch = {0};
    struct arena a;
    struct store_error e;
    static char bytes[1000];
    arena_init(&a, &scratch);
    struct store *s = store_open(&m, &(struct store_options){.folder = folder, .derived_limit = 4500}, &e);
    assert_non_null(s);
    struct store_model user = model_of(STR("user data"), "u");
    assert_true(store_model_put(s, &user, &e));
    str path;
    char key[20];
    for (int i = 0; i < 8; i++) {
        snprintf(key, sizeof key, "k%d", i);
        assert_true(store_derived_put(s, str_from_z(key), str_of(bytes, sizeof bytes), &e));
        usleep(2000);
        if (i == 5) { /* used again, so it stays */
            usleep(1100000);
            assert_true(store_derived_get(s, STR("k2"), &a, &path, &e));
        }
    }
    assert_int_equal(store_derived_size(s), 4000);
    assert_true(store_derived_get(s, STR("k2"), &a, &path, &e));
    assert_true(store_derived_get(s, STR("k7"), &a, &path, &e));
    assert_false(store_derived_get(s, STR("k3"), &a, &path, &e));
    assert_int_equal(e.status, STORE_NOT_FOUND);
    /* A file that is shorter than it should be is as good as none. */
    assert_true(store_derived_get(s, STR("k7"), &a, &path, &e));
    assert_int_equal(truncate(path.p, 10), 0);
    assert_false(store_derived_get(s, STR("k7"), &a, &path, &e));
    assert_true(store_clean(s, 0, &e));
    assert_int_equal(store_derived_size(s), 0);
    struct store_model kept;
    assert_true(store_model_get(s, &user.hash, &a, &kept, &e));
    store_close(s);
    arena_free(&a);
}

static void run_sql(const char *sql) {
    char path[400];
    sqlite3 *db;
    snprintf(path, sizeof path, "%s/workspace.db", folder);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

/* A file that was streamed into a blob becomes an item without being read again, and goes with it. */
static void an_item_of_a_blob(void **state) {
    (void)state;
    struct mem m = {0}, scratch = {0};
    struct arena a;
    struct store_error e;
    arena_init(&a, &scratch);
    struct store *s = must_open(&m);
    struct store_model model = model_of(STR("of a blob"), "b.mlir");
    struct store_item item = {.model = model.hash, .name = STR("x.npy"), .body_size = 5}, got;
    int64_t id;
    assert_true(store_model_put(s, &model, &e));
    assert_true(store_blob_put(s, STR("12345"), &item.blob, &e));
    assert_true(store_item_put(s, STORE_TENSOR, &item, &id, &e));
    assert_true(store_item_head(s, STORE_TENSOR, id, &a, &got, &e));
    assert_int_equal(got.body_size, 5);
    assert_null(got.body.p);
    assert_string_equal(got.blob.text, item.blob.text);
    assert_true(store_item_get(s, STORE_TENSOR, id, &a, &got, &e));
    assert_str(got.body, "12345");
    assert_true(store_clean(s, 0, &e));
    assert_non_null(store_blob_path(s, &item.blob, &a).p);
    assert_true(store_item_delete(s, STORE_TENSOR, id, &e));
    assert_null(store_blob_path(s, &item.blob, &a).p);
    assert_false(store_item_put(s, STORE_TENSOR, &item, &id, &e)); /* the blob is gone */
    store_close(s);
    arena_free(&a);
}

static void migrates_an_old_version(void **state) {
    (void)state;
    struct mem m = {0}, scratch = {0};
    struct arena a;
    struct store_error e;
    arena_init(&a, &scratch);
    struct store *s = must_open(&m);
    struct store_model model = model_of(STR("old"), "old");
    assert_true(store_model_put(s, &model, &e));
    store_close(s);
    run_sql("DROP TABLE derived; DROP TABLE tensors; PRAGMA user_version = 1;"); /* what version 1 looked like */
    s = must_open(&m);
    struct store_model kept;
    assert_true(store_model_get(s, &model.hash, &a, &kept, &e));
    assert_true(store_derived_put(s, STR("k"), STR("v"), &e));
    store_close(s);
    /* A newer one is left alone. */
    run_sql("PRAGMA user_version = 99;");
    assert_null(store_open(&m, &(struct store_options){.folder = folder}, &e));
    assert_non_null(strstr(e.text, "newer"));
    run_sql("PRAGMA user_version = 3;");
    store_close(must_open(&m));
    arena_free(&a);
}

static void sets_a_damaged_one_aside(void **state) {
    (void)state;
    struct mem m = {0}, scratch = {0};
    struct arena a;
    struct store_error e;
    struct store_hash blob;
    arena_init(&a, &scratch);
    struct store *s = must_open(&m);
    assert_true(store_blob_put(s, STR("an upload"), &blob, &e));
    for (int i = 0; i < 200; i++) {
        char name[20];
        snprintf(name, sizeof name, "%d", i);
        struct store_model model = model_of(str_from_z(name), name);
        assert_true(store_model_put(s, &model, &e));
    }
    store_close(s);
    char path[400];
    snprintf(path, sizeof path, "%s/workspace.db", folder);
    for (int round = 0; round < 2; round++) {
        int fd = open(path, O_WRONLY);
        char junk[4096];
        memset(junk, 0x5a, sizeof junk);
        /* First its middle, then its header. */
        assert_int_equal(pwrite(fd, junk, sizeof junk, round ? 0 : 3 * 4096), sizeof junk);
        close(fd);
        s = must_open(&m);
        assert_non_null(strstr(store_notice(s), "set aside"));
        assert_non_null(store_blob_path(s, &blob, &a).p);
        struct store_model model = model_of(STR("new"), "new");
        assert_true(store_model_put(s, &model, &e));
        assert_true(store_clean(s, 0, &e)); /* which leaves blobs alone that the damaged one may name */
        assert_non_null(store_blob_path(s, &blob, &a).p);
        store_close(s);
        s = must_open(&m);
        assert_string_equal(store_notice(s), "");
        assert_true(store_model_get(s, &model.hash, &a, &model, &e));
        store_close(s);
    }
    arena_free(&a);
}

/* Writes for ever; the parent kills it. What was reported over the pipe must be there afterwards. */
static void write_for_ever(int report) {
    struct mem m = {0};
    struct store_error e;
    struct store *s = store_open(&m, &(struct store_options){.folder = folder}, &e);
    static char body[100000];
    if (!s)
        _exit(2);
    for (uint32_t i = 0;; i++) {
        char name[40];
        snprintf(name, sizeof name, "%d-%u", (int)getpid(), i);
        struct store_model model = model_of(str_from_z(name), name);
        struct store_item item = {.model = model.hash, .name = STR("o"), .body = str_of(body, 70000 + i % 1000)};
        int64_t id;
        if (!store_blob_put(s, str_from_z(name), &model.hash, &e))
            _exit(3);
        model.blob = true;
        if (!store_model_put(s, &model, &e) || !store_item_put(s, STORE_OVERLAY, &item, &id, &e) ||
            !store_derived_put(s, str_from_z(name), str_from_z(name), &e))
            _exit(4);
        if (i > 5 && i % 3 == 0) {
            struct store_writer *w = store_writer_begin(s, &e); /* dies open */
            store_writer_add(w, body, 1000, &e);
        }
        if (write(report, &model.hash, sizeof model.hash) != sizeof model.hash)
            _exit(5);
    }
}

static void survives_kill_9(void **state) {
    (void)state;
    struct mem m = {0}, scratch = {0};
    uint64_t seed = 7;
    for (int round = 0; round < 12; round++) {
        int fds[2];
        struct arena a;
        struct store_error e;
        arena_init(&a, &scratch);
        assert_int_equal(pipe(fds), 0);
        pid_t pid = fork();
        if (pid == 0) {
            close(fds[0]);
            write_for_ever(fds[1]);
        }
        close(fds[1]);
        struct store_hash told[4096];
        size_t n = 0;
        usleep((useconds_t)(20000 + test_random(&seed) % 60000));
        kill(pid, SIGKILL);
        while (n < 4096 && read(fds[0], &told[n], sizeof *told) == sizeof *told)
            n++;
        close(fds[0]);
        int status;
        waitpid(pid, &status, 0);
        assert_true(WIFSIGNALED(status));
        struct store *s = must_open(&m);
        assert_string_equal(store_notice(s), "");
        assert_int_equal(count_files("tmp"), 0);
        for (size_t i = 0; i < n; i++) {
            struct store_model model;
            assert_true(store_model_get(s, &told[i], &a, &model, &e));
            assert_non_null(store_blob_path(s, &told[i], &a).p);
        }
        /* Whatever is there is whole. */
        struct store_items items;
        assert_true(store_item_list(s, STORE_OVERLAY, NULL, &a, &items, &e));
        for (size_t i = 0; i < items.list.n; i++) {
            struct store_item item;
            struct arena_mark mark = arena_mark(&a);
            assert_true(store_item_get(s, STORE_OVERLAY, items.list.v[i].id, &a, &item, &e));
            assert_int_equal(item.body.n, item.body_size);
            arena_reset(&a, mark);
        }
        vec_free(&items.list);
        store_close(s);
        arena_free(&a);
    }
}

/* Beyond a size that files may have, writing fails as on a full disk. */
static void tells_a_full_disk(void **state) {
    (void)state;
    struct mem m = {0}, scratch = {0};
    struct store_error e;
    struct store *s = must_open(&m);
    struct store_model model = model_of(STR("kept"), "kept");
    assert_true(store_model_put(s, &model, &e));
    store_close(s);
    pid_t pid = fork();
    if (pid == 0) {
        signal(SIGXFSZ, SIG_IGN);
        s = store_open(&m, &(struct store_options){.folder = folder}, &e);
        struct rlimit limit = {300000, 300000};
        if (!s || setrlimit(RLIMIT_FSIZE, &limit) != 0)
            _exit(10);
        static char large[400000];
        struct store_hash hash;
        if (store_blob_put(s, str_of(large, sizeof large), &hash, &e) || e.status != STORE_FULL)
            _exit(11);
        if (count_files("tmp") != 0)
            _exit(12);
        int64_t id;
        bool full = false;
        for (int i = 0; i < 50 && !full; i++) { /* the database and its journal grow until they may not */
            struct store_item item = {.model = model.hash, .name = STR("x"), .body = str_of(large, 60000)};
            full = !store_item_put(s, STORE_RUN, &item, &id, &e);
        }
        if (!full || e.status != STORE_FULL)
            _exit(13);
        struct arena a;
        arena_init(&a, &scratch);
        struct store_model kept;
        if (!store_model_get(s, &model.hash, &a, &kept, &e))
            _exit(14);
        store_close(s);
        _exit(0);
    }
    int status;
    waitpid(pid, &status, 0);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    struct arena a;
    arena_init(&a, &scratch);
    s = must_open(&m);
    assert_string_equal(store_notice(s), "");
    struct store_model kept;
    assert_true(store_model_get(s, &model.hash, &a, &kept, &e));
    store_close(s);
    arena_free(&a);
}

static void two_processes_share_it(void **state) {
    (void)state;
    enum { EACH = 100 };
    struct mem m = {0}, scratch = {0};
    struct store_error e;
    pid_t pids[2];
    for (int p = 0; p < 2; p++) {
        pids[p] = fork();
        if (pids[p] != 0)
            continue;
        struct store *s = store_open(&m, &(struct store_options){.folder = folder}, &e);
        if (!s)
            _exit(2);
        for (int i = 0; i < EACH; i++) {
            char name[40];
            snprintf(name, sizeof name, "%d/%d", p, i);
            struct store_model model = model_of(str_from_z(name), name);
            if (!store_model_put(s, &model, &e))
                _exit(3);
        }
        store_close(s);
        _exit(0);
    }
    for (int p = 0; p < 2; p++) {
        int status;
        waitpid(pids[p], &status, 0);
        assert_int_equal(status, 0);
    }
    struct arena a;
    arena_init(&a, &scratch);
    struct store *s = must_open(&m);
    struct store_models models;
    assert_true(store_model_list(s, &a, &models, &e));
    assert_int_equal(models.list.n, 2 * EACH);
    vec_free(&models.list);
    store_close(s);
    arena_free(&a);
}

static void read_only_writes_nothing(void **state) {
    (void)state;
    struct mem m = {0}, scratch = {0};
    struct arena a;
    struct store_error e;
    struct store_hash h;
    arena_init(&a, &scratch);
    const struct store_options o = {.folder = folder, .read_only = true};
    struct store *s = store_open(&m, &o, &e);
    assert_non_null(s);
    store_close(s);
    assert_int_equal(count_files("."), 0);
    s = must_open(&m);
    struct store_model model = model_of(STR("m"), "m"), other = model_of(STR("o"), "o"), found;
    assert_true(store_model_put(s, &model, &e));
    store_close(s);
    s = store_open(&m, &o, &e);
    assert_non_null(s);
    assert_true(store_model_get(s, &model.hash, &a, &found, &e));
    assert_true(store_model_put(s, &other, &e)); /* remembered until the end only */
    assert_false(store_blob_put(s, STR("b"), &h, &e));
    assert_int_equal(e.status, STORE_READ_ONLY);
    store_close(s);
    s = must_open(&m);
    assert_false(store_model_get(s, &other.hash, &a, &found, &e));
    store_close(s);
    arena_free(&a);
}

static bool open_and_use(struct mem *m, void *ctx) {
    (void)ctx;
    struct store_error e;
    struct store_hash h;
    struct store *s = store_open(m, &(struct store_options){.folder = folder}, &e);
    bool good = s && store_blob_put(s, STR("b"), &h, &e);
    if (!good)
        assert_int_equal(e.status, STORE_MEMORY);
    store_close(s);
    return good;
}

static void says_out_of_memory(void **state) {
    (void)state;
    test_oom_sweep(open_and_use, NULL, 100);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(hashes_as_sha256sum), TEST(keeps_everything),         TEST(items_need_their_model),
        TEST(blobs_by_content),    TEST(derived_is_bounded),       TEST(migrates_an_old_version),
        TEST(an_item_of_a_blob),   TEST(sets_a_damaged_one_aside), TEST(survives_kill_9),
        TEST(tells_a_full_disk),   TEST(two_processes_share_it),   TEST(read_only_writes_nothing),
        TEST(says_out_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
