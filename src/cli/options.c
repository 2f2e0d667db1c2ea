/* Reading the arguments of a sub-command by a table. */
#include "cli/options.h"

#include <string.h>

#include "base/num.h"
#include "cli/cli.h"
#include "cli/input.h"

static bool has_value(const struct cli_option *x) {
    return x->kind != CLI_FLAG && x->kind != CLI_INSTEAD;
}

/* Whether the argument is this option; *value is what stands behind '=', or the rest of "-p8080". */
static bool is_option(const struct cli_option *x, const char *a, const char **value) {
    bool lone = x->name[1] != '-';
    const char *letter = lone ? x->name : x->letter;
    size_t n = strlen(x->name);
    *value = NULL;
    if (!lone && strncmp(a, x->name, n) == 0 && (a[n] == 0 || (a[n] == '=' && has_value(x)))) {
        *value = a[n] ? a + n + 1 : NULL;
        return true;
    }
    if (letter && a[1] == letter[1] && (a[2] == 0 || has_value(x))) {
        *value = a[2] ? a + 2 : NULL;
        return true;
    }
    return false;
}

static int take_value(const struct cli_option *x, void *o, const char *value) {
    char *member = (char *)o + x->at;
    switch (x->kind) {
    case CLI_TEXT: *(const char **)(void *)member = value; break;
    case CLI_STR: *(str *)(void *)member = str_from_z(value); break;
    default: return x->take(o, value);
    }
    return CLI_OK;
}

static int take_file(const struct cli_syntax *s, void *o, const char *path) {
    if (s->file)
        return s->file(o, path);
    const char **at = (const char **)(void *)((char *)o + s->file_at);
    if (*at)
        return cli_bad_usage(s->command, "more than one file:", path);
    *at = path;
    return CLI_OK;
}

/* The option that argv[*i] is, with its values: *i becomes the last argument it took. *stop: nothing else is to be done. */
static int take_option(const struct cli_syntax *s, void *o, int argc, char **argv, int *i, bool *stop) {
    const char *name = argv[*i], *value = NULL;
    const struct cli_option *x = s->options;
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0) {
        fputs(s->help, stdout);
        *stop = true;
        return CLI_OK;
    }
    while (x->name && !is_option(x, name, &value))
        x++;
    if (!x->name)
        return cli_bad_usage(s->command, "unknown option", name);
    if (x->kind == CLI_FLAG) {
        *(bool *)((char *)o + x->at) = true;
        return CLI_OK;
    }
    if (x->kind == CLI_INSTEAD) {
        *stop = true;
        return x->take(o, NULL);
    }
    if (x->kind == CLI_LIST) {
        int code = value ? x->take(o, value) : CLI_OK;
        while (code == CLI_OK && *i + 1 < argc && strncmp(argv[*i + 1], "--", 2) != 0)
            code = x->take(o, argv[++*i]);
        return code;
    }
    if (!value && *i + 1 == argc)
        return cli_bad_usage(s->command, "no value for", name);
    return take_value(x, o, value ? value : argv[++*i]);
}

bool cli_read_options(const struct cli_syntax *s, void *o, int argc, char **argv, int *code) {
    bool only_files = false, any_file = false, stop = false;
    *code = CLI_OK;
    for (int i = 1; i < argc && *code == CLI_OK && !stop; i++) {
        const char *a = argv[i];
        if (only_files || a[0] != '-' || !a[1]) {
            *code = take_file(s, o, a);
            any_file = true;
        } else if (strcmp(a, "--") == 0) {
            only_files = true;
        } else {
            *code = take_option(s, o, argc, argv, &i, &stop);
        }
    }
    if (*code == CLI_OK && !stop && !any_file && !s->no_file)
        *code = cli_bad_usage(s->command, "no file given", NULL);
    return *code == CLI_OK && !stop;
}

size_t cli_choice(const char *text, const char *const *names, size_t n) {
    size_t i = 0;
    while (i < n && strcmp(text, names[i]) != 0)
        i++;
    return i;
}

bool cli_size(const char *text, uint64_t *bytes) {
    str s = str_from_z(text);
    unsigned shift = 0;
    if (s.n) {
        char c = s.p[s.n - 1];
        shift = c == 'K' || c == 'k' ? 10 : c == 'M' || c == 'm' ? 20 : c == 'G' || c == 'g' ? 30 : 0;
    }
    if (shift)
        s.n--;
    uint64_t v;
    if (!num_parse_u64(s, &v) || v == 0 || v > (UINT64_MAX >> 1 >> shift))
        return false;
    *bytes = v << shift;
    return true;
}
