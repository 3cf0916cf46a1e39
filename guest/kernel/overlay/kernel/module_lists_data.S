/* SPDX-License-Identifier: GPL-2.0-only */
/* The file is written by what builds this kernel, once all else is compiled. */

#include <linux/linkage.h>

	.section .rodata, "a"
SYM_DATA_START(module_lists_gz)
	.incbin "kernel/module_lists.gz"
SYM_DATA_END_LABEL(module_lists_gz, SYM_L_GLOBAL, module_lists_gz_end)
