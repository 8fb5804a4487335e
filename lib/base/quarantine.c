/* SPDX-License-Identifier: MIT
 */
#include "base/quarantine.h"

#include "base/alloc.h"
#include "base/lock.h"
#include "hooks.h"

#define SLOTS 1024u

static struct gorc__lock lock; /* a leaf; guards the rest */
static void *slots[SLOTS];
static unsigned next;

void gorc__quarantine(void *p)
{
    if (gorc__hook_active()) {
        gorc__lock(&lock);
        void *old = slots[next % SLOTS];
        slots[next++ % SLOTS] = p;
        gorc__unlock(&lock);
        p = old;
    }
    gorc__free(p);
}
