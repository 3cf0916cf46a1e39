/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What each guest's kernel runs programs of: the guest's own architecture first, then its
 * subsets. For each, what a seccomp profile calls it, its number in <linux/audit.h>, and
 * its system calls.
 */
#ifndef INIT_OCI_ARCHITECTURES_H
#define INIT_OCI_ARCHITECTURES_H

#include "machine/system_calls_arm64.h"
#include "machine/system_calls_i386.h"
#include "machine/system_calls_x86_64.h"

#define ARCHITECTURES_OF_aarch64(DO) \
	DO(arm64, "SCMP_ARCH_AARCH64", 0xc00000b7, SYSTEM_CALLS_ARM64)

/* 32-bit programs only if the kernel's command line says so, and none of x32. */
#define ARCHITECTURES_OF_x86_64(DO) \
	DO(x86_64, "SCMP_ARCH_X86_64", 0xc000003e, SYSTEM_CALLS_X86_64) \
	DO(i386, "SCMP_ARCH_X86", 0x40000003, SYSTEM_CALLS_I386)

/* The tests on the host, for which there is no GUEST, have all. */
#ifdef GUEST
#define ARCHITECTURES_OF(guest) ARCHITECTURES_OF_##guest
#define ARCHITECTURES_OF_GUEST(guest) ARCHITECTURES_OF(guest)
#define FOR_EACH_ARCHITECTURE(DO) ARCHITECTURES_OF_GUEST(GUEST)(DO)
#else
#define FOR_EACH_ARCHITECTURE(DO) ARCHITECTURES_OF_aarch64(DO) ARCHITECTURES_OF_x86_64(DO)
#endif

#endif
