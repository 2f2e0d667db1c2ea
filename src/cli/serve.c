/* tt-explorer serve, and tt-explorer FILE...: the server. */
#define _GNU_SOURCE /* sigtimedwait, fork */
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/num.h"
#include "cli/cli.h"
#include "cli/input.h"
#include "server/server.h"

static const char help[] =
    "usage: tt-explorer serve [OPTION...] [FILE|FOLDER...]\n"
    "\n"
    "Serves the explorer's web page and opens a browser on it. The word serve may be left out. Files are opened at\n"
    "once; folders are listed, and clients may open what lies below them. Without files or folders it is the current\n"
    "folder, and ~/explorer.\n"
    "\n"
    "  -p, --port PORT         default 8080, or the next free one; a port given here must be free. 0: any\n"
    "  -u, --url ADDRESS       address to listen on; default localhost. Any other than loopback needs a token\n"
    "  -q, --no-browser        do not open a browser\n"
    "  -x, --no-model-execution  do not let clients run models\n"
    "  -c, --cors_host ORIGIN  let pages of this origin use the server, e.g. http://localhost:4200\n"
    "      --root FOLDER       clients may open files below it (may be given several times)\n"
    "      --ui FOLDER         serve this web page, e.g. of Model Explorer, instead of the built-in one\n"
    "      --read-only         change nothing: no uploads, no deleting, no runs\n"
    "      --workspace FOLDER  where models, runs and settings are kept; default $XDG_DATA_HOME/tt-explorer\n"
    "      --token TOKEN       ask for this token, also on loopback; $TT_EXPLORER_TOKEN does the same\n"
    "      --max-upload SIZE   largest upload, with K, M or G; default 8G\n"
    "      --log-level LEVEL   quiet, error, warning, info (default) or debug\n"
    "      --watch             reload files when they change\n"
    "      --help              this text\n"
    "\n"
    "examples:\n"
    "  tt-explorer model.mlir\n"
    "  tt-explorer -q -p 8000 ~/dumps\n"
    "  tt-explorer serve --read-only --url 0.0.0.0 --root /srv/models\n"
    "\n"
    "exit status: 0 ended by a signal, 2 wrong usage, or the server cannot start\n";

enum { MAX_PATHS = 1000 };

struct serve {
    struct server_options o;
    bool no_browser;
    const char *roots[MAX_PATHS], *files[MAX_PATHS];
    char home[PATH_MAX];
};

enum option_kind { FLAG, VALUE };

enum option_id {
    OPT_PORT,
    OPT_URL,
    OPT_NO_BROWSER,
    OPT_NO_EXECUTION,
    OPT_CORS,
    OPT_ROOT,
    OPT_UI,
    OPT_READ_ONLY,
    OPT_WORKSPACE,
    OPT_TOKEN,
    OPT_MAX_UPLOAD,
    OPT_LOG_LEVEL,
    OPT_WATCH,
    OPT_HELP
};

static const struct {
    const char *name, *letter;
    enum option_kind kind;
    enum option_id id;
} options[] = {
    {"--port", "-p", VALUE, OPT_PORT},
    {"--url", "-u", VALUE, OPT_URL},
    {"--no-browser", "-q", FLAG, OPT_NO_BROWSER},
    {"--no-model-execution", "-x", FLAG, OPT_NO_EXECUTION},
    {"--cors_host", "-c", VALUE, OPT_CORS},
    {"--cors-host", "-c", VALUE, OPT_CORS},
    {"--root", NULL, VALUE, OPT_ROOT},
    {"--ui", NULL, VALUE, OPT_UI},
    {"--read-only", NULL, FLAG, OPT_READ_ONLY},
    {"--workspace", NULL, VALUE, OPT_WORKSPACE},
    {"--token", NULL, VALUE, OPT_TOKEN},
    {"--max-upload", NULL, VALUE, OPT_MAX_UPLOAD},
    {"--log-level", NULL, VALUE, OPT_LOG_LEVEL},
    {"--watch", NULL, FLAG, OPT_WATCH},
    {"--help", "-h", FLAG, OPT_HELP},
};

