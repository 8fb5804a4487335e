/* SPDX-License-Identifier: MIT
 *
 * Coverage instrumentation beside the race one: links and runs.
 *
 * clang: -fsanitize-coverage=trace-pc-guard,trace-cmp,trace-div,trace-gep,indirect-calls
 * gcc: -fsanitize-coverage=trace-pc,trace-cmp
 */
#include <stdlib.h>

int main(int argc, char **argv)
{
    switch (argc) {
    case 7:
        return 1;
    case 9:
        return 2;
    }
    return argv[0] && abs(argc) / argc == 1 ? 0 : 3;
}
