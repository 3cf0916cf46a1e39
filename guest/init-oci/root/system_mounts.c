// SPDX-License-Identifier: Apache-2.0
/* /proc, /sys and /dev, with what belongs below them. */
#include "root/system_mounts.h"

#include <errno.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

int system_mounts_make(struct error *error)
{
	static const struct {
		const char *source, *type, *target, *options;
		unsigned long flags;
	} mounts[] = {
		/* First: without a console no later failure can be reported. */
		{ "devtmpfs", "devtmpfs", "/dev", "mode=755", MS_NOSUID },
		{ "proc", "proc", "/proc", NULL, MS_NOSUID | MS_NODEV | MS_NOEXEC },
		{ "sysfs", "sysfs", "/sys", NULL, MS_NOSUID | MS_NODEV | MS_NOEXEC },
		{ "devpts", "devpts", "/dev/pts", "gid=5,mode=620,ptmxmode=666", MS_NOSUID | MS_NOEXEC },
		/* Named as engines name it. */
		{ "shm", "tmpfs", "/dev/shm", "mode=1777", MS_NOSUID | MS_NODEV | MS_NOEXEC },
		{ "mqueue", "mqueue", "/dev/mqueue", NULL, MS_NOSUID | MS_NODEV | MS_NOEXEC },
		/*
		 * The container will see a part of it as its own, and cannot reach what
		 * is outside, nor change the limits of that part.
		 */
		{ "cgroup2", "cgroup2", "/sys/fs/cgroup", "nsdelegate,memory_recursiveprot",
		  MS_NOSUID | MS_NODEV | MS_NOEXEC },
	};
	static const char *const links[][2] = {
		{ "/proc/self/fd", "/dev/fd" },
		{ "/proc/self/fd/0", "/dev/stdin" },
		{ "/proc/self/fd/1", "/dev/stdout" },
		{ "/proc/self/fd/2", "/dev/stderr" },
		{ "pts/ptmx", "/dev/ptmx" },
	};

	for (size_t i = 0; i < sizeof(mounts) / sizeof(mounts[0]); i++) {
		if (mkdir(mounts[i].target, 0755) < 0 && errno != EEXIST)
			return step_error("make directory ", mounts[i].target, error);
		/* EBUSY: the kernel mounts devtmpfs on its own if configured to. */
		if (mount(mounts[i].source, mounts[i].target, mounts[i].type, mounts[i].flags,
			  mounts[i].options) < 0 && errno != EBUSY)
			return step_error("mount ", mounts[i].target, error);
	}
	/* The kernel's own is the same device, but not with the options of /dev/pts. */
	unlink("/dev/ptmx");
	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++) {
		if (symlink(links[i][0], links[i][1]) < 0 && errno != EEXIST)
			return step_error("make link ", links[i][1], error);
	}
	return 0;
}
