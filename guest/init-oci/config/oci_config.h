/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INIT_OCI_OCI_CONFIG_H
#define INIT_OCI_OCI_CONFIG_H

#include <stdbool.h>
#include <stddef.h>

#include "base/errors.h"
#include "config/config.h"

/*
 * Parses and checks a document and its overrides, which are NULL when there are
 * none. Fields of the overrides replace those of the document. On success
 * everything in config is good to use until config_free(); on failure there is
 * nothing to free.
 */
int config_parse(const char *text, size_t length, const char *overrides,
		 size_t overrides_length, struct config *config, struct error *error);

/* The same of one of `mounts` alone. */
int config_parse_mount(const char *text, size_t length, struct config *config,
		       struct error *error);

/*
 * Makes the configuration of a container that of a further process in it: the text is a
 * `process`, whose fields take the place of the container's own. *has_user tells whether
 * it has a user of its own. What cannot be carried out, and whose bit is not in without,
 * is an error. On failure the configuration is good for nothing but config_free().
 */
int config_parse_process(const char *text, size_t length, unsigned int without,
			 struct config *config, bool *has_user, struct error *error);

#endif
