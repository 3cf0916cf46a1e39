/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Transparent socket impersonation: what the rest of the kernel calls.
 */
#ifndef _NET_TSI_H
#define _NET_TSI_H

#include <linux/bits.h>

struct socket;

/* A flag for connect() of a family: BPF programs have seen the address. */
#define TSI_CONNECT_HOOKED	BIT(30)

#ifdef CONFIG_TSI
void tsi_hijack_socket(struct socket *sock);
#else
static inline void tsi_hijack_socket(struct socket *sock)
{
}
#endif

#endif /* _NET_TSI_H */
