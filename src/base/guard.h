/* Guard for mapped files that shrink.
 *
 * When somebody truncates a file while it is mapped, touching the lost pages raises SIGBUS. A program that installs
 * the guard reads zero bytes there instead, and the file is marked as truncated. Signal handlers belong to the
 * process, so only a program installs the guard, never the library by itself; the handler passes on every SIGBUS
 * that is not about a registered range to whoever was there before.
 */
#ifndef TTX_BASE_GUARD_H
#define TTX_BASE_GUARD_H

#include <stdbool.h>
#include <stddef.h>

/* Installs the handler; once per process is enough, more do no harm. False when the system refuses. */
bool guard_install(void);

/* Watches [p, p + n), whole pages of mapped memory. Returns a slot, or -1 when all slots are taken. */
int guard_add(const void *p, size_t n);

/* Ends the watch; -1 is allowed. */
void guard_remove(int slot);

/* Whether a page of the range was lost and replaced by zero bytes. */
bool guard_was_hit(int slot);

#endif
