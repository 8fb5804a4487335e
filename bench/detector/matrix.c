/* SPDX-License-Identifier: MIT
 *
 * Matrix multiply: each thread computes a band of rows.
 */
#include "threads.h"

enum { SIZE = 512 };

static double a[SIZE][SIZE], b[SIZE][SIZE], c[SIZE][SIZE];

static uint64_t multiply(int index, int threads, long n)
{
    uint64_t check = 0;

    for (long i = n * index / threads; i < n * (index + 1) / threads; i++)
        for (long j = 0; j < n; j++) {
            double sum = 0;
            for (long k = 0; k < n; k++)
                sum += a[i][k] * b[k][j];
            c[i][j] = sum;
            check += (uint64_t)sum;
        }
    return check;
}

int main(int argc, char **argv)
{
    for (int i = 0; i < SIZE; i++)
        for (int j = 0; j < SIZE; j++) {
            a[i][j] = (i * 7 + j) % 13;
            b[i][j] = (i + j * 5) % 11;
        }
    if (argc == 3 && atol(argv[1]) > SIZE)
        return 2;
    return bench_main(argc, argv, multiply);
}
