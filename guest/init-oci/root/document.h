/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INIT_OCI_DOCUMENT_H
#define INIT_OCI_DOCUMENT_H

#include <stddef.h>

#include "base/errors.h"
#include "config/command_line.h"

/*
 * Reads a configuration or its overrides: a whole file of at most size bytes and a
 * '\0', to be freed; NULL on failure. Works between root_make() and root_enter(), when
 * both the initramfs and the layers are there. Links in a layer or a share never lead out of it.
 */
char *document_read(const struct document_location *location, size_t size, size_t *length,
		    struct error *error);

#endif
