/* What differs between compilers and machines, in one place.
 *
 * Everything else in the project is plain C17 and asks this header, so that no other file needs `#ifdef`.
 */
#ifndef TTX_BASE_PLATFORM_H
#define TTX_BASE_PLATFORM_H

#define LIKELY(x) __builtin_expect(!!(x), 1)
#define UNLIKELY(x) __builtin_expect(!!(x), 0)

/* The compiler checks the arguments of functions that take a printf format. */
#define PRINTF_LIKE(fmt_index, first_arg) __attribute__((format(printf, fmt_index, first_arg)))
#define NOINLINE __attribute__((noinline))
#define ALWAYS_INLINE inline __attribute__((always_inline))

#if defined(__SANITIZE_ADDRESS__)
#define HAVE_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HAVE_ASAN 1
#endif
#endif
#ifndef HAVE_ASAN
#define HAVE_ASAN 0
#endif

/* Between two looks at what another thread writes. */
#if defined(__x86_64__)
#define cpu_relax() __builtin_ia32_pause()
#elif defined(__aarch64__)
#define cpu_relax() __asm__ volatile("yield")
#else
#define cpu_relax() ((void)0)
#endif

/* Arenas tell AddressSanitizer which of their bytes are handed out. */
#if HAVE_ASAN
#include <sanitizer/asan_interface.h>
#define ASAN_POISON(p, n) __asan_poison_memory_region((p), (n))
#define ASAN_UNPOISON(p, n) __asan_unpoison_memory_region((p), (n))
#else
#define ASAN_POISON(p, n) ((void)(p), (void)(n))
#define ASAN_UNPOISON(p, n) ((void)(p), (void)(n))
#endif

/* Functions that use the SHA instructions of x86, to be called only where cpu_has_sha says that the processor has them. */
#if defined(__x86_64__)
#define HAVE_SHA 1
#define WITH_SHA __attribute__((target("sha,ssse3,sse4.1")))
#else
#define HAVE_SHA 0
#endif

#if defined(__wasm__)
#define HAVE_THREADS 0
#else
#define HAVE_THREADS 1
#endif

#endif
