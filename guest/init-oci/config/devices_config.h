/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INIT_OCI_DEVICES_CONFIG_H
#define INIT_OCI_DEVICES_CONFIG_H

#include "config/config.h"
#include "config/json.h"

/* Takes `devices` of an object `linux`. They replace those of an earlier document. */
int devices_config_apply(const struct object *linux_, struct config *config,
			 struct error *error);

/* Takes `devices` of an object `linux.resources`, likewise. */
int device_rules_apply(const struct object *resources, struct config *config,
		       struct error *error);

#endif
