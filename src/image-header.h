/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMAGE_HEADER_H
#define IMAGE_HEADER_H

#include "payload.h"
#include "supermachine-kernel.h"

/*
 * Read the header of the arm64 Image in payload. The contract is that of the
 * public function, see supermachine-kernel.h.
 */
int image_header(const struct payload *payload, struct supermachine_image_header *header);

#endif
