/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INIT_OCI_VSOCK_H
#define INIT_OCI_VSOCK_H

#include <stdbool.h>

/* A stream to that port of the host, or -1 with errno set. */
int vsock_connect(unsigned int port);

/*
 * The same, without waiting: it is connected when it is writable and vsock_is_connected().
 */
int vsock_begin_to_connect(unsigned int port);
bool vsock_is_connected(int fd);

#endif
