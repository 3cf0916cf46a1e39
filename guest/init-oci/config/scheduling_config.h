/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INIT_OCI_SCHEDULING_CONFIG_H
#define INIT_OCI_SCHEDULING_CONFIG_H

#include "config/config.h"
#include "config/json.h"

/* Takes `ioPriority` and `scheduler` of a `process`, an object that may be absent. */
int scheduling_config_apply(const struct object *process, struct config *config,
			    struct error *error);

#endif
