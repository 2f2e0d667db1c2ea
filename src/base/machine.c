#define _GNU_SOURCE /* sysconf */
#include "base/machine.h"

#include <stdio.h>
#include <unistd.h>

uint64_t machine_memory_available(void) {
    unsigned long long kilobytes = 0;
    char line[128];
    FILE *f = fopen("/proc/meminfo", "r");
    if (!f)
        return UINT64_MAX;
    while (kilobytes == 0 && fgets(line, sizeof line, f))
        if (sscanf(line, "MemAvailable: %llu kB", &kilobytes) != 1) /* NOLINT(cert-err34-c): the kernel wrote it */
            kilobytes = 0;
    fclose(f);
    return kilobytes ? kilobytes * 1024 : UINT64_MAX;
}

unsigned machine_processors(void) {
    long online = sysconf(_SC_NPROCESSORS_ONLN);
    return online < 1 ? 1 : (unsigned)online;
}
