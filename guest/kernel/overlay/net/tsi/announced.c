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
 *
 * When an address goes, what the host has said to the others of its key is stale, and
 * it is asked for each of those that it does not listen at, one after the other.
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

static void tsi_announced_make_due(struct tsi_announced *announced)
{
	announced->due = true;
	/* Who is asked may get it. */
	if (announced->answered == TSI_TAKEN)
		announced->answered = TSI_ASKED;
}

/* The host is asked for one at a time: a port is likely to be for one alone. */
static void tsi_announced_wake(u32 key, sa_family_t family)
{
	struct tsi_announced *oldest = NULL;
	struct tsi_announced *announced;

	hash_for_each_possible(tsi_announced_table, announced, node, key)
		if (announced->key == key && announced->answered != TSI_HELD &&
		    announced->stale &&
		    announced->name.addr.ss_family == family &&
		    (!oldest || announced->since < oldest->since))
			oldest = announced;
	if (oldest) {
		tsi_announced_make_due(oldest);
		oldest->again(oldest);
	}
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
 * tsi_announced_ask_again() - The host is to be asked again
 * @announced: for this
 */
void tsi_announced_ask_again(struct tsi_announced *announced)
{
	spin_lock(&tsi_announced_lock);
	tsi_announced_make_due(announced);
	spin_unlock(&tsi_announced_lock);
}

/**
 * tsi_announced_is_due() - Is the host to be asked again?
 * @announced: for this
 *
 * Who changes something and then looks here, and who has it asked again and then
 * looks for the change: at least one of them sees what the other has done.
 *
 * Return: whether it is
 */
bool tsi_announced_is_due(const struct tsi_announced *announced)
{
	bool due;

	spin_lock(&tsi_announced_lock);
	due = announced->due;
	spin_unlock(&tsi_announced_lock);
	return due;
}

/**
 * tsi_announced_ask() - The host is being asked again
 * @announced: for this
 */
void tsi_announced_ask(struct tsi_announced *announced)
{
	spin_lock(&tsi_announced_lock);
	announced->due = false;
	announced->stale = false;
	spin_unlock(&tsi_announced_lock);
}

static void tsi_announced_answer(struct tsi_announced *announced,
				 enum tsi_answered answered)
{
	lockdep_assert_held(&tsi_announced_lock);
	announced->answered = answered;
	announced->since = ++tsi_announced_count;
	/* What went may have been in the way of more than one. */
	tsi_announced_wake(announced->key, announced->name.addr.ss_family);
}

/**
 * tsi_announced_held() - The host has answered that it listens
 * @announced: for this, which may have been removed
 */
void tsi_announced_held(struct tsi_announced *announced)
{
	struct tsi_announced *other;

	spin_lock(&tsi_announced_lock);
	if (hash_hashed(&announced->node)) {
		/* Of those that want the same one it is known what it would say. */
		hash_for_each_possible(tsi_announced_table, other, node,
				       announced->key)
			if (tsi_same_name(&other->name, &announced->name))
				other->stale = false;
		tsi_announced_answer(announced, TSI_HELD);
	}
	spin_unlock(&tsi_announced_lock);
}

/* Has another socket of the same network the address, or may it get it? */
static bool tsi_announced_is_shared(const struct tsi_announced *announced)
{
	const struct tsi_announced *other;

	lockdep_assert_held(&tsi_announced_lock);
	hash_for_each_possible(tsi_announced_table, other, node, announced->key)
		if (other != announced && other->net == announced->net &&
		    other->answered != TSI_TAKEN &&
		    tsi_same_name(&other->name, &announced->name))
			return true;
	return false;
}

/**
 * tsi_announced_taken() - The host has answered that somebody else has the address
 * @announced: which may have been removed. It is to be asked for again when another
 *	       address has gone
 *
 * Return: whether that is a stranger. It may be another socket of the same network
 * namespace, which has agreed to that by SO_REUSEPORT; or one that has gone since,
 * so that it is to be asked for again already
 */
bool tsi_announced_taken(struct tsi_announced *announced)
{
	bool stranger = false;

	spin_lock(&tsi_announced_lock);
	if (hash_hashed(&announced->node)) {
		stranger = !announced->due && !announced->stale &&
			   !tsi_announced_is_shared(announced);
		tsi_announced_answer(announced, announced->due ? TSI_ASKED :
								 TSI_TAKEN);
	}
	spin_unlock(&tsi_announced_lock);
	return stranger;
}

/* What was in the way of others has gone. */
static void tsi_announced_gone(const struct tsi_announced *gone)
{
	sa_family_t family = gone->name.addr.ss_family;
	struct tsi_announced *other;

	hash_for_each_possible(tsi_announced_table, other, node, gone->key)
		if (other->key == gone->key)
			other->stale = true;
	tsi_announced_wake(gone->key, family);
	if (family == AF_INET)
		tsi_announced_wake(gone->key, AF_INET6);
	else if (family == AF_INET6)
		tsi_announced_wake(gone->key, AF_INET);
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
			tsi_announced_gone(announced);
	}
	spin_unlock(&tsi_announced_lock);
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
