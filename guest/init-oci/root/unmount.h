/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INIT_OCI_UNMOUNT_H
#define INIT_OCI_UNMOUNT_H

/*
 * Unmounts what the container mounted and writes everything back. upper is the
 * upper's disk, which is left clean, or -1. Gives up, and says so, when a file
 * system does not answer.
 */
void unmount_all(int upper);

#endif
