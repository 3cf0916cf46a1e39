/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Start a kernel as libkrun does, and as Documentation/arch/arm64/booting.rst has it.
 * It is at ENTRY already, and the device tree at DEVICE_TREE.
 */
	.text
	ldr	x0, =DEVICE_TREE
	mov	x1, xzr
	mov	x2, xzr
	mov	x3, xzr
	ldr	x4, =ENTRY
	br	x4
