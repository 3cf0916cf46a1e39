/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INIT_OCI_INITRAMFS_H
#define INIT_OCI_INITRAMFS_H

/* Gives the initramfs's memory back by removing all of its files. */
void initramfs_empty(void);

#endif
