/* Runs a fuzz target over files, without libFuzzer: replay_<target> FILE-OR-FOLDER... */
#define _GNU_SOURCE
#include <dirent.h>
#include <sys/stat.h>

#include "base/file.h"
#include "fuzz.h"

static int replay_file(const char *path) {
    struct mem m = {0};
    struct file f;
    if (!file_open(&f, &m, path)) {
        fprintf(stderr, "%s\n", f.error);
        return 1;
    }
    fprintf(stderr, "%s\n", path); /* the last line names the culprit */
    LLVMFuzzerTestOneInput((const uint8_t *)f.p, f.n);
    file_close(&f);
    return 0;
}

static int replay_folder(const char *path) {
    DIR *folder = opendir(path);
    if (!folder) /* no seeds yet */
        return 0;
    int bad = 0;
    for (struct dirent *entry; (entry = readdir(folder));) {
        if (entry->d_name[0] == '.')
            continue;
        char name[4096];
        snprintf(name, sizeof name, "%s/%s", path, entry->d_name);
        bad |= replay_file(name);
    }
    closedir(folder);
    return bad;
}

int main(int argc, char **argv) {
    int bad = 0;
    for (int i = 1; i < argc; i++) {
        struct stat st;
        if (stat(argv[i], &st) == 0 && !S_ISDIR(st.st_mode))
            bad |= replay_file(argv[i]);
        else
            bad |= replay_folder(argv[i]);
    }
    return bad;
}
