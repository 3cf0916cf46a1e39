/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INIT_OCI_CONFIG_FIELDS_H
#define INIT_OCI_CONFIG_FIELDS_H

#include "config/config.h"
#include "config/json.h"

/* Fields that more than one part of a configuration has. */

/* A list of NAME=VALUE, which are added to config->env; that is a list from then on. */
int config_get_environment(const struct object *object, const char *key, struct config *config,
			   struct error *error);

/* A signal's name, for config->stop_signal. An empty one counts as none. */
int config_get_stop_signal(const struct object *object, const char *key, struct config *config,
			   struct error *error);

/* Whether it is a string, an array or an object with nothing in it. */
bool config_is_empty(const cJSON *item);

/*
 * Notes those fields of an object that are given, for a line on the console. They
 * would arrange something, but are ignored; hence their whole names.
 */
int config_note_ignored(const struct object *object, const char *const *ignored,
			struct config *config, struct error *error);

#endif
