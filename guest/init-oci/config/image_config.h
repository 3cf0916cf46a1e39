/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INIT_OCI_IMAGE_CONFIG_H
#define INIT_OCI_IMAGE_CONFIG_H

#include <stdbool.h>

#include "config/config.h"
#include "config/json.h"

/* What an image runs, before it becomes the args of a process. */
struct image {
	char **entrypoint, **command;
	bool present;
};

/*
 * Takes the `config` of an OCI image configuration, if the document has one.
 * Its fields replace those of an earlier document; env is merged.
 */
int image_config_apply(const struct object *document, struct image *image,
		       struct config *config, struct error *error);

/* Makes config->args of entrypoint and command, if there is an image. */
int image_config_join_args(const struct image *image, struct config *config,
			   struct error *error);
void image_config_free(struct image *image);

/* Adds the variables that container engines add to those of an image, if there is one. */
int image_config_complete(const struct image *image, struct config *config,
			  struct error *error);

#endif
