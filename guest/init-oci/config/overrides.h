/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INIT_OCI_OVERRIDES_H
#define INIT_OCI_OVERRIDES_H

#include <cJSON.h>

#include "base/errors.h"

/* Makes null in the configuration what is null in the overrides: as good as removed. */
int overrides_clear(const cJSON *config, const cJSON *overrides, struct error *error);

#endif
