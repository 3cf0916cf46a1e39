/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INIT_OCI_OOM_KILLS_H
#define INIT_OCI_OOM_KILLS_H

/* Processes of the container that the kernel killed because memory ran out. */
struct oom_kills {
	int events;	/* to wait at for EPOLLPRI; -1 when they cannot be told */
	unsigned long taken;
};

/* cgroup is the directory of the container's. */
void oom_kills_open(struct oom_kills *kills, int cgroup);

/* The number since the start, if it has grown since the last call; else 0. */
unsigned long oom_kills_take(struct oom_kills *kills);

#endif
