/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INIT_OCI_OOM_KILLS_H
#define INIT_OCI_OOM_KILLS_H

/* Processes of the container that the kernel killed because memory ran out. */
struct oom_kills {
	int events;	/* to wait at for EPOLLPRI; -1 when they cannot be told */
	unsigned long told;
};

/* cgroup is the directory of the container's. */
void oom_kills_open(struct oom_kills *kills, int cgroup);

/* Tells the VMM and the console if there are more than were told. */
void oom_kills_tell(struct oom_kills *kills);

#endif
