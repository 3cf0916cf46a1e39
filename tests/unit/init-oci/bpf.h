/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INIT_OCI_TESTS_BPF_H
#define INIT_OCI_TESTS_BPF_H

#include "base/linux_abi.h"

/*
 * Runs a seccomp filter for the call. Ends the process with a message if the kernel
 * would not have installed it. The steps are counted in *steps.
 */
uint32_t bpf_run(const struct bpf_program *program, const struct seccomp_call *call,
		 unsigned long *steps);

#endif
