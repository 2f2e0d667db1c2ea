/* Finding libmicrohttpd's functions. */
#include "server/mhd.h"

#include <dlfcn.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

struct mhd_functions mhd;

bool mhd_load(const char **why) {
    static const struct {
        const char *name;
        size_t offset;
    } functions[] = {
#define MHD_ROW(name) {"MHD_" #name, offsetof(struct mhd_functions, name)},
        MHD_FUNCTIONS(MHD_ROW)
#undef MHD_ROW
    };
    if (mhd.start_daemon)
        return true;
    static char message[512];
    *why = message;
    void *library = dlopen("libmicrohttpd.so.12", RTLD_NOW | RTLD_LOCAL);
    if (!library) {
        snprintf(message, sizeof message, "the HTTP library cannot be loaded (%s); install the package libmicrohttpd12",
                 dlerror());
        return false;
    }
    struct mhd_functions found;
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
        void *f = dlsym(library, functions[i].name);
        if (!f) {
            snprintf(message, sizeof message, "the HTTP library is too old (no %s); 0.9.75 or newer is needed",
                     functions[i].name);
            dlclose(library);
            return false;
        }
        memcpy((char *)&found + functions[i].offset, &f, sizeof f); /* ISO C has no cast for this */
    }
    mhd = found;
    return true;
}
