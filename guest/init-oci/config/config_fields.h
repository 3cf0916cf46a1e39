/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INIT_OCI_CONFIG_FIELDS_H
#define INIT_OCI_CONFIG_FIELDS_H

#include "config/config.h"
#include "config/json.h"

/* The fields that images and runtime configurations both have, under different names. */

/* A list of NAME=VALUE, which are added to config->env; that is a list from then on. */
int config_get_environment(const struct object *object, const char *key, struct config *config,
			   struct error *error);

/* A signal's name, for config->stop_signal. An empty one counts as none. */
int config_get_stop_signal(const struct object *object, const char *key, struct config *config,
			   struct error *error);

#endif
