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
#include "cli/options.h"
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

static int take_port(void *o, const char *value) {
    struct serve *s = o;
    uint64_t n;
    if (!num_parse_u64(str_from_z(value), &n) || n > 65535)
        return cli_bad_usage("serve", "--port is a number up to 65535, not", value);
    s->o.port = (unsigned)n;
    s->o.next_free_port = n == 8080; /* as today's tool: the default moves on */
    return CLI_OK;
}

static int take_url(void *o, const char *value) {
    struct serve *s = o;
    /* "http://0.0.0.0" is a common mistake of the option's name. */
    if (strncmp(value, "http://", 7) == 0)
        value += 7;
    s->o.host = strcmp(value, "localhost") == 0 ? NULL : value;
    return value[0] != 0 && !strchr(value, '/')
               ? CLI_OK
               : cli_bad_usage("serve", "--url is a host's name or address, not", value);
}

static int take_cors(void *o, const char *value) {
    ((struct serve *)o)->o.cors_host = value;
    return value[0] ? CLI_OK : cli_bad_usage("serve", "--cors_host is an origin, not", value);
}

static int take_root(void *o, const char *value) {
    struct serve *s = o;
    if (s->o.n_roots == MAX_PATHS)
        return cli_bad_usage("serve", "too many folders", NULL);
    s->roots[s->o.n_roots++] = value;
    return CLI_OK;
}

static int take_workspace(void *o, const char *value) {
    ((struct serve *)o)->o.workspace = value;
    return value[0] ? CLI_OK : cli_bad_usage("serve", "--workspace is a folder, not", value);
}

static int take_token(void *o, const char *value) {
    ((struct serve *)o)->o.token = value;
    return strlen(value) >= 8 && strlen(value) < 64 && !strpbrk(value, " ;,&\"")
               ? CLI_OK
               : cli_bad_usage("serve", "--token is 8 to 63 characters, no space and none of ;,&\", not", value);
}

static int take_max_upload(void *o, const char *value) {
    return cli_size(value, &((struct serve *)o)->o.max_upload)
               ? CLI_OK
               : cli_bad_usage("serve", "--max-upload is a number of bytes, or of K, M or G, not", value);
}

static int take_log_level(void *o, const char *value) {
    static const char *const names[] = {"quiet", "error", "warning", "info", "debug"};
    size_t i = cli_choice(value, names, LOG_DEBUG + 1);
    ((struct serve *)o)->o.log_level = (enum log_level)i;
    return i <= LOG_DEBUG ? CLI_OK
                          : cli_bad_usage("serve", "--log-level is quiet, error, warning, info or debug, not", value);
}

static int take_file(void *o, const char *path) {
    struct serve *s = o;
    if (s->o.n_files == MAX_PATHS)
        return cli_bad_usage("serve", "too many files", NULL);
    s->files[s->o.n_files++] = path;
    return CLI_OK;
}

static const struct cli_option options[] = {
    {"--port", "-p", .kind = CLI_VALUE, .take = take_port},
    {"--url", "-u", .kind = CLI_VALUE, .take = take_url},
    {"--no-browser", "-q", .kind = CLI_FLAG, .at = offsetof(struct serve, no_browser)},
    {"--no-model-execution", "-x", .kind = CLI_FLAG, .at = offsetof(struct serve, o.no_execution)},
    {"--cors_host", "-c", .kind = CLI_VALUE, .take = take_cors},
    {"--cors-host", "-c", .kind = CLI_VALUE, .take = take_cors},
    {.name = "--root", .kind = CLI_VALUE, .take = take_root},
    {.name = "--ui", .kind = CLI_TEXT, .at = offsetof(struct serve, o.ui)},
    {.name = "--read-only", .kind = CLI_FLAG, .at = offsetof(struct serve, o.read_only)},
    {.name = "--workspace", .kind = CLI_VALUE, .take = take_workspace},
    {.name = "--token", .kind = CLI_VALUE, .take = take_token},
    {.name = "--max-upload", .kind = CLI_VALUE, .take = take_max_upload},
    {.name = "--log-level", .kind = CLI_VALUE, .take = take_log_level},
    {.name = "--watch", .kind = CLI_FLAG, .at = offsetof(struct serve, o.watch)},
    {0},
};

static const struct cli_syntax syntax = {"serve", help, options, .file = take_file, .no_file = true};

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
    int code;
    if (!cli_read_options(&syntax, &s, argc, argv, &code))
        return code;
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
