/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * At which addresses the host is asked to listen for the guest.
 */
#ifndef _TSI_ANNOUNCED_H
#define _TSI_ANNOUNCED_H

#include <linux/list.h>
#include <linux/types.h>

#include "control.h"

/**
 * enum tsi_answered - what the host has said
 * @TSI_ASKED: nothing yet to what it is asked, or is to be asked
 * @TSI_HELD: it listens
 * @TSI_TAKEN: somebody else has the address
 */
enum tsi_answered {
	TSI_ASKED,
	TSI_HELD,
	TSI_TAKEN,
};

/**
 * struct tsi_announced - an address at which the host is asked to listen
 * @node: in the table of announced.c, under whose lock are all below
 * @name: the address, spelled in one way
 * @key: what it has in common with each address that may be in its way
 * @net: of the socket, to compare
 * @answered: what the host has said
 * @since: the count of answers then: the one with the least is asked for first
 * @due: it is to be asked again
 * @stale: another address has gone since it was asked
 * @again: it is @due, because another address has gone; does not sleep
 */
struct tsi_announced {
	struct hlist_node node;
	struct tsi_name name;
	u32 key;
	const struct net *net;
	enum tsi_answered answered;
	u64 since;
	bool due;
	bool stale;
	void (*again)(struct tsi_announced *announced);
};

void tsi_announced_add(struct tsi_announced *announced,
		       const struct tsi_name *name, const struct net *net);
void tsi_announced_ask_again(struct tsi_announced *announced);
bool tsi_announced_is_due(const struct tsi_announced *announced);
void tsi_announced_ask(struct tsi_announced *announced);
void tsi_announced_held(struct tsi_announced *announced);
bool tsi_announced_taken(struct tsi_announced *announced);
void tsi_announced_remove(struct tsi_announced *announced);
bool tsi_is_announced(const struct sockaddr *addr, int len);

#endif /* _TSI_ANNOUNCED_H */
