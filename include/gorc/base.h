/* SPDX-License-Identifier: MIT
 *
 * What every other header of gorc builds on: visibility, time units, errno.
 */
#ifndef GORC_BASE_H
#define GORC_BASE_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define GORC_VERSION_MAJOR 0
#define GORC_VERSION_MINOR 1
#define GORC_VERSION_PATCH 0

#define GORC_API __attribute__((visibility("default")))

#ifdef __cplusplus
#define GORC_BEGIN_DECLS extern "C" {
#define GORC_END_DECLS }
#else
#define GORC_BEGIN_DECLS
#define GORC_END_DECLS
#endif

/* Durations are int64_t nanoseconds; deadlines are absolute on gorc_now()'s clock. */
#define GORC_NANOSECOND ((int64_t)1)
#define GORC_MICROSECOND ((int64_t)1000)
#define GORC_MILLISECOND ((int64_t)1000000)
#define GORC_SECOND ((int64_t)1000000000)

GORC_BEGIN_DECLS

/* The address of the calling goroutine's errno. A goroutine may resume on another OS thread, and
 * compilers keep the address that libc's own errno macro asks for; this function is opaque to them,
 * so errno stays right across any gorc call. gorc keeps each goroutine's value over a park. */
GORC_API int *gorc_errno_location(void);

GORC_END_DECLS

#undef errno
#define errno (*gorc_errno_location())

#endif
