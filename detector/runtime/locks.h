/* SPDX-License-Identifier: MIT
 *
 * What the interposers of every kind of lock do beside the real call: happens-before, who holds it
 * and since where, the task's held locks, and the check for a deadlock before blocking.
 *
 * Keyed by the lock's address (core/sync.h). dt_sync.owner_uid is the exclusive holder; for a lock
 * held by readers (DT_LOCK_SHARED) it is the exclusive-or of the readers' uids, so that the only
 * reader is known when there is one. recursion counts the holds. Readers release into a clock of
 * their own (at lock + 1), which only writers acquire: readers are not ordered with each other.
 */
#ifndef DT_LOCKS_H
#define DT_LOCKS_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "core/stack.h"
#include "core/task.h"

/* Bits of dt_sync.flags used here. */
enum { DT_LOCK_SHARED = 1u << 14, DT_LOCK_HAS_READERS = 1u << 15 };

/* Wait reasons that deadlock.c understands; compared by address. */
extern const char dt_wait_mutex[], dt_wait_rwlock[], dt_wait_spin[], dt_wait_join[];
bool dt_wait_is_lock(const char *reason);
/* Any object of pthread's, or a semaphore: neither a descriptor nor time. */
bool dt_wait_is_pthread(const char *reason);

/* `pc` is the program's call. All take dt_enter()'s task, not NULL. */
void dt_lock_created(struct dt_task *t, const void *lock, uintptr_t pc);
/* `how`: DT_HOW_TRY or 0. */
void dt_lock_acquired(
    struct dt_task *t, const void *lock, enum dt_lock_kind kind, uint32_t how, uintptr_t pc);
void dt_lock_acquired_shared(
    struct dt_task *t, const void *lock, enum dt_lock_kind kind, uint32_t how, uintptr_t pc);
/* Before the real unlock. False: another task holds it, and nothing was done. */
bool dt_lock_releasing(struct dt_task *t, const void *lock);
/* The same for whoever calls: libc unlocks without asking. */
void dt_lock_releasing_any(struct dt_task *t, const void *lock);
void dt_lock_destroyed(struct dt_task *t, const void *lock, size_t size);

/* The uid of the task that alone holds it, 0: nobody, several, or unknown. */
uint32_t dt_lock_holder(const void *lock, dt_stackid *ret_where);

/* A finding of kind misuse about a lock, with where it was last locked and made. */
void dt_lock_misuse(struct dt_task *t, const void *lock, const char *object_kind, const char *rule,
    const char *words, uintptr_t pc);

/* A wait that lasts longer than the first is looked at for a deadlock; a cycle that then stands for
 * the second is reported. */
enum { DT_DEADLOCK_FIRST_MS = 20, DT_DEADLOCK_PATIENCE_MS = 300 };
/* On CLOCK_MONOTONIC, that much from now. */
void dt_deadline_in(struct timespec *ret_until, int ms);

#endif
