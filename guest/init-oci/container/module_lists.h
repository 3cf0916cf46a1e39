/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INIT_OCI_MODULE_LISTS_H
#define INIT_OCI_MODULE_LISTS_H

/*
 * Shows an image that has modprobe, and no modules for this kernel, the kernel's own lists
 * of what is built in. Whatever prevents that, such as a kernel without such lists, leaves
 * the container as it is.
 */
void module_lists_show(void);

#endif
