/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INIT_OCI_LINUX_CONFIG_H
#define INIT_OCI_LINUX_CONFIG_H

#include "config/config.h"
#include "config/json.h"

/* Takes the small fields of `linux`, an object that may be absent. */
int linux_config_apply(const struct object *linux_, struct config *config, struct error *error);

#endif
