/* SPDX-License-Identifier: MIT
 *
 * lib/tables.h: the one description of the library's memory for readers outside the process.
 */
#include "tables.h"

#include <gorc/select.h>

#include <stddef.h>

#include "arch/switch.h"
#include "chan/chan_impl.h"
#include "inspect.h"
#include "sched/g.h"
#include "sched/names.h"
#include "sched/stack.h"
#include "sync/sync_impl.h"

struct reason {
    const char *text;
    uint32_t kind;
};

static const struct reason reasons[] = {
#define X(name, text, kind) {text, kind},
#include "sched/waitreason.def"
#undef X
};

#ifdef GORC_DETECT
#define DETECTOR 1u
#else
#define DETECTOR 0u
#endif

#define G(field) .g_##field = offsetof(struct gorc__g, field)
#define M(field) .m_##field = offsetof(struct gorc__m, field)
#define CHAN(field) .chan_##field = offsetof(struct gorc_chan, field)

const struct gorc__tables gorc_tables = {
    .magic = GORC__TABLES_MAGIC,
    .version = GORC__TABLES_VERSION,
    .size = sizeof(struct gorc__tables),
    .detector = DETECTOR,
    .g_size = sizeof(struct gorc__g),

    .started = &gorc__sched.started,
    .main_g = &gorc__sched.main_g,
    .arenas = &gorc__arenas,
    .slot_size = &gorc__slot_size,
    .all_large = &gorc__sched.all_large,
    .all_foreign = &gorc__sched.all_foreign,
    .all_ms = &gorc__sched.all_ms,
    .coarse_now = &gorc__sched.coarse_now,
    .names = gorc__names,
    .reasons = reasons,
    .n_names = GORC__NAME_BUCKETS,
    .n_reasons = sizeof reasons / sizeof *reasons,
    .reason_stride = sizeof *reasons,
    .reason_text = offsetof(struct reason, text),
    .reason_kind = offsetof(struct reason, kind),

    .colours = GORC__COLOURS,
    .colour_step = GORC__COLOUR_STEP,
    .arena_older = offsetof(struct gorc__arena, older),
    .arena_base = offsetof(struct gorc__arena, base),
    .arena_used = offsetof(struct gorc__arena, used),

    G(sp),
    G(m),
    G(state),
    G(kind),
    G(timed),
    G(reason),
    G(parks),
    G(object),
    G(holder),
    G(since),
    G(cases),
    G(n_cases),
    G(goid),
    G(parent),
    G(created),
    G(name),
    G(fn),
    G(stack_lo),
    G(stack_hi),
    G(all_next),

    M(g),
    M(tid),
    M(all_next),

    .name_next = offsetof(struct gorc__name, next),
    .name_object = offsetof(struct gorc__name, object),
    .name_text = offsetof(struct gorc__name, text),

    CHAN(count),
    CHAN(capacity),
    CHAN(state),
    CHAN(created),
    CHAN(closed_goid),
    CHAN(last_sender),
    CHAN(last_receiver),
    .case_size = sizeof(gorc_case),
    .case_chan = offsetof(gorc_case, chan),
    .case_kind = offsetof(gorc_case, kind),
    .rwmutex_state = GORC__RWMUTEX_STATE,
    .rwmutex_reader = GORC__READER,
    .waitgroup_counter = GORC__WAITGROUP_COUNTER,
    .switch_words = GORC__SWITCH_WORDS,
    .switch_registers = gorc__switch_registers,
    .sysmon_tid = &gorc__sched.sysmon_tid,
    .chan_is_closed = GORC__CHAN_CLOSED,
    .chan_is_timer = GORC__CHAN_TIMER,
};
