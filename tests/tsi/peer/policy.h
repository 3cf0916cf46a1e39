/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TSI_PEER_POLICY_H
#define TSI_PEER_POLICY_H

#include "message.h"
#include "options.h"

/* What of this machine the guest may use, as the options say. */

bool policy_lends_family(const struct options *options, int family);
/* Both return 0 or a negative errno; the second may change the address. */
int policy_destination(const struct options *options, const struct message_address *address);
int policy_listen(const struct options *options, struct message_address *address);

#endif
