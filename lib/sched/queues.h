/* SPDX-License-Identifier: MIT
 *
 * Where the wait queues of the value types begin, for gorc__inspect_is_waited. Each type asserts
 * its own; the word there is not NULL while somebody waits whom nobody has taken out.
 */
#ifndef GORC_LIB_SCHED_QUEUES_H
#define GORC_LIB_SCHED_QUEUES_H

#define GORC__MUTEX_QUEUE 16u
#define GORC__RWMUTEX_PENDING 16u
#define GORC__RWMUTEX_WRITERS 32u
#define GORC__RWMUTEX_READERS 48u
#define GORC__WAITGROUP_QUEUE 16u
#define GORC__ONCE_QUEUE 24u
#define GORC__COND_QUEUE 8u
#define GORC__SEM_QUEUE 24u

#endif
