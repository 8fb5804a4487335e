/* SPDX-License-Identifier: MIT
 *
 * For compare.sh: member.
 */
#include "barrier.h"
struct {
    int a;
    struct {
        char name[10];
        long hits;
    } in[3];
} all;
void first(void *arg)
{
    (void)arg;
    all.in[1].hits = 1;
}
void second(void *arg)
{
    (void)arg;
    all.in[1].hits = 2;
}
int main(void)
{
    both(NULL);
    return 0;
}
