/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which destinations are in the guest?
 */
#ifndef _TSI_ROUTE_H
#define _TSI_ROUTE_H

#include <net/sock.h>

/**
 * enum tsi_place - where a destination is
 * @TSI_GUEST: somewhere the guest has an interface to, or nowhere valid
 * @TSI_LOCAL: in the guest itself, if somebody is there, else at the host
 * @TSI_HOST: beyond the guest
 */
enum tsi_place {
	TSI_GUEST,
	TSI_LOCAL,
	TSI_HOST,
};

bool tsi_may_reach_host(struct sock *sk);
enum tsi_place tsi_place(struct sock *sk, const struct sockaddr *addr,
			 int addr_len);
bool tsi_is_loopback(struct sock *sk, const struct sockaddr *addr,
		     int addr_len);
bool tsi_is_absent(const struct sockaddr *addr, int err);
bool tsi_has_receiver(struct sock *sk, const struct sockaddr *addr);
bool tsi_has_listener(struct sock *sk, const struct sockaddr *addr,
		      int addr_len);

#endif /* _TSI_ROUTE_H */
