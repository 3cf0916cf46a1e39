// SPDX-License-Identifier: Apache-2.0
/*
 * In the guest of fragments.test: load a BPF program that decides for the kernel, as
 * sensors do. While it is attached, nobody makes a directory.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "must.h"

enum { BTF_MAGIC = 0xeb9f, BTF_KIND_FUNC = 12 };

struct btf_head {
	uint16_t magic;
	uint8_t version, flags;
	uint32_t length, types, types_length, strings, strings_length;
};

/* How much follows a type, by its kind and number of members. */
static size_t btf_tail(uint32_t kind, uint32_t members)
{
	switch (kind) {
	case 1:  /* integer */
	case 14: /* variable */
	case 17: /* tag of a declaration */
		return 4;
	case 3: /* array */
		return 12;
	case 4:  /* struct */
	case 5:  /* union */
	case 15: /* section */
	case 19: /* enum of 64 bits */
		return 12 * members;
	case 6:  /* enum */
	case 13: /* function prototype */
		return 8 * members;
	default:
		return 0;
	}
}

/* The number of a function in the types that the kernel tells. */
static int btf_function(const char *name)
{
	static char types[16 << 20];
	struct btf_head head;
	size_t length = 0, at;
	ssize_t got;
	int fd = open("/sys/kernel/btf/vmlinux", O_RDONLY);

	must(fd >= 0, "/sys/kernel/btf/vmlinux");
	while ((got = read(fd, types + length, sizeof(types) - length)) > 0)
		length += got;
	memcpy(&head, types, sizeof(head));
	must(length > sizeof(head) && head.magic == BTF_MAGIC, "the types of the kernel");
	at = head.length + head.types;
	for (int id = 1; at < head.length + head.types + (size_t)head.types_length; id++) {
		uint32_t type[3];

		memcpy(type, types + at, sizeof(type));
		if ((type[1] >> 24 & 31) == BTF_KIND_FUNC &&
		    !strcmp(types + head.length + head.strings + type[0], name))
			return id;
		at += sizeof(type) + btf_tail(type[1] >> 24 & 31, type[1] & 0xffff);
	}
	errno = ENOENT;
	must(0, name);
	return 0;
}

int main(void)
{
	static const struct bpf_insn forbid[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = -EPERM },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	union bpf_attr attributes = {
		.prog_type = BPF_PROG_TYPE_LSM,
		.insns = (uintptr_t)forbid,
		.insn_cnt = sizeof(forbid) / sizeof(*forbid),
		.license = (uintptr_t)"GPL",
		.expected_attach_type = BPF_LSM_MAC,
		.attach_btf_id = btf_function("bpf_lsm_path_mkdir"),
	};
	int program = syscall(__NR_bpf, BPF_PROG_LOAD, &attributes, sizeof(attributes));
	int link;

	must(program >= 0, "BPF_PROG_LOAD");
	memset(&attributes, 0, sizeof(attributes));
	attributes.link_create.prog_fd = program;
	attributes.link_create.attach_type = BPF_LSM_MAC;
	link = syscall(__NR_bpf, BPF_LINK_CREATE, &attributes, sizeof(attributes));
	must(link >= 0, "BPF_LINK_CREATE");
	must(mkdir("/tmp/forbidden", 0700) < 0 && errno == EPERM, "the program's decision");
	close(link);
	close(program);
	must(!mkdir("/tmp/forbidden", 0700), "the decision of a program that is gone");
	return 0;
}
