/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Firmware that starts a kernel as libkrun does, by the 64-bit boot protocol of Linux:
 * long mode, the first GiB mapped to itself, boot_params in RSI, and an MP table. The
 * kernel is at ENTRY already, and its arguments are at 0x20000. The guest has MEMORY
 * bytes, all of them below 3 GiB, and PROCESSORS.
 */
#define ARGUMENTS 0x20000
#define BOOT_PARAMS 0x7000
#define PAGE_TABLES 0x9000
#define MP_TABLE 0x9fc00

#define CODE64 0x08
#define DATA 0x10
#define CODE32 0x20

	.text
	.code16
start:
	cli
	lgdtl	%cs:gdt_pointer - start
	movl	%cr0, %eax
	orb	$1, %al
	movl	%eax, %cr0
	ljmpl	$CODE32, $protected

	.code32
protected:
	movl	$DATA, %eax
	movl	%eax, %ds
	movl	%eax, %es
	movl	%eax, %ss

	movl	$mp_pointer, %esi
	movl	$MP_TABLE, %edi
	movl	$mp_end - mp_pointer, %ecx
	rep movsb
	movl	$MP_TABLE, %esi
	movl	$mp_table - mp_pointer, %ecx
	movl	$10, %ebx
	call	checksum
	movl	$MP_TABLE + mp_table - mp_pointer, %esi
	movl	$mp_end - mp_table, %ecx
	movl	$7, %ebx
	call	checksum

	movl	$setup_header, %esi
	movl	$BOOT_PARAMS + 0x1f1, %edi
	movl	$setup_header_end - setup_header, %ecx
	rep movsb
	movb	$2, BOOT_PARAMS + 0x1e8
	movl	$memory_map, %esi
	movl	$BOOT_PARAMS + 0x2d0, %edi
	movl	$memory_map_end - memory_map, %ecx
	rep movsb

	movl	$PAGE_TABLES + 0x1003, PAGE_TABLES
	movl	$PAGE_TABLES + 0x2003, PAGE_TABLES + 0x1000
	movl	$0x83, %eax
	movl	$PAGE_TABLES + 0x2000, %edi
1:	movl	%eax, (%edi)
	addl	$8, %edi
	addl	$0x200000, %eax
	cmpl	$0x40000083, %eax
	jne	1b

	movl	%cr4, %eax
	orl	$0x20, %eax		/* PAE */
	movl	%eax, %cr4
	movl	$PAGE_TABLES, %eax
	movl	%eax, %cr3
	movl	$0xc0000080, %ecx	/* EFER */
	rdmsr
	orl	$0x100, %eax		/* LME */
	wrmsr
	movl	%cr0, %eax
	orl	$0x80000000, %eax	/* PG */
	movl	%eax, %cr0
	ljmpl	$CODE64, $long

/* The ECX bytes at ESI are to add up to 0, by the byte at EBX. */
checksum:
	xorl	%eax, %eax
	leal	(%esi, %ebx), %edx
1:	subb	(%esi), %al
	incl	%esi
	loop	1b
	movb	%al, (%edx)
	ret

	.code64
long:
	movl	$BOOT_PARAMS, %esi
	movl	$ENTRY, %eax
	jmp	*%rax

	.balign 8
gdt:
	.quad	0
	.quad	0x00af9b000000ffff
	.quad	0x00cf93000000ffff
	.quad	0
	.quad	0x00cf9b000000ffff
gdt_pointer:
	.word	gdt_pointer - gdt - 1
	.long	gdt

/* From setup_sects to cmdline_size */
setup_header:
	.skip	0x1fe - 0x1f1
	.word	0xaa55
	.skip	2
	.ascii	"HdrS"
	.skip	0x210 - 0x206
	.byte	0xff			/* a loader without a number */
	.skip	0x228 - 0x211
	.long	ARGUMENTS
	.skip	4
	.long	0x1000000		/* alignment */
	.skip	4
	.long	0x10000
setup_header_end:
/* libkrun's own has a byte too many, too. */
memory_map:
	.quad	0, MP_TABLE
	.long	1
	.quad	0x100000, MEMORY - 0x100000 + 1
	.long	1
memory_map_end:

/* MultiProcessor Specification 1.4 */
mp_pointer:
	.ascii	"_MP_"
	.long	MP_TABLE + mp_table - mp_pointer
	.byte	1, 4, 0, 0, 0, 0, 0, 0
mp_table:
	.ascii	"PCMP"
	.word	mp_end - mp_table
	.byte	4, 0
	.ascii	"SUPERMACLIBKRUNFW   "
	.long	0
	.word	0, PROCESSORS + 1 + 1 + 16 + 2
	.long	0xfee00000, 0
	.set	number, 0
	.rept	PROCESSORS
	.byte	0, number, 0x14, 1 | ((number == 0) & 2)
	.long	0x600, 0x201, 0, 0
	.set	number, number + 1
	.endr
	.byte	1, 0
	.ascii	"ISA   "
	.byte	2, PROCESSORS + 1, 0x11, 1
	.long	0xfec00000
	.set	number, 0
	.rept	16
	.byte	3, 0, 0, 0, 0, number, PROCESSORS + 1, number
	.set	number, number + 1
	.endr
	.byte	4, 3, 0, 0, 0, 0, 0, 0
	.byte	4, 1, 0, 0, 0, 0, 0xff, 1
mp_end:

	.org	0xfff0
	.code16
	ljmpw	$0xf000, $0
	.org	0x10000
