/* SPDX-License-Identifier: MIT
 *
 * dlclose: what an object leaves behind is void, its code may be another's later. (dlopen looks at
 * its caller, so it cannot be called from here; instrumented objects announce themselves by
 * __tsan_init.)
 */
#include <dlfcn.h>

#include "interpose/interpose.h"
#include "report/modules.h"
#include "runtime/instrumented.h"

DT_INTERPOSE(int, dlclose, (void *library))
{
    struct dt_task *t = dt_enter();
    if (t)
        dt_modules_meet_all();
    int err = dlclose(library);
    if (t)
        dt_instrumented_refresh();
    return err;
}
