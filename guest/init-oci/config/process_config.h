/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INIT_OCI_PROCESS_CONFIG_H
#define INIT_OCI_PROCESS_CONFIG_H

#include "config/config.h"
#include "config/json.h"

/* Takes the `process` of an OCI runtime configuration, if the document has one. */
int process_config_apply(const struct object *document, struct config *config,
			 struct error *error);

/* The same of that object itself. */
int process_config_take(const struct object *process, struct config *config,
			struct error *error);

/* What only both documents together tell: possible capabilities, and missing limits. */
void process_config_complete(struct config *config);

#endif
