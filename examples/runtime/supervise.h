/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SUPERVISE_H
#define SUPERVISE_H

/*
 * Looks after the container in a directory until it ends: takes connections of commands
 * from the socket, and is the client of its control channel. With the command line of a
 * machine, that is started; without one, it runs already, and its supervisor has ended.
 * Returns the status of the process.
 */
int supervise(const char *directory, int listener, char **machine);

#endif
