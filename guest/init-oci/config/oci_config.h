/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INIT_OCI_OCI_CONFIG_H
#define INIT_OCI_OCI_CONFIG_H

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

#endif
