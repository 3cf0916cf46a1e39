/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KERNEL_MODULE_LISTS_H
#define _KERNEL_MODULE_LISTS_H

/* The compressed lists, from module_lists_data.S. */
extern const char module_lists_gz[], module_lists_gz_end[];

#endif
