/* Runs one module again and again: bench_exec FILE NUMBERS THREADS [FOLDER].
 *
 * NUMBERS: as-written or f32. Arguments come from FOLDER/0.npy, ...; without a folder they are seeded. Says "ready 0" after a
 * first run (weights are packed then), then answers lines of standard input: "run" with the milliseconds of one run, on the
 * clock and of the processor; "save PATH" with "saved" once the bytes of the first result are there; "steps" with the number
 * of ops that ran. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/file.h"
#include "dialect/dialect.h"
#include "exec/exec.h"
#include "text/text.h"

static int complain(str message) {
    fprintf(stderr, "bench_exec: %.*s\n", STR_ARG(message));
    return 1;
}

static bool bind(exec_plan *x, struct mem *mem, const char *folder, struct arena *a) {
    for (size_t i = 0; i < exec_n_arguments(x); i++) {
        char path[1024];
        struct file f;
        struct tensor_file t = {0};
        str why = STR("it cannot be read");
        snprintf(path, sizeof path, "%s/%zu.npy", folder, i);
        /* The files stay open: the plan looks at their bytes. */
        if (!file_open(&f, mem, path) || !tensor_file_read(&t, file_text(&f), a, mem) || t.n != 1 ||
            !exec_bind(x, i, &t.entries[0].tensor, 1, &why)) {
            fprintf(stderr, "bench_exec: %s: %.*s\n", path, STR_ARG(why));
            return false;
        }
    }
    return true;
}

static double processor_ms(void) {
    return (double)clock() * 1e3 / CLOCKS_PER_SEC;
}

int main(int argc, char **argv) {
    struct mem mem = {0};
    struct file f;
    if (argc < 4 || !file_open(&f, &mem, argv[1])) {
        fprintf(stderr, "usage: bench_exec FILE NUMBERS THREADS [FOLDER]\n");
        return 2;
    }
    ir_context *c = ir_context_new(&mem, dialect_resolve);
    struct diags d;
    struct arena a;
    diags_init(&d, &mem);
    arena_init(&a, &mem);
    ir_module *m = c ? text_read(c, file_text(&f), str_from_z(argv[1]), NULL, &d) : NULL;
    exec_options o = {.threads = (unsigned)atoi(argv[3]),
                      .numbers = strcmp(argv[2], "f32") == 0 ? EXEC_F32 : EXEC_AS_WRITTEN};
    exec_plan *x = m ? exec_plan_new(m, &o, &mem, &d) : NULL;
    if (!x) {
        struct buf b;
        buf_init(&b, &mem);
        diags_render(&d, &b, (struct diag_style){false});
        return complain(buf_str(&b));
    }
    if ((argc > 4 && !bind(x, &mem, argv[4], &a)) || exec_run(x, NULL) != EXEC_DONE)
        return complain(exec_error(x, NULL));
    printf("ready 0\n");
    fflush(stdout);
    char line[1200];
    while (fgets(line, sizeof line, stdin)) {
        line[strcspn(line, "\n")] = 0;
        if (strncmp(line, "save ", 5) == 0) {
            const struct tensor *t = exec_result(x, 0, 0);
            FILE *out = fopen(line + 5, "wb");
            if (!out || fwrite(t->data, 1, tensor_bytes(t), out) != tensor_bytes(t) || fclose(out))
                return complain(STR("the result cannot be written"));
            printf("saved\n");
        } else if (strcmp(line, "steps") == 0) {
            size_t n;
            exec_trace(x, &n);
            printf("%zu\n", n);
        } else {
            double processor = processor_ms();
            uint64_t start = clock_now_ns();
            if (exec_run(x, NULL) != EXEC_DONE)
                return complain(exec_error(x, NULL));
            printf("%.4f %.4f\n", (double)(clock_now_ns() - start) / 1e6, processor_ms() - processor);
        }
        fflush(stdout);
    }
    exec_plan_free(x);
    return 0;
}
