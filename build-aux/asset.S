/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The read-only, aligned home of an asset's bytes. With ASSET_FILE the
 * assembler puts them in; without it the linker does (build-aux/embed-asset),
 * and this gives section and symbol the flags, type and size that a binary
 * input lacks.
 *
 * ASSET_ALIGNMENT is 65536 for an asset that can be mapped into a guest: that is
 * the largest page of an arm64 host. ASSET_PADDING zeros after the bytes lead to the
 * next multiple.
 */
#define PASTE(a, b) a##b
#define EXPAND(a, b) PASTE(a, b)
/*
 * Of macOS the linker takes no more than a page of the machine, and warns, and the
 * loader gives no more.
 */
#if defined __APPLE__ && defined __aarch64__ && ASSET_ALIGNMENT > 16384
# define ALIGNMENT 16384
#elif defined __APPLE__ && !defined __aarch64__ && ASSET_ALIGNMENT > 4096
# define ALIGNMENT 4096
#else
# define ALIGNMENT ASSET_ALIGNMENT
#endif

#define SYMBOL EXPAND(__USER_LABEL_PREFIX__, ASSET_SYMBOL)

#if defined __APPLE__
	.section __TEXT,__supermachine
	.private_extern SYMBOL
#else
	.section .supermachine,"a",%progbits
	.hidden SYMBOL
	.type SYMBOL, %object
	.size SYMBOL, ASSET_LENGTH
#endif
	.globl SYMBOL
	.balign ALIGNMENT
SYMBOL:
#ifdef ASSET_FILE
	.incbin ASSET_FILE
	.space ASSET_PADDING
#endif

#if !defined __APPLE__
	.section .note.GNU-stack,"",%progbits
#endif

/*
 * A library gets branch protection only if each of its objects declares by this
 * note that it is made for it, even an object without a branch. A binary input
 * has no note, and so ld -r would drop this one; so the linker gets the note under
 * another name, and gives it the right one (build-aux/embed-asset).
 */
#if defined __ELF__ && defined __CET__ && (defined __x86_64__ || defined __i386__)
# define PROPERTY 0xc0000002	/* GNU_PROPERTY_X86_FEATURE_1_AND */
# define FEATURES (__CET__ & 3)	/* IBT, SHSTK */
#elif defined __ELF__ && defined __ARM_FEATURE_BTI_DEFAULT
# define PROPERTY 0xc0000000	/* GNU_PROPERTY_AARCH64_FEATURE_1_AND */
# if defined __ARM_FEATURE_PAC_DEFAULT
#  define FEATURES 3		/* BTI, PAC */
# else
#  define FEATURES 1
# endif
#endif

#if defined PROPERTY
# if defined ASSET_FILE
	.section .note.gnu.property,"a",%note
# else
	.section .supermachine.property,"a",%note
# endif
# if defined __LP64__
	.balign 8
	.long 4, 16, 5		/* sizes of name and properties; NT_GNU_PROPERTY_TYPE_0 */
	.asciz "GNU"
	.long PROPERTY, 4, FEATURES, 0
# else
	.balign 4
	.long 4, 12, 5
	.asciz "GNU"
	.long PROPERTY, 4, FEATURES
# endif
#endif
