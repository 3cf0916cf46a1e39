/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Transparent socket impersonation, and the rest of the kernel: what each calls
 * of the other.
 */
#ifndef _NET_TSI_H
#define _NET_TSI_H

#include <linux/bits.h>
#include <linux/types.h>

struct socket;

/* A flag for connect() of a family: BPF programs have seen the address. */
#define TSI_CONNECT_HOOKED	BIT(30)

#ifdef CONFIG_TSI
void tsi_hijack_socket(struct socket *sock);
void tsi_close_socket(struct socket *sock);
#else
static inline void tsi_hijack_socket(struct socket *sock)
{
}

static inline void tsi_close_socket(struct socket *sock)
{
}
#endif

/* Is the process to reach abstract UNIX sockets of its own domain alone? */
#ifdef CONFIG_SECURITY_LANDLOCK
bool landlock_confines_abstract_names(void);
#else
static inline bool landlock_confines_abstract_names(void)
{
	return false;
}
#endif

#endif /* _NET_TSI_H */
