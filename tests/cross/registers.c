/* SPDX-License-Identifier: MIT
 *
 * The register switch: what the calling convention says survives a call survives a yield, also the
 * lower halves of v8 to v15 of AArch64; and an exception's unwinder finds the end of the stack.
 */
#include <criterion/criterion.h>
#include <gorc.h>
#include <unwind.h>

/* Enough live values over the yield that some are in each register that is kept. */
static void keep_values(void *arg)
{
    uint64_t a = (uint64_t)(uintptr_t)arg * 3 + 1, b = a * 5 + 1, c = b * 7 + 1, d = c * 11 + 1;
    uint64_t e = d * 13 + 1, f = e * 17 + 1, g = f * 19 + 1, h = g * 23 + 1;
    double p = (double)a, q = p * 1.5, r = q * 1.5, s = r * 1.5, t = s * 1.5, u = t * 1.5;
    for (int i = 0; i < 1000; i++) {
        uint64_t sum = a ^ b ^ c ^ d ^ e ^ f ^ g ^ h;
        double total = p + q + r + s + t + u;
        gorc_yield();
        if (sum != (a ^ b ^ c ^ d ^ e ^ f ^ g ^ h) || total != p + q + r + s + t + u)
            abort();
        a += b, b += c, c += d, d += e, e += f, f += g, g += h, h += a;
        p += 1, q += 2, r += 3, s += 4, t += 5, u += 6;
    }
}

Test(registers, callee_saved_registers_survive)
{
    gorc_waitgroup wg = {0};
    for (uintptr_t i = 0; i < 8; i++)
        gorc_wg_go(&wg, keep_values, (void *)i);
    gorc_wg_wait(&wg);
}

static _Unwind_Reason_Code count_frame(struct _Unwind_Context *context, void *arg)
{
    (void)context;
    return ++*(int *)arg > 100 ? _URC_END_OF_STACK : _URC_NO_REASON;
}

static int frames;
static _Unwind_Reason_Code outcome;

static void unwind_here(void *arg)
{
    gorc_yield();
    outcome = _Unwind_Backtrace(count_frame, &frames);
    gorc_wg_done(arg);
}

Test(registers, unwinding_ends_at_the_goroutines_first_frame)
{
    gorc_waitgroup wg = {0};
    gorc_wg_add(&wg, 1);
    gorc_go(unwind_here, &wg);
    gorc_wg_wait(&wg);
    cr_assert_eq(outcome, _URC_END_OF_STACK);
    cr_assert(frames >= 2 && frames < 10);
}
