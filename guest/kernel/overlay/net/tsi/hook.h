/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The hooks of cgroups' BPF programs, for what does not pass through the family.
 */
#ifndef _TSI_HOOK_H
#define _TSI_HOOK_H

#include <net/sock.h>

int tsi_hook_connect(struct sock *sk, struct sockaddr *addr, int addr_len);
int tsi_hook_sendmsg(struct sock *sk, struct msghdr *msg, bool *source);
void tsi_hook_recvmsg(struct sock *sk, struct sockaddr *addr, int *addr_len);
void tsi_hook_getname(struct sock *sk, struct sockaddr *addr, int *addr_len,
		      int peer);

#endif /* _TSI_HOOK_H */