/* "10", "10K", "2.5G" is not taken: whole numbers only. */
static bool parse_size(const char *text, uint64_t *out) {
    str s = str_from_z(text);
    unsigned shift = 0;
    if (s.n) {
        switch (s.p[s.n - 1]) {
        case 'k':
        case 'K': shift = 10; break;
        case 'm':
        case 'M': shift = 20; break;
        case 'g':
        case 'G': shift = 30; break;
        default: break;
        }
    }
    if (shift)
        s.n--;
    if (!num_parse_u64(s, out) || *out == 0 || *out > (UINT64_MAX >> 1 >> shift))
        return false;
    *out <<= shift;
    return true;
}

static bool parse_level(const char *text, enum log_level *out) {
    static const char *const names[] = {"quiet", "error", "warning", "info", "debug"};
    for (int i = 0; i <= LOG_DEBUG; i++)
        if (strcmp(text, names[i]) == 0) {
            *out = (enum log_level)i;
            return true;
        }
    return false;
}

/* Whether the option is applied; false when its value is wrong. */
static bool apply(struct serve *s, enum option_id id, const char *value) {
    uint64_t n;
    switch (id) {
    case OPT_PORT:
        if (!num_parse_u64(str_from_z(value), &n) || n > 65535)
            return false;
        s->o.port = (unsigned)n;
        s->o.next_free_port = n == 8080; /* as today's tool: the default moves on */
        return true;
    case OPT_URL:
        /* "http://0.0.0.0" is a common mistake of the option's name. */
        if (strncmp(value, "http://", 7) == 0)
            value += 7;
        s->o.host = strcmp(value, "localhost") == 0 ? NULL : value;
        return value[0] != 0 && !strchr(value, '/');
    case OPT_NO_BROWSER: s->no_browser = true; return true;
    case OPT_NO_EXECUTION: s->o.no_execution = true; return true;
    case OPT_CORS: s->o.cors_host = value; return value[0] != 0;
    case OPT_ROOT:
        if (s->o.n_roots == MAX_PATHS)
            return false;
        s->roots[s->o.n_roots++] = value;
        return true;
    case OPT_UI: s->o.ui = value; return true;
    case OPT_READ_ONLY: s->o.read_only = true; return true;
    case OPT_WORKSPACE: s->o.workspace = value; return value[0] != 0;
    case OPT_TOKEN: s->o.token = value; return strlen(value) >= 8 && strlen(value) < 64 && !strpbrk(value, " ;,&\"");
    case OPT_MAX_UPLOAD: return parse_size(value, &s->o.max_upload);
    case OPT_LOG_LEVEL: return parse_level(value, &s->o.log_level);
    case OPT_WATCH: s->o.watch = true; return true;
    case OPT_HELP: return true;
    }
    return false;
}

/* The option of an argument: its index, or -1. *value is what stands behind '=', or the rest of "-p8080". */
static int find_option(const char *a, const char **value) {
    *value = NULL;
    for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
        size_t n = strlen(options[i].name);
        if (strncmp(a, options[i].name, n) == 0 && (a[n] == 0 || a[n] == '=')) {
            *value = a[n] ? a + n + 1 : NULL;
            return (int)i;
        }
        if (options[i].letter && a[0] == '-' && a[1] == options[i].letter[1] &&
            (a[2] == 0 || options[i].kind == VALUE)) {
            *value = a[2] ? a + 2 : NULL;
            return (int)i;
        }
    }
    return -1;
}

/* Reads the command line: CLI_OK, or what to return; *help_asked. */
static int read_arguments(struct serve *s, int argc, char **argv, bool *help_asked) {
    bool only_paths = false;
    *help_asked = false;
    for (int i = 1; i < argc; i++) {
        const char *a = argv[i], *value;
        if (only_paths || a[0] != '-' || !a[1]) {
            if (s->o.n_files == MAX_PATHS)
                return cli_bad_usage("serve", "too many files", NULL);
            s->files[s->o.n_files++] = a;
            continue;
        }
        if (strcmp(a, "--") == 0) {
            only_paths = true;
            continue;
        }
        int option = find_option(a, &value);
        if (option < 0 || (options[option].kind == FLAG && value))
            return cli_bad_usage("serve", "unknown option", a);
        if (options[option].kind == VALUE && !value && !(value = i + 1 < argc ? argv[++i] : NULL))
            return cli_bad_usage("serve", "a value is missing after", a);
        if (options[option].id == OPT_HELP)
            *help_asked = true;
        if (!apply(s, options[option].id, value))
            return cli_bad_usage("serve", "this value makes no sense:", value);
    }
    return CLI_OK;
}

