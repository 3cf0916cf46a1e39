/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INIT_OCI_LOOPBACK_H
#define INIT_OCI_LOOPBACK_H

#include "base/errors.h"

int loopback_bring_up(struct error *error);

#endif
