/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INIT_OCI_ENVIRONMENT_H
#define INIT_OCI_ENVIRONMENT_H

/*
 * Environments: lists of NAME=VALUE that end with NULL. The lists are to be freed,
 * their strings are not. NULL is an empty one. Each name appears once.
 */

/*
 * Adds the variables of more, each in the place of an earlier one with the same
 * name, if there is one. Returns 0, or -1 when there is no memory.
 */
int environment_merge(char ***environment, char *const more[]);

/* Adds a variable unless there is one with its name. */
int environment_add_missing(char ***environment, char *variable);

/* "NAME=" and a value, to be freed; NULL when there is no memory. */
char *environment_variable(const char *name_and_equals, const char *value);

#endif