/* Folders that clients may open when none were named. */
static void default_roots(struct serve *s) {
    const char *home = getenv("HOME");
    struct stat st;
    if (home && snprintf(s->home, sizeof s->home, "%s/explorer", home) < (int)sizeof s->home &&
        stat(s->home, &st) == 0 && S_ISDIR(st.st_mode) && s->o.n_roots < MAX_PATHS)
        s->roots[s->o.n_roots++] = s->home;
    if (s->o.n_files == 0 && s->o.n_roots < MAX_PATHS)
        s->roots[s->o.n_roots++] = ".";
}

/* xdg-open in a process of its own that nobody waits for. */
static void open_browser(const char *url) {
    const char *program = getenv("BROWSER");
    if ((!program || !*program) && !getenv("DISPLAY") && !getenv("WAYLAND_DISPLAY"))
        return;
    pid_t pid = fork();
    if (pid == 0) {
        if (fork() == 0) {
            sigset_t none;
            sigemptyset(&none);
            sigprocmask(SIG_SETMASK, &none, NULL);
            setsid();
            for (int fd = 3; fd < 256; fd++)
                close(fd);
            if (!freopen("/dev/null", "r", stdin) || !freopen("/dev/null", "w", stdout) ||
                !freopen("/dev/null", "w", stderr))
                _exit(1);
            execlp(program && *program && !strpbrk(program, " %:") ? program : "xdg-open", "xdg-open", url,
                   (char *)NULL);
            _exit(1);
        }
        _exit(0);
    }
    if (pid > 0)
        waitpid(pid, NULL, 0);
}

/* As many connections as the system lets us have. */
static void raise_file_limit(struct server_options *o) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return;
    limit.rlim_cur = limit.rlim_max < 16384 ? limit.rlim_max : 16384;
    setrlimit(RLIMIT_NOFILE, &limit);
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < 4096 + 128)
        o->max_connections = limit.rlim_cur > 256 ? (unsigned)limit.rlim_cur - 128 : 128;
}

/* The clean end takes too long (a handler that does not look): everything on disk is safe at any moment. */
static void on_impatience(int signal_number) {
    (void)signal_number;
    _exit(CLI_OK);
}

int cli_serve(int argc, char **argv) {
    static struct serve s; /* large, and one per process */
    s.o = (struct server_options){.port = 8080, .next_free_port = true, .log_level = LOG_INFO, .store_optional = true};
    const char *token = getenv("TT_EXPLORER_TOKEN");
    if (token && *token)
        s.o.token = token;
    bool help_asked;
    int code = read_arguments(&s, argc, argv, &help_asked);
    if (help_asked || code != CLI_OK) {
        if (help_asked)
            fputs(help, stdout);
        return help_asked ? CLI_OK : code;
    }
    if (s.o.n_roots == 0)
        default_roots(&s);
    s.o.store_optional = !s.o.workspace; /* one that was named must work */
    s.o.roots = s.roots;
    s.o.files = s.files;
    raise_file_limit(&s.o);
    /* Signals are waited for here; threads inherit the mask. */
    sigset_t ends;
    sigemptyset(&ends);
    sigaddset(&ends, SIGINT);
    sigaddset(&ends, SIGTERM);
    sigaddset(&ends, SIGHUP);
    sigprocmask(SIG_BLOCK, &ends, NULL);
    signal(SIGPIPE, SIG_IGN);
    char error[600] = "";
    struct server *server = server_start(&s.o, error, sizeof error);
    if (!server) {
        fprintf(stderr, "tt-explorer: %s\n", error);
        return CLI_USAGE;
    }
    printf("%s\n", server->url);
    fflush(stdout);
    if (!s.no_browser)
        open_browser(server->url);
    int received;
    while (sigwait(&ends, &received) != 0)
        continue;
    signal(SIGALRM, on_impatience);
    sigprocmask(SIG_UNBLOCK, &ends, NULL); /* a second Ctrl-C ends it the hard way */
    alarm(3);
    server_stop(server);
    return CLI_OK;
}
