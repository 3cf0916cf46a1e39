/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BENCH_COUNTER_H
#define BENCH_COUNTER_H

#include <stdbool.h>

/*
 * The instructions that QEMU has executed on all processors, and none for one that
 * waits. Each guest has a file of its own.
 */
bool open_counter(void);
double counted(void);

#endif
