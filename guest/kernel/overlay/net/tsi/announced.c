// SPDX-License-Identifier: GPL-2.0-only
/*
 * At which addresses the host is asked to listen for the guest.
 *
 * What the host listens at for the guest is the guest's own: a path that connect()
 * does not find here is not to be found there either, if it is at the host for a
 * socket of the guest alone.
 *
 * The host gives an address to one socket at a time. Another socket of the guest may
 * want the same one, by SO_REUSEPORT or under a name that was renamed or unlinked;
 * or one that the host cannot have beside it, such as [::]:80 beside 0.0.0.0:80.
 * It is asked for again when the other has gone.
 */

#include <linux/hashtable.h>
#include <linux/in.h>
#include <linux/in6.h>
#include <linux/jhash.h>
#include <linux/un.h>

#include "announced.h"

static DEFINE_HASHTABLE(tsi_announced_table, 8);
static DEFINE_SPINLOCK(tsi_announced_lock);
static u64 tsi_announced_count;

/*
 * One spelling for all that differ in repeated slashes and dots alone. A path in the
 * guest may lead elsewhere by now, so that nothing can be looked up.
 */
static size_t tsi_spell_path(const char *from, size_t len, char *to)
{
	size_t done = 0;
	size_t part;

	while (len) {
		part = 0;
		while (part < len && from[part] && from[part] != '/')
			part++;
		if (part && !(part == 1 && *from == '.')) {
			to[done++] = '/';
			memcpy(to + done, from, part);
			done += part;
		}
		if (part == len || !from[part])
			break;
		from += part + 1;
		len -= part + 1;
	}
	return done;
}

static void tsi_spell(struct tsi_name *name, const struct sockaddr *addr,
		      int len)
{
	const struct sockaddr_un *from = (const struct sockaddr_un *)addr;
	struct sockaddr_un *to = (struct sockaddr_un *)&name->addr;
	const int offset = offsetof(struct sockaddr_un, sun_path);

	memset(name, 0, sizeof(*name));
	name->len = min_t(int, len, sizeof(name->addr));
	if (addr->sa_family != AF_UNIX || len <= offset ||
	    from->sun_path[0] != '/') {
		memcpy(&name->addr, addr, name->len);
		return;
	}
	to->sun_family = AF_UNIX;
	name->len = offset + tsi_spell_path(from->sun_path,
					    min_t(size_t, len - offset,
						  sizeof(from->sun_path)),
					    to->sun_path);
}

static u32 tsi_announced_key(const struct tsi_name *name)
{
	/* The port of IPv6 is at the same place. */
	const struct sockaddr_in *in = (const struct sockaddr_in *)&name->addr;

	if (name->addr.ss_family == AF_UNIX)
		return jhash(&name->addr, name->len, 0);
	return (__force u16)in->sin_port;
}

static bool tsi_same_name(const struct tsi_name *one,
			  const struct tsi_name *other)
{
	return one->len == other->len &&
	       !memcmp(&one->addr, &other->addr, one->len);
}

/* The host is asked for one at a time: a port is likely to be for one alone. */
static void tsi_announced_wake(u32 key, sa_family_t family)
{
	struct tsi_announced *oldest = NULL;
	struct tsi_announced *announced;

	hash_for_each_possible(tsi_announced_table, announced, node, key)
		if (announced->key == key && announced->answered != TSI_HELD &&
		    announced->name.addr.ss_family == family &&
		    (!oldest || announced->since < oldest->since))
			oldest = announced;
	if (oldest) {
		oldest->answered = TSI_ASKED;
		oldest->again(oldest);
	}
}

static void tsi_announced_wake_all(u32 key, sa_family_t family)
{
	tsi_announced_wake(key, family);
	if (family == AF_INET)
		tsi_announced_wake(key, AF_INET6);
	else if (family == AF_INET6)
		tsi_announced_wake(key, AF_INET);
}

/**
 * tsi_announced_add() - The host is going to be asked for an address
 * @announced: with @again set
 * @name: the address
 * @net: of the socket
 */
void tsi_announced_add(struct tsi_announced *announced,
		       const struct tsi_name *name, const struct net *net)
{
	tsi_spell(&announced->name, (const struct sockaddr *)&name->addr,
		  name->len);
	announced->key = tsi_announced_key(&announced->name);
	announced->net = net;
	spin_lock(&tsi_announced_lock);
	announced->since = ++tsi_announced_count;
	hash_add(tsi_announced_table, &announced->node, announced->key);
	spin_unlock(&tsi_announced_lock);
}

/**
 * tsi_announced_answer() - The host has answered
 * @announced: for this, which may have been removed
 * @answered: TSI_HELD, or TSI_TAKEN: then it is to be asked again when another
 *	      address has gone
 */
void tsi_announced_answer(struct tsi_announced *announced,
			  enum tsi_answered answered)
{
	spin_lock(&tsi_announced_lock);
	announced->answered = answered;
	announced->since = ++tsi_announced_count;
	if (answered == TSI_HELD && hash_hashed(&announced->node))
		/* What went may have been in the way of more than one. */
		tsi_announced_wake(announced->key,
				   announced->name.addr.ss_family);
	spin_unlock(&tsi_announced_lock);
}

/**
 * tsi_announced_remove() - The host has been told to listen no more
 * @announced: at this address; which may not have been added
 */
void tsi_announced_remove(struct tsi_announced *announced)
{
	spin_lock(&tsi_announced_lock);
	if (hash_hashed(&announced->node)) {
		hash_del(&announced->node);
		/* The host may have agreed, and we not have seen it. */
		if (announced->answered != TSI_TAKEN)
			tsi_announced_wake_all(announced->key,
					       announced->name.addr.ss_family);
	}
	spin_unlock(&tsi_announced_lock);
}

/**
 * tsi_announced_is_shared() - Has another socket the address, or may get it?
 * @announced: the address
 *
 * Return: whether one of the same network namespace has it or may get it, which
 * has agreed to that by SO_REUSEPORT
 */
bool tsi_announced_is_shared(const struct tsi_announced *announced)
{
	const struct tsi_announced *other;
	bool found = false;

	spin_lock(&tsi_announced_lock);
	hash_for_each_possible(tsi_announced_table, other, node, announced->key) {
		found = other != announced && other->net == announced->net &&
			other->answered != TSI_TAKEN &&
			tsi_same_name(&other->name, &announced->name);
		if (found)
			break;
	}
	spin_unlock(&tsi_announced_lock);
	return found;
}

/**
 * tsi_is_announced() - Does the host listen at an address for the guest?
 * @addr: the address
 * @len: its length
 *
 * Return: whether it does
 */
bool tsi_is_announced(const struct sockaddr *addr, int len)
{
	struct tsi_announced *announced;
	struct tsi_name name;
	bool found = false;
	u32 key;

	tsi_spell(&name, addr, len);
	key = tsi_announced_key(&name);
	spin_lock(&tsi_announced_lock);
	hash_for_each_possible(tsi_announced_table, announced, node, key) {
		found = announced->answered == TSI_HELD &&
			tsi_same_name(&announced->name, &name);
		if (found)
			break;
	}
	spin_unlock(&tsi_announced_lock);
	return found;
}
