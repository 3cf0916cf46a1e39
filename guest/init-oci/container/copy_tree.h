/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INIT_OCI_COPY_TREE_H
#define INIT_OCI_COPY_TREE_H

/*
 * Copies what is in one directory into another that is empty: files of all
 * kinds with mode, owner and time. Returns 0, or -1 with errno set.
 */
int copy_tree(int from, int to);

#endif
