/* SPDX-License-Identifier: MIT
 *
 * A semaphore released more often than acquired.
 */
#include <gorc.h>

int main(void)
{
    static gorc_sem s = GORC_SEM_INIT(2);

    gorc_sem_acquire(&s, NULL, 1);
    gorc_sem_release(&s, 1); /* HERE: first */
    gorc_sem_release(&s, 1); /* HERE: second */
    return 0;
}
