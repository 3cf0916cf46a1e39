// SPDX-License-Identifier: Apache-2.0
/* The process's seccomp filter: made early, and installed as late as possible. */
#include "life/seccomp.h"

#include <sys/prctl.h>

#include "base/console.h"
#include "base/linux_abi.h"

int seccomp_make(const struct seccomp *seccomp, struct seccomp_filter *filter,
		 struct error *error)
{
	struct decimal others;

	if (seccomp_filter_compile(seccomp, architectures, ARCHITECTURES, filter, error) < 0)
		return -1;
	if (filter->unknown_count == 1)
		SAY("linux.seccomp: there is no system call '", filter->unknown, "' to restrict");
	else if (filter->unknown_count)
		SAY("linux.seccomp: there is no system call '", filter->unknown, "' to restrict, nor ",
		    decimal(&others, filter->unknown_count - 1), " others");
	return 0;
}

static int raise_capability(struct error *error)
{
	const struct capability_header header = { .version = CAPABILITY_VERSION_3 };
	struct capability_data data[2];

	if (syscall(SYS_capget, &header, data) < 0)
		return step_error("read capabilities", "", error);
	if (data[0].effective >> CAPABILITY_SYS_ADMIN & 1)
		return 0;
	data[0].effective |= 1u << CAPABILITY_SYS_ADMIN & data[0].permitted;
	if (syscall(SYS_capset, &header, data) < 0)
		return step_error("raise CAP_SYS_ADMIN", "", error);
	return 0;
}

int seccomp_install(const struct seccomp *seccomp, const struct seccomp_filter *filter,
		    struct error *error)
{
	if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 0 && raise_capability(error) < 0)
		return -1;
	if (syscall(SYS_seccomp, SECCOMP_MODE_SET_FILTER, seccomp->flags, &filter->program) < 0)
		return step_error("install the seccomp filter", "", error);
	return 0;
}
