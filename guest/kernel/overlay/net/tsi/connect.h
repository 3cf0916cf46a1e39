/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * connect(), and what data and names need of it.
 */
#ifndef _TSI_CONNECT_H
#define _TSI_CONNECT_H

#include <linux/in6.h>

#include "attempt.h"

struct tsi_attempt *tsi_host_link(struct tsi_sock *tsi);
void tsi_dgram_connect_again(struct tsi_link *link);
int tsi_udp_address(const struct sock *sk, const struct sockaddr *addr,
		    int addr_len, struct sockaddr_in6 *own);
void tsi_host_name(const struct sock *sk, const struct sockaddr *addr,
		   int addr_len, struct tsi_name *name);

#endif /* _TSI_CONNECT_H */
