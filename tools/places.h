/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PLACES_H
#define PLACES_H

/*
 * The directory in which a runtime looks for extracted assets, in memory that
 * the caller frees: $SUPERMACHINE_ASSETS_DIR, or this version's among the user's
 * data. NULL with errno set; ENOENT means that the environment names none.
 */
char *default_directory(void);

#endif
