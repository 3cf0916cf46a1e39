/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INIT_OCI_HOOKS_CONFIG_H
#define INIT_OCI_HOOKS_CONFIG_H

#include "config/config.h"
#include "config/json.h"

/* Takes the `hooks` of a document, if it has them: those that run in the container. */
int hooks_config_apply(const struct object *document, struct config *config,
		       struct error *error);

#endif
