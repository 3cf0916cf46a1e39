/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INIT_OCI_CONFINEMENT_H
#define INIT_OCI_CONFINEMENT_H

#include "config/config.h"
#include "config/json.h"

/*
 * Confinements that only another kernel could carry out: without one, the process would
 * run with more rights than intended. The VMM can say that this is intended.
 */

/* Takes a document's, in place of an earlier document's. */
int confinement_apply(const struct object *document, struct config *config,
		      struct error *error);
/* Takes those of a process alone. */
int confinement_of_process(const struct object *process, struct config *config,
			   struct error *error);
/* Takes those of one of `mounts`. */
int confinement_of_mount(const struct object *object, struct mount_point *mount,
			 struct error *error);

/* A comma-separated list of confinements' names, as bits; -1 when one is none. */
int confinement_parse(const char *list);

/* Fails when the configuration has one whose bit is not in without. */
int confinement_check(const struct config *config, unsigned int without, struct error *error);

#endif
