/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The read-only, aligned home of an asset's bytes. With ASSET_FILE the
 * assembler puts them in; without it the linker does (build-aux/embed-asset),
 * and this gives section and symbol the flags, type and size that a binary
 * input has not.
 *
 * ASSET_ALIGNMENT is 65536 for what can be mapped into a guest: that is the
 * largest page of an arm64 host, and the bytes are padded to it, too.
 */
#define PASTE(a, b) a##b
#define EXPAND(a, b) PASTE(a, b)
#define SYMBOL EXPAND(__USER_LABEL_PREFIX__, ASSET_SYMBOL)

#if defined __APPLE__
	.section __TEXT,__const
	.private_extern SYMBOL
#else
	.section .supermachine,"a",%progbits
	.hidden SYMBOL
	.type SYMBOL, %object
	.size SYMBOL, ASSET_LENGTH
#endif
	.globl SYMBOL
	.balign ASSET_ALIGNMENT
SYMBOL:
#ifdef ASSET_FILE
	.incbin ASSET_FILE
	.balign ASSET_ALIGNMENT, 0
#endif

#if !defined __APPLE__
	.section .note.GNU-stack,"",%progbits
#endif
