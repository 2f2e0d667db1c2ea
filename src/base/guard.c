#define _GNU_SOURCE /* sigaction, mmap */
#include "base/guard.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

enum { GUARD_SLOTS = 128 };

/* A slot is free while `end` is 0 and being written while `claimed` is set and `end` is 0; the handler sees `begin`
 * whenever it sees `end`. */
static struct {
    atomic_bool claimed;
    atomic_uintptr_t begin, end;
    atomic_bool hit;
} guard_slots[GUARD_SLOTS];

static struct sigaction guard_before; /* whose turn it is when the fault is none of ours */
static atomic_bool guard_installed;
static size_t guard_page;

static void guard_pass_on(int signal_number, siginfo_t *info, void *context) {
    if (guard_before.sa_flags & SA_SIGINFO) {
        guard_before.sa_sigaction(signal_number, info, context);
    } else if (guard_before.sa_handler != SIG_DFL && guard_before.sa_handler != SIG_IGN) {
        guard_before.sa_handler(signal_number);
    } else {
        /* Back to the default; the instruction faults again and ends the process as it would have. */
        signal(SIGBUS, SIG_DFL);
    }
}

static void guard_on_sigbus(int signal_number, siginfo_t *info, void *context) {
    int saved = errno;
    uintptr_t at = (uintptr_t)info->si_addr;
    /* Only a fault has an address; a SIGBUS that somebody sent has not. */
    for (int i = 0; i < GUARD_SLOTS && info->si_code == BUS_ADRERR; i++) {
        uintptr_t end = atomic_load(&guard_slots[i].end);
        if (!end || at >= end || at < atomic_load(&guard_slots[i].begin))
            continue;
        void *page = (char *)info->si_addr - at % guard_page;
        if (mmap(page, guard_page, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED)
            break;
        atomic_store(&guard_slots[i].hit, true);
        errno = saved;
        return;
    }
    errno = saved;
    guard_pass_on(signal_number, info, context);
}

bool guard_install(void) {
    if (atomic_exchange(&guard_installed, true))
        return true;
    guard_page = (size_t)sysconf(_SC_PAGESIZE);
    struct sigaction action = {.sa_sigaction = guard_on_sigbus, .sa_flags = SA_SIGINFO | SA_ONSTACK};
    sigemptyset(&action.sa_mask);
    if (sigaction(SIGBUS, &action, &guard_before) == 0)
        return true;
    atomic_store(&guard_installed, false);
    return false;
}

int guard_add(const void *p, size_t n) {
    for (int i = 0; i < GUARD_SLOTS; i++) {
        if (atomic_exchange(&guard_slots[i].claimed, true))
            continue;
        atomic_store(&guard_slots[i].hit, false);
        atomic_store(&guard_slots[i].begin, (uintptr_t)p);
        atomic_store(&guard_slots[i].end, (uintptr_t)p + n);
        return i;
    }
    return -1;
}

void guard_remove(int slot) {
    if (slot < 0)
        return;
    atomic_store(&guard_slots[slot].end, 0);
    atomic_store(&guard_slots[slot].claimed, false);
}

bool guard_was_hit(int slot) {
    return slot >= 0 && atomic_load(&guard_slots[slot].hit);
}
